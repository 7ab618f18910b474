from __future__ import annotations

from dataclasses import replace

import pytest

from pm2xero.errors import OutboxError, StateConflict
from pm2xero.outbox import Outbox
from pm2xero.outbox.records import Action, Actor, RequestState

from .documents import AT, chain, confirmed, document, get, refused, request, sent, states


def test_hold_blocks_dependants_and_resend_frees_them(outbox: Outbox) -> None:
    chain(outbox)
    assert outbox.hold("B1", "kim", "ask", AT) == ["B1/invoice", "P1/payment", "R1/undo"]
    held = get(outbox, "B1/invoice")
    assert (held.state, held.cause, held.message) == ("held", "hold", "ask")
    assert get(outbox, "R1/undo").blocked_by == "B1/invoice"
    assert outbox.resend("B1", "kim", "fine", AT) == ["B1/invoice", "P1/payment", "R1/undo"]
    assert set(states(outbox).values()) == {"planned"}
    assert get(outbox, "R1/undo").blocked_by is None


def test_skip_takes_what_is_held_or_refused(outbox: Outbox) -> None:
    chain(outbox)
    refused(outbox, "B1/invoice")
    outbox.hold("B1", "kim", "ask", AT)
    assert outbox.skip("B1", "kim", "entered by hand", AT) == ["B1/invoice"]
    assert states(outbox) == {
        "B1/invoice": "skipped",
        "P1/payment": "blocked",
        "R1/undo": "blocked",
        "B2/invoice": "planned",
    }


def test_resend_of_a_refused_document_plans_it_and_its_dependants(outbox: Outbox) -> None:
    chain(outbox)
    refused(outbox, "B1/invoice")
    assert outbox.resend("B1", "kim", "account restored", AT) == [
        "B1/invoice", "P1/payment", "R1/undo",
    ]  # fmt: skip
    again = get(outbox, "B1/invoice")
    assert (again.state, again.cause, again.attempts) == ("unknown", "resend", 1)
    assert again.message == "It left once before, so it is looked up before it is sent again"
    assert get(outbox, "P1/payment").state == "planned"


def test_resend_of_what_never_left_plans_it(outbox: Outbox) -> None:
    chain(outbox)
    outbox.hold("B1", "kim", "wait", AT)
    assert outbox.resend("B1", "kim", "go", AT) == ["B1/invoice", "P1/payment", "R1/undo"]
    assert get(outbox, "B1/invoice").state == "planned"
    outbox.turn_away(get(outbox, "B1/invoice"), "contact_archived", "no")
    assert get(outbox, "P1/payment").blocked_by == "B1/invoice"
    outbox.resend("B1", "kim", "restored", AT)
    assert (get(outbox, "B1/invoice").state, get(outbox, "B1/invoice").attempts) == ("planned", 0)


def test_resending_a_dependant_does_not_jump_over_what_blocks_it(outbox: Outbox) -> None:
    chain(outbox)
    refused(outbox, "B1/invoice")
    assert outbox.resend("P1", "kim", "try", AT) == []
    assert get(outbox, "P1/payment").blocked_by == "B1/invoice"
    assert get(outbox, "R1/undo").blocked_by == "B1/invoice"


def test_what_two_things_block_waits_for_both(outbox: Outbox) -> None:
    outbox.save_many(
        [
            document("B1"),
            document("B2"),
            document("P", request("P/payment", needs=["B1/invoice", "B2/invoice"], level=1)),
            document("Q", request("Q/undo", needs=["P/payment"], level=2)),
        ]
    )
    refused(outbox, "B1/invoice")
    refused(outbox, "B2/invoice")
    assert outbox.resend("B1", "kim", "mended", AT) == ["B1/invoice"]
    assert get(outbox, "P/payment").blocked_by == "B2/invoice"
    assert get(outbox, "Q/undo").blocked_by == "B2/invoice"
    assert outbox.resend("B2", "kim", "mended", AT) == ["B2/invoice", "P/payment", "Q/undo"]


