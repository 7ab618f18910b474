"""Money spent and received, and transfers between bank accounts."""

from __future__ import annotations

from datetime import date

import pytest

from .api import Api, line, spend


def test_spend_is_tax_inclusive_by_default(api: Api) -> None:
    sent = spend(Reference="R9")
    del sent["LineAmountTypes"]
    (made,) = api.put("BankTransactions", sent)
    assert (made["LineAmountTypes"], made["TotalTax"], made["Total"]) == ("Inclusive", 10.0, 110.0)
    assert made["Reference"] == "R9"
    assert api.balances() == {"090": "-110.00", "469": "100.00", "820": "10.00"}


def test_receive_without_tax(api: Api) -> None:
    api.put(
        "BankTransactions",
        spend(
            Type="RECEIVE",
            BankAccount={"Code": "092"},
            LineAmountTypes="NoTax",
            LineItems=[line(AccountCode="870", TaxType="BASEXCLUDED", UnitAmount="500")],
        ),
    )
    assert api.balances() == {"092": "500.00", "870": "-500.00"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"BankAccount": {"Code": "200"}}, "Account code '200' is not of type BANK"),
        (
            {"BankAccount": {"Code": "999"}},
            "The BankAccount must be an active account of type BANK",
        ),
        ({"Contact": None}, "The Contact must contain at least 1"),
        ({"Type": "SPEND-TRANSFER"}, "The Type 'SPEND-TRANSFER' is not one of"),
        ({"LineItems": [line(UnitAmount="-5", TaxType="OUTPUT")]}, "must be greater than zero"),
        ({"LineItems": [line(UnitAmount="0")]}, "UnitAmount must not be zero"),
        ({"LineItems": [line(Quantity=0)]}, "Quantity must be greater than zero"),
        ({"LineItems": [line(TaxAmount="9.08")]}, "does not match the calculated tax of 9.09"),
        ({"Status": "DELETED"}, "can only have the status AUTHORISED"),
        ({"Type": "SPEND-OVERPAYMENT", "LineItems": [line(), line()]}, "exactly one line item"),
    ],
)
def test_refused(api: Api, changes: dict[str, object], message: str) -> None:
    said = api.refused("BankTransactions", spend(**changes))
    assert any(message in one for one in said), said
    assert api.balances() == {}


def test_negative_line_is_fine_when_the_total_is_positive(api: Api) -> None:
    lines = [
        line(AccountCode="469", TaxType="INPUT", UnitAmount="110.00"),
        line(AccountCode="310", TaxType="INPUT", UnitAmount="-11.00", TaxAmount="-1.00"),
    ]
    api.put("BankTransactions", spend(LineItems=lines))
    assert api.balances() == {"090": "-99.00", "310": "-10.00", "469": "100.00", "820": "9.00"}


def test_updated_and_deleted(api: Api) -> None:
    (made,) = api.put("BankTransactions", spend())
    (edited,) = api.post(
        "BankTransactions",
        {"BankTransactionID": made["BankTransactionID"], "Date": "2026-05-09", "Reference": "new"},
    )
    assert (edited["DateString"], edited["Total"]) == ("2026-05-09T00:00:00", 110.0)
    (gone,) = api.post(
        "BankTransactions", {"BankTransactionID": made["BankTransactionID"], "Status": "DELETED"}
    )
    assert gone["Status"] == "DELETED"
    assert api.balances() == {}
    body = {"BankTransactionID": made["BankTransactionID"], "Reference": "x"}
    assert api.refused("BankTransactions", body, "POST") == [
        "Invoice not of valid status for modification"
    ]


def test_overpayment_cannot_be_deleted(api: Api) -> None:
    (made,) = api.put(
        "BankTransactions",
        spend(Type="SPEND-OVERPAYMENT", LineItems=[{"LineAmount": "5"}], Reference="dropped"),
    )
    assert "Reference" not in made
    assert api.balances() == {"090": "-5.00", "800": "5.00"}
    body = {"BankTransactionID": made["BankTransactionID"], "Status": "DELETED"}
    assert api.refused("BankTransactions", body, "POST")


def test_locked_period_and_archived_account(api: Api) -> None:
    (made,) = api.put("BankTransactions", spend())
    api.sandbox.archive_account("469")
    assert "has been archived" in api.refused("BankTransactions", spend())[0]
    api.sandbox.set_lock_dates(end_of_year=date(2026, 5, 7))
    body = {"BankTransactionID": made["BankTransactionID"], "Status": "DELETED"}
    assert "end of year lock date" in api.refused("BankTransactions", body, "POST")[0]


def transfer(**changes: object) -> dict[str, object]:
    return {
        "FromBankAccount": {"Code": "090"},
        "ToBankAccount": {"Code": "092"},
        "Amount": "40.00",
        "Date": "2026-05-09",
        "Reference": "T1",
        **changes,
    }


def test_transfer_has_two_sides_and_can_only_be_deleted(api: Api) -> None:
    (made,) = api.put("BankTransfers", transfer())
    assert api.balances() == {"090": "-40.00", "092": "40.00"}
    sides = api.get("BankTransactions", page=1)["BankTransactions"]
    assert [(side["Type"], side["BankTransactionID"]) for side in sides] == [
        ("SPEND-TRANSFER", made["FromBankTransactionID"]),
        ("RECEIVE-TRANSFER", made["ToBankTransactionID"]),
    ]
    edit = {"BankTransferID": made["BankTransferID"], "Amount": "1"}
    assert api.refused("BankTransfers", edit, "POST") == ["Only Status accepted for updates."]
    api.post("BankTransfers", {"BankTransferID": made["BankTransferID"], "Status": "DELETED"})
    assert api.balances() == {}
    assert api.get("BankTransfers")["BankTransfers"] == []
    assert len(api.get("BankTransfers", includeDeleted="true")["BankTransfers"]) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ToBankAccount": {"Code": "870"}}, "Account code '870' is not of type BANK"),
        ({"ToBankAccount": {"Code": "090"}}, "The two bank accounts of a transfer must differ"),
        ({"Amount": 0}, "The transfer amount must be greater than zero"),
    ],
)
def test_transfer_refused(api: Api, changes: dict[str, object], message: str) -> None:
    assert api.refused("BankTransfers", transfer(**changes)) == [message]
