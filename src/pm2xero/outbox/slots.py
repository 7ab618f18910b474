"""Slots: a transaction stands in Xero at most once in each; an undo hands its slot over.

While what is there is to be taken back, what takes its place holds the slot. When the undo stops
(Xero refuses it, or a person does not want it), the slot goes back to what stands there.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select, update

from pm2xero.outbox.rows import AnyRow, chunks, mine
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
    for part in chunks(undos):
        rows = connection.execute(
            select(requests.c.transaction_id, requests.c.target).where(
                mine(organisation),
                requests.c.id.in_(part),
                requests.c.purpose == Purpose.UNDO,
                requests.c.target.is_not(None),
            )
        ).all()
        for transaction, target in rows:
            made = connection.execute(
                select(requests.c.id, requests.c.revision, requests.c.slot).where(
                    mine(organisation),
                    requests.c.transaction_id == transaction,
                    requests.c.purpose == Purpose.CREATE,
                )
            ).all()
            own = next((r for r in made if r.id == target), None)
            if own is not None:
                after = [r for r in made if r.slot == own.slot and r.revision > own.revision]
                found.append((own, after))
    return found


def _put(connection: Connection, organisation: str, ids: list[str], *, stands: bool) -> None:
    for part in chunks(ids):
        connection.execute(
            update(requests)
            .where(mine(organisation), requests.c.id.in_(part))
            .values(stands=stands)
        )
