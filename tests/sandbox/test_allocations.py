"""Allocations of credit notes, overpayments and prepayments."""

from __future__ import annotations

from datetime import date
from typing import Any

from .api import Api, bill, credit_note, invoice, line, payment, spend


def allocation(invoice_id: str, amount: str) -> dict[str, Any]:
    return {"Amount": amount, "Date": "2026-05-20", "Invoice": {"InvoiceID": invoice_id}}


def test_credit_note_applied_and_taken_back(api: Api) -> None:
    (owed,) = api.put("Invoices", invoice())
    (credit,) = api.put("CreditNotes", credit_note())
    before = api.balances()
    path = f"CreditNotes/{credit['CreditNoteID']}/Allocations"
    (made,) = api.put(path, allocation(owed["InvoiceID"], "55.00"))
    assert made["Date"] == "/Date(1778025600000+0000)/"  # the later of the two documents
    assert api.balances() == before
    reduced = api.get(f"Invoices/{owed['InvoiceID']}")["Invoices"][0]
    assert (reduced["AmountDue"], reduced["AmountCredited"]) == (55.0, 55.0)
    assert reduced["CreditNotes"][0]["CreditNoteID"] == credit["CreditNoteID"]
    used = api.get(f"CreditNotes/{credit['CreditNoteID']}")["CreditNotes"][0]
    assert (used["Status"], used["RemainingCredit"]) == ("PAID", 0.0)
    assert used["Allocations"][0]["Invoice"]["InvoiceID"] == owed["InvoiceID"]
    for endpoint, key in (("Invoices", "InvoiceID"), ("CreditNotes", "CreditNoteID")):
        body = {key: {**owed, **credit}[key], "Status": "VOIDED"}
        assert "payments or credit notes" in api.refused(endpoint, body, "POST")[0]
    gone = api.call("DELETE", f"{path}/{made['AllocationID']}")
    assert gone.json()["IsDeleted"] is True
    assert api.call("DELETE", f"{path}/{made['AllocationID']}").status_code == 404
    assert api.get(f"Invoices/{owed['InvoiceID']}")["Invoices"][0]["AmountDue"] == 110.0


def test_refused(api: Api) -> None:
    owed, other, owing = api.put("Invoices", invoice(), invoice(Contact={"Name": "Bob"}), bill())
    credit, draft = api.put("CreditNotes", credit_note(), credit_note(Status="DRAFT"))
    path = f"CreditNotes/{credit['CreditNoteID']}/Allocations"
    assert api.refused(path, allocation(owed["InvoiceID"], "55.01")) == [
        "The amount exceeds the remaining credit"
    ]
    assert api.refused(path, allocation(other["InvoiceID"], "1")) == [
        "The credit and the invoice must have the same contact"
    ]
    assert (
        "cannot be allocated to ACCPAY" in api.refused(path, allocation(owing["InvoiceID"], "1"))[0]
    )
    assert api.refused(
        f"CreditNotes/{draft['CreditNoteID']}/Allocations", allocation(owed["InvoiceID"], "1")
    ) == ["Credits can only be allocated to and from Authorised documents"]
    unknown = "CreditNotes/0b3bb1a3-0000-4000-8000-000000000000/Allocations"
    assert api.call("PUT", unknown, allocation(owed["InvoiceID"], "1")).status_code == 404


def test_overpayment_is_debtors_credit_until_used_or_refunded(api: Api) -> None:
    (owed,) = api.put("Invoices", invoice())
    (over,) = api.put(
        "BankTransactions",
        spend(
            Type="RECEIVE-OVERPAYMENT",
            Contact={"ContactNumber": "C1"},
            LineAmountTypes="NoTax",
            LineItems=[{"Description": "Too much", "LineAmount": "30.00"}],
        ),
    )
    assert api.balances() == {"090": "30.00", "200": "-100.00", "610": "80.00", "820": "-10.00"}
    path = f"Overpayments/{over['OverpaymentID']}/Allocations"
    api.put(path, allocation(owed["InvoiceID"], "20.00"))
    assert api.balances()["610"] == "80.00"
    refund = payment("", "10.00", Overpayment={"OverpaymentID": over["OverpaymentID"]})
    del refund["Invoice"]
    (back,) = api.put("Payments", refund)
    assert back["PaymentType"] == "AROVERPAYMENTPAYMENT"
    assert api.balances()["610"] == "90.00"
    (shown,) = api.get("Overpayments", page=1)["Overpayments"]
    assert (shown["Status"], shown["RemainingCredit"]) == ("PAID", 0.0)


def test_prepayment_gives_its_coding_back_as_it_is_used(api: Api) -> None:
    (owed,) = api.put("Invoices", invoice())
    (pre,) = api.put(
        "BankTransactions",
        spend(
            Type="RECEIVE-PREPAYMENT",
            Contact={"ContactNumber": "C1"},
            LineItems=[line(UnitAmount="33.33"), line(UnitAmount="33.34")],
        ),
    )
    path = f"Prepayments/{pre['PrepaymentID']}/Allocations"
    (first,) = api.put(path, allocation(owed["InvoiceID"], "22.22"))
    api.put(path, allocation(owed["InvoiceID"], "44.45"))
    assert api.balances() == {"090": "66.67", "200": "-100.00", "610": "43.33", "820": "-10.00"}
    assert api.get(f"Invoices/{owed['InvoiceID']}")["Invoices"][0]["AmountDue"] == 43.33
    api.sandbox.set_lock_dates(period=date(2026, 5, 31))
    answer = api.call("DELETE", f"{path}/{first['AllocationID']}")
    assert answer.status_code == 400
    assert "lock date" in answer.text
