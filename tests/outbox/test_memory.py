"""What an outbox knows of itself: generations, and what it may have lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from pm2xero.outbox import Outbox
from pm2xero.outbox.memory import FORGOTTEN, Gap, Generation

from .conftest import Open
from .documents import AT, chain, confirmed, document, get, refused, request, sent, states


def test_generations_are_counted_and_each_has_its_mark(outbox: Outbox, open_outbox: Open) -> None:
    assert outbox.generation() is None
    assert outbox.begin_generation("one", AT) == Generation(1, "one")
    assert outbox.begin_generation("two", AT) == Generation(2, "two")
    assert outbox.generation() == Generation(2, "two")
    assert outbox.generation(1) == Generation(1, "one")
    assert outbox.generation(3) is None
    assert open_outbox("wattle").generation() is None


def test_an_outbox_without_a_gap_suspects_nothing(outbox: Outbox) -> None:
    chain(outbox)
    assert outbox.gap() is None
    assert outbox.suspect_forgotten() == set()
    assert set(states(outbox).values()) == {"planned"}


def test_what_is_planned_is_looked_up_before_it_is_sent(outbox: Outbox, open_outbox: Open) -> None:
    chain(outbox)
    confirmed(outbox, "B1/invoice")
    refused(outbox, "B2/invoice")
    other = open_outbox("wattle")
    other.save(*document("B9"))
    outbox.note_gap(AT, AT - timedelta(minutes=1))
    assert outbox.gap() == Gap(AT, AT - timedelta(minutes=1))
    assert outbox.suspect_forgotten() == {"P1/payment", "R1/undo"}
    assert states(outbox) == {
        "B1/invoice": "confirmed", "B2/invoice": "rejected", "P1/payment": "unknown",
        "R1/undo": "unknown",
    }  # fmt: skip
    suspect = get(outbox, "P1/payment")
    assert (suspect.cause, suspect.attempts, suspect.stands) == (FORGOTTEN, 0, True)
    assert states(other) == {"B9/invoice": "planned"}
    # Nothing of it left, so there is no lost call of this outbox to wait for.
    assert outbox.lost_at(()) is None
    outbox.plan_again([suspect])
    outbox.confirm([(get(outbox, "R1/undo"), "x-1")], None, AT)
    assert (states(outbox)["P1/payment"], states(outbox)["R1/undo"]) == ("planned", "confirmed")


def test_a_later_gap_takes_the_place_of_the_one_before(outbox: Outbox) -> None:
    outbox.note_gap(AT, AT)
    outbox.note_gap(AT + timedelta(days=1), None)
    assert outbox.gap() == Gap(AT + timedelta(days=1), None)


@pytest.mark.parametrize(
    ("said", "is_old"),
    [
        ({}, True),
        ({"date": "2027-01-01"}, True),
        ({"created_at": "2027-01-01T00:00:00Z", "date": "2026-05-01"}, True),
        ({"created_at": "2026-06-01T09:00:00Z", "date": "2027-01-01"}, True),
        ({"created_at": "2026-06-02T09:00:00+00:00", "date": "2026-06-03"}, True),
        ({"created_at": "yesterday", "date": "2027-01-01"}, True),
        ({"created_at": "2027-01-01T00:00:00", "date": "2027-01-01"}, True),
        ({"created_at": None, "date": "2027-01-01"}, True),
        ({"created_at": "2026-06-03T09:00:00Z", "date": "2026-06-03"}, False),
        ({"created_at": "2026-06-03T09:00:00+10:00", "date": "2026-07-03"}, False),
    ],
)
def test_only_what_came_after_the_gap_goes_without_a_look(
    outbox: Outbox, said: dict[str, object], is_old: bool
) -> None:
    tx, decision, made = document("B1")
    outbox.save(replace(tx, document=orjson.dumps(said)), decision, made)
    outbox.note_gap(AT, None)
    assert outbox.suspect_forgotten() == ({"B1/invoice"} if is_old else set())


@pytest.mark.parametrize("raw", [b"{", b"[]", b"null"])
def test_a_document_that_cannot_be_read_may_be_old(outbox: Outbox, raw: bytes) -> None:
    tx, decision, made = document("B1")
    outbox.save(replace(tx, document=raw), decision, made)
    outbox.note_gap(AT, None)
    assert outbox.suspect_forgotten() == {"B1/invoice"}


def test_what_is_set_aside_is_held_and_blocks_what_follows(outbox: Outbox) -> None:
    chain(outbox)
    outbox.note_gap(AT, None)
    outbox.suspect_forgotten()
    outbox.set_aside(get(outbox, "B1/invoice"), "taken_back", "somebody voided it")
    outbox.plan_again([get(outbox, "P1/payment")])
    assert (get(outbox, "B1/invoice").state, get(outbox, "P1/payment").blocked_by) == (
        "held", "B1/invoice",
    )  # fmt: skip
    # Who resends it has seen that: the next look sends it, and does not set it aside again.
    outbox.resend("B1", "kim", "there again, please", AT)
    outbox.suspect_forgotten()
    again = get(outbox, "B1/invoice")
    assert (again.state, again.cause) == ("unknown", "resend")
    outbox.hold("B1", "kim", "or not", AT)
    assert outbox.plan_again([get(outbox, "B1/invoice")]) == {"B1/invoice": "held"}


def test_what_is_forgotten_keeps_its_slot(outbox: Outbox) -> None:
    """A person may hold or skip it; until it is known to be absent nothing takes its place."""
    outbox.save(*document("B1"))
    outbox.note_gap(AT, None)
    outbox.suspect_forgotten()
    assert outbox.skip("B1", "kim", "no", AT) == ["B1/invoice"]
    outbox.save(*document("B1", request("B1/invoice", element='{"other": 1}')))
    found = get(outbox, "B1/invoice")
    assert (found.state, found.element, found.stands) == ("unknown", "{}", True)
    assert sent(outbox, "B1/invoice").state == "unknown"
