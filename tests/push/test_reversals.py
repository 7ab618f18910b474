"""Payments that are taken back, over several pushes and revisions: Xero deletes them as a whole."""

from __future__ import annotations

import pytest

from tests.support.office import Doc, Office, paying, revised

from .test_corrections import VOIDED

# Something that was refused is not in Xero.
FOR_XERO = "agrees_for_what_is_in_xero"


@pytest.fixture
def payment(docs: dict[str, Doc]) -> Doc:
    """2,000.00 on INV-3007."""
    return paying(docs["AU-0038"], "AU-0016", "2000.00")


@pytest.fixture
def bill(docs: dict[str, Doc]) -> Doc:
    return docs["AU-0016"]


def reversal(payment: Doc, amount: str, id: str) -> Doc:
    """What takes this much of a payment back."""
    allocations = [{**payment["allocations"][0], "amount": amount}]
    reversing = {"id": id, "amount": amount, "allocations": allocations}
    return {**payment, **reversing, "reversal_of": payment["id"]}


def test_payment_is_taken_back_once_and_as_a_whole(office: Office, docs: dict[str, Doc]) -> None:
    """Xero deletes payments, so of a part more would be taken back than was booked."""
    payment = paying(docs["AU-0038"], "AU-0016", "2000.00")
    office.push(docs["AU-0016"], payment)
    part = office.report(reversal(payment, "-1999.99", "R-1"))
    assert (part["needs_attention"], part["sent"]["confirmed"]) == (1, 0)
    twice = reversal(payment, "-2000.00", "R-2"), reversal(payment, "-2000.00", "R-3")
    whole = office.report(*twice)
    assert (whole["needs_attention"], whole["sent"]["confirmed"]) == (1, 1)
    assert [p["Status"] for p in office.in_xero("Payments")] == ["DELETED"]
    assert office.reconcile()["verdict"] == FOR_XERO


def test_payment_that_was_changed_is_taken_back_as_it_is_now(
    office: Office, docs: dict[str, Doc]
) -> None:
    payment = paying(docs["AU-0038"], "AU-0016", "2000.00")
    office.push(docs["AU-0016"], payment)
    changed = revised(paying(docs["AU-0038"], "AU-0016", "1500.00"))
    office.push(changed)
    old, now = reversal(payment, "-2000.00", "R-1"), reversal(payment, "-1500.00", "R-2")
    found = office.report(old, now)
    assert (found["needs_attention"], found["sent"]["confirmed"]) == (1, 1)
    assert [p["Status"] for p in office.in_xero("Payments")] == ["DELETED", "DELETED"]
    assert office.reconcile()["verdict"] == FOR_XERO


def outcome(office: Office, document: Doc) -> tuple[int, int]:
    """How many documents need attention after a push of it, and how many requests it made."""
    found = office.report(document)
    return found["needs_attention"], found["sent"]["confirmed"]


def deleted(office: Office) -> list[bool]:
    return [p["Status"] == "DELETED" for p in office.in_xero("Payments")]


@pytest.mark.parametrize("amount", ["1500.00", "999999.00"])
def test_a_payment_that_was_taken_back_is_changed_by_a_person_only(
    office: Office, bill: Doc, payment: Doc, amount: str
) -> None:
    office.push(bill, payment, reversal(payment, "-2000.00", "R-1"))
    changed = revised(paying(payment, "AU-0016", amount))
    assert "needs_a_person" in office.push(changed).stdout
    # Neither that word nor a later run makes the payment one that can be taken back again.
    assert outcome(office, reversal(payment, "-2000.00", "R-2")) == (1, 0)
    assert outcome(office, reversal(payment, f"-{amount}", "R-3")) == (1, 0)
    assert deleted(office) == [True]
    # Practice Management has the changed payment now, and only a person can see to that.
    assert office.reconcile()["verdict"] == "does_not_agree"


def test_what_is_left_of_a_payment_after_a_part_was_corrected_by_hand_is_no_payment(
    office: Office, bill: Doc, payment: Doc
) -> None:
    office.push(bill, payment)
    part = reversal(payment, "-500.00", "R-1")
    office.push(part)
    by_hand = "0b1a2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
    office.run("resolve", "R-1", "--as-done-in-xero", by_hand, "--reason", "entered again")
    found = office.push(reversal(payment, "-1500.00", "R-2"))
    assert "reversed_before" in found.stdout
    assert deleted(office) == [False]


