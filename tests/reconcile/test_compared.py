"""Documents one by one: whose they are, their number, account, tax, status, and doubles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.office import Office, month

from .firm import dated, differing, firm, said
from .test_foreign_entries import enter

IN_XERO, DIFFERS = "agrees_for_what_is_in_xero", "does_not_agree"


def one(office: Office, endpoint: str, **wanted: object) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = (
        o for o in office.in_xero(endpoint) if all(o.get(k) == v for k, v in wanted.items())
    )
    plain: dict[str, Any] = json.loads(json.dumps(found, default=str))
    return plain


def another_contact(office: Office, than: str) -> dict[str, Any]:
    return next(c for c in office.in_xero("Contacts") if c["ContactID"] != than)


@pytest.mark.parametrize(
    ("endpoint", "wanted", "transaction"),
    [("Invoices", {"InvoiceNumber": "INV-3007"}, "AU-0016"),
     ("BankTransactions", {"Reference": "AU-0083"}, "AU-0083")],
)  # fmt: skip
def test_the_client_is_another_one_in_xero(
    office: Office, endpoint: str, wanted: dict[str, object], transaction: str
) -> None:
    ours = one(office, endpoint, **wanted)
    other = another_contact(office, ours["Contact"]["ContactID"])
    id_name = f"{endpoint.removesuffix('s')}ID"
    change = {id_name: ours[id_name], "Contact": {"ContactID": other["ContactID"]}}
    if endpoint == "BankTransactions":
        kept = ("Type", "LineItems", "BankAccount")
        change |= {name: ours[name] for name in kept}
    office.user_calls("POST", f"/{endpoint}", change)
    found = office.reconcile()
    (told,) = found["changed_there"]
    assert (told["transaction"], told["verdict"]) == (transaction, "changed")
    assert told["details"] == [f"contact {ours['Contact']['Name']}, there {other['Name']}"]
    # No account says it: only whose it is differs.
    assert (found["verdict"], differing(found)) == (DIFFERS, {})


def test_a_client_that_was_renamed_in_xero_is_the_same_client(office: Office) -> None:
    ours = one(office, "Invoices", InvoiceNumber="INV-3007")
    change = {"ContactID": ours["Contact"]["ContactID"], "Name": "Renamed since"}
    office.user_calls("POST", "/Contacts", change)
    assert office.reconcile()["verdict"] == "agrees"


def test_the_number_is_another_one_in_xero(office: Office) -> None:
    ours = one(office, "Invoices", InvoiceNumber="INV-3007")
    office.user_calls("POST", "/Invoices",
                      {"InvoiceID": ours["InvoiceID"], "InvoiceNumber": "INV-3070"})  # fmt: skip
    (told,) = office.reconcile()["changed_there"]
    assert told["details"] == ["number INV-3007, there INV-3070"]


def test_a_bill_entered_on_another_client_is_told(office: Office) -> None:
    """The right amount on the right accounts, but somebody else would be asked to pay it."""
    office.archive("444")
    office.push(month()["AU-0028"])
    office.restore("444")
    line = {"Description": "x", "Quantity": 1, "UnitAmount": "660.00", "AccountCode": "444",
            "TaxType": "INPUT"}  # fmt: skip
    wrong = enter(office, "Invoices", {
        "Type": "ACCPAY", "Status": "AUTHORISED", "Contact": {"Name": "Somebody else"},
        "Date": "2026-05-07", "DueDate": "2026-06-07", "InvoiceNumber": "P-55127",
        "LineAmountTypes": "Exclusive", "LineItems": [line],
    })  # fmt: skip
    office.run("resolve", "AU-0028", "--as-done-in-xero", wrong, "--reason", "entered")
    found = office.reconcile()
    (told,) = found["changed_there"]
    assert (told["verdict"], found["verdict"]) == ("by_hand_of_another", DIFFERS)
    assert told["details"] == ["contact Papermill Office Supplies, there Somebody else"]


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED"])
def test_what_is_no_more_than_a_draft_in_xero_is_not_equal(office: Office, status: str) -> None:
    """As an outbox of before may have it, which took a person's draft for the bill."""
    ours = one(office, "Invoices", InvoiceNumber="INV-3007")
    body = json.dumps({**ours, "Status": status})
    office.xero_sql("UPDATE record SET body = ?, status = ? WHERE id = ?",
                    body, status, ours["InvoiceID"])  # fmt: skip
    found = office.reconcile()
    (told,) = found["changed_there"]
    assert (told["verdict"], found["verdict"]) == ("draft", DIFFERS)
    assert "AU-0016/invoice of 2026-05-06: a draft in Xero: approve it" in said(office)


