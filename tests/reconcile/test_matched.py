"""Work for a person: the document to make in Xero is named, and found again when it is made."""

from __future__ import annotations

import csv
import io
import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.examples.generated import refusing
from tests.support.office import EXAMPLES, Doc, Office, month

from .firm import said
from .test_foreign_entries import enter

TRANSFER = {
    "FromBankAccount": {"Code": "090"}, "ToBankAccount": {"Code": "094"}, "Amount": "12000.00",
    "Date": "2026-05-20",
}  # fmt: skip
REASON = ("--reason", "entered", "--who", "Bea")


def work(office: Office) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(office.run("manual-work", "--format", "json").stdout)
    return found


@pytest.mark.parametrize(
    ("sample", "documents"),
    [
        ("AU-0086", [("BankTransfers", "", "090", "094", "12000.00")]),
        ("AU-0094", [("ManualJournals", "", "", "", "1900.00")]),
        ("AU-0029", [("Invoices", "ACCPAY", "", "", "442.37")]),
        ("AU-0039", [("Payments", "", "090", "", "2130.04")]),
        ("AU-0065", [("BankTransactions", "SPEND", "090", "", "1200.00"),
                     ("BankTransactions", "RECEIVE", "092", "", "1200.00")]),
    ],
)  # fmt: skip
def test_each_item_names_the_document_to_make(
    office: Office, sample: str, documents: list[tuple[str, ...]]
) -> None:
    # AU-0039 pays what was entered before the integration began.
    office.push(month()["AU-0001"], month()[sample])
    (item,) = work(office)
    assert [
        (d["endpoint"], d["type"], d["bank"], d["to_bank"], d["total"]) for d in item["xero"]
    ] == documents
    text = office.run("manual-work").stdout
    table = list(csv.DictReader(io.StringIO(office.run("manual-work", "--format", "csv").stdout)))
    for document in item["xero"]:
        assert f"in Xero: {document['what']}" in text
        assert document["what"] in table[0]["xero"]


def test_what_belongs_to_other_books_is_no_work(office: Office) -> None:
    office.push(month()["AU-0021"])
    assert work(office) == []


def test_what_was_entered_is_found_and_confirmed_in_one_go(office: Office) -> None:
    docs = month()
    office.push(docs["AU-0001"], docs["AU-0086"], docs["AU-0065"], docs["AU-0039"])
    transfer = enter(office, "BankTransfers", TRANSFER)
    parts = [
        {
            "Type": type, "Contact": {"Name": docs["AU-0065"]["participant"]["display_name"]},
            "BankAccount": {"Code": bank}, "Date": "2026-05-14", "LineAmountTypes": "NoTax",
            "LineItems": [{"Description": "x", "Quantity": 1, "UnitAmount": "1200.00",
                           "AccountCode": code}],
        }
        for type, bank, code in (("SPEND", "090", "660"), ("RECEIVE", "092", "870"))
    ]  # fmt: skip
    made = [enter(office, "BankTransactions", part) for part in parts]
    asked = office.run("resolve", "--matched", *REASON, stdin="n\n")
    assert (asked.exit_code, office.status()["people"]) == (1, [])
    result = office.run("resolve", "--matched", *REASON, stdin="y\n")
    # AU-0039 was not entered, so something is left to do.
    assert (result.exit_code, "confirmed: 2 documents" in result.stdout) == (1, True)
    assert "AU-0039" in result.stdout
    words = office.status()["people"]
    assert {(w["transaction"], w["xero_id"], w["who"]) for w in words} == {
        ("AU-0086", transfer, "Bea"), ("AU-0065", made[0], "Bea"), ("AU-0065", made[1], "Bea"),
    }  # fmt: skip
    found = office.reconcile()
    assert (found["others"], found["not_in_xero"]["total"]["ids"]) == ([], ["AU-0039"])
    assert found["verdict"] == "agrees_for_what_is_in_xero"
    # All is logged once: there is nothing to confirm a second time.
    again = office.run("resolve", "--matched", "--yes", *REASON)
    assert "confirmed: 0 documents" in again.stdout


