"""A transaction stands in Xero at most once in each slot: outbox and database see to it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from pm2xero.errors import StateConflict
from pm2xero.outbox import Outbox
from pm2xero.outbox.faults import told
from pm2xero.outbox.records import Actor, RequestState, StoredRequest
from pm2xero.xero.purpose import Purpose

from .documents import AT, Document, confirmed, document, refused, request, sent, states


def undo(of: str, revision: int) -> StoredRequest:
    transaction, step = of.partition("@")[0].split("/")
    made = request(f"{transaction}/{step}.undo@{revision}", revision=revision)
    return replace(
        made, step=step, purpose=Purpose.UNDO, slot=None, stands=False, target=of,
        contract="post.Invoices", becomes_document=False,
    )  # fmt: skip


def made_again(of: str, revision: int) -> Document:
    """A revision that takes back what is there and creates it anew."""
    transaction, step = of.partition("@")[0].split("/")
    first = undo(of, revision)
    again = request(f"{transaction}/{step}@{revision}", revision=revision, needs=[first.id])
    again = replace(again, step=step, slot=step, target=of)
    return document(transaction, first, again, revision=revision, digest=f"d{revision}")


def standing(outbox: Outbox, transaction: str) -> list[str]:
    return [r.id for r in outbox.requests(transaction=transaction) if r.stands]


def test_a_second_creation_is_refused_and_nothing_is_stored(outbox: Outbox) -> None:
    outbox.save(*document("B1"))
    confirmed(outbox, "B1/invoice")
    second = request("B1/invoice@2", revision=2)
    second = replace(second, step="invoice", slot="invoice")
    with pytest.raises(StateConflict, match="PE113 B1 would be created a second time"):
        outbox.save(*document("B1", second, revision=2, digest="d2"))
    assert set(states(outbox)) == {"B1/invoice"}
    found = outbox.transaction("B1")
    assert found is not None
    assert found.revision == 1


def stopped_by(outbox: Outbox, said: str) -> None:
    """What a person can say of a request whose outcome nobody knows."""
    outbox.unknown([sent(outbox, "B1/invoice")], "TIMEOUT", "no answer", AT)
    if said != "nothing":
        getattr(outbox, said)("B1", "kim", "stop it", AT)


@pytest.mark.parametrize("said", ["nothing", "hold", "skip", "resend"])
def test_what_may_have_arrived_keeps_its_slot_whatever_a_person_says(
    outbox: Outbox, said: str
) -> None:
    outbox.save(*document("B1"))
    stopped_by(outbox, said)
    second = replace(request("B1/other", revision=2), slot="invoice")
    for later in ((), (second,)):
        with pytest.raises(StateConflict, match=r"PE104 B1/invoice of revision 1 is unknown"):
            outbox.save(*document("B1", *later, revision=2, digest="d2"))
    # Another rendering of the same revision leaves what left as it is, also under another step.
    outbox.save(*document("B1", request("B1/invoice", element='{"other": 1}')))
    found = outbox.request("B1/invoice")
    assert found is not None
    assert (found.element, found.state, standing(outbox, "B1")) == ("{}", "unknown", ["B1/invoice"])
    with pytest.raises(StateConflict, match="PE113"):
        outbox.save(*document("B1", replace(second, revision=1)))
    by_hand = replace(second, revision=1, actor=Actor.PERSON, state=RequestState.HELD)
    with pytest.raises(StateConflict, match="PE104"):
        outbox.save(*document("B1", by_hand))
    assert standing(outbox, "B1") == ["B1/invoice"]


@pytest.mark.parametrize("state", ["unknown", "rejected", "planned"])
def test_a_revision_that_waits_leaves_the_one_before_it_alone_however_often_it_is_decided(
    outbox: Outbox, state: str
) -> None:
    outbox.save(*document("B1"))
    if state == "unknown":
        stopped_by(outbox, "nothing")
    elif state == "rejected":
        refused(outbox, "B1/invoice")
    for why in ("no answer yet", "a person must look", "a person must look"):
        outbox.save(*document("B1", revision=2, digest="d2", outcome="hold", reasons=[{"m": why}]))
        assert (states(outbox), standing(outbox, "B1")) == ({"B1/invoice": state}, ["B1/invoice"])


def test_a_word_for_the_state_does_not_set_free_what_left(outbox: Outbox) -> None:
    """As an earlier schema could leave it: skipped, though the call may have arrived."""
    outbox.save(*document("B1"))
    stopped_by(outbox, "skip")
    with outbox._write() as connection:
        connection.execute(text("UPDATE requests SET state = 'skipped'"))
    with pytest.raises(StateConflict, match="PE104"):
        outbox.save(*document("B1", revision=2, digest="d2"))
    outbox.save(*document("B1", request("B1/invoice", element='{"other": 1}')))
    found = outbox.request("B1/invoice")
    assert found is not None
    assert found.element == "{}"


def test_steps_that_stand_in_for_each_other_share_a_slot(outbox: Outbox) -> None:
    payment = replace(request("P1/payment"), slot="payment")
    outbox.save(*document("P1", payment))
    confirmed(outbox, "P1/payment")
    batch = replace(request("P1/batch", revision=2), slot="payment")
    with pytest.raises(StateConflict, match="PE113"):
        outbox.save(*document("P1", batch, revision=2, digest="d2"))


def test_the_database_itself_keeps_the_rule(outbox: Outbox) -> None:
    outbox.save(*document("B1"))
    confirmed(outbox, "B1/invoice")
    outbox.save(*made_again("B1/invoice", 2))
    assert standing(outbox, "B1") == ["B1/invoice@2"]
    with pytest.raises(Exception, match="PE") as raised, told("the outbox"), outbox._write() as c:
        c.execute(text("UPDATE requests SET stands = TRUE WHERE id = 'B1/invoice'"))
    # Told in our words, without what stood in the statement.
    assert "UPDATE" not in str(raised.value)
    assert standing(outbox, "B1") == ["B1/invoice@2"]


def test_an_undo_that_fails_gives_the_slot_back_and_resend_hands_it_over_again(
    outbox: Outbox,
) -> None:
    outbox.save(*document("B1"))
    confirmed(outbox, "B1/invoice")
    outbox.save(*made_again("B1/invoice", 2))
    refused(outbox, "B1/invoice.undo@2")
    assert standing(outbox, "B1") == ["B1/invoice"]
    assert states(outbox)["B1/invoice@2"] == "blocked"
    outbox.resend("B1", "kim", "it can be voided now", AT)
    assert standing(outbox, "B1") == ["B1/invoice@2"]
    found = outbox.request("B1/invoice.undo@2")
    assert found is not None
    if found.state == "unknown":
        # It left once, so the next push looks first; it is found to be absent.
        outbox.plan_again([found])
    confirmed(outbox, "B1/invoice.undo@2", "x-B1/invoice")
    confirmed(outbox, "B1/invoice@2")
    outbox.save(*made_again("B1/invoice@2", 3))
    assert standing(outbox, "B1") == ["B1/invoice@3"]


def test_a_person_who_does_not_want_the_undo_keeps_what_is_there(outbox: Outbox) -> None:
    outbox.save(*document("B1"))
    confirmed(outbox, "B1/invoice")
    outbox.save(*made_again("B1/invoice", 2))
    outbox.skip("B1", "kim", "leave it", AT)
    assert standing(outbox, "B1") == ["B1/invoice"]


@pytest.mark.parametrize("id", ["B1/invoice", "B1/other"])
def test_what_was_to_be_taken_back_holds_its_slot_when_a_later_revision_drops_that(
    outbox: Outbox, id: str
) -> None:
    outbox.save(*document("B1"))
    confirmed(outbox, "B1/invoice")
    outbox.save(*document("B1", undo("B1/invoice", 2), revision=2, digest="d2"))
    assert standing(outbox, "B1") == []
    anew = replace(request(id, revision=3), slot="invoice")
    with pytest.raises(StateConflict, match="PE113 B1 would be created a second time"):
        outbox.save(*document("B1", anew, revision=3, digest="d3"))
    outbox.save(*made_again("B1/invoice", 3))
    assert standing(outbox, "B1") == ["B1/invoice@3"]


def test_what_is_changed_in_place_of_being_taken_back_holds_its_slot(outbox: Outbox) -> None:
    outbox.save(*document("B1"))
    confirmed(outbox, "B1/invoice")
    outbox.save(*document("B1", undo("B1/invoice", 2), revision=2, digest="d2"))
    change = replace(undo("B1/invoice", 3), id="B1/invoice@3", purpose=Purpose.UPDATE)
    outbox.save(*document("B1", change, revision=3, digest="d3"))
    assert standing(outbox, "B1") == ["B1/invoice"]
