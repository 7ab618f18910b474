from __future__ import annotations

from datetime import timedelta

import pytest

from pm2xero.errors import LeaseLost, StateConflict
from pm2xero.outbox import Outbox
from pm2xero.outbox.records import Link

from .conftest import Open
from .documents import AT, Clock, chain, confirmed, document, get, refused, request, sent, states


def test_a_claim_is_seen_by_another_connection_before_any_answer(open_outbox: Open) -> None:
    outbox = open_outbox()
    chain(outbox)
    number = outbox.claim([get(outbox, "B1/invoice"), get(outbox, "B2/invoice")], AT)

    other = open_outbox()
    assert [r.id for r in other.interrupted()] == ["B1/invoice", "B2/invoice"]
    assert {r.state for r in other.interrupted()} == {"sent"}
    assert [(a.request, a.call, a.number, a.started_at, a.ended_at, a.outcome)
            for a in other.attempts()] == [
        ("B1/invoice", number, 1, AT, None, None),
        ("B2/invoice", number, 1, AT, None, None),
    ]  # fmt: skip


def test_a_batch_is_claimed_as_a_whole_or_not_at_all(outbox: Outbox) -> None:
    chain(outbox)
    both = [get(outbox, "B1/invoice"), get(outbox, "B2/invoice")]
    outbox.hold("B2", "kim", "ask the partner", AT)
    with pytest.raises(StateConflict) as caught:
        outbox.claim(both, AT)
    assert [(f.code, f.message) for f in caught.value.findings] == [
        ("PE105", "B2/invoice is held and cannot be sent")
    ]
    assert states(outbox)["B1/invoice"] == "planned"
    assert outbox.attempts() == []


def test_confirming_writes_ids_links_and_the_end_of_the_attempt(outbox: Outbox) -> None:
    chain(outbox)
    claimed = [get(outbox, "B1/invoice"), get(outbox, "B2/invoice")]
    outbox.claim(claimed, AT)
    outbox.confirm([(claimed[0], "inv-1"), (claimed[1], None)], 200, AT)

    assert outbox.links() == {("B1", "InvoiceID"): "inv-1"}
    assert outbox.link_of("inv-1") == Link("B1", "InvoiceID", "inv-1", "B1/invoice")
    assert outbox.link_of("somebody else's") is None
    found = get(outbox, "B1/invoice")
    assert (found.state, found.xero_id, found.attempts) == ("confirmed", "inv-1", 1)
    assert get(outbox, "B2/invoice").state == "confirmed"
    assert [(a.outcome, a.status, a.ended_at) for a in outbox.attempts()] == [
        ("confirmed", 200, AT),
        ("confirmed", 200, AT),
    ]


def test_an_answer_may_be_written_down_twice_but_not_with_another_id(outbox: Outbox) -> None:
    chain(outbox)
    claimed = sent(outbox, "B1/invoice")
    outbox.confirm([(claimed, "inv-1")], 200, AT)
    outbox.confirm([(claimed, "inv-1")], 200, AT)
    with pytest.raises(StateConflict, match="B1/invoice is confirmed"):
        outbox.confirm([(claimed, "inv-2")], 200, AT)
    assert outbox.links() == {("B1", "InvoiceID"): "inv-1"}


def test_what_was_never_sent_cannot_be_answered(outbox: Outbox) -> None:
    chain(outbox)
    planned = get(outbox, "B1/invoice")
    with pytest.raises(StateConflict):
        outbox.confirm([(planned, "inv-1")], 200, AT)
    with pytest.raises(StateConflict):
        outbox.refuse(planned, "X", "no", 400, AT)
    with pytest.raises(StateConflict):
        outbox.unknown([planned], "TIMEOUT", "no answer", AT)
    with pytest.raises(StateConflict):
        outbox.plan_again([planned])
    assert get(outbox, "B1/invoice") == planned


def test_a_refusal_blocks_everything_that_depends_on_it(outbox: Outbox) -> None:
    chain(outbox)
    refused(outbox, "B1/invoice")
    found = {r.id: (r.state, r.blocked_by, r.cause) for r in outbox.requests()}
    assert found == {
        "B1/invoice": ("rejected", None, "ACCOUNT"),
        "P1/payment": ("blocked", "B1/invoice", None),
        "R1/undo": ("blocked", "B1/invoice", None),
        "B2/invoice": ("planned", None, None),
    }
    assert get(outbox, "B1/invoice").message == "Account 200 is archived."
    assert [(a.outcome, a.status, a.cause) for a in outbox.attempts()] == [
        ("rejected", 400, "ACCOUNT")
    ]


