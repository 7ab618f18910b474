"""A receipt of which the allocated part is sent: what becomes of the rest that a person enters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.examples.bookkeeper import Bookkeeper
from tests.push.test_recover import keys_lapse, lose
from tests.support.office import Doc, Office, firm_of, month, revised

VOIDED = {"status": "voided", "voided_at": "2026-05-30T00:00:00Z"}
WHY = ("--reason", "a test")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path, firm_of(tmp_path, settings={"overpayments": "allocated_part"}))


def paid(office: Office) -> list[str]:
    """The amounts of the payments that stand in Xero."""
    found = office.in_xero("Payments")
    return [str(p["Amount"]) for p in found if p["Status"] == "AUTHORISED"]


def work(office: Office) -> list[Doc]:
    listed: list[Doc] = json.loads(office.run("manual-work", "--format", "json").stdout)
    return listed


def left(office: Office) -> dict[str, str]:
    """What is to be entered, by document."""
    return {item["id"]: item["amount"] for item in work(office)}


def enter(office: Office) -> None:
    """A bookkeeper enters all of the list as it is told."""
    bookkeeper = Bookkeeper(office.folder / "xero.json", office.sandbox_file)
    listed = work(office)
    assert set(bookkeeper.enter(listed)) == {item["id"] for item in listed}
    office.run("resolve", "--matched", "--yes", *WHY)


def test_the_rest_is_told_apart_and_missing_until_it_is_entered(
    office: Office, bill: Doc, receipt: Doc
) -> None:
    office.push(bill, receipt)
    assert (paid(office), left(office)) == (["4000.00"], {"R-1": "1000.00"})
    (document,) = work(office)[0]["xero"]
    assert (document["what"], document["pays"]) == ("overpayment received", [])
    found = office.reconcile()
    assert found["verdict"] == "agrees_for_what_is_in_xero"
    assert found["not_in_xero"]["total"]["money"] == "1000.00"
    refused = [r for r in office.status()["refused"] if r["code"] == "rest_by_hand"]
    assert [(r["by_hand"], r["money"]) for r in refused] == [(1, "1000.00")]
    enter(office)
    assert (office.reconcile()["verdict"], left(office)) == ("agrees", {})


def test_a_push_tells_no_more_to_enter_than_the_rest(
    office: Office, bill: Doc, receipt: Doc
) -> None:
    told = office.push(bill, receipt).stdout
    assert "1 to be entered in Xero by hand, 1,000.00 AUD in all" in told


def test_what_stands_as_one_entry_leaves_nothing_over_when_the_firm_chooses_otherwise(
    tmp_path: Path, bill: Doc, receipt: Doc
) -> None:
    """A later revision follows the entry that is there, whatever a new one would become."""
    firm = firm_of(tmp_path, settings={"overpayments": "one_entry"})
    office = Office(tmp_path, firm)
    office.push(bill, receipt)
    chosen = yaml.safe_load(firm.read_text()) | {"settings": {"overpayments": "allocated_part"}}
    firm.write_text(yaml.safe_dump(chosen))
    part = {"document_id": bill["id"], "amount": "3000.00"}
    told = office.push(revised(receipt, allocations=[part])).stdout
    assert "by hand" not in told
    (reasons,) = office.sql("SELECT reasons FROM decisions WHERE id = 'R-1' AND revision = 2")
    assert (json.loads(reasons[0]), left(office)) == ([], {})
    assert office.reconcile()["verdict"] == "agrees"


@pytest.mark.parametrize(
    ("change", "payments", "rest"),
    [
        ({"amount": "4500.00"}, ["4000.00"], {"R-1": "500.00"}),
        ({"amount": "6000.00"}, ["4000.00"], {"R-1": "2000.00"}),
        ({"amount": "4000.00"}, ["4000.00"], {}),
        ({"allocations": "4672.98"}, ["4672.98"], {"R-1": "327.02"}),
        ({"allocations": "10.00"}, ["10.00"], {"R-1": "4990.00"}),
        (VOIDED, [], {}),
    ],
    ids=["less", "more", "just_enough", "more_allocated", "less_allocated", "void"],
)
def test_a_later_revision_is_followed_while_nobody_has_entered_the_rest(
    office: Office, bill: Doc, receipt: Doc, change: Doc, payments: list[str], rest: Doc
) -> None:
    office.push(bill, receipt)
    if isinstance(change.get("allocations"), str):
        part = {"document_id": bill["id"], "amount": change["allocations"]}
        change = {"allocations": [part]}
    office.push(revised(receipt, **change))
    assert (paid(office), left(office)) == (payments, rest)
    enter(office)
    assert office.reconcile()["verdict"] == "agrees"


@pytest.mark.parametrize(
    "change", [{"amount": "4500.00"}, {"number": "R-77"}], ids=["amount", "number"]
)
def test_what_was_entered_is_corrected_by_a_person(
    office: Office, bill: Doc, receipt: Doc, change: Doc
) -> None:
    office.push(bill, receipt)
    enter(office)
    office.push(revised(receipt, **change))
    assert paid(office) == ["4000.00"]
    assert [s["cause"] for s in office.status()["stuck"]] == ["needs_a_person"]
    assert office.reconcile()["verdict"] != "agrees"


def test_a_void_takes_back_what_was_sent_and_lists_what_was_entered(
    office: Office, bill: Doc, receipt: Doc
) -> None:
    office.push(bill, receipt)
    enter(office)
    told = office.push(revised(receipt, **VOIDED))
    assert "1 to be entered in Xero by hand, 1,000.00 AUD in all" in told.stdout
    assert (paid(office), left(office)) == ([], {"R-1": "-1000.00"})
    (document,) = work(office)[0]["xero"]
    assert (document["what"], document["total"]) == (
        "refund on the client's credit note or overpayment", "1000.00",
    )  # fmt: skip
    assert office.reconcile()["verdict"] == "does_not_agree"
    assert office.push().exit_code == told.exit_code
    enter(office)
    assert (office.reconcile()["verdict"], left(office)) == ("agrees", {})
    assert office.push(revised(receipt, **VOIDED)).exit_code == 0


@pytest.mark.parametrize(("is_refunded", "listed"), [(False, "4000.00"), (True, "5000.00")])
def test_what_is_there_again_after_a_void_is_listed_but_for_what_still_stands(
    office: Office, bill: Doc, receipt: Doc, is_refunded: bool, listed: str
) -> None:
    office.push(bill, receipt)
    enter(office)
    office.push(revised(receipt, **VOIDED))
    if is_refunded:
        enter(office)
    assert office.push(receipt | {"revision": 3}).exit_code == 1
    assert left(office) == {"R-1": listed}
    assert office.reconcile()["verdict"] != "agrees"
    enter(office)
    assert (office.reconcile()["verdict"], left(office)) == ("agrees", {})


def test_the_refund_waits_for_no_bill_that_is_voided_with_the_receipt(
    office: Office, bill: Doc, receipt: Doc
) -> None:
    office.push(bill, receipt)
    enter(office)
    office.push(revised(receipt, **VOIDED))
    office.push(revised(bill, **VOIDED))
    assert [i["Status"] for i in office.in_xero("Invoices")] == ["VOIDED"]
    assert left(office) == {"R-1": "-1000.00"}
    enter(office)
    assert (office.reconcile()["verdict"], left(office)) == ("agrees", {})


def test_what_is_refused_of_a_later_revision_is_told_with_the_rest(
    office: Office, bill: Doc, receipt: Doc
) -> None:
    """Xero has less than the revision before it, as its rest was never entered."""
    office.push(bill, receipt)
    office.push(revised(receipt, amount="4600.00", date="2020-01-01"))
    (item,) = work(office)
    assert (item["amount"], paid(office)) == ("600.00", ["4000.00"])


@pytest.mark.parametrize("said", ["hold", "skip"])
def test_a_word_about_a_document_never_sends_its_rest(
    office: Office, bill: Doc, receipt: Doc, said: str
) -> None:
    office.push(bill, receipt)
    for word in (said, "resend"):
        office.run(word, "R-1", *WHY)
        office.push()
    assert office.status()["requests"]["left"] == 1
    assert office.in_xero("Overpayments") == []


def test_an_outbox_that_was_lost_tells_the_rest_again_and_finds_it(
    office: Office, bill: Doc, receipt: Doc
) -> None:
    office.push(bill, receipt)
    enter(office)
    office.database.unlink()
    office.push(bill, receipt)
    assert left(office) == {"R-1": "1000.00"}
    office.run("resolve", "--matched", "--yes", *WHY)
    assert (office.reconcile()["verdict"], paid(office)) == ("agrees", ["4000.00"])


def test_after_a_lost_outbox_a_void_asks_for_the_rest_that_a_person_may_have_entered(
    office: Office, bill: Doc, receipt: Doc
) -> None:
    office.push(bill, receipt)
    enter(office)
    lose(office, memory=True)
    keys_lapse(office)
    for _ in range(3):
        assert office.push(bill, revised(receipt, **VOIDED)).exit_code == 1
    # The overpayment is nobody's as far as this outbox knows, so a person is asked for it.
    assert [d["id"] for d in office.reconcile()["unsettled"]] == ["R-1"]
    assert "a person was to enter a part of it" in json.dumps(office.status())
    (made,) = [t for t in office.in_xero("BankTransactions") if "OVERPAYMENT" in t["Type"]]
    office.run("resolve", "R-1", "--as-done-in-xero", made["BankTransactionID"], *WHY)
    office.push()
    found = office.reconcile()
    assert found["verdict"] == "does_not_agree"
    assert made["BankTransactionID"] not in [other["xero_id"] for other in found["others"]]


def test_after_a_lost_outbox_a_rest_that_nobody_entered_is_passed_by(
    office: Office, bill: Doc, receipt: Doc
) -> None:
    office.push(bill, receipt)
    lose(office, memory=True)
    keys_lapse(office)
    for _ in range(2):
        office.push(bill, revised(receipt, **VOIDED))
    assert office.run("skip", "R-1", *WHY).exit_code == 0
    assert [office.push().exit_code for _ in range(2)] == [0, 0]
    assert (paid(office), office.reconcile()["verdict"]) == ([], "agrees")


@pytest.mark.parametrize("wrong", ["payment", "overpayment", "contact"])
def test_the_rest_is_named_by_its_own_entry_alone(
    office: Office, bill: Doc, receipt: Doc, wrong: str
) -> None:
    office.push(bill, receipt)
    bookkeeper = Bookkeeper(office.folder / "xero.json", office.sandbox_file)
    listed: Any = work(office)
    bookkeeper.enter(listed)
    (payment,) = office.in_xero("Payments")
    (made,) = [t for t in office.in_xero("BankTransactions") if "OVERPAYMENT" in t["Type"]]
    named, code = {
        "payment": (payment["PaymentID"], "PE115"),
        "overpayment": (made["OverpaymentID"], "PU932"),
        "contact": (made["Contact"]["ContactID"], "PU932"),
    }[wrong]
    said = office.run("resolve", "R-1", "--as-done-in-xero", named, *WHY)
    assert (said.exit_code, code in said.stderr) == (2, True)
    assert left(office) == {"R-1": "1000.00"}
    (id,) = bookkeeper.entered(listed[0])
    assert office.run("resolve", "R-1", "--as-done-in-xero", id, *WHY).exit_code == 0
    assert (office.reconcile()["verdict"], left(office)) == ("agrees", {})


def test_a_payment_of_an_own_batch_is_no_rest(office: Office, bill: Doc, receipt: Doc) -> None:
    other = month()["AU-0019"]
    parts = [{"document_id": d["id"], "amount": "50.00"} for d in (bill, other)]
    office.push(bill, other, receipt | {"allocations": parts})
    (payment, *_) = [p for p in office.in_xero("Payments") if p.get("BatchPaymentID")]
    said = office.run("resolve", "R-1", "--as-done-in-xero", payment["PaymentID"], *WHY)
    assert (said.exit_code, "PU932" in said.stderr) == (2, True)


def test_the_rest_that_was_entered_otherwise_is_told(
    office: Office, bill: Doc, receipt: Doc
) -> None:
    office.push(bill, receipt)
    made: Any = work(office)[0]
    made["xero"][0] |= {"total": "999.00"}
    bookkeeper = Bookkeeper(office.folder / "xero.json", office.sandbox_file)
    assert bookkeeper.enter([made]) == ["R-1"]
    (id,) = bookkeeper.entered(made)
    office.run("resolve", "R-1", "--as-done-in-xero", id, *WHY)
    (wrong,) = office.reconcile()["changed_there"]
    assert (wrong["verdict"], wrong["document"]) == ("by_hand_otherwise", "1000.00")


def test_the_refund_of_what_a_supplier_was_paid_too_much_is_told_as_that(office: Office) -> None:
    docs = month()
    paid = docs["AU-0034"]
    invoice = docs[paid["allocations"][0]["document_id"]]
    more = paid | {"amount": "4050.00", "participant": invoice["participant"]}
    back = [{**a, "amount": f"-{a['amount']}"} for a in paid["allocations"]]
    office.push(invoice, more)
    taken = {"id": "S-R", "reversal_of": paid["id"], "amount": "-4050.00", "date": "2026-05-30"}
    office.push(more | taken | {"allocations": back})
    told = {item["id"]: item["xero"][0]["what"] for item in work(office)}
    assert told["S-R"] == "refund on the supplier's credit note or overpayment"
