"""Every state and every event: what the table allows happens, and nothing else does."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from sqlalchemy import update

import pm2xero
from pm2xero.errors import StateConflict
from pm2xero.outbox import Outbox
from pm2xero.outbox.moving import move
from pm2xero.outbox.schema import requests
from pm2xero.outbox.states import (
    DUE,
    ENDED,
    FIRST,
    REPLACEABLE,
    STOPPED,
    TRANSITIONS,
    UNSETTLED,
    Event,
    RequestState,
)

from .documents import chain, get

_SOURCE = Path(pm2xero.__file__).parent


@pytest.mark.parametrize("event", Event, ids=lambda event: event.name)
@pytest.mark.parametrize("state", RequestState)
def test_an_event_happens_where_the_table_says_so_and_nowhere_else(
    outbox: Outbox, state: RequestState, event: Event
) -> None:
    chain(outbox)
    _force(outbox, "B1/invoice", state)
    allowed = TRANSITIONS[event]
    if state in allowed.sources:
        _move(outbox, ["B1/invoice"], event)
        assert get(outbox, "B1/invoice").state is allowed.target
    else:
        with pytest.raises(StateConflict, match=f"B1/invoice is {state}") as caught:
            _move(outbox, ["B1/invoice"], event)
        assert [f.code for f in caught.value.findings] == ["PE105"]
        assert get(outbox, "B1/invoice").state is state


def test_one_impossible_transition_undoes_those_beside_it(outbox: Outbox) -> None:
    chain(outbox)
    _force(outbox, "B2/invoice", RequestState.CONFIRMED)
    with pytest.raises(StateConflict) as caught:
        _move(outbox, ["B1/invoice", "B2/invoice", "nowhere/invoice"], Event.CLAIM)
    assert [f.message for f in caught.value.findings] == [
        "B2/invoice is confirmed and cannot be sent",
        "nowhere/invoice is not in the outbox and cannot be sent",
    ]
    assert get(outbox, "B1/invoice").state is RequestState.PLANNED


def test_every_state_can_be_reached_and_left_unless_it_is_in_xero() -> None:
    reached = set(FIRST) | {t.target for t in TRANSITIONS.values()}
    left = {s for t in TRANSITIONS.values() for s in t.sources if s is not t.target}
    assert reached == set(RequestState)
    assert set(RequestState) - left == {RequestState.CONFIRMED}


def test_the_named_sets_divide_the_states() -> None:
    assert {*DUE, *ENDED} == set(RequestState)
    assert not {*DUE} & {*ENDED}
    # Nothing that may be in Xero may be rendered anew.
    assert not {*REPLACEABLE} & {*UNSETTLED, RequestState.CONFIRMED}
    assert {*STOPPED} < {*ENDED}


def test_only_one_place_writes_the_state_of_a_request() -> None:
    """Saving inserts and renders rows; whatever changes a state goes through `move`."""
    writes = re.compile(r"\.values\([^)]*\bstate=|state=bindparam")
    found = [p.name for p in sorted(_SOURCE.rglob("outbox/*.py")) if writes.search(p.read_text())]
    # A note, and a trace of an unreadable record, have states of their own.
    assert found == ["history_notes.py", "moving.py", "unreadable.py"]


def _move(outbox: Outbox, ids: Iterable[str], event: Event) -> None:
    with outbox._write() as connection:
        move(connection, "bellbird", ids, event)


def _force(outbox: Outbox, id: str, state: RequestState) -> None:
    with outbox._write() as connection:
        connection.execute(update(requests).where(requests.c.id == id).values(state=state))
