"""Invoices, bills and credit notes: what is accepted, what it posts, what may change."""

from __future__ import annotations

from datetime import date

import pytest

from .api import Api, Clock, bill, credit_note, invoice, line, payment


def test_approved_invoice_posts_debtors_income_and_tax(api: Api) -> None:
    (made,) = api.put("Invoices", invoice(InvoiceNumber="1001", Reference="M7"))
    assert made["Status"] == "AUTHORISED"
    assert (made["SubTotal"], made["TotalTax"], made["Total"]) == (100.0, 10.0, 110.0)
    assert made["AmountDue"] == 110.0
    assert made["Date"] == "/Date(1777852800000+0000)/"
    assert made["DateString"] == "2026-05-04T00:00:00"
    assert made["Reference"] == "M7"
    assert api.balances() == {"200": "-100.00", "610": "110.00", "820": "-10.00"}


def test_approved_bill_posts_the_mirror_and_keeps_no_reference(api: Api) -> None:
    (made,) = api.put("Invoices", bill(Reference="dropped"))
    assert "Reference" not in made
    assert api.balances() == {"310": "100.00", "800": "-110.00", "820": "10.00"}


def test_credit_notes_post_the_opposite_of_their_documents(api: Api) -> None:
    supplier = credit_note(
        Type="ACCPAYCREDIT",
        Contact={"Name": "Sam Supplier"},
        LineItems=[line(AccountCode="310", TaxType="INPUT", UnitAmount="30.00")],
    )
    sale, purchase = api.put("CreditNotes", credit_note(), supplier)
    assert (sale["RemainingCredit"], purchase["RemainingCredit"]) == (55.0, 33.0)
    assert api.balances() == {
        "200": "50.00",
        "310": "-30.00",
        "610": "-55.00",
        "800": "33.00",
        "820": "2.00",
    }


def test_draft_is_the_default_and_posts_nothing(api: Api) -> None:
    (made,) = api.put(
        "Invoices",
        {"Type": "ACCREC", "Contact": {"Name": "Ann"}, "LineItems": [{"Description": "later"}]},
    )
    assert made["Status"] == "DRAFT"
    assert api.balances() == {}
    assert made["DateString"] == "2026-05-20T00:00:00"


def test_omitted_date_is_today_where_the_organisation_is(api: Api, clock: Clock) -> None:
    clock.advance(hours=13)  # 15:00 UTC is the next day in the east of the country
    api.sign_in()
    (made,) = api.put("Invoices", {"Type": "ACCREC", "Contact": {"Name": "Ann"}})
    assert made["DateString"] == "2026-05-21T00:00:00"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"DueDate": None}, "The document DueDate field must be specified."),
        ({"Type": "RECEIPT"}, "The Type 'RECEIPT' is not one of ACCREC, ACCPAY"),
        ({"Status": "PAID"}, "A new Invoice cannot have the status PAID"),
        ({"LineItems": []}, "One or more line items must be specified"),
        ({"CurrencyCode": "EUR"}, "Organisation is not subscribed to currency EUR"),
        ({"LineItems": [line(UnitAmount="-5")]}, "greater than or equal to zero"),
        ({"InvoiceNumber": "x" * 256}, "must not be longer than 255"),
        ({"Contact": {}}, "The Contact must contain at least 1 of the following elements"),
    ],
)
def test_refused(api: Api, changes: dict[str, object], message: str) -> None:
    assert any(message in said for said in api.refused("Invoices", invoice(**changes)))
    assert api.get("Invoices")["Invoices"] == []
    assert api.balances() == {}


def test_all_faults_of_a_document_are_said_at_once(api: Api) -> None:
    said = api.refused(
        "Invoices",
        invoice(DueDate=None, LineItems=[line(AccountCode="999"), line(TaxType="NOPE")]),
    )
    assert len(said) == 3


def test_sales_numbers_are_unique_and_bill_numbers_are_not(api: Api) -> None:
    api.put("Invoices", invoice(InvoiceNumber="A"), bill(InvoiceNumber="A"))
    api.put("Invoices", bill(InvoiceNumber="A"))
    assert api.refused("Invoices", invoice(InvoiceNumber="A")) == ["Invoice # must be unique."]
    assert len(api.get("Invoices", InvoiceNumbers="A")["Invoices"]) == 3