def test_a_held_document_in_the_middle_keeps_blocking(outbox: Outbox) -> None:
    chain(outbox)
    refused(outbox, "B1/invoice")
    outbox.hold("P1", "kim", "wait", AT)
    assert outbox.resend("B1", "kim", "mended", AT) == ["B1/invoice"]
    assert states(outbox)["P1/payment"] == "held"
    assert get(outbox, "R1/undo").blocked_by == "P1/payment"


def test_a_blocked_document_that_is_resolved_frees_what_follows_on_it(outbox: Outbox) -> None:
    chain(outbox)
    refused(outbox, "B1/invoice")
    assert outbox.resolve("P1", "kim", "typed in", AT, "pay-1") == ["P1/payment", "R1/undo"]
    assert states(outbox)["B1/invoice"] == "rejected"


def test_resolve_confirms_with_the_id_and_frees_dependants(outbox: Outbox) -> None:
    chain(outbox)
    refused(outbox, "B1/invoice")
    assert outbox.resolve("B1", "kim", "typed in", AT, "inv-9") == [
        "B1/invoice", "P1/payment", "R1/undo",
    ]  # fmt: skip
    found = get(outbox, "B1/invoice")
    assert (found.state, found.xero_id, found.cause) == ("confirmed", "inv-9", None)
    assert outbox.links() == {("B1", "InvoiceID"): "inv-9"}
    assert states(outbox)["R1/undo"] == "planned"


def test_resolve_gives_the_id_to_the_document_or_to_the_only_request_open(outbox: Outbox) -> None:
    steps = [
        request("B1/invoice"),
        request("B1/payment", needs=["B1/invoice"], contract="put.Payments",
                becomes_document=False),
    ]  # fmt: skip
    outbox.save(*document("B1", *steps))
    outbox.resolve("B1", "kim", "both typed in", AT, "inv-1")
    assert [(r.id, r.xero_id) for r in outbox.requests()] == [
        ("B1/invoice", "inv-1"),
        ("B1/payment", None),
    ]
    other = [
        request("B2/invoice"),
        request("B2/payment", needs=["B2/invoice"], contract="put.Payments",
                becomes_document=False),
    ]  # fmt: skip
    outbox.save(*document("B2", *other))
    confirmed(outbox, "B2/invoice", "inv-2")
    refused(outbox, "B2/payment")
    assert outbox.resolve("B2", "kim", "paid by hand", AT, "pay-2") == ["B2/payment"]
    assert outbox.links()["B2", "PaymentID"] == "pay-2"
    assert outbox.links()["B2", "InvoiceID"] == "inv-2"


def test_for_an_unknown_outcome_a_person_can_ask_for_another_look(
    outbox: Outbox,
) -> None:
    chain(outbox)
    outbox.unknown([sent(outbox, "B1/invoice")], "TIMEOUT", "no answer", AT)
    assert outbox.resend("B1", "kim", "looked: not there", AT) == ["B1/invoice"]
    assert states(outbox)["B1/invoice"] == "unknown"


@pytest.mark.parametrize("said", ["hold", "skip"])
def test_what_left_once_is_looked_up_also_after_a_person_stopped_it(
    outbox: Outbox, said: str
) -> None:
    chain(outbox)
    refused(outbox, "B1/invoice")
    getattr(outbox, said)("B1", "kim", "wait", AT)
    outbox.resend("B1", "kim", "go", AT)
    assert states(outbox)["B1/invoice"] == "unknown"


RESTS = {"hold": "held", "skip": "skipped"}


