"""Transfers between two bank accounts: made once, deleted, never edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from pm2xero.sandbox import bank_transactions, ledger, records
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.problems import Invalid
from pm2xero.sandbox.records import Record
from pm2xero.sandbox.resource import BASE_COLUMNS, Column, Resource, Written
from pm2xero.sandbox.wire import Wire, date_of, date_string, decimal_of, rounded, text_of

ENDPOINT = "BankTransfers"

_ZERO = Decimal("0.00")


def create(books: Books, element: Wire) -> Written:
    """PUT: move money from one bank account to another.

    Raises:
        Invalid: it breaks a rule.
    """
    source = bank_transactions.bank_account(books, element, "FromBankAccount")
    target = bank_transactions.bank_account(books, element, "ToBankAccount")
    amount = rounded(decimal_of(element, "Amount") or _ZERO)
    day = date_of(element, "Date") or books.today
    if source.id == target.id:
        raise Invalid("The two bank accounts of a transfer must differ")
    if source.wire.get("CurrencyCode") != target.wire.get("CurrencyCode"):
        raise Invalid("Bank transfers between accounts of different currencies are not supported")
    if amount <= 0:
        raise Invalid("The transfer amount must be greater than zero")
    books.organisation.require_open(day)
    transfer = Record(
        id=books.new_id(),
        endpoint=ENDPOINT,
        status="AUTHORISED",
        updated=books.now,
        date=day,
        reference=text_of(element, "Reference"),
        account_id=source.id,
        total=amount,
    )
    sides = [
        replace(
            transfer,
            id=books.new_id(),
            endpoint=bank_transactions.ENDPOINT,
            type=type_name,
            account_id=account.id,
            group_id=transfer.id,
            body={
                "IsReconciled": element.get(reconciled) is True,
                "LineAmountTypes": "NoTax",
                "LineItems": [],
                "SubTotal": amount,
                "TotalTax": _ZERO,
            },
        )
        for type_name, account, reconciled in (
            ("SPEND-TRANSFER", source, "FromIsReconciled"),
            ("RECEIVE-TRANSFER", target, "ToIsReconciled"),
        )
    ]
    body = {
        "FromBankTransactionID": sides[0].id,
        "ToBankTransactionID": sides[1].id,
        "ToAccountID": target.id,
    }
    for record in (replace(transfer, body=body), *sides):
        records.insert(books.store, record)
    ledger.post(books, transfer.id, "TRANSFER", day, ledger.transfer(target.id, source.id, amount))
    return Written(transfer.id)


def delete(books: Books, element: Wire) -> Written:
    """POST: delete a transfer and its two sides.

    Raises:
        Invalid: anything but Status DELETED is asked, or the day is locked.
    """
    transfer = records.get(books.store, ENDPOINT, str(element.get("BankTransferID") or ""))
    if transfer is None:
        raise Invalid("Bank transfer could not be found")
    if set(element) - {"BankTransferID", "Status"} or element.get("Status") != "DELETED":
        raise Invalid("Only Status accepted for updates.")
    if transfer.status == "DELETED":
        raise Invalid("This bank transfer has already been deleted")
    books.organisation.require_open(transfer.day)
    ledger.reverse(books, transfer.id)
    for record in (transfer, *records.among(books.store, "group_id", [transfer.id])):
        records.update(books.store, replace(record, status="DELETED", updated=books.now))
    return Written(transfer.id)


def render(books: Books, found: Sequence[Record], full: bool) -> list[Wire]:
    """GET shapes of bank transfers."""
    return [_transfer(books, record) for record in found]


def _transfer(books: Books, record: Record) -> Wire:
    body = {name: value for name, value in record.body.items() if name != "ToAccountID"}
    return {
        "BankTransferID": record.id,
        "Status": record.status,
        "FromBankAccount": books.chart.accounts[record.account_id or ""].brief,
        "ToBankAccount": books.chart.accounts[record.body["ToAccountID"]].brief,
        "Amount": record.total,
        "Date": record.date,
        "DateString": date_string(record.day),
        "Reference": record.reference or "",
        "CurrencyRate": Decimal("1.0"),
        **body,
        "HasAttachments": False,
        "CreatedDateUTC": record.updated,
    }


RESOURCE = Resource(
    endpoint=ENDPOINT,
    id_field="BankTransferID",
    render=render,
    create=create,
    upsert=delete,
    columns={
        **BASE_COLUMNS,
        "BankTransferID": Column("id", "id"),
        "Date": Column("date", "date"),
        "Amount": Column("total", "money"),
        "Reference": Column("reference"),
        "FromBankAccount.AccountID": Column("account_id", "id"),
        "ToBankAccount.AccountID": Column("json_extract(body, '$.ToAccountID')"),
    },
    paged=False,
    shown="status <> 'DELETED'",
    hidden_by="includeDeleted",
)
