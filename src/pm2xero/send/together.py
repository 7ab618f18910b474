"""The parts of one document go together: where one is known to wait, so do the others.

As far as none of them is in Xero yet; of one that is there in part, the rest follows when it can.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.states import RequestState
from pm2xero.send.obstacles import Obstacle
from pm2xero.xero.errors import ErrorTable, Waiting

# States of a request that Xero may have.
_THERE = (RequestState.SENT, RequestState.UNKNOWN, RequestState.CONFIRMED)


class Kept(Protocol):
    """What is asked of the outbox."""

    def requests_of(self, transactions: Iterable[str]) -> Sequence[StoredRequest]:
        """The requests of some documents."""


def together(
    rows: Sequence[StoredRequest], found: Iterable[Obstacle], kept: Kept, words: ErrorTable
) -> list[Obstacle]:
    """The obstacles, and those of the other parts of the same revisions of documents.

    Args:
        rows: all that is planned.
    """
    every = {obstacle.request: obstacle for obstacle in found}
    parts: dict[tuple[str, int], list[StoredRequest]] = {}
    for row in rows:
        parts.setdefault((row.transaction, row.revision), []).append(row)
    several = {key: of_it for key, of_it in parts.items() if len(of_it) > 1}
    stuck = set(every)
    begun: dict[tuple[str, int], bool] = {}
    moved = bool(several and every)
    while moved:
        moved = False
        # What needs something that waits does not go either, and is told by what it needs.
        for row in rows:
            if row.id not in stuck and not stuck.isdisjoint(row.needs):
                stuck.add(row.id)
                moved = True
        for key, of_it in several.items():
            waits = [row for row in of_it if row.id in stuck]
            if not waits or len(waits) == len(of_it):
                continue
            if key not in begun:
                begun[key] = any(
                    row.revision == key[1] and row.state in _THERE
                    for row in kept.requests_of([key[0]])
                )
            if begun[key]:
                continue
            why = next((every[row.id] for row in waits if row.id in every), None)
            for row in of_it:
                if row.id not in stuck:
                    stuck.add(row.id)
                    every[row.id] = _alike(row, why, waits[0], words)
                    moved = True
    return list(every.values())


def _alike(
    row: StoredRequest, why: Obstacle | None, other: StoredRequest, words: ErrorTable
) -> Obstacle:
    if why is not None:
        return Obstacle(row.id, why.cause, why.message, row.money)
    said = words.waits(Waiting.PART).sentence(request=other.id)
    return Obstacle(row.id, Waiting.PART, said, row.money)