@pytest.mark.parametrize("said", RESTS)
def test_what_may_be_in_xero_rests_once_it_is_known_to_be_absent(outbox: Outbox, said: str) -> None:
    chain(outbox)
    outbox.unknown([sent(outbox, "B1/invoice")], "TIMEOUT", "no answer", AT)
    assert getattr(outbox, said)("B1", "kim", "stop it", AT) == ["B1/invoice"]
    waiting = get(outbox, "B1/invoice")
    assert (waiting.state, waiting.cause, waiting.stands) == ("unknown", said, True)
    assert "It may be in Xero" in str(waiting.message)
    assert states(outbox)["P1/payment"] == "planned"
    # The look-up says something else in between; the word is not forgotten.
    outbox.unknown([waiting], "unproven", "no complete list", AT)
    assert outbox.plan_again([get(outbox, "B1/invoice")]) == {"B1/invoice": RESTS[said]}
    rests = get(outbox, "B1/invoice")
    assert (rests.state, rests.cause, rests.message) == (RESTS[said], said, "stop it")
    assert get(outbox, "P1/payment").blocked_by == "B1/invoice"
    outbox.save(*document("B1", revision=2, digest="d2"))
    assert (get(outbox, "B1/invoice").revision, states(outbox)["B1/invoice"]) == (2, RESTS[said])


def test_what_a_person_did_not_want_sent_is_confirmed_when_it_is_there(outbox: Outbox) -> None:
    chain(outbox)
    outbox.unknown([sent(outbox, "B1/invoice")], "TIMEOUT", "no answer", AT)
    outbox.skip("B1", "kim", "stop it", AT)
    outbox.confirm([(get(outbox, "B1/invoice"), "x-1")], None, AT)
    assert (states(outbox)["B1/invoice"], outbox.links()["B1", "InvoiceID"]) == ("confirmed", "x-1")


def test_the_last_word_counts_and_one_about_another_document_does_not(outbox: Outbox) -> None:
    chain(outbox)
    confirmed(outbox, "B1/invoice")
    outbox.unknown([sent(outbox, "P1/payment")], "TIMEOUT", "no answer", AT)
    outbox.skip("P1", "kim", "no", AT)
    outbox.resend("P1", "kim", "yes", AT)
    outbox.hold("B1", "kim", "too late", AT)
    assert outbox.plan_again([get(outbox, "P1/payment")]) == {}
    assert states(outbox)["P1/payment"] == "planned"


def test_what_is_absent_is_blocked_when_its_need_has_stopped_meanwhile(outbox: Outbox) -> None:
    chain(outbox)
    refused(outbox, "B1/invoice")
    outbox.resend("B1", "kim", "go", AT)
    outbox.skip("B1", "kim", "no", AT)
    # It may be in Xero, so it is looked up; being absent it is skipped.
    assert states(outbox)["B1/invoice"] == "unknown"
    assert outbox.plan_again([get(outbox, "B1/invoice")]) == {"B1/invoice": "skipped"}
    payment = get(outbox, "P1/payment")
    assert payment.state == "blocked"
    outbox.resend("B1", "kim", "go", AT)
    assert outbox.plan_again([get(outbox, "B1/invoice")]) == {}
    sent(outbox, "P1/payment")
    outbox.unknown([get(outbox, "P1/payment")], "no_answer", "no", AT)
    outbox.skip("B1", "kim", "no", AT)
    outbox.plan_again([get(outbox, "P1/payment")])
    assert get(outbox, "P1/payment").state == "blocked"


def test_what_failed_blocks_its_dependants_and_can_be_resent(outbox: Outbox) -> None:
    chain(outbox)
    outbox.give_up(sent(outbox, "B1/invoice"), "server_fault", "never arrived", 500, AT)
    assert states(outbox)["B1/invoice"] == "failed"
    assert get(outbox, "P1/payment").blocked_by == "B1/invoice"
    assert [(a.outcome, a.status) for a in outbox.attempts("B1/invoice")] == [("absent", 500)]
    assert outbox.resend("B1", "kim", "again", AT)[0] == "B1/invoice"
    assert states(outbox)["B1/invoice"] == "unknown"
    assert outbox.lost_at(()) is None


def test_nothing_is_changed_under_a_call_or_in_xero(outbox: Outbox) -> None:
    chain(outbox)
    sent(outbox, "B1/invoice")
    for decide in (outbox.hold, outbox.skip, outbox.resend):
        with pytest.raises(StateConflict, match="a call with B1/invoice is on its way"):
            decide("B1", "kim", "now", AT)
    with pytest.raises(StateConflict):
        outbox.resolve("B1", "kim", "now", AT, "x")
    confirmed(outbox, "B2/invoice")
    assert outbox.skip("B2", "kim", "too late", AT) == []
    assert states(outbox)["B2/invoice"] == "confirmed"