def test_unknown_blocks_nothing_and_ends_in_an_id_or_in_another_attempt(outbox: Outbox) -> None:
    chain(outbox)
    first, second = sent(outbox, "B1/invoice"), sent(outbox, "B2/invoice")
    outbox.unknown([first, second], "TIMEOUT", "Xero did not answer.", AT)
    assert outbox.interrupted() == []
    assert states(outbox) == {
        "B1/invoice": "unknown",
        "P1/payment": "planned",
        "R1/undo": "planned",
        "B2/invoice": "unknown",
    }
    outbox.confirm([(first, "found")], None, AT)
    outbox.plan_again([second])
    assert get(outbox, "B1/invoice").state == "confirmed"
    again = get(outbox, "B2/invoice")
    assert (again.state, again.cause, again.attempts) == ("planned", None, 1)
    assert outbox.claim([again], AT) == 3
    assert [(a.call, a.number, a.outcome) for a in outbox.attempts("B2/invoice")] == [
        (2, 1, "absent"),
        (3, 2, None),
    ]


def test_the_document_outranks_other_ids_of_the_same_name(outbox: Outbox) -> None:
    payments = [
        request(f"P1/{step}", contract="put.Payments", becomes_document=step == "b")
        for step in "abc"
    ]
    outbox.save(*document("P1", *payments))
    for step in "abc":
        confirmed(outbox, f"P1/{step}", f"pay-{step}")
    assert outbox.links() == {("P1", "PaymentID"): "pay-b"}
    assert outbox.link_of("pay-c") == Link("P1", "PaymentID", "pay-c", "P1/c")


def test_contacts_are_remembered_and_renamed(outbox: Outbox) -> None:
    assert outbox.contact("C-1") is None
    outbox.save_contact("C-1", "id-1", "Ngaio Ltd")
    outbox.save_contact("C-1", "id-1", "Ngaio Limited")
    assert outbox.contact("C-1") == ("id-1", "Ngaio Limited")
    assert outbox.contacts() == {"C-1": ("id-1", "Ngaio Limited")}


def test_who_lost_the_lease_cannot_claim_but_keeps_what_it_learnt(
    open_outbox: Open, clock: Clock
) -> None:
    stalled, other = open_outbox(), open_outbox()
    chain(stalled)
    ttl = timedelta(minutes=1)
    assert stalled.acquire_lease("one", ttl)
    first = sent(stalled, "B1/invoice")
    clock.forward(minutes=2)
    assert other.acquire_lease("two", ttl)
    with pytest.raises(LeaseLost):
        stalled.claim([get(stalled, "B2/invoice")], AT)
    assert states(stalled)["B2/invoice"] == "planned"
    stalled.confirm([(first, "inv-1")], 200, AT)
    assert other.links() == {("B1", "InvoiceID"): "inv-1"}


def test_organisations_do_not_see_each_other(open_outbox: Open) -> None:
    ours, theirs = open_outbox("ours"), open_outbox("theirs")
    chain(ours)
    chain(theirs)
    refused(ours, "B1/invoice")
    confirmed(theirs, "B1/invoice")
    assert states(ours)["P1/payment"] == "blocked"
    assert states(theirs)["P1/payment"] == "planned"
    assert ours.links() == {}
    assert theirs.attempts()[0].call == 1


def test_when_a_call_was_lost_is_known_until_it_has_a_result(open_outbox: Open) -> None:
    outbox = open_outbox()
    chain(outbox)
    assert outbox.lost_at(()) is None
    one, two = get(outbox, "B1/invoice"), get(outbox, "B2/invoice")
    outbox.claim([one, two], AT)
    assert outbox.lost_at(()) == AT
    later = AT + timedelta(minutes=1)
    outbox.unknown([two], "no_answer", "nobody knows", later)
    assert open_outbox().lost_at(()) == later
    outbox.unknown([two], "several", "a person must choose", later)
    assert outbox.lost_at(("several", "unseen")) == AT
    outbox.confirm([(one, "inv-1")], 200, later)
    assert outbox.lost_at(("several", "unseen")) is None
    outbox.plan_again([two])
    assert outbox.lost_at(()) is None
