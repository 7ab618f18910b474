"""Which requests made what is in Xero now: creations, changes of them, and what took them back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache

from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.states import RequestState
from pm2xero.xero.contracts import contract
from pm2xero.xero.purpose import Purpose

# The step of what a person makes of a document; no request of a mapping can be called so.
LEFT_OVER = "left over"


def is_creation(request: StoredRequest) -> bool:
    """Whether a request creates an object that has an id and an endpoint of its own."""
    return request.purpose is Purpose.CREATE and _creates(request.contract)


@cache
def _creates(name: str) -> bool:
    return contract(name).creates


def taken_back(requests: Iterable[StoredRequest]) -> set[str]:
    """Ids in Xero of everything that was taken back, by whichever transaction."""
    return {
        r.xero_id
        for r in requests
        if r.purpose is Purpose.UNDO and r.state is RequestState.CONFIRMED and r.xero_id is not None
    }


def alive(
    requests: Iterable[StoredRequest], gone: Collection[str], *, nested: bool = False
) -> list[StoredRequest]:
    """The confirmed creations among the requests whose objects were not taken back.

    Args:
        nested: those, too, that are part of another document, such as allocations.
    """
    return [
        r
        for r in requests
        if r.state is RequestState.CONFIRMED
        and r.purpose is Purpose.CREATE
        and (nested or is_creation(r))
        and r.xero_id
        and r.xero_id not in gone
    ]


def corrections(requests: Collection[StoredRequest]) -> set[str]:
    """Ids of those among one transaction's requests that change, undo or replace others of it."""
    own = {r.id for r in requests}
    return {r.id for r in requests if r.target in own}
