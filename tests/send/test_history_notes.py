"""A note reaches a document's history once, and whatever becomes of it, the document is posted."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import httpx
import pytest

from pm2xero.errors import StateConflict
from pm2xero.outbox.history_notes import (
    NOTE_TRANSITIONS,
    NoteEvent,
    NoteState,
    StoredNote,
)
from pm2xero.send.send_report import SendReport
from tests.support.faulty_transport import Fault, FaultyTransport, Pass
from tests.support.unkind import Later, always, answered, carried_out, once, rewritten
from tests.support.xero_world import World, invoice

WORDS = "Bill B1 of Practice Management, revision 1"


def is_note(request: httpx.Request) -> bool:
    return request.method == "PUT" and request.url.path.endswith("/History")


def plan(world: World, number: str = "B1", note: str | None = WORDS) -> None:
    request = world.request(f"{number}/invoice", "put.Invoices", invoice(number), document=True)
    world.plan(number, replace(request, note=note))


def through(world: World, choose: Any) -> FaultyTransport:
    return FaultyTransport(world.asgi, world.clock, choose)


def history(world: World, number: str = "B1") -> list[str]:
    (found,) = (d for d in world.sandbox.documents("Invoices") if d["InvoiceNumber"] == number)
    records = world.get(f"/Invoices/{found['InvoiceID']}/History")["HistoryRecords"]
    return [r["Details"] for r in records if r["Changes"] == "Note"]


def settled(world: World, line: FaultyTransport | None = None) -> SendReport:
    """Runs until nothing is open, with time between them."""
    report = world.run(line)
    for _ in range(5):
        world.clock.advance(300)
        report = world.run()
    assert world.states() == {"B1/invoice": "confirmed"}
    return report


def test_a_note_is_written_once_and_never_asked_for_again(world: World) -> None:
    plan(world)
    plan(world, "B2", None)
    report = world.run()
    assert (report.confirmed, report.notes.written, report.notes.left) == (2, 1, 0)
    assert (history(world), history(world, "B2")) == ([WORDS], [])
    assert world.run().calls == 0
    assert world.outbox.count_notes() == {NoteState.CONFIRMED: 1}


LOST = [500, 502, 503, 504, 408, None]


@pytest.mark.parametrize(("status", "seconds"), list(product(LOST, [6, 100])))
def test_a_note_that_is_carried_out_late_is_not_written_twice(
    world: World, status: int | None, seconds: float
) -> None:
    plan(world)
    later = Later(world, status, seconds)

    def choose(number: int, request: httpx.Request) -> Fault | None:
        later.arrive()
        return later(request) if is_note(request) else None

    first = world.run(through(world, choose))
    assert world.states() == {"B1/invoice": "confirmed"}
    assert (first.confirmed, first.notes.unknown, first.stopped) == (1, 1, None)
    # While it may still arrive, nothing is concluded.
    assert world.run().notes.unknown == 1
    world.clock.advance(200)
    later.arrive()
    assert world.run().notes.written == 1
    assert history(world) == [WORDS]
    assert world.run().calls == 0


FAULTS: dict[str, Fault] = {
    "lost before": answered(503),
    "carried out, and 504": carried_out(504),
    "carried out, and not to be read": carried_out(200, "<html>"),
    "says less": rewritten(lambda answer: {**answer, "HistoryRecords": []}),
    "turned back": answered(403),
    "limited": answered(429, **{"Retry-After": "1"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_happens_to_a_note_once_it_is_there_once(world: World, fault: str) -> None:
    plan(world)
    settled(world, through(world, once(FAULTS[fault], is_note)))
    assert history(world) == [WORDS]
    assert world.outbox.count_notes() == {NoteState.CONFIRMED: 1}


@pytest.mark.parametrize("status", [400, 404])
def test_a_note_that_xero_refuses_leaves_its_document_posted(world: World, status: int) -> None:
    plan(world)
    report = world.run(through(world, always(answered(status, '{"Message":"No."}'), is_note)))
    assert world.states() == {"B1/invoice": "confirmed"}
    assert (report.confirmed, report.rejected, report.notes.refused) == (1, 0, 1)
    assert report.notes.why
    assert world.run().calls == 0


@pytest.mark.parametrize("fault", ["turned back", "lost before"])
def test_notes_that_cannot_be_written_keep_no_document_from_xero(world: World, fault: str) -> None:
    for number in range(12):
        plan(world, f"B{number}")
    report = world.run(through(world, always(FAULTS[fault], is_note)))
    assert set(world.states().values()) == {"confirmed"}
    assert (report.confirmed, report.stopped, report.notes.written) == (12, None, 0)
    assert report.notes.unknown + report.notes.left == 12
    world.clock.advance(300)
    assert world.run().notes.written == 12
    assert [history(world, f"B{n}") for n in range(12)] == [[WORDS]] * 12


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("arrives", [True, False])
def test_a_process_that_is_killed_at_a_note_leaves_it_to_be_looked_for(
    world: World, arrives: bool
) -> None:
    plan(world)
    seen: list[NoteState] = []

    def dies(forward: Pass) -> httpx.Response:
        seen.extend(note.state for note in world.outbox.notes_due())
        if arrives:
            forward()
        raise Killed

    with pytest.raises(Killed):
        world.run(through(world, once(dies, is_note)))
    # It is written down before it leaves.
    assert seen == [NoteState.SENT]
    settled(world)
    assert history(world) == [WORDS]


def test_the_same_words_of_another_time_are_not_taken_for_a_lost_note(world: World) -> None:
    plan(world)
    world.run()
    (row,) = world.outbox.requests()
    change = {"InvoiceID": "<InvoiceID of B1>", "Reference": "new"}
    again = world.request("B1/invoice@2", "post.Invoices", change, path="/Invoices")
    world.plan("B1x", replace(again, transaction="B1x", note=WORDS, needs=(row.id,)))
    for fault in ("lost before", "carried out, and 504"):
        world.run(through(world, once(FAULTS[fault], is_note)))
        world.clock.advance(300)
    world.run()
    assert history(world) == [WORDS, WORDS]


def test_an_outbox_that_may_have_forgotten_looks_before_it_writes(world: World) -> None:
    plan(world)
    plan(world, "B2")
    world.run(through(world, always(FAULTS["turned back"], is_note)))
    (found,) = (d for d in world.sandbox.documents("Invoices") if d["InvoiceNumber"] == "B1")
    body = b'{"HistoryRecords":[{"Details":"%s"}]}' % WORDS.encode()
    world.client().call("PUT", f"/Invoices/{found['InvoiceID']}/History", {}, {}, body)
    world.outbox.note_gap(world.clock(), world.clock())
    world.clock.advance(300)
    assert world.run().notes.written == 2
    assert (history(world), history(world, "B2")) == ([WORDS], [WORDS])


def test_a_history_that_cannot_be_seen_proves_nothing(world: World) -> None:
    plan(world)
    world.run(through(world, once(FAULTS["carried out, and 504"], is_note)))
    world.clock.advance(300)

    def is_look(request: httpx.Request) -> bool:
        return request.method == "GET" and request.url.path.endswith("/History")

    for fault in (answered(404), answered(200, '{"HistoryRecords":null}')):
        assert world.run(through(world, always(fault, is_look))).notes.unknown == 1
    assert world.run().notes.written == 1
    assert history(world) == [WORDS]


def at(world: World, state: NoteState) -> StoredNote:
    """The note of the world, brought to a state by what can happen to it."""
    ways = {
        NoteState.PLANNED: (),
        NoteState.SENT: (NoteEvent.CLAIM,),
        NoteState.UNKNOWN: (NoteEvent.SUSPECT,),
        NoteState.CONFIRMED: (NoteEvent.CLAIM, NoteEvent.CONFIRM),
        NoteState.REFUSED: (NoteEvent.CLAIM, NoteEvent.REFUSE),
        NoteState.SKIPPED: (NoteEvent.CLAIM, NoteEvent.REFUSE, NoteEvent.SKIP),
    }
    (note,) = world.outbox.notes_due()
    for event in ways[state]:
        world.outbox.move_note(note, event, at=world.clock())
    return note


@pytest.mark.parametrize(("state", "event"), list(product(NoteState, NoteEvent)))
def test_only_what_the_table_says_can_happen(
    world: World, state: NoteState, event: NoteEvent
) -> None:
    plan(world)
    world.run(through(world, always(FAULTS["turned back"], is_note)))
    note = at(world, state)
    sources, target = NOTE_TRANSITIONS[event]
    if state in sources:
        world.outbox.move_note(note, event, at=world.clock())
        assert world.outbox.count_notes() == {target: 1}
    else:
        with pytest.raises(StateConflict):
            world.outbox.move_note(note, event, at=world.clock())
        assert world.outbox.count_notes() == {state: 1}