def copied(office: Office, endpoint: str, ours: dict[str, Any], **changes: object) -> str:
    """Somebody enters the same once more."""
    names = ("Type", "LineAmountTypes", "Status", "Reference", "InvoiceNumber",
             "CreditNoteNumber", "Date", "DueDate", "Contact", "BankAccount")  # fmt: skip
    kept = ("Description", "Quantity", "UnitAmount", "AccountCode", "TaxType", "TaxAmount")
    lines = [{k: line[k] for k in kept if k in line} for line in ours["LineItems"]]
    body = {k: ours[k] for k in names if ours.get(k)} | {"LineItems": lines}
    body["Date"] = ours["DateString"][:10]
    if "DueDateString" in ours:
        body["DueDate"] = ours["DueDateString"][:10]
    return enter(office, endpoint, body | changes)


@pytest.mark.parametrize("changes", [{}, {"Date": "2026-05-11"}])
def test_the_same_bank_entry_twice_is_a_double(office: Office, changes: dict[str, str]) -> None:
    ours = one(office, "BankTransactions", Reference="AU-0083")
    again = copied(office, "BankTransactions", ours, **changes)
    found = office.reconcile()
    (told,) = found["others"]
    assert told["double_of"] == ["AU-0083", ours["BankTransactionID"]]
    assert (found["verdict"], told["xero_id"]) == (DIFFERS, again)
    text = said(office)
    assert f"twice in Xero: AU-0083 ({ours['BankTransactionID']} and {again})" in text
    assert office.run("reconcile").exit_code == 1


def test_the_same_suppliers_bill_twice_is_a_double(office: Office) -> None:
    ours = one(office, "Invoices", InvoiceNumber=month()["AU-0004"]["number"])
    copied(office, "Invoices", ours)
    (told,) = office.reconcile()["others"]
    assert told["double_of"][0] == "AU-0004"


@pytest.mark.parametrize("names_it", ["CreditNoteNumber", "Reference"])
@pytest.mark.parametrize("is_voided", [False, True])
def test_a_credit_note_of_others_that_answers_a_bill_of_ours_is_told(
    office: Office, names_it: str, is_voided: bool
) -> None:
    bill = month()["AU-0017"]
    ours = one(office, "Invoices", InvoiceNumber=bill["number"])
    if is_voided:
        void = {"status": "voided", "voided_at": "2026-05-30T01:00:00Z"}
        office.push({**bill, "revision": bill["revision"] + 1, **void})
    note = {
        "Type": "ACCRECCREDIT", "Status": "AUTHORISED", "Contact": ours["Contact"],
        "Date": ours["DateString"][:10], "LineAmountTypes": "NoTax",
        "LineItems": [{"Description": "x", "UnitAmount": 5, "AccountCode": "200"}],
        names_it: bill["number"],
    }  # fmt: skip
    office.user_calls("PUT", "/CreditNotes", note)
    found = office.reconcile()
    (told,) = found["others"]
    assert (told["double_of"][0], found["verdict"]) == ("AU-0017", DIFFERS)


def test_the_same_number_of_another_supplier_is_none(office: Office) -> None:
    ours = one(office, "Invoices", InvoiceNumber=month()["AU-0004"]["number"])
    copied(office, "Invoices", ours, Contact={"Name": "Another supplier"})
    found = office.reconcile()
    assert ([o["double_of"] for o in found["others"]], found["verdict"]) == ([None], "agrees")


