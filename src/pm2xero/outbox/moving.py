"""The one way in which the state of a request is written: by an event that its state allows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select, update

from pm2xero.errors import Finding, StateConflict
from pm2xero.outbox.rows import chunks, mine
from pm2xero.outbox.schema import requests
from pm2xero.outbox.slots import give_back, hand_over
from pm2xero.outbox.states import STOPPED, TRANSITIONS, Event


def move(
    connection: Connection, organisation: str, ids: Iterable[str], event: Event, **values: Any
) -> None:
    """Let an event happen to requests that count now, and write what it brings with it.

    Raises:
        StateConflict: PE105, the event cannot happen in the state of one of them.
    """
    allowed = TRANSITIONS[event]
    moving = list(dict.fromkeys(ids))
    for part in chunks(moving):
        named = (mine(organisation), requests.c.id.in_(part))
        moved = connection.execute(
            update(requests)
            .where(*named, requests.c.state.in_(allowed.sources))
            .values(state=allowed.target, **values)
        )
        if moved.rowcount != len(part):
            rows = connection.execute(select(requests.c.id, requests.c.state).where(*named))
            raise _impossible(part, {row.id: row.state for row in rows}, event)
    # What an undo was to take back holds its slot again when the undo stops, and not before.
    if allowed.target in STOPPED:
        give_back(connection, organisation, moving)
    elif event in (Event.RESEND, Event.RECHECK):
        hand_over(connection, organisation, moving)


def _impossible(ids: list[str], states: dict[str, str], event: Event) -> StateConflict:
    allowed = TRANSITIONS[event]
    # What moved before the conflict was seen is rolled back, so its state says nothing here.
    wrong = [i for i in ids if states.get(i) not in (*allowed.sources, allowed.target)] or ids
    return StateConflict(
        *(
            Finding(
                "PE105",
                f"{id} is {states.get(id, 'not in the outbox')} and cannot be {event.value}",
                should_be=", ".join(allowed.sources),
            )
            for id in wrong
        )
    )
