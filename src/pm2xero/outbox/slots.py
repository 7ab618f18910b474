"""Slots: a transaction stands in Xero at most once in each; an undo hands its slot over.

While what is there is to be taken back, what takes its place holds the slot. When the undo stops
(Xero refuses it, or a person does not want it), the slot goes back to what stands there.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, bindparam, select, update

from pm2xero.outbox.asking import AnyRow, among, ask, change
from pm2xero.outbox.rows import current
from pm2xero.outbox.schema import requests
from pm2xero.xero.purpose import Purpose


def give_back(connection: Connection, organisation: str, undos: Collection[str]) -> None:
    """These undos stopped: what they were to take back holds its slot again."""
    for target, successors in _exchanged(connection, organisation, undos):
        _put(connection, organisation, [r.id for r in successors], stands=False)
        _put(connection, organisation, [target.id], stands=True)


def hand_over(connection: Connection, organisation: str, undos: Collection[str]) -> None:
    """These undos go ahead: what comes after them holds the slot."""
    for target, successors in _exchanged(connection, organisation, undos):
        _put(connection, organisation, [target.id], stands=False)
        if successors:
            last = max(successors, key=lambda r: r.revision)
            _put(connection, organisation, [last.id], stands=True)


def _exchanged(
    connection: Connection, organisation: str, undos: Collection[str]
) -> list[tuple[AnyRow, list[AnyRow]]]:
    """What undos of the same transaction take back, each with what fills its slot after it."""
    found: list[tuple[AnyRow, list[AnyRow]]] = []
    taken = [
        (row.transaction_id, row.target)
        for row in ask(connection, _TAKEN_BACK, organisation, undos)
    ]
    made: dict[str, list[AnyRow]] = {}
    for row in ask(connection, _MADE, organisation, dict.fromkeys(t for t, _ in taken)):
        made.setdefault(row.transaction_id, []).append(row)
    for transaction, target in taken:
        others = made.get(transaction, [])
        own = next((r for r in others if r.id == target), None)
        if own is not None:
            after = [r for r in others if r.slot == own.slot and r.revision > own.revision]
            found.append((own, after))
    return found


_TAKEN_BACK = select(requests.c.transaction_id, requests.c.target).where(
    current(),
    among(requests.c.id),
    requests.c.purpose == Purpose.UNDO,
    requests.c.target.is_not(None),
)
_MADE = select(
    requests.c.id, requests.c.transaction_id, requests.c.revision, requests.c.slot
).where(current(), among(requests.c.transaction_id), requests.c.purpose == Purpose.CREATE)
_PUT = update(requests).where(current(), among(requests.c.id)).values(stands=bindparam("stands_"))


def _put(connection: Connection, organisation: str, ids: list[str], *, stands: bool) -> None:
    change(connection, _PUT, organisation, ids, stands_=stands)