def receipt_of(amount: str) -> tuple[Doc, Doc, Doc]:
    """Two bills of a client, and a receipt of which 140.00 is for both of them."""
    docs = month()
    first, second = docs["AU-0012"], docs["AU-0013"]
    receipt = {
        **docs["AU-0039"], "id": "R-1", "participant": first["participant"], "date": "2026-05-20",
        "amount": amount, "allocations": [
            {"document_id": first["id"], "amount": "100.00"},
            {"document_id": second["id"], "amount": "40.00"},
        ],
    }  # fmt: skip
    return first, second, receipt


def test_a_payment_to_enter_names_the_bills_that_it_is_on(office: Office) -> None:
    first, second, receipt = receipt_of("150.00")
    office.push(first, second, receipt)
    (item,) = work(office)
    (document,) = item["xero"]
    assert document["pays"] == [
        {"number": first["number"], "amount": "100.00"},
        {"number": second["number"], "amount": "40.00"},
    ]
    text = " ".join(office.run("manual-work").stdout.split())
    assert f"invoice {first['number']} (100.00), {second['number']} (40.00) of" in text
    assert "150.00 AUD; 10.00 of it stays as an overpayment" in text


@pytest.mark.parametrize(
    ("open_there", "pays", "rest"), [("30.00", ["30.00"], "10.00"), ("0.00", [], "")]
)
def test_no_more_is_to_be_entered_on_a_bill_than_is_open_there(
    office: Office, open_there: str, pays: list[str], rest: str
) -> None:
    """Xero takes no more; what is beyond it stands as an overpayment."""
    bill, _, receipt = receipt_of("40.00")
    before = Decimal(bill["totals"]["gross"]) - Decimal(open_there)
    first = {
        **receipt, "id": "R-0", "amount": str(before),
        "allocations": [{"document_id": bill["id"], "amount": str(before)}],
    }  # fmt: skip
    receipt["allocations"] = [{"document_id": bill["id"], "amount": "40.00"}]
    office.push(bill, first, receipt)
    (item,) = work(office)
    (document,) = item["xero"]
    assert [paid["amount"] for paid in document["pays"]] == pays
    text = " ".join(office.run("manual-work").stdout.split())
    told = f"; {rest} of it stays as an overpayment" if rest else "in Xero: overpayment received"
    assert told in text


def test_the_tax_of_each_line_is_told(office: Office) -> None:
    bill = month()["AU-0012"]
    lines = [{**x, "gl_account": "9999"} if n == 0 else x for n, x in enumerate(bill["lines"])]
    office.push({**bill, "lines": lines})
    (item,) = work(office)
    (document,) = item["xero"]
    assert [x["tax"] for x in document["lines"]] == [x["tax"] for x in bill["lines"]]


def test_what_was_paid_together_by_hand_is_found(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "au", tmp_path, dirs_exist_ok=True)
    office = Office(tmp_path, refusing(tmp_path / "organisation.yaml"))
    first, second, receipt = receipt_of("140.00")
    office.push(first, second, {**receipt, "memo": "by hand"})
    invoices = {i["InvoiceNumber"]: i["InvoiceID"] for i in office.in_xero("Invoices")}
    batch = enter(office, "BatchPayments", {
        "Account": {"Code": "090"}, "Date": receipt["date"], "Payments": [
            {"Invoice": {"InvoiceID": invoices[first["number"]]}, "Amount": "100.00"},
            {"Invoice": {"InvoiceID": invoices[second["number"]]}, "Amount": "40.00"},
        ],
    })  # fmt: skip
    office.run("resolve", "--matched", "--yes", *REASON)
    assert [w["xero_id"] for w in office.status()["people"]] == [batch]
    assert office.reconcile()["verdict"] == "agrees"