def test_a_reversal_that_was_sent_is_not_taken_back(
    office: Office, bill: Doc, payment: Doc
) -> None:
    taken = reversal(payment, "-2000.00", "R-1")
    office.push(bill, payment, taken)
    voided = revised(taken) | VOIDED
    for changed in (voided, revised(voided) | {"status": "posted", "voided_at": None}):
        found = office.push(changed)
        assert found.exit_code == 1
        assert "what it took back there cannot be put back" in found.stdout
    assert outcome(office, reversal(payment, "-2000.00", "R-2")) == (1, 0)


def test_a_reversal_waits_for_its_payment_and_follows_it(
    office: Office, bill: Doc, payment: Doc
) -> None:
    draft = payment | {"status": "draft"}
    office.push(bill, draft, reversal(payment, "-2000.00", "R-1"))
    found = office.push(revised(payment))
    assert (found.exit_code, deleted(office)) == (0, [True])
    assert office.reconcile()["agrees"]
    assert outcome(office, reversal(payment, "-2000.00", "R-2")) == (1, 0)


def test_what_a_payment_that_waited_has_settled_is_known_in_later_runs(
    office: Office, bill: Doc, payment: Doc
) -> None:
    office.push(bill | {"status": "draft"}, payment)
    assert office.push(revised(bill)).exit_code == 0
    second = paying(payment, "AU-0016", "2672.99") | {"id": "P-2"}
    assert "exceeds_amount_due" in office.push(second).stdout
    third = paying(payment, "AU-0016", "2672.98") | {"id": "P-3"}
    assert outcome(office, third) == (0, 1)
    assert office.reconcile()["verdict"] == FOR_XERO


def test_a_request_that_waits_for_what_no_document_makes_is_told(
    office: Office, bill: Doc, payment: Doc, docs: dict[str, Doc]
) -> None:
    """The payment is one of one bill, its reversal one of two, which Xero has as a batch."""
    office.push(bill, docs["AU-0017"], payment)
    odd = reversal(payment, "-2000.00", "R-1")
    parts = [("AU-0016", "-1500.00"), ("AU-0017", "-500.00")]
    odd["allocations"] = [{"document_id": d, "amount": a} for d, a in parts]
    found = office.push(odd)
    assert found.exit_code == 1
    assert "1 planned, not sent in this run" in found.stdout
    status = office.run("status")
    assert status.exit_code == 1
    assert "1 document waiting for what is not there (nothing_to_wait_for)" in status.stdout
    assert "AU-0038/batch" in status.stdout


def test_a_payment_that_is_changed_and_taken_back_in_one_push_is_gone(
    office: Office, bill: Doc, payment: Doc
) -> None:
    office.push(bill, payment)
    changed = revised(paying(payment, "AU-0016", "1500.00"))
    assert office.push(changed, reversal(payment, "-1500.00", "R-1")).exit_code == 0
    assert deleted(office) == [True, True]
    assert office.reconcile()["agrees"]


def test_what_a_person_did_by_hand_does_not_make_it_reversible_again(
    office: Office, docs: dict[str, Doc]
) -> None:
    receipt = docs["AU-0006"]
    lines = [{**receipt["trust_lines"][0], "amount": "-" + receipt["amount"]}]
    back = {"amount": "-" + receipt["amount"], "trust_lines": lines, "reversal_of": receipt["id"]}
    office.push(receipt, {**receipt, **back, "id": "R-1"})
    office.push(revised(receipt, memo="other words"))
    (entry, _) = office.in_xero("BankTransactions")
    by_hand = ("--as-done-in-xero", entry["BankTransactionID"], "--reason", "nothing to do")
    assert office.run("resolve", receipt["id"], *by_hand).exit_code == 0
    assert outcome(office, {**receipt, **back, "id": "R-2"}) == (1, 0)
    assert len(office.in_xero("BankTransactions")) == 2


def test_a_payment_that_was_entered_by_hand_before_its_bill_came_counts_as_paying_it(
    office: Office, bill: Doc, payment: Doc
) -> None:
    office.push(bill | {"status": "draft"}, payment)
    hand = "0b1a2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
    office.run("resolve", payment["id"], "--as-done-in-xero", hand, "--reason", "entered")
    office.push(revised(bill))
    second = paying(payment, "AU-0016", "2672.99") | {"id": "P-2"}
    assert "exceeds_amount_due" in office.push(second).stdout