def test_what_was_entered_in_place_of_what_a_person_voided_is_no_double(office: Office) -> None:
    ours = one(office, "Invoices", InvoiceNumber=month()["AU-0017"]["number"])
    office.user_calls("POST", f"/Invoices/{ours['InvoiceID']}", {"Status": "VOIDED"})
    enter_again = {"InvoiceNumber": ours["InvoiceNumber"] + "A"}
    copied(office, "Invoices", ours, **enter_again)
    found = office.reconcile()
    assert [o["double_of"] for o in found["others"]] == [None]
    assert [c["verdict"] for c in found["changed_there"]] == ["gone"]


def recode(office: Office, folder: Path, **codes: str) -> None:
    """The accountant gives accounts other codes in Xero; the firm reads its snapshot again."""
    snapshot = json.loads((folder / "xero.json").read_text(encoding="utf-8"))
    text = (folder / "organisation.yaml").read_text(encoding="utf-8")
    for account in snapshot["Accounts"]:
        code = account.get("Code")
        new = codes.get(f"a{code}")
        if new is not None:
            office.user_calls("POST", f"/Accounts/{account['AccountID']}", {"Code": new})
            account["Code"] = new
            text = text.replace(f'"{code}"', f'"{new}"')
    (folder / "xero.json").write_text(json.dumps(snapshot), encoding="utf-8")
    (folder / "organisation.yaml").write_text(text, encoding="utf-8")


def test_another_code_of_an_account_makes_nothing_differ(tmp_path: Path) -> None:
    office = firm(tmp_path)
    docs = month()
    assert office.push(*(docs[i] for i in ("AU-0016", "AU-0083"))).exit_code == 0
    recode(office, tmp_path, a200="2000", a860="8600", a820="8200", a090="0900")
    found = office.reconcile()
    assert (found["verdict"], found["changed_there"], found["differing"]) == ("agrees", [], [])
    assert {"2000", "0900"} <= {a["code"] for a in found["accounts"]}
    # What comes later goes to the same account under its new code.
    assert office.push(docs["AU-0018"]).exit_code == 0
    assert office.reconcile()["verdict"] == "agrees"


def test_another_allocation_from_now_on_leaves_the_past_where_it_was(tmp_path: Path) -> None:
    office = firm(tmp_path)
    assert office.push(dated("AU-0016", "2026-05-06")).exit_code == 0
    file = tmp_path / "organisation.yaml"
    text = file.read_text(encoding="utf-8")
    assert '"200"' in text
    file.write_text(text.replace('"4000": "200"', '"4000": "210"'), encoding="utf-8")
    assert office.reconcile()["verdict"] == "agrees"


def test_a_closed_month_agrees_though_a_payment_of_it_was_taken_back_since(office: Office) -> None:
    payment = month()["AU-0038"]
    back = {
        **payment, "id": "B-1", "reversal_of": "AU-0038", "date": "2026-06-03",
        "amount": f"-{payment['amount']}", "posted_at": "2026-06-03T02:00:00Z",
        "allocations": [
            {**part, "amount": f"-{part['amount']}"} for part in payment["allocations"]
        ],
    }  # fmt: skip
    before = office.reconcile("--as-at", "2026-05-31")
    office.push(back)
    assert [p["Status"] for p in office.in_xero("Payments")] == ["DELETED"]
    found = office.reconcile("--as-at", "2026-05-31")
    assert (before["verdict"], found["verdict"]) == ("agrees", "agrees"), differing(found)
    told = {(s["change"], s["transaction"], s["by"], s["day"]) for s in found["since"]}
    assert told == {
        ("taken_back", "AU-0038", "B-1", "2026-06-03"), ("entered", "B-1", "B-1", "2026-06-03"),
    }  # fmt: skip
    assert "since then, B-1 of 2026-06-03 took back 2,000.00 AUD of AU-0038" in said(
        office, "--as-at", "2026-05-31"
    )
    assert office.reconcile()["verdict"] == "agrees"