def test_a_document_that_is_not_there_is_named(outbox: Outbox) -> None:
    with pytest.raises(OutboxError, match="PE106 B7 is not in the outbox"):
        outbox.hold("B7", "kim", "ask", AT)
    assert outbox.actions() == []


def test_every_decision_is_logged_even_for_a_document_without_requests(outbox: Outbox) -> None:
    chain(outbox)
    outbox.save(*document("T1", outcome="reject"))
    outbox.hold("B2", "kim", "ask", AT)
    outbox.resolve("T1", "lee", "entered by hand", AT, "bt-1")
    assert outbox.actions() == [
        Action(AT, "kim", "hold", "B2", "ask", None, ("B2/invoice",)),
        Action(AT, "lee", "resolve", "T1", "entered by hand", "bt-1", ()),
    ]


def test_an_id_named_by_mistake_gives_way_to_the_right_one(outbox: Outbox) -> None:
    chain(outbox)
    refused(outbox, "B1/invoice")
    outbox.resolve("B1", "kim", "typed in", AT, "wrong")
    with pytest.raises(OutboxError, match="PE112 other was never named for B1"):
        outbox.rename("B1", "kim", "a slip", AT, "other", "right")
    assert outbox.rename("B1", "lee", "a slip", AT, "wrong", "right") == ["B1/invoice"]
    assert get(outbox, "B1/invoice").xero_id == "right"
    assert outbox.links() == {("B1", "InvoiceID"): "right"}
    assert [(a.what, a.xero_id) for a in outbox.actions()] == [
        ("resolve", "wrong"), ("unresolve", "wrong"), ("resolve", "right"),
    ]  # fmt: skip
    with pytest.raises(OutboxError, match="PE112 wrong was never named for B1"):
        outbox.rename("B1", "lee", "again", AT, "wrong", "right")


def test_what_was_sent_before_a_person_took_over_is_remembered(outbox: Outbox) -> None:
    outbox.save(*document("B1"))
    assert outbox.last_answer() is None
    outbox.unknown([sent(outbox, "B1/invoice")], "TIMEOUT", "no answer", AT)
    assert outbox.last_answer() is None
    outbox.resend("B1", "kim", "not there", AT)
    confirmed(outbox, "B1/invoice", "inv-1")
    assert (outbox.last_answer(), outbox.former_ids()) == (AT, {})
    again = request("B1/invoice", revision=2)
    with pytest.raises(StateConflict, match="PE113"):
        outbox.save(*document("B1", again, revision=2, digest="d2"))
    by_hand = replace(again, actor=Actor.PERSON)
    outbox.save(*document("B1", by_hand, revision=2, digest="d2"))
    outbox.resolve("B1", "kim", "corrected there", AT, "inv-2")
    assert outbox.former_ids() == {"B1": {"inv-1"}}


@pytest.mark.parametrize("said", ["hold", "skip"])
def test_what_is_left_to_a_person_is_resolved_and_nothing_else(outbox: Outbox, said: str) -> None:
    """Whatever is said of the document, of this revision or the one before, it is never planned."""

    def payment(revision: int) -> None:
        rest = replace(request("P1/left over", revision=revision), state=RequestState.LEFT)
        outbox.save(*document("P1", request("P1/payment", revision=revision), rest,
                              revision=revision, digest=f"d{revision}"))  # fmt: skip

    payment(1)
    getattr(outbox, said)("P1", "kim", "ask", AT)
    payment(2)
    assert states(outbox)["P1/left over"] == "left"
    outbox.resend("P1", "kim", "fine", AT)
    assert states(outbox) == {"P1/payment": "planned", "P1/left over": "left"}
    confirmed(outbox, "P1/payment")
    assert outbox.resolve("P1", "kim", "entered", AT, "x-9") == ["P1/left over"]
    assert get(outbox, "P1/left over").xero_id == "x-9"
