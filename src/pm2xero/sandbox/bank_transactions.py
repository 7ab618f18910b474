"""Money spent and received on a bank account; over- and prepayments, which begin as such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pm2xero.sandbox import contacts, ledger, records
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.chart import Account
from pm2xero.sandbox.ledger import Share
from pm2xero.sandbox.lines import LineRules, Lines, coded, merged, work_out
from pm2xero.sandbox.problems import Invalid
from pm2xero.sandbox.records import Record
from pm2xero.sandbox.resource import DOCUMENT_COLUMNS, Column, Resource, Written
from pm2xero.sandbox.wire import (
    Wire,
    date_of,
    date_string,
    object_of,
    objects_of,
    text_of,
)

ENDPOINT = "BankTransactions"

_RULES = LineRules("Inclusive", own_tax=False, non_zero=True)


@dataclass(frozen=True, slots=True)
class BankType:
    """A value of Type; `credit` is the endpoint of the credit that it makes."""

    is_receipt: bool
    credit: str = ""
    control: str = ""


_TYPES = {
    "RECEIVE": BankType(True),
    "SPEND": BankType(False),
    "RECEIVE-OVERPAYMENT": BankType(True, "Overpayments", "DEBTORS"),
    "SPEND-OVERPAYMENT": BankType(False, "Overpayments", "CREDITORS"),
    "RECEIVE-PREPAYMENT": BankType(True, "Prepayments"),
    "SPEND-PREPAYMENT": BankType(False, "Prepayments"),
}


def create(books: Books, element: Wire) -> Written:
    """PUT: money spent or received.

    Raises:
        Invalid: it breaks a rule.
    """
    if str(element.get("Status") or "AUTHORISED") != "AUTHORISED":
        raise Invalid("A new bank transaction can only have the status AUTHORISED")
    record, lines = _build(books, element, None)
    kind = _TYPES[record.type]
    source_id = record.id
    if kind.credit:
        credit = replace(record, id=books.new_id(), endpoint=kind.credit, remaining=record.total)
        records.insert(books.store, credit)
        source_id = credit.id
        record = replace(record, body={**record.body, f"{kind.credit[:-1]}ID": credit.id})
    records.insert(books.store, record)
    _post(books, source_id, record, lines)
    return Written(record.id)


def upsert(books: Books, element: Wire) -> Written:
    """POST: change or delete the transaction with this id, or create one.

    Raises:
        Invalid: it breaks a rule, or the type cannot be changed through the API.
    """
    if not element.get("BankTransactionID"):
        return create(books, element)
    found = records.get(books.store, ENDPOINT, str(element["BankTransactionID"]))
    if found is None:
        raise Invalid("Bank transaction could not be found")
    if found.type not in ("RECEIVE", "SPEND") or found.status != "AUTHORISED":
        raise Invalid("Invoice not of valid status for modification")
    books.organisation.require_open(found.day)
    status = str(element.get("Status") or "AUTHORISED")
    if status == "DELETED":
        if found.body["IsReconciled"]:
            # unverified: no official statement on deleting reconciled transactions.
            raise Invalid("This transaction has been reconciled and cannot be deleted")
        ledger.reverse(books, found.id)
        records.update(books.store, replace(found, status="DELETED", updated=books.now))
    elif status == "AUTHORISED":
        record, lines = _build(books, _merged(found, element), found)
        records.update(books.store, record)
        ledger.reverse(books, found.id)
        _post(books, record.id, record, lines)
    else:
        raise Invalid(f"The status {status} cannot be applied to a bank transaction")
    return Written(found.id)


def bank_account(books: Books, element: Wire, field: str) -> Account:
    """The bank account that an element names.

    Raises:
        Invalid: it is unknown, archived, or no bank account.
    """
    account = books.chart.find(object_of(element, field))
    if account is None or account.status != "ACTIVE":
        raise Invalid(f"The {field} must be an active account of type BANK")
    if not account.is_bank:
        raise Invalid(f"Account code '{account.called}' is not of type BANK")
    return account


def render(books: Books, found: Sequence[Record], full: bool) -> list[Wire]:
    """GET shapes of bank transactions."""
    people = contacts.briefs(books, found)
    return [
        {"BankTransactionID": record.id, **shown(books, record, people, full)} for record in found
    ]


def shown(books: Books, record: Record, people: dict[str, Wire], full: bool) -> Wire:
    """What bank transactions, overpayments and prepayments have in common."""
    wire: Wire = {
        "Type": record.type,
        "Status": record.status,
        "BankAccount": books.chart.accounts[record.account_id or ""].brief,
        "Date": record.date,
        "DateString": date_string(record.day),
        **{name: value for name, value in record.body.items() if name != "LineItems"},
        "LineItems": coded(books, record.body["LineItems"]) if full else [],
        "Total": record.total,
        "CurrencyCode": books.organisation.currency,
        "CurrencyRate": Decimal("1.0"),
        "UpdatedDateUTC": record.updated,
        "HasAttachments": False,
    }
    if record.contact_id:
        wire["Contact"] = people[record.contact_id]
    if record.reference:
        wire["Reference"] = record.reference
    return wire


def _merged(found: Record, element: Wire) -> Wire:
    sent: Wire = {
        **found.body,
        "Type": found.type,
        "Contact": {"ContactID": found.contact_id},
        "BankAccount": {"AccountID": found.account_id},
        "Date": found.day.isoformat(),
        "Reference": found.reference,
        **element,
    }
    if "DateString" in element and "Date" not in element:
        sent.pop("Date")
    if "LineItems" in element:
        sent["LineItems"] = merged(found.body["LineItems"], objects_of(element, "LineItems"))
    return sent


def _build(books: Books, sent: Wire, before: Record | None) -> tuple[Record, Lines]:
    type_name = str(sent.get("Type") or "")
    if type_name not in _TYPES:
        raise Invalid(f"The Type '{type_name}' is not one of {', '.join(_TYPES)}")
    day = date_of(sent, "Date") or books.today
    messages: list[str] = []
    currency = str(sent.get("CurrencyCode") or books.organisation.currency)
    if currency != books.organisation.currency:
        messages.append(f"Organisation is not subscribed to currency {currency}")
    account: Account | None = None
    lines: Lines | None = None
    contact: Record | None = None
    try:
        books.organisation.require_open(day)
        account = bank_account(books, sent, "BankAccount")
        lines = _lines(books, type_name, sent)
        if lines.total <= 0:
            messages.append("The transaction total must be greater than zero")
        contact = contacts.resolve(books, sent)
    except Invalid as error:
        messages.extend(error.messages)
    if messages or account is None or lines is None or contact is None:
        raise Invalid(*messages)
    body: dict[str, Any] = {
        "IsReconciled": sent.get("IsReconciled") is True,
        "LineAmountTypes": lines.amount_types,
        "LineItems": list(lines.items),
        "SubTotal": lines.sub_total,
        "TotalTax": lines.total_tax,
    }
    if sent.get("Url"):
        body["Url"] = sent["Url"]
    plain = type_name in ("RECEIVE", "SPEND")
    record = Record(
        id=before.id if before else books.new_id(),
        endpoint=ENDPOINT,
        status="AUTHORISED",
        updated=books.now,
        type=type_name,
        date=day,
        # unverified for the other types: the specification has it for these two only.
        reference=text_of(sent, "Reference") if plain else None,
        contact_id=contact.id,
        account_id=account.id,
        total=lines.total,
        body=body,
    )
    return record, lines


def _lines(books: Books, type_name: str, sent: Wire) -> Lines:
    control = _TYPES[type_name].control
    if not control:
        return work_out(books, sent, _RULES, final=True)
    raw = objects_of(sent, "LineItems")
    if len(raw) != 1:
        raise Invalid("An overpayment must have exactly one line item")
    line = {key: raw[0][key] for key in raw[0] if key not in ("AccountCode", "AccountID")}
    account = books.chart.system(control)
    lines = work_out(books, {"LineItems": [line], "LineAmountTypes": "NoTax"}, _RULES, final=False)
    item = {**lines.items[0], "AccountCode": account.code, "AccountID": account.id}
    total = lines.sub_total
    return replace(lines, items=(item,), shares=(Share(account.id, total, Decimal("0.00")),))


def _post(books: Books, source_id: str, record: Record, lines: Lines) -> None:
    postings = ledger.spread(
        record.account_id or "",
        lines.shares,
        control_is_debit=_TYPES[record.type].is_receipt,
        chart=books.chart,
    )
    ledger.post(books, source_id, record.type, record.day, postings)


RESOURCE = Resource(
    endpoint=ENDPOINT,
    id_field="BankTransactionID",
    render=render,
    create=create,
    upsert=upsert,
    columns={
        **DOCUMENT_COLUMNS,
        "BankTransactionID": Column("id", "id"),
        "BankAccount.AccountID": Column("account_id", "id"),
        "IsReconciled": Column("json_extract(body, '$.IsReconciled')", "flag"),
    },
    parameters={"IDs": "BankTransactionID"},
)