@pytest.mark.parametrize(
    "change", [{}, {"Date": "2026-05-15"}, {"Contact": {"Name": "Somebody else"}}]
)
def test_each_part_of_a_document_must_be_of_its_day_and_contact(
    office: Office, change: dict[str, object]
) -> None:
    advance = month()["AU-0065"]
    office.push(advance)
    for type, bank, code in (("SPEND", "090", "660"), ("RECEIVE", "092", "870")):
        enter(office, "BankTransactions", {
            "Type": type, "Contact": {"Name": advance["participant"]["display_name"]},
            "BankAccount": {"Code": bank}, "Date": "2026-05-14", "LineAmountTypes": "NoTax",
            "LineItems": [{"Description": "x", "Quantity": 1, "UnitAmount": "1200.00",
                           "AccountCode": code}],
            **(change if type == "RECEIVE" else {}),
        })  # fmt: skip
    result = office.run("resolve", "--matched", "--yes", *REASON)
    assert f"confirmed: {0 if change else 1} document" in result.stdout


@pytest.mark.parametrize(
    "change", [{"Date": "2026-05-21"}, {"Amount": "12000.01"}, {"ToBankAccount": {"Code": "092"}}]
)
def test_what_differs_in_day_amount_or_account_is_not_taken(
    office: Office, change: dict[str, object]
) -> None:
    office.push(month()["AU-0086"])
    enter(office, "BankTransfers", {**TRANSFER, **change})
    result = office.run("resolve", "--matched", "--yes", *REASON)
    assert "confirmed: 0 documents" in result.stdout


def test_an_entry_for_somebody_else_is_not_taken(office: Office) -> None:
    office.push(month()["AU-0001"], month()["AU-0039"])
    paid = {
        "Type": "RECEIVE-OVERPAYMENT", "Contact": {"Name": "Somebody else"}, "Date": "2026-05-08",
        "BankAccount": {"Code": "090"}, "LineAmountTypes": "NoTax",
        "LineItems": [{"Description": "x", "Quantity": 1, "UnitAmount": "2130.04"}],
    }  # fmt: skip
    enter(office, "BankTransactions", paid)
    assert "confirmed: 0" in office.run("resolve", "--matched", "--yes", *REASON).stdout
    name = month()["AU-0039"]["participant"]["display_name"]
    enter(office, "BankTransactions", {**paid, "Contact": {"Name": name}})
    assert "confirmed: 1" in office.run("resolve", "--matched", "--yes", *REASON).stdout


def test_of_two_entries_that_fit_a_person_chooses(office: Office) -> None:
    office.push(month()["AU-0086"])
    enter(office, "BankTransfers", TRANSFER)
    enter(office, "BankTransfers", TRANSFER)
    result = office.run("resolve", "--matched", "--yes", *REASON)
    assert "several entries in Xero may be it" in " ".join(result.stdout.split())
    assert "confirmed: 0 documents" in result.stdout


def test_another_currency_is_never_found_by_its_amount(office: Office) -> None:
    office.push(month()["AU-0020"])
    line = {"Description": "x", "Quantity": 1, "UnitAmount": "3000.00", "AccountCode": "200",
            "TaxType": "BASEXCLUDED"}  # fmt: skip
    enter(office, "Invoices", {
        "Type": "ACCREC", "Status": "AUTHORISED", "Contact": {"Name": "Corvid Analytics Ltd"},
        "Date": "2026-05-06", "DueDate": "2026-06-06", "InvoiceNumber": "INV-3011",
        "LineAmountTypes": "NoTax", "LineItems": [line],
    })  # fmt: skip
    result = office.run("resolve", "--matched", "--yes", *REASON)
    assert "confirmed: 0 documents" in result.stdout
    assert "3,000.00 USD" in said(office)


@pytest.mark.parametrize("args", [("AU-0086", "--matched"), ("AU-0086",), ()])
def test_half_a_word_is_refused(office: Office, args: tuple[str, ...]) -> None:
    assert office.run("resolve", *args, *REASON).exit_code == 2