def test_missing_sales_number_is_made_up_and_skips_numbers_in_use(api: Api) -> None:
    api.put("Invoices", invoice(InvoiceNumber="INV-0002"))
    made = api.put("Invoices", invoice(), invoice())
    assert [one["InvoiceNumber"] for one in made] == ["INV-0001", "INV-0003"]


def test_post_with_a_number_in_use_overwrites_that_invoice(api: Api) -> None:
    (first,) = api.put("Invoices", invoice(InvoiceNumber="A"))
    (second,) = api.post("Invoices", invoice(InvoiceNumber="A", LineItems=[line(UnitAmount="300")]))
    assert second["InvoiceID"] == first["InvoiceID"]
    assert api.balances() == {"200": "-300.00", "610": "330.00", "820": "-30.00"}


def test_draft_becomes_approved_by_status_alone(api: Api) -> None:
    (draft,) = api.put("Invoices", invoice(Status="DRAFT"))
    answer = api.call("POST", f"Invoices/{draft['InvoiceID']}", {"Status": "AUTHORISED"})
    assert answer.json()["Invoices"][0]["Status"] == "AUTHORISED"
    assert api.balances()["610"] == "110.00"


def test_void_reverses_the_journal_and_keeps_the_number(api: Api) -> None:
    (made,) = api.put("Invoices", invoice(InvoiceNumber="A"))
    (gone,) = api.post("Invoices", {"InvoiceID": made["InvoiceID"], "Status": "VOIDED"})
    assert (gone["Status"], gone["AmountDue"]) == ("VOIDED", 0.0)
    assert api.balances() == {}
    assert [entry.reverses for entry in api.sandbox.journals()] == [None, 1]
    assert api.refused("Invoices", invoice(InvoiceNumber="A")) == ["Invoice # must be unique."]
    not_changeable = ["Invoice not of valid status for modification"]
    assert api.refused("Invoices", invoice(InvoiceNumber="A"), "POST") == not_changeable
    renamed = {"InvoiceID": made["InvoiceID"], "InvoiceNumber": "A/void"}
    assert api.refused("Invoices", renamed, "POST") == not_changeable


def test_a_number_is_free_when_the_document_was_renamed_before_its_void(api: Api) -> None:
    (made,) = api.put("Invoices", invoice(InvoiceNumber="A"))
    api.post("Invoices", {"InvoiceID": made["InvoiceID"], "InvoiceNumber": "A/void"})
    api.post("Invoices", {"InvoiceID": made["InvoiceID"], "Status": "VOIDED"})
    (again,) = api.put("Invoices", invoice(InvoiceNumber="A"))
    assert again["InvoiceNumber"] == "A"


def test_number_of_a_deleted_draft_and_of_a_voided_bill_are_free(api: Api) -> None:
    (draft,) = api.put("Invoices", invoice(InvoiceNumber="A", Status="DRAFT"))
    api.post("Invoices", {"InvoiceID": draft["InvoiceID"], "Status": "DELETED"})
    api.put("Invoices", invoice(InvoiceNumber="A"))
    (owed,) = api.put("Invoices", bill(InvoiceNumber="A"))
    api.post("Invoices", {"InvoiceID": owed["InvoiceID"], "Status": "VOIDED"})
    api.put("Invoices", bill(InvoiceNumber="A"))
    statuses = [found["Status"] for found in api.get("Invoices", InvoiceNumbers="A")["Invoices"]]
    assert statuses == ["DELETED", "AUTHORISED", "VOIDED", "AUTHORISED"]


def test_void_by_number_needs_no_type(api: Api) -> None:
    api.put("Invoices", invoice(InvoiceNumber="A"))
    (gone,) = api.post("Invoices", {"InvoiceNumber": "A", "Status": "VOIDED"})
    assert gone["Status"] == "VOIDED"


@pytest.mark.parametrize(
    ("status", "wanted"),
    [("AUTHORISED", "DELETED"), ("AUTHORISED", "DRAFT"), ("DRAFT", "VOIDED"), ("DRAFT", "PAID")],
)
def test_status_that_cannot_follow(api: Api, status: str, wanted: str) -> None:
    (made,) = api.put("Invoices", invoice(Status=status))
    said = api.refused("Invoices", {"InvoiceID": made["InvoiceID"], "Status": wanted}, "POST")
    assert said == ["Invoice not of valid status for modification"]


