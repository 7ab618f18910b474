"""What objects of Xero book that the embedded organisation cannot make: other currencies above all.

The shapes are those of the API's pages; the embedded organisation has one currency.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pm2xero.firm.snapshot import XeroTaxRate
from pm2xero.reconcile.accounts import Accounts
from pm2xero.reconcile.documents import Live
from pm2xero.reconcile.xero_journal import Bookkeeper

ACCOUNTS: list[dict[str, Any]] = [
    {"AccountID": "A", "Code": "090", "Name": "Bank", "Class": "ASSET", "CurrencyCode": "AUD"},
    {"AccountID": "B", "Name": "Dollars", "Class": "ASSET", "CurrencyCode": "USD"},
    {"AccountID": "C", "Name": "Savings", "Class": "ASSET", "CurrencyCode": "AUD"},
    {"AccountID": "D", "Code": "453", "Name": "Office", "Class": "EXPENSE"},
    *(
        {"AccountID": code, "Code": code, "Name": mark, "Class": "x", "SystemAccount": mark}
        for code, mark in (
            ("610", "DEBTORS"), ("800", "CREDITORS"), ("820", "GST"), ("860", "ROUNDING"),
            ("499", "REALISEDCURRENCYGAIN"),
        )
    ),
]  # fmt: skip
BILL = {
    "InvoiceID": "I", "Type": "ACCPAY", "CurrencyCode": "USD", "CurrencyRate": Decimal("0.75"),
    "LineAmountTypes": "Exclusive", "Total": Decimal("110.00"),
    "LineItems": [
        {"LineAmount": Decimal("100.00"), "TaxAmount": Decimal("10.00"), "AccountID": "D"}
    ],
}  # fmt: skip
PAID = {
    "PaymentID": "P", "PaymentType": "ACCPAYPAYMENT", "Amount": Decimal("110.00"),
    "CurrencyRate": Decimal("0.80"), "Invoice": {"InvoiceID": "I"},
}  # fmt: skip


def booked(endpoint: str, found: dict[str, Any], **objects: dict[str, Any]) -> dict[str, str]:
    rate = XeroTaxRate("INPUT", "GST", Decimal(10), "ACTIVE", frozenset())
    live = Live(lambda name: objects.get(name, {}), {"INPUT": rate})
    made = Bookkeeper(Accounts(ACCOUNTS), live, "AUD").booking(endpoint, found)
    assert sum((amount for _, amount in made.postings), Decimal(0)) == 0
    sums: dict[str, Decimal] = {}
    for account, amount in made.postings:
        sums[account] = sums.get(account, Decimal(0)) + amount
    return {account: str(amount) for account, amount in sums.items()}


def test_a_bill_in_another_currency_stands_at_its_rate_in_the_ledger() -> None:
    assert booked("Invoices", BILL) == {
        "800": "-146.67", "453": "133.33", "820": "13.33", "860": "0.01",
    }  # fmt: skip


def test_its_payment_in_base_currency_leaves_a_gain() -> None:
    payment = {**PAID, "BankAmount": Decimal("137.50"), "Account": {"Code": "090"}}
    assert booked("Payments", payment, Invoices={"I": BILL}) == {
        "090": "-137.50", "800": "146.67", "499": "-9.17",
    }  # fmt: skip


def test_its_payment_from_an_account_of_that_currency_goes_by_the_rate_of_the_day() -> None:
    payment = {**PAID, "BankAmount": Decimal("110.00"), "Account": {"AccountID": "B"}}
    assert booked("Payments", payment, Invoices={"I": BILL}) == {
        "Dollars": "-137.50", "800": "146.67", "499": "-9.17",
    }  # fmt: skip


def test_a_batch_of_payments() -> None:
    batch = {"Type": "PAYBATCH", "TotalAmount": Decimal("5.00"), "Account": {"AccountID": "C"}}
    assert booked("BatchPayments", batch) == {"Savings": "-5.00", "800": "5.00"}


def test_a_transfer_between_accounts_without_a_code() -> None:
    transfer = {
        "FromBankAccount": {"AccountID": "c"}, "ToBankAccount": {"AccountID": "A"},
        "Amount": Decimal("5.00"), "CurrencyRate": Decimal("1.0"),
    }  # fmt: skip
    assert booked("BankTransfers", transfer) == {"090": "5.00", "Savings": "-5.00"}


@pytest.mark.parametrize(("how", "net"), [(None, "100.00"), ("NoTax", "110.00")])
def test_a_bank_transaction_whose_lines_do_not_say_their_tax(how: str | None, net: str) -> None:
    spent = {
        "Type": "SPEND", "BankAccount": {"AccountID": "A"}, "Total": Decimal("110.00"),
        "LineAmountTypes": how,
        "LineItems": [
            {"LineAmount": Decimal("110.00"), "TaxType": "INPUT", "AccountCode": "453"},
            {"Description": "a note without an amount"},
        ],
    }  # fmt: skip
    tax = {"820": "10.00"} if how is None else {}
    assert booked("BankTransactions", spent) == {"090": "-110.00", "453": net, **tax}


def test_an_overpayment_stands_with_debtors_whatever_its_line_says() -> None:
    over = {
        "Type": "RECEIVE-OVERPAYMENT", "BankAccount": {"AccountID": "A"}, "Total": Decimal("9.00"),
        "LineItems": [{"LineAmount": Decimal("9.00")}],
    }  # fmt: skip
    assert booked("BankTransactions", over) == {"090": "9.00", "610": "-9.00"}


@pytest.mark.parametrize("kind", ["EXPCLAIMPAYMENT", "ARPREPAYMENTPAYMENT"])
def test_what_the_api_does_not_say_enough_about_books_nothing(kind: str) -> None:
    assert booked("Payments", {"PaymentType": kind, "Amount": Decimal("9.00")}) == {}
    assert booked("Invoices", {"Type": "NEW", "Total": Decimal("9.00")}) == {}


def test_a_code_that_moved_stays_with_the_account_that_the_firm_knows() -> None:
    accounts = Accounts(
        [{"AccountID": "old", "Code": "200", "Name": "Fees", "Class": "REVENUE"}],
        [
            {"AccountID": "OLD", "Code": "200X", "Name": "Fees until May", "Class": "REVENUE"},
            {"AccountID": "new", "Code": "200", "Name": "Fees from June", "Class": "ASSET"},
        ],
    )
    assert accounts.called({"AccountID": "old"}) == "200"
    assert accounts.called({"AccountID": "new", "AccountCode": "200"}, "Account") == (
        "Fees from June"
    )
    assert accounts.is_of_a_year("200")
    assert not accounts.is_of_a_year("Fees from June")
    assert accounts.name("200") == "Fees"
    assert accounts.name("unknown") == "unknown"
