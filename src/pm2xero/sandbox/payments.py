"""Payments of invoices and bills, and refunds of credits: made once, deleted, never edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from pm2xero.sandbox import contacts, ledger, records
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.chart import Account
from pm2xero.sandbox.problems import Invalid
from pm2xero.sandbox.records import Record
from pm2xero.sandbox.resource import BASE_COLUMNS, Column, Resource, Written
from pm2xero.sandbox.settlement import PAYMENTS, settle
from pm2xero.sandbox.wire import (
    Wire,
    date_of,
    date_string,
    decimal_of,
    object_of,
    rounded,
    text_of,
)


@dataclass(frozen=True, slots=True)
class PaymentKind:
    """What paying a type of document means.

    Attributes:
        control: what it settles; empty for a prepayment, whose own coding is taken back.
        is_receipt: whether money comes in.
    """

    payment_type: str
    control: str
    is_receipt: bool


PAYMENT_KINDS = {
    "ACCREC": PaymentKind("ACCRECPAYMENT", "DEBTORS", True),
    "ACCPAY": PaymentKind("ACCPAYPAYMENT", "CREDITORS", False),
    "ACCRECCREDIT": PaymentKind("ARCREDITPAYMENT", "DEBTORS", False),
    "ACCPAYCREDIT": PaymentKind("APCREDITPAYMENT", "CREDITORS", True),
    "RECEIVE-OVERPAYMENT": PaymentKind("AROVERPAYMENTPAYMENT", "DEBTORS", False),
    "SPEND-OVERPAYMENT": PaymentKind("APOVERPAYMENTPAYMENT", "CREDITORS", True),
    "RECEIVE-PREPAYMENT": PaymentKind("ARPREPAYMENTPAYMENT", "", False),
    "SPEND-PREPAYMENT": PaymentKind("APPREPAYMENTPAYMENT", "", True),
}

_TARGETS = {
    "Invoice": ("Invoices", "InvoiceID", "InvoiceNumber"),
    "CreditNote": ("CreditNotes", "CreditNoteID", "CreditNoteNumber"),
    "Prepayment": ("Prepayments", "PrepaymentID", ""),
    "Overpayment": ("Overpayments", "OverpaymentID", ""),
}
_FIELDS = {endpoint: (name, id_, number) for name, (endpoint, id_, number) in _TARGETS.items()}


def create(books: Books, element: Wire) -> Written:
    """PUT: pay one document.

    Raises:
        Invalid: it breaks a rule.
    """
    target = find_target(books, element)
    account = paying_account(books, element)
    day = date_of(element, "Date") or books.today
    payment = pay(books, target, account, day, element)
    return Written(payment.id)


def find_target(books: Books, element: Wire) -> Record:
    """The document that a payment names.

    Raises:
        Invalid: none, several, or one that is not there.
    """
    named = [name for name in _TARGETS if element.get(name)]
    if len(named) != 1:
        raise Invalid(
            "A payment must have exactly one of Invoice, CreditNote, Prepayment, Overpayment"
        )
    endpoint, id_field, number_field = _TARGETS[named[0]]
    reference = object_of(element, named[0])
    found: list[Record] = []
    if record_id := reference.get(id_field):
        record = records.get(books.store, endpoint, str(record_id))
        found = [record] if record else []
    elif number_field and (number := reference.get(number_field)):
        found = [
            record
            for record in records.numbered(books.store, endpoint, str(number))
            if record.status not in ("VOIDED", "DELETED")
        ]
    if len(found) != 1:
        raise Invalid(
            f"{named[0]} could not be found"
            if not found
            else f"Use the ID: the number of the {named[0]} is not unique"
        )
    return found[0]


def paying_account(books: Books, element: Wire) -> Account:
    """The account of a payment: a bank account, or one with payments enabled.

    Raises:
        Invalid: otherwise.
    """
    account = books.chart.find(object_of(element, "Account"))
    if account is None or account.status != "ACTIVE":
        raise Invalid("Account must be valid")
    if not account.takes_payments:
        raise Invalid(
            f"Account code '{account.called}' must be of type BANK or have payments enabled"
        )
    return account


def pay(
    books: Books,
    target: Record,
    account: Account,
    day: date,
    element: Wire,
    group_id: str | None = None,
) -> Record:
    """Record a payment and its journal, and settle the target by it.

    Args:
        element: gives Amount, Reference and IsReconciled.
        group_id: the batch payment that it is part of.

    Raises:
        Invalid: the target is not open, the amount is more than is left, the day is locked.
    """
    amount = rounded(decimal_of(element, "Amount") or Decimal(0))
    messages = []
    if target.status != "AUTHORISED":
        messages.append("Payments can only be made against Authorised documents")
    if amount <= 0:
        messages.append("The payment amount must be greater than zero")
    if amount > target.remaining:
        messages.append("Payment amount exceeds the amount outstanding on this document")
    if messages:
        raise Invalid(*messages)
    books.organisation.require_open(day)
    kind = PAYMENT_KINDS[target.type]
    payment = Record(
        id=books.new_id(),
        endpoint=PAYMENTS,
        status="AUTHORISED",
        updated=books.now,
        type=kind.payment_type,
        date=day,
        reference=text_of(element, "Reference"),
        contact_id=target.contact_id,
        account_id=account.id,
        target_id=target.id,
        group_id=group_id,
        total=amount,
        body={
            "IsReconciled": element.get("IsReconciled") is True,
            "Target": target.endpoint,
            "TargetType": target.type,
            "TargetNumber": target.number,
        },
    )
    records.insert(books.store, payment)
    ledger.post(books, payment.id, payment.type, day, _postings(books, target, account, amount))
    settle(books, target, amount)
    return payment


def delete(books: Books, element: Wire) -> Written:
    """POST: the only change that a payment knows is its deletion.

    Raises:
        Invalid: anything but Status DELETED is asked, or the payment is part of a batch.
    """
    payment = records.get(books.store, PAYMENTS, str(element.get("PaymentID") or ""))
    if payment is None:
        raise Invalid("Payment could not be found")
    if set(element) - {"PaymentID", "Status"} or element.get("Status") != "DELETED":
        raise Invalid("Only Status accepted for updates.")
    if payment.group_id:
        raise Invalid("This payment is part of a batch payment and cannot be deleted on its own")
    remove(books, payment)
    return Written(payment.id)


def remove(books: Books, payment: Record) -> None:
    """Take a payment back: its journal is reversed and its target is open again.

    Raises:
        Invalid: it is deleted already, reconciled, or in a locked period.
    """
    if payment.status == "DELETED":
        raise Invalid("This payment has already been deleted")
    if payment.body["IsReconciled"]:
        # unverified: no official statement on deleting reconciled payments.
        raise Invalid("This payment has been reconciled and cannot be deleted")
    books.organisation.require_open(payment.day)
    ledger.reverse(books, payment.id)
    records.update(books.store, replace(payment, status="DELETED", updated=books.now))
    target = records.get(books.store, payment.body["Target"], payment.target_id or "")
    if target is not None:
        settle(books, target, -payment.total)


def render(books: Books, found: Sequence[Record], full: bool) -> list[Wire]:
    """GET shapes of payments."""
    people = contacts.briefs(books, found)
    return [_payment(books, record, people[record.contact_id or ""]) for record in found]


def _payment(books: Books, record: Record, contact: Wire) -> Wire:
    name, id_field, number_field = _FIELDS[record.body["Target"]]
    target: Wire = {
        id_field: record.target_id,
        "Type": record.body["TargetType"],
        "Contact": contact,
        "HasErrors": False,
    }
    if number_field:
        target[number_field] = record.body["TargetNumber"] or ""
    shown: Wire = {
        "PaymentID": record.id,
        "PaymentType": record.type,
        "Status": record.status,
        "Date": record.date,
        "DateString": date_string(record.day),
        "Amount": record.total,
        "BankAmount": record.total,
        "CurrencyRate": Decimal("1.0"),
        "IsReconciled": record.body["IsReconciled"],
        "Account": books.chart.accounts[record.account_id or ""].brief,
        name: target,
        "UpdatedDateUTC": record.updated,
        "HasAccount": True,
        "HasValidationErrors": False,
    }
    if record.reference:
        shown["Reference"] = record.reference
    if record.group_id:
        shown["BatchPaymentID"] = record.group_id
    return shown


def _postings(
    books: Books, target: Record, account: Account, amount: Decimal
) -> tuple[ledger.Posting, ...]:
    kind = PAYMENT_KINDS[target.type]
    if not kind.control:
        return unwound(books, target, account.id, amount)
    control = books.chart.system(kind.control).id
    if kind.is_receipt:
        return ledger.transfer(account.id, control, amount)
    return ledger.transfer(control, account.id, amount)


def unwound(
    books: Books, prepayment: Record, other_id: str, amount: Decimal
) -> tuple[ledger.Posting, ...]:
    """A part of a prepayment's coding taken back, against a bank or a control account.

    # unverified: how Xero itself codes the use of a prepayment; this keeps debtors, creditors
    and tax equal to the open documents.
    """
    used = prepayment.total - prepayment.remaining
    coding = [
        posting
        for posting in ledger.standing(books.store, prepayment.id)
        if posting.account_id != prepayment.account_id
    ]
    part = ledger.portion(coding, prepayment.total, used, used + amount)
    back = [ledger.Posting(posting.account_id, -posting.amount) for posting in part]
    return (*back, ledger.Posting(other_id, sum((p.amount for p in part), Decimal(0))))


RESOURCE = Resource(
    endpoint=PAYMENTS,
    id_field="PaymentID",
    render=render,
    create=create,
    create_bare=create,
    upsert=delete,
    columns={
        **BASE_COLUMNS,
        "PaymentID": Column("id", "id"),
        "PaymentType": Column("type"),
        "Date": Column("date", "date"),
        "Amount": Column("total", "money"),
        "Reference": Column("reference"),
        "Invoice.InvoiceID": Column("target_id", "id"),
        "CreditNote.CreditNoteID": Column("target_id", "id"),
        "Account.AccountID": Column("account_id", "id"),
        "IsReconciled": Column("json_extract(body, '$.IsReconciled')", "flag"),
        "BatchPaymentID": Column("group_id", "id"),
    },
    parameters={"IDs": "PaymentID"},
)