def test_deleted_draft_cannot_be_touched_again(api: Api) -> None:
    (made,) = api.put("Invoices", invoice(Status="SUBMITTED"))
    api.post("Invoices", {"InvoiceID": made["InvoiceID"], "Status": "DELETED"})
    said = api.refused("Invoices", {"InvoiceID": made["InvoiceID"], "Reference": "x"}, "POST")
    assert said == ["Invoice not of valid status for modification"]


def test_paid_invoice_keeps_its_money_but_takes_a_new_reference(api: Api) -> None:
    (made,) = api.put("Invoices", invoice(InvoiceNumber="A"))
    api.put("Payments", payment(made["InvoiceID"], "10.00"))
    (edited,) = api.post(
        "Invoices", {"InvoiceID": made["InvoiceID"], "Reference": "M9", "DueDate": "2026-07-01"}
    )
    assert (edited["Reference"], edited["AmountDue"]) == ("M9", 100.0)
    for change in ({"Date": "2026-05-05"}, {"LineItems": [line(UnitAmount="1")]}):
        said = api.refused("Invoices", {"InvoiceID": made["InvoiceID"], **change}, "POST")
        assert said == [
            "This document cannot be edited as it has a payment or credit note allocated to it."
        ]
    said = api.refused("Invoices", {"InvoiceID": made["InvoiceID"], "Status": "VOIDED"}, "POST")
    assert "because it has payments or credit notes allocated to it" in said[0]
    assert api.balances() == {"090": "10.00", "200": "-100.00", "610": "100.00", "820": "-10.00"}


def test_lines_are_updated_by_id_added_without_and_dropped_when_omitted(api: Api) -> None:
    (made,) = api.put("Invoices", invoice(LineItems=[line(), line(UnitAmount="7")]))
    first = made["LineItems"][0]["LineItemID"]
    (edited,) = api.post(
        "Invoices",
        {
            "InvoiceID": made["InvoiceID"],
            "LineItems": [{"LineItemID": first, "UnitAmount": "40"}, line(UnitAmount="2")],
        },
    )
    assert [row["LineAmount"] for row in edited["LineItems"]] == [40.0, 2.0]
    assert edited["LineItems"][0]["LineItemID"] == first
    assert edited["Total"] == 46.2
    assert api.balances()["610"] == "46.20"


@pytest.mark.parametrize("lock", ["period", "end_of_year"])
def test_locked_period_refuses_new_edited_and_voided_documents(api: Api, lock: str) -> None:
    (made,) = api.put("Invoices", invoice(Date="2026-04-30"))
    api.sandbox.set_lock_dates(**{lock: date(2026, 4, 30)})
    said = api.refused("Invoices", invoice(Date="2026-04-30"))
    words = lock.replace("_", " ")
    assert said == [
        f"The document date cannot be before the {words} lock date, currently set at 30-Apr-2026"
    ]
    for change in ({"Status": "VOIDED"}, {"Reference": "x"}):
        body = {"InvoiceID": made["InvoiceID"], **change}
        assert "lock date" in api.refused("Invoices", body, "POST")[0]
    api.put("Invoices", invoice(Date="2026-04-30", Status="DRAFT"), invoice(Date="2026-05-01"))


def test_unknown_credit_note_id(api: Api) -> None:
    body = credit_note(CreditNoteID="0b3bb1a3-0000-4000-8000-000000000000")
    assert api.refused("CreditNotes", body, "POST") == [
        "An existing Credit Note with the specified CreditNoteID could not be found"
    ]


def test_zero_invoice_is_paid_at_once_and_can_be_voided(api: Api) -> None:
    (made,) = api.put("Invoices", invoice(LineItems=[line(), line(UnitAmount="-100.00")]))
    assert (made["Total"], made["Status"]) == (0.0, "PAID")
    (gone,) = api.post("Invoices", {"InvoiceID": made["InvoiceID"], "Status": "VOIDED"})
    assert gone["Status"] == "VOIDED"
    assert api.balances() == {}
