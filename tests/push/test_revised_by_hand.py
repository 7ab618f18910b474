"""A later revision of a receipt that a person entered: nothing comes to stand in Xero twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.examples.bookkeeper import Bookkeeper
from tests.support.office import Doc, Office, firm_of, month, revised

VOIDED = {"status": "voided", "voided_at": "2026-05-30T00:00:00Z"}
WHY = ("--reason", "a test")


@pytest.fixture
def receipt(bill: Doc) -> Doc:
    """1,500.00, of which nothing is allocated yet; the bill is of 4,672.98."""
    return month()["AU-0038"] | {
        "id": "R-1", "amount": "1500.00", "participant": bill["participant"], "allocations": [],
    }  # fmt: skip


@pytest.fixture(params=["by_hand", "allocated_part"])
def office(tmp_path: Path, request: pytest.FixtureRequest) -> Office:
    return Office(tmp_path, firm_of(tmp_path, settings={"overpayments": request.param}))


def on(bill: Doc, amount: str) -> Doc:
    return {"allocations": [{"document_id": bill["id"], "amount": amount}]}


def enter(office: Office) -> None:
    """A bookkeeper enters all of the list as it is told."""
    listed = json.loads(office.run("manual-work", "--format", "json").stdout)
    assert listed
    Bookkeeper(office.folder / "xero.json", office.sandbox_file).enter(listed)
    office.run("resolve", "--matched", "--yes", *WHY)


def standing(office: Office) -> list[tuple[str, str]]:
    """What stands in Xero of the receipt."""
    lists = (("Payments", "Amount"), ("Overpayments", "Total"))
    return [
        (name, str(found[amount]))
        for name, amount in lists
        for found in office.in_xero(name)
        if found["Status"] == "AUTHORISED"
    ]


@pytest.mark.parametrize(
    "change", ["1500.00", "1000.00", VOIDED], ids=["allocated", "partly_allocated", "void"]
)
def test_what_was_entered_as_another_kind_of_entry_is_left_to_a_person(
    office: Office, bill: Doc, receipt: Doc, change: Any
) -> None:
    office.push(bill, receipt)
    enter(office)
    assert office.reconcile()["verdict"] == "agrees"
    office.push(revised(receipt, **(on(bill, change) if isinstance(change, str) else change)))
    assert standing(office) == [("Overpayments", "1500.00")]
    assert [s["cause"] for s in office.status()["stuck"]] == ["needs_a_person"]
    assert office.reconcile()["verdict"] == "does_not_agree"


def test_a_reversal_takes_back_nothing_that_xero_does_not_show(
    office: Office, bill: Doc, receipt: Doc
) -> None:
    """Had it counted as taken back, both lines of a bank statement would have been made anew."""
    office.push(bill, receipt)
    enter(office)
    back = {"id": "R-2", "amount": "-1500.00", "reversal_of": "R-1", "date": "2026-05-30"}
    office.push(receipt | back | on(bill, "-1500.00"))
    assert standing(office) == [("Overpayments", "1500.00")]
    assert [s["cause"] for s in office.status()["stuck"] if s["cause"] == "not_found"]
    assert office.reconcile()["verdict"] == "agrees_for_what_is_in_xero"


def pay_by_hand(office: Office, amount: str) -> str:
    (invoice,) = office.in_xero("Invoices")
    before = {p["PaymentID"] for p in office.in_xero("Payments")}
    payment = {"Invoice": {"InvoiceID": invoice["InvoiceID"]}, "Account": {"Code": "090"},
               "Date": "2026-05-08", "Amount": amount}  # fmt: skip
    office.user_calls("PUT", "/Payments", payment)
    (id,) = {p["PaymentID"] for p in office.in_xero("Payments")} - before
    return str(id)


@pytest.mark.parametrize("office", ["by_hand"], indirect=True)
def test_what_was_entered_in_parts_is_left_to_a_person(
    office: Office, bill: Doc, receipt: Doc
) -> None:
    """Were the part whose id the request bears made anew, the other would stand beside it."""
    office.push(bill, receipt | on(bill, "1000.00"))
    for part in ("1000.00", "500.00"):
        office.run("resolve", "R-1", "--as-done-in-xero", pay_by_hand(office, part), *WHY)
    office.push(revised(receipt, amount="1000.00", **on(bill, "1000.00")))
    assert standing(office) == [("Payments", "1000.00"), ("Payments", "500.00")]
    assert [s["cause"] for s in office.status()["stuck"]] == ["needs_a_person"]


@pytest.mark.parametrize("office", ["by_hand"], indirect=True)
def test_what_was_sent_before_a_person_corrected_it_is_nobody_elses(
    office: Office, bill: Doc, receipt: Doc
) -> None:
    """A refused revision of more is entered as the difference; then both ledgers agree."""
    exact = revised(receipt, amount="1000.00", **on(bill, "1000.00"))
    office.push(bill, exact)
    office.push(revised(exact, amount="1100.00"))
    enter(office)
    assert standing(office) == [("Payments", "1000.00"), ("Overpayments", "100.00")]
    found = office.reconcile()
    assert (found["verdict"], found["by_hand"]) == ("agrees", [])
