"""Which requests made what is in Xero now: creations, changes of them, and what took them back."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from pm2xero.outbox.records import StoredRequest
from pm2xero.xero.contracts import contract

GONE = frozenset(("VOIDED", "DELETED"))


def is_creation(request: StoredRequest) -> bool:
    """Whether a request creates an object that has an id and an endpoint of its own."""
    made = contract(request.contract)
    return made.method == "PUT" and made.id_name is not None and "{" not in made.path


def is_undo(request: StoredRequest) -> bool:
    """Whether a request takes back (voids or deletes) what an earlier one made."""
    if contract(request.contract).method != "POST":
        return False
    try:
        return json.loads(request.element).get("Status") in GONE
    except (ValueError, AttributeError):
        return False


def taken_back(requests: Iterable[StoredRequest]) -> set[str]:
    """Ids in Xero of everything that was taken back, by whichever transaction."""
    return {
        r.xero_id
        for r in requests
        if r.xero_id is not None and r.state == "confirmed" and is_undo(r)
    }


def alive(requests: Iterable[StoredRequest], gone: Collection[str]) -> list[StoredRequest]:
    """The confirmed creations among the requests whose objects were not taken back."""
    return [
        r
        for r in requests
        if r.state == "confirmed" and is_creation(r) and r.xero_id and r.xero_id not in gone
    ]
