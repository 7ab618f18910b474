"""Line arithmetic, accounts and tax."""

from __future__ import annotations

from typing import Any

import pytest

from .api import Api, bill, credit_note, invoice, line


def made(api: Api, **changes: Any) -> dict[str, Any]:
    (document,) = api.put("Invoices", invoice(**changes))
    return document


def test_tax_is_rounded_line_by_line(api: Api) -> None:
    amounts = ("25.06", "25.61", "25.63")
    document = made(
        api, LineItems=[line(UnitAmount=amount, TaxType="OUTPUT15") for amount in amounts]
    )
    assert [row["TaxAmount"] for row in document["LineItems"]] == [3.76, 3.84, 3.84]
    assert document["TotalTax"] == 11.44


@pytest.mark.parametrize(
    ("amount_types", "amount", "sub_total", "tax"),
    [
        ("Exclusive", "0.05", 0.05, 0.01),  # half a cent goes up
        ("Exclusive", "0.04", 0.04, 0.0),
        ("Inclusive", "110.00", 100.0, 10.0),
        ("Inclusive", "0.06", 0.05, 0.01),
        ("NoTax", "110.00", 110.0, 0.0),
    ],
)
def test_amount_types(
    api: Api, amount_types: str, amount: str, sub_total: float, tax: float
) -> None:
    document = made(api, LineAmountTypes=amount_types, LineItems=[line(UnitAmount=amount)])
    assert (document["SubTotal"], document["TotalTax"]) == (sub_total, tax)


def test_exclusive_is_the_default_of_invoices(api: Api) -> None:
    sent = invoice()
    del sent["LineAmountTypes"]
    assert api.put("Invoices", sent)[0]["Total"] == 110.0


def test_negative_tax_rounds_away_from_zero_too(api: Api) -> None:
    document = made(api, LineItems=[line(), line(UnitAmount="-0.05")])
    assert document["LineItems"][1]["TaxAmount"] == -0.01


def test_own_tax_amount_is_taken_on_invoices_and_credit_notes(api: Api) -> None:
    assert made(api, LineItems=[line(TaxAmount="9.99")])["Total"] == 109.99
    (credit,) = api.put("CreditNotes", credit_note(LineItems=[line(TaxAmount="10.01")]))
    assert credit["Total"] == 110.01


def test_total_that_is_sent_counts_for_nothing(api: Api) -> None:
    assert made(api, Total="5.00", SubTotal="5.00")["Total"] == 110.0


def test_unit_amount_keeps_two_places_unless_four_are_asked_for(api: Api) -> None:
    sent = invoice(LineItems=[line(UnitAmount="0.3333", Quantity=3)])
    assert api.put("Invoices", sent)[0]["SubTotal"] == 0.99
    answer = api.call("PUT", "Invoices", {"Invoices": [sent]}, params={"unitdp": "4"})
    assert answer.json()["Invoices"][0]["SubTotal"] == 1.0


def test_line_amount_alone_or_consistent_with_the_others(api: Api) -> None:
    alone = {"Description": "x", "LineAmount": "12.34", "AccountCode": "200"}
    (row,) = made(api, LineItems=[alone])["LineItems"]
    assert (row["Quantity"], row["UnitAmount"], row["TaxType"]) == (1, 12.34, "OUTPUT")
    said = api.refused("Invoices", invoice(LineItems=[line(LineAmount="99.99")]))
    assert said == ["The line total 99.99 does not match the expected line total 100.00"]


def test_discounts_only_on_sales_invoices(api: Api) -> None:
    document = made(api, LineItems=[line(DiscountRate="10"), line(DiscountAmount="30", Quantity=2)])
    assert [row["LineAmount"] for row in document["LineItems"]] == [90.0, 170.0]
    for endpoint, sent in (("Invoices", bill()), ("CreditNotes", credit_note())):
        sent["LineItems"][0]["DiscountRate"] = 5
        assert api.refused(endpoint, sent) == ["A discount is only possible on a sales invoice"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"AccountCode": "999"}, "Account code '999' is not a valid code for this document."),
        ({"AccountCode": "444"}, "Account code '444' has been archived, or has been deleted."),
        ({"AccountCode": "090"}, "Account code '090' is not a valid code for this document."),
        ({"AccountCode": "610"}, "Account code '610' is not a valid code for this document."),
        ({"AccountCode": None}, "Account code must be specified"),
        ({"TaxType": "INPUT"}, "'INPUT' cannot be used with account code '200'."),
        ({"TaxType": "NOPE"}, "The TaxType code 'NOPE' does not exist"),
        ({"TaxType": "TAX001"}, "Tax rate must be Active"),
        ({"Description": ""}, "Description needs to be at least 1 char long"),
        ({"Description": "x" * 4001}, "Description must not be longer than 4000"),
        ({"UnitAmount": None}, "The line must have a UnitAmount or a LineAmount"),
        ({"ItemCode": "HAT"}, "Item code 'HAT' is not valid"),
        ({"UnitAmount": "99999999999"}, "The total must not exceed 9999999999.99"),
    ],
)
def test_refused(api: Api, changes: dict[str, object], message: str) -> None:
    (said,) = api.refused("Invoices", invoice(LineItems=[line(**changes)]))
    assert message in said


def test_account_by_id(api: Api) -> None:
    fees = next(row for row in api.get("Accounts")["Accounts"] if row.get("Code") == "200")
    document = made(api, LineItems=[line(AccountCode=None, AccountID=fees["AccountID"].upper())])
    assert document["LineItems"][0]["AccountCode"] == "200"
