"""Batch payments: one bank line for payments of several invoices, or of several bills."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from importlib.resources import files

from pm2xero.sandbox import payments, records
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.problems import Invalid
from pm2xero.sandbox.records import Record
from pm2xero.sandbox.resource import BASE_COLUMNS, Column, Resource, Written
from pm2xero.sandbox.wire import Wire, date_of, date_string, objects_of, text_of

ENDPOINT = "BatchPayments"

_KEPT = ("Particulars", "Code", "Details", "Narrative")
_PART_KEPT = ("BankAccountNumber", "BankAccountName", *_KEPT)


def create(books: Books, element: Wire) -> Written:
    """PUT: pay several documents of one side at once.

    Raises:
        Invalid: with the messages of every payment in it.
    """
    parts = objects_of(element, "Payments")
    if not parts:
        raise Invalid("A batch payment must have at least one payment")
    rules = books.mishaps.rules
    if rules.largest_batch and len(parts) > rules.largest_batch:
        raise Invalid(f"A batch payment cannot contain more than {rules.largest_batch} payments")
    account = payments.paying_account(books, element)
    day = date_of(element, "Date") or books.today
    batch_id = books.new_id()
    made: list[Record] = []
    messages: list[str] = []
    for part in parts:
        try:
            target = payments.find_target(books, part)
            made.append(payments.pay(books, target, account, day, part, batch_id))
        except Invalid as error:
            messages.extend(error.messages)
    kinds = {payment.type for payment in made}
    if not messages and (len(kinds) > 1 or not kinds <= {"ACCRECPAYMENT", "ACCPAYPAYMENT"}):
        messages.append("All payments of a batch must be of invoices, or all of bills")
    if messages:
        raise Invalid(*dict.fromkeys(messages))
    body = {field: element[field] for field in _KEPT if element.get(field)}
    body["Parts"] = {
        payment.id: {field: part[field] for field in _PART_KEPT if part.get(field)}
        for payment, part in zip(made, parts, strict=True)
    }
    batch = Record(
        id=batch_id,
        endpoint=ENDPOINT,
        status="AUTHORISED",
        updated=books.now,
        type="RECBATCH" if kinds == {"ACCRECPAYMENT"} else "PAYBATCH",
        date=day,
        reference=None if _drops_reference(books) else text_of(element, "Reference"),
        account_id=account.id,
        total=sum((payment.total for payment in made), Decimal(0)),
        body=body,
    )
    records.insert(books.store, batch)
    return Written(batch.id)


@cache
def _countries() -> Mapping[str, Sequence[str]]:
    """What Xero does in some countries alone."""
    text = files("pm2xero.sandbox").joinpath("countries.json").read_text("utf-8")
    found: Mapping[str, Sequence[str]] = json.loads(text)
    return found


def _drops_reference(books: Books) -> bool:
    """The specification has it for one country only; others are reported to keep it."""
    keeps = books.organisation.wire.get("CountryCode") in _countries()["batch_reference"]
    if keeps or not books.mishaps.rules.drops_batch_references:
        return False
    books.mishaps.counts["drops_batch_references"] += 1
    return True


def delete(books: Books, element: Wire) -> Written:
    """POST: delete a batch with all its payments.

    Raises:
        Invalid: anything but Status DELETED is asked.
    """
    batch = records.get(books.store, ENDPOINT, str(element.get("BatchPaymentID") or ""))
    if batch is None:
        raise Invalid("BatchPayment could not be found")
    if set(element) - {"BatchPaymentID", "Status"} or element.get("Status") != "DELETED":
        raise Invalid("Only Status accepted for updates.")
    if batch.status == "DELETED":
        raise Invalid("This batch payment has already been deleted")
    for payment in records.among(books.store, "group_id", [batch.id]):
        payments.remove(books, payment)
    records.update(books.store, replace(batch, status="DELETED", updated=books.now))
    return Written(batch.id)


def render(books: Books, found: Sequence[Record], full: bool) -> list[Wire]:
    """GET shapes of batch payments, with their payments."""
    parts: dict[str, list[Record]] = {}
    for payment in records.among(books.store, "group_id", [batch.id for batch in found]):
        parts.setdefault(payment.group_id or "", []).append(payment)
    return [_batch(books, record, parts.get(record.id, [])) for record in found]


def _batch(books: Books, record: Record, parts: Sequence[Record]) -> Wire:
    return {
        "BatchPaymentID": record.id,
        "Type": record.type,
        "Status": record.status,
        "Date": record.date,
        "DateString": date_string(record.day),
        "Account": books.chart.accounts[record.account_id or ""].brief,
        "Reference": record.reference or "",
        **{name: value for name, value in record.body.items() if name != "Parts"},
        "TotalAmount": record.total,
        "Payments": [
            {
                "PaymentID": payment.id,
                "Amount": payment.total,
                "BankAmount": payment.total,
                "Invoice": {"InvoiceID": payment.target_id, "HasErrors": False},
                "Reference": payment.reference or "",
                **record.body["Parts"].get(payment.id, {}),
            }
            for payment in parts
        ],
        "IsReconciled": False,
        "UpdatedDateUTC": record.updated,
    }


RESOURCE = Resource(
    endpoint=ENDPOINT,
    id_field="BatchPaymentID",
    render=render,
    create=create,
    upsert=delete,
    columns={
        **BASE_COLUMNS,
        "BatchPaymentID": Column("id", "id"),
        "Type": Column("type"),
        "Date": Column("date", "date"),
        "Reference": Column("reference"),
        "TotalAmount": Column("total", "money"),
        "Account.AccountID": Column("account_id", "id"),
    },
    paged=False,
)
