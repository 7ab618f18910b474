"""The one way in which the state of a request is written: by an event that its state allows."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Update, bindparam, update

from pm2xero.errors import Finding, StateConflict
from pm2xero.outbox.asking import among, ask, change, chunks
from pm2xero.outbox.rows import STATES, current
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
    statement = _moving(event, tuple(values))
    brought = {f"{name}_": value for name, value in values.items()}
    for part in chunks(moving):
        if change(connection, statement, organisation, part, **brought) != len(part):
            rows = ask(connection, STATES, organisation, part)
            raise _impossible(part, {row.id: row.state for row in rows}, event)
    # What an undo was to take back holds its slot again when the undo stops, and not before.
    if allowed.target in STOPPED:
        give_back(connection, organisation, moving)
    elif event in (Event.RESEND, Event.RECHECK):
        hand_over(connection, organisation, moving)


@lru_cache(maxsize=128)
def _moving(event: Event, names: tuple[str, ...]) -> Update:
    """The statement of an event, which brings values of these columns with it."""
    allowed = TRANSITIONS[event]
    brought: dict[str, Any] = {name: bindparam(f"{name}_") for name in names}
    if event is Event.CLAIM:
        brought["attempts"] = requests.c.attempts + 1
    return (
        update(requests)
        .where(current(), among(requests.c.id), requests.c.state.in_(allowed.sources))
        .values(state=allowed.target, **brought)
    )


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
