"""What Practice Management must mark as locked: everything that is in Xero."""

from __future__ import annotations

from typing import Any

from pm2xero.outbox.store import Outbox


def locks_of(outbox: Outbox, organisation: str) -> dict[str, Any]:
    """The documents to lock, each with its revision and its ids in Xero.

    A document is locked once all its requests are done; users may unlock it to edit, and it comes
    back with a higher revision then.
    """
    states: dict[str, set[str]] = {}
    revisions: dict[str, int] = {}
    for request in outbox.requests():
        id = request.transaction
        states.setdefault(id, set()).add(request.state)
        revisions[id] = max(revisions.get(id, 0), request.revision)
    links: dict[str, dict[str, str]] = {}
    for (transaction, id_name), xero_id in outbox.links().items():
        links.setdefault(transaction, {})[id_name] = xero_id
    return {
        "spec": 1,
        "organisation": organisation,
        "lock": [
            {"id": id, "revision": revisions[id], "locked": True, "xero": links.get(id, {})}
            for id, found in sorted(states.items())
            if found == {"confirmed"}
        ],
    }
