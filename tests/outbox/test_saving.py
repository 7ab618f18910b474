from __future__ import annotations

from dataclasses import replace

import pytest

from pm2xero.errors import DigestConflict, OutboxError, StateConflict
from pm2xero.outbox import Outbox

from .conftest import Open
from .documents import AT, chain, confirmed, document, get, refused, request, sent, states


def test_a_document_comes_back_as_it_was_saved(outbox: Outbox) -> None:
    steps = [
        request("B1/invoice", element='{"Reference":"Café – 1"}'),
        request("B1/payment", needs=["B1/invoice", "elsewhere"], contract="put.Payments"),
    ]
    tx, decision, planned = document("B1", *steps, reasons=[{"code": "x", "message": "…"}])
    outbox.save(tx, decision, planned)
    assert outbox.transaction("B1") == tx
    assert outbox.decision("B1") == decision
    assert outbox.requests() == planned
    assert outbox.request("B1/payment") == planned[1]
    assert (outbox.transaction("B2"), outbox.decision("B2"), outbox.request("B2/x")) == (None,) * 3


def test_the_same_revision_with_other_content_is_refused_with_its_whole_batch(
    outbox: Outbox,
) -> None:
    outbox.save(*document("B1"))
    with pytest.raises(DigestConflict, match="PE101 B1 revision 1 came before"):
        outbox.save_many([document("B2"), document("B1", digest="other")])
    assert [t.id for t in outbox.transactions()] == ["B1"]
    with pytest.raises(DigestConflict):
        outbox.save_many([document("B3"), document("B3", digest="other")])
    assert outbox.transaction("B3") is None


def test_saving_again_renders_anew_what_never_left_and_nothing_else(outbox: Outbox) -> None:
    chain(outbox)
    confirmed(outbox, "B1/invoice")
    sent(outbox, "B2/invoice")
    refused(outbox, "P1/payment")
    new = '{"Reference":"new"}'
    outbox.save_many(
        [
            document("B1", request("B1/invoice", element=new)),
            document("B2", request("B2/invoice", element=new)),
            document("P1", request("P1/payment", needs=["B1/invoice"], element=new)),
        ]
    )
    assert {r.id: (r.state, r.element, r.attempts) for r in outbox.requests()} == {
        "B1/invoice": ("confirmed", "{}", 1),
        "B2/invoice": ("sent", "{}", 1),
        "P1/payment": ("rejected", new, 1),
        "R1/undo": ("blocked", "{}", 0),
    }
    assert get(outbox, "P1/payment").cause == "ACCOUNT"


def test_a_request_that_is_no_longer_made_stops_what_needs_it_until_it_is_back(
    outbox: Outbox,
) -> None:
    chain(outbox)
    outbox.save(*document("P1", outcome="reject"))
    assert "P1/payment" not in states(outbox)
    assert outbox.request("P1/payment") is None
    assert get(outbox, "R1/undo").blocked_by == "P1/payment"
    assert outbox.resend("R1", "kim", "try", AT) == []

    outbox.save(*document("P1", request("P1/payment", needs=["B1/invoice"], level=1)))
    assert set(states(outbox).values()) == {"planned"}
    assert outbox.decision("P1") == document("P1")[1]


def test_other_needs_can_set_a_blocked_request_free(outbox: Outbox) -> None:
    chain(outbox)
    refused(outbox, "B1/invoice")
    outbox.save(*document("P1", request("P1/payment", needs=["B2/invoice"], level=1)))
    assert get(outbox, "P1/payment").state == "planned"
    assert get(outbox, "R1/undo").state == "planned"
    assert get(outbox, "P1/payment").needs == ("B2/invoice",)


def test_what_needs_a_stopped_request_is_blocked_from_the_start(outbox: Outbox) -> None:
    chain(outbox)
    refused(outbox, "B1/invoice")
    outbox.save_many(
        [
            document("P2", request("P2/payment", needs=["B1/invoice"])),
            document("R2", request("R2/undo", needs=["P1/payment"])),
            document("R3", request("R3/undo", needs=["R2/undo"])),
        ]
    )
    for id in ("P2/payment", "R2/undo", "R3/undo"):
        assert (get(outbox, id).state, get(outbox, id).blocked_by) == ("blocked", "B1/invoice")


def test_a_higher_revision_replaces_what_was_refused_and_frees_dependants(outbox: Outbox) -> None:
    chain(outbox)
    refused(outbox, "B1/invoice")
    outbox.save(*document("B1", revision=2, digest="d2", sequence=9))
    found = get(outbox, "B1/invoice")
    assert (found.revision, found.state, found.attempts) == (2, "planned", 0)
    assert states(outbox)["R1/undo"] == "planned"
    assert [(a.revision, a.outcome) for a in outbox.attempts("B1/invoice")] == [(1, "rejected")]
    latest = outbox.transaction("B1")
    assert latest is not None
    assert latest.revision == 2


def test_of_a_lower_revision_only_what_is_confirmed_still_counts(outbox: Outbox) -> None:
    steps = [request("B1/invoice"), request("B1/payment", needs=["B1/invoice"])]
    outbox.save(*document("B1", *steps))
    confirmed(outbox, "B1/invoice", "inv-1")
    undo = request("B1/invoice@2.undo", revision=2, becomes_document=False)
    again = request("B1/invoice@2", revision=2, needs=["B1/invoice@2.undo"])
    outbox.save(*document("B1", undo, again, revision=2, digest="d2"))
    assert states(outbox) == {
        "B1/invoice": "confirmed",
        "B1/invoice@2.undo": "planned",
        "B1/invoice@2": "planned",
    }
    assert outbox.links() == {("B1", "InvoiceID"): "inv-1"}
    confirmed(outbox, "B1/invoice@2.undo", "inv-1")
    assert outbox.links() == {("B1", "InvoiceID"): "inv-1"}
    confirmed(outbox, "B1/invoice@2", "inv-2")
    assert outbox.links() == {("B1", "InvoiceID"): "inv-2"}


