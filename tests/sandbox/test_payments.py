"""Payments and batch payments."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from .api import Api, bill, credit_note, invoice, payment


def one(api: Api, endpoint: str, record_id: str) -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"{endpoint}/{record_id}")[endpoint][0]
    return found


def test_payments_settle_step_by_step(api: Api) -> None:
    (made,) = api.put("Invoices", invoice())
    api.put("Payments", payment(made["InvoiceID"], "60.00", Reference="R1"))
    part = one(api, "Invoices", made["InvoiceID"])
    assert (part["Status"], part["AmountDue"], part["AmountPaid"]) == ("AUTHORISED", 50.0, 60.0)
    (last,) = api.put("Payments", payment(made["InvoiceID"], "50.00", Date="2026-05-11"))
    assert last["PaymentType"] == "ACCRECPAYMENT"
    full = one(api, "Invoices", made["InvoiceID"])
    assert (full["Status"], full["AmountDue"], len(full["Payments"])) == ("PAID", 0.0, 2)
    assert full["FullyPaidOnDate"] == "/Date(1778457600000+0000)/"
    assert api.balances() == {"090": "110.00", "200": "-100.00", "820": "-10.00"}


def test_bill_payment_and_refunds_move_money_the_right_way(api: Api) -> None:
    (owed,) = api.put("Invoices", bill())
    (credit,) = api.put("CreditNotes", credit_note())
    refund = payment("", "55.00", CreditNote={"CreditNoteID": credit["CreditNoteID"]})
    del refund["Invoice"]
    kinds = api.put("Payments", payment(owed["InvoiceID"], "110.00"), refund)
    assert [kind["PaymentType"] for kind in kinds] == ["ACCPAYPAYMENT", "ARCREDITPAYMENT"]
    assert api.balances() == {"090": "-165.00", "200": "50.00", "310": "100.00", "820": "15.00"}
    assert one(api, "CreditNotes", credit["CreditNoteID"])["Status"] == "PAID"


@pytest.mark.parametrize(
    ("changes", "messages"),
    [
        (
            {"Amount": "110.01"},
            ["Payment amount exceeds the amount outstanding on this document"],
        ),
        ({"Amount": "0"}, ["The payment amount must be greater than zero"]),
        (
            {"Account": {"Code": "200"}},
            ["Account code '200' must be of type BANK or have payments enabled"],
        ),
        ({"Account": {"Code": "444"}}, ["Account must be valid"]),
        (
            {"CreditNote": {"CreditNoteID": "x"}},
            ["A payment must have exactly one of Invoice, CreditNote, Prepayment, Overpayment"],
        ),
        ({"Invoice": {"InvoiceNumber": "nowhere"}}, ["Invoice could not be found"]),
    ],
)
def test_refused(api: Api, changes: dict[str, object], messages: list[str]) -> None:
    (made,) = api.put("Invoices", invoice())
    assert api.refused("Payments", payment(made["InvoiceID"], "10", **changes)) == messages
    assert api.balances()["610"] == "110.00"


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED"])
def test_only_approved_documents_are_paid(api: Api, status: str) -> None:
    (made,) = api.put("Invoices", invoice(Status=status))
    assert api.refused("Payments", payment(made["InvoiceID"], "1")) == [
        "Payments can only be made against Authorised documents"
    ]


def test_second_payment_in_one_batch_sees_the_first(api: Api) -> None:
    (made,) = api.put("Invoices", invoice())
    half = payment(made["InvoiceID"], "60.00")
    answer = api.call(
        "PUT", "Payments", {"Payments": [half, half]}, params={"summarizeErrors": "false"}
    )
    assert [row["StatusAttributeString"] for row in answer.json()["Payments"]] == ["OK", "ERROR"]
    assert api.balances()["090"] == "60.00"


def test_accounts_that_take_payments_and_accounts_without_a_code(api: Api) -> None:
    savings = next(
        row for row in api.get("Accounts")["Accounts"] if row["Name"].startswith("Savings")
    )
    (made,) = api.put("Invoices", invoice(InvoiceNumber="A"))
    api.put(
        "Payments",
        payment("", "10", Invoice={"InvoiceNumber": "A"}, Account={"Code": "870"}),
        payment(made["InvoiceID"], "5", Account={"AccountID": savings["AccountID"]}),
    )
    balances = api.balances()
    assert (balances["870"], balances["Savings without a code"]) == ("10.00", "5.00")


def test_deleted_payment_opens_the_invoice_again(api: Api) -> None:
    (made,) = api.put("Invoices", invoice())
    (paid,) = api.put("Payments", payment(made["InvoiceID"], "110.00"))
    answer = api.call("POST", f"Payments/{paid['PaymentID']}", {"Status": "DELETED"})
    assert answer.json()["Payments"][0]["Status"] == "DELETED"
    open_again = one(api, "Invoices", made["InvoiceID"])
    assert (open_again["Status"], open_again["AmountDue"]) == ("AUTHORISED", 110.0)
    assert api.balances() == {"200": "-100.00", "610": "110.00", "820": "-10.00"}
    body = {"PaymentID": paid["PaymentID"], "Status": "DELETED"}
    assert api.refused("Payments", body, "POST") == ["This payment has already been deleted"]
    api.post("Invoices", {"InvoiceID": made["InvoiceID"], "Status": "VOIDED"})
    assert api.balances() == {}


def test_payment_cannot_be_edited(api: Api) -> None:
    (made,) = api.put("Invoices", invoice())
    (paid,) = api.put("Payments", payment(made["InvoiceID"], "1"))
    body = {"PaymentID": paid["PaymentID"], "Status": "DELETED", "Reference": "x"}
    assert api.refused("Payments", body, "POST") == ["Only Status accepted for updates."]


def test_post_of_a_collection_does_not_create_but_a_bare_payment_does(api: Api) -> None:
    (made,) = api.put("Invoices", invoice())
    sent = payment(made["InvoiceID"], "1")
    assert api.refused("Payments", sent, "POST") == ["Payment could not be found"]
    assert api.call("POST", "Payments", sent).json()["Payments"][0]["Amount"] == 1.0


def test_locked_period(api: Api) -> None:
    (made,) = api.put("Invoices", invoice())
    (paid,) = api.put("Payments", payment(made["InvoiceID"], "1"))
    api.sandbox.set_lock_dates(period=date(2026, 5, 10))
    assert "lock date" in api.refused("Payments", payment(made["InvoiceID"], "1"))[0]
    body = {"PaymentID": paid["PaymentID"], "Status": "DELETED"}
    assert "lock date" in api.refused("Payments", body, "POST")[0]


def test_reconciled_payment_stays(api: Api) -> None:
    (made,) = api.put("Invoices", invoice())
    (paid,) = api.put("Payments", payment(made["InvoiceID"], "1", IsReconciled=True))
    body = {"PaymentID": paid["PaymentID"], "Status": "DELETED"}
    assert "reconciled" in api.refused("Payments", body, "POST")[0]


def batch(*parts: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "Account": {"Code": "090"},
        "Date": "2026-05-10",
        "Reference": "Run 7",
        "Payments": list(parts),
        **changes,
    }


def test_batch_pays_several_and_goes_as_a_whole(api: Api) -> None:
    first, second = api.put("Invoices", bill(), bill())
    parts = [
        {"Invoice": {"InvoiceID": first["InvoiceID"]}, "Amount": "110.00"},
        {"Invoice": {"InvoiceID": second["InvoiceID"]}, "Amount": "10.00", "Details": "second"},
    ]
    (made,) = api.put("BatchPayments", batch(*parts))
    assert (made["Type"], made["TotalAmount"], made["Status"]) == ("PAYBATCH", 120.0, "AUTHORISED")
    assert made["Payments"][1]["Details"] == "second"
    assert api.balances()["090"] == "-120.00"
    part = {"PaymentID": made["Payments"][0]["PaymentID"], "Status": "DELETED"}
    assert "part of a batch payment" in api.refused("Payments", part, "POST")[0]
    body = {"BatchPaymentID": made["BatchPaymentID"], "Status": "DELETED"}
    answer = api.call("POST", "BatchPayments", body)
    assert answer.json()["BatchPayments"][0]["Status"] == "DELETED"
    assert "090" not in api.balances()
    assert one(api, "Invoices", first["InvoiceID"])["AmountDue"] == 110.0


def test_batch_is_all_or_nothing(api: Api) -> None:
    (made,) = api.put("Invoices", invoice())
    good = {"Invoice": {"InvoiceID": made["InvoiceID"]}, "Amount": "10.00"}
    said = api.refused("BatchPayments", batch(good, {**good, "Amount": "500"}))
    assert said == ["Payment amount exceeds the amount outstanding on this document"]
    (owed,) = api.put("Invoices", bill())
    mixed = {"Invoice": {"InvoiceID": owed["InvoiceID"]}, "Amount": "10.00"}
    assert "all of bills" in api.refused("BatchPayments", batch(good, mixed))[0]
    assert "090" not in api.balances()
    assert api.get("Payments")["Payments"] == []


def test_refused_batch_beside_a_good_one_leaves_nothing(api: Api) -> None:
    (made,) = api.put("Invoices", invoice())
    part = {"Invoice": {"InvoiceID": made["InvoiceID"]}, "Amount": "10.00"}
    body = {"BatchPayments": [batch(part), batch(part, {**part, "Amount": "500"})]}
    answer = api.call("PUT", "BatchPayments", body, params={"summarizeErrors": "false"})
    said = [row["StatusAttributeString"] for row in answer.json()["BatchPayments"]]
    assert said == ["OK", "ERROR"]
    assert len(api.get("Payments")["Payments"]) == 1
    assert api.balances()["090"] == "10.00"


def test_a_batch_has_at_most_200_payments(api: Api) -> None:
    owed = api.put("Invoices", *[invoice(InvoiceNumber=str(n)) for n in range(201)])
    parts = [{"Invoice": {"InvoiceID": one["InvoiceID"]}, "Amount": "1.00"} for one in owed]
    batch = {"Account": {"Code": "090"}, "Date": "2026-05-10", "Payments": parts}
    refused = ["A batch payment cannot contain more than 200 payments"]
    assert api.refused("BatchPayments", batch) == refused
    (made,) = api.put("BatchPayments", {**batch, "Payments": parts[:200]})
    assert made["TotalAmount"] == 200