def test_a_higher_revision_that_is_not_posted_leaves_the_lower_one_on_its_way(
    outbox: Outbox,
) -> None:
    outbox.save(*document("B1"))
    claimed = sent(outbox, "B1/invoice")
    outbox.save(*document("B1", revision=2, digest="d2", outcome="hold", sequence=5))
    outbox.confirm([(claimed, "inv-1")], 200, AT)
    posted = outbox.posted("B1")
    assert posted is not None
    assert (posted[0].revision, posted[1].outcome) == (1, "post")
    latest = outbox.decision("B1")
    assert latest is not None
    assert (latest.revision, latest.outcome) == (2, "hold")
    assert [t.revision for t in outbox.transactions()] == [1, 2]
    assert [t.revision for t in outbox.transactions(latest=True)] == [2]


@pytest.mark.parametrize("state", ["sent", "unknown"])
def test_a_higher_revision_waits_for_an_outcome_that_is_not_known(
    outbox: Outbox, state: str
) -> None:
    outbox.save(*document("B1"))
    claimed = sent(outbox, "B1/invoice")
    if state == "unknown":
        outbox.unknown([claimed], "TIMEOUT", "no answer", AT)
    with pytest.raises(StateConflict, match=f"PE104 B1/invoice of revision 1 is {state}"):
        outbox.save(*document("B1", revision=2, digest="d2"))
    assert states(outbox) == {"B1/invoice": state}


@pytest.mark.parametrize(
    ("outcome", "state"),
    [("hold", "sent"), ("hold", "unknown"), ("hold", "planned"),
     ("reject", "sent"), ("reject", "unknown")],
)  # fmt: skip
def test_what_is_decided_again_and_takes_no_place_leaves_the_lower_revision_to_be_found_out(
    outbox: Outbox, outcome: str, state: str
) -> None:
    """A push that was killed after its intake decides the same once more."""
    outbox.save(*document("B1"))
    if state != "planned":
        claimed = sent(outbox, "B1/invoice")
        if state == "unknown":
            outbox.unknown([claimed], "TIMEOUT", "no answer", AT)
    for _ in range(2):
        outbox.save(*document("B1", revision=2, digest="d2", outcome=outcome, sequence=5))
    assert states(outbox) == {"B1/invoice": state}


def test_what_a_person_said_holds_for_later_revisions(outbox: Outbox) -> None:
    chain(outbox)
    outbox.skip("B1", "kim", "entered by hand", AT)
    outbox.save(*document("B1", revision=2, digest="d2"))
    found = get(outbox, "B1/invoice")
    assert (found.revision, found.state, found.message) == (2, "skipped", "entered by hand")
    assert get(outbox, "P1/payment").blocked_by == "B1/invoice"
    outbox.resend("B1", "kim", "it was not", AT)
    assert set(states(outbox).values()) == {"planned"}


def test_a_lower_revision_is_kept_for_the_record_but_not_sent(outbox: Outbox) -> None:
    outbox.save(*document("B1", revision=3, digest="d3"))
    with pytest.raises(OutboxError, match="PE103 B1 revision 2 is older than the revision 3"):
        outbox.save(*document("B1", revision=2, digest="d2"))
    outbox.save(*document("B1", revision=2, digest="d2", outcome="skip"))
    latest = outbox.transaction("B1")
    assert latest is not None
    assert latest.revision == 3
    assert {r.revision for r in outbox.requests()} == {3}
    with pytest.raises(DigestConflict):
        outbox.save(*document("B1", revision=2, digest="other", outcome="skip"))


def test_nothing_to_send_changes_nothing_about_a_posted_document(outbox: Outbox) -> None:
    outbox.save(*document("B1"))
    outbox.save(*document("B1", outcome="skip"))
    assert states(outbox) == {"B1/invoice": "planned"}
    decision = outbox.decision("B1")
    assert decision is not None
    assert decision.outcome == "post"


def test_one_batch_may_hold_two_revisions_of_a_document(outbox: Outbox) -> None:
    outbox.save_many([document("B1"), document("B2"), document("B1", revision=2, digest="d2")])
    assert {r.id: r.revision for r in outbox.requests()} == {"B1/invoice": 2, "B2/invoice": 1}


def test_a_fault_in_the_middle_of_a_batch_leaves_nothing_behind(outbox: Outbox) -> None:
    tx, decision, planned = document("B2")
    broken = replace(decision, money=110.0)  # type: ignore[arg-type] # the fault that is tested
    with pytest.raises(Exception, match="money must be a finite Decimal"):
        outbox.save_many([document("B1"), (tx, broken, planned)])
    assert list(outbox.transactions()) == []
    assert outbox.requests() == []


def test_ten_thousand_documents_are_saved(open_outbox: Open) -> None:
    outbox = open_outbox()
    for first in range(0, 10_000, 500):
        outbox.save_many(
            document(
                f"B{i:05}",
                request(f"B{i:05}/invoice", sequence=i, needs=[f"B{i - 1:05}/invoice"] * (i % 2)),
                sequence=i,
            )
            for i in range(first, first + 500)
        )
    assert sum(1 for _ in outbox.transactions()) == 10_000
    assert len(outbox.requests(states=["planned"])) == 10_000
