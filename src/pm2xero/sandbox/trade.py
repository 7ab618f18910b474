"""Invoices, bills and credit notes: one set of rules, told apart by a small table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pm2xero.sandbox import contacts, ledger, records, sales_numbers
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.lines import LineRules, Lines, merged, work_out
from pm2xero.sandbox.problems import Invalid
from pm2xero.sandbox.records import Record
from pm2xero.sandbox.resource import Written
from pm2xero.sandbox.settlement import settled
from pm2xero.sandbox.wire import Wire, date_of, objects_of, text_of

_KEPT = ("Url", "BrandingThemeID", "SentToContact", "ExpectedPaymentDate", "PlannedPaymentDate")
_NEW_STATUSES = ("DRAFT", "SUBMITTED", "AUTHORISED")
_NEXT = {
    "DRAFT": ("DRAFT", "SUBMITTED", "AUTHORISED", "DELETED"),
    "SUBMITTED": ("SUBMITTED", "DRAFT", "AUTHORISED", "DELETED"),
    "AUTHORISED": ("AUTHORISED", "VOIDED"),
    "PAID": ("PAID", "AUTHORISED", "VOIDED"),
}
_NOT_CHANGEABLE = "Invoice not of valid status for modification"
_SETTLED = "This document cannot be edited as it has a payment or credit note allocated to it."


@dataclass(frozen=True, slots=True)
class TradeType:
    """A value of Type.

    Attributes:
        control: SystemAccount that carries what is owed.
        control_is_debit: whether approval debits it.
        is_sale: whether the number must be unique and a Reference exists.
        rules: for its lines.
    """

    control: Literal["DEBTORS", "CREDITORS"]
    control_is_debit: bool
    is_sale: bool
    rules: LineRules


@dataclass(frozen=True, slots=True)
class TradeKind:
    """An endpoint of trade documents."""

    endpoint: str
    called: str
    id_field: str
    number_field: str
    prefix: str
    types: Mapping[str, TradeType]
    needs_due_date: bool


INVOICES = TradeKind(
    endpoint="Invoices",
    called="Invoice",
    id_field="InvoiceID",
    number_field="InvoiceNumber",
    prefix="INV-",
    types={
        "ACCREC": TradeType("DEBTORS", True, True, LineRules("Exclusive", discounts=True)),
        "ACCPAY": TradeType("CREDITORS", False, False, LineRules("Exclusive")),
    },
    needs_due_date=True,
)
CREDIT_NOTES = TradeKind(
    endpoint="CreditNotes",
    called="Credit Note",
    id_field="CreditNoteID",
    number_field="CreditNoteNumber",
    prefix="CN-",
    types={
        "ACCRECCREDIT": TradeType("DEBTORS", False, True, LineRules("Exclusive")),
        "ACCPAYCREDIT": TradeType("CREDITORS", True, False, LineRules("Exclusive")),
    },
    needs_due_date=False,
)


def create(books: Books, kind: TradeKind, element: Wire) -> Written:
    """PUT: a new document.

    Raises:
        Invalid: it breaks a rule.
    """
    status = str(element.get("Status") or "DRAFT")
    if status not in _NEW_STATUSES:
        raise Invalid(f"A new {kind.called} cannot have the status {status}")
    record, lines = _build(books, kind, element, status, None)
    records.insert(books.store, record)
    _post(books, kind, record, lines)
    return Written(record.id)


def upsert(books: Books, kind: TradeKind, element: Wire) -> Written:
    """POST: change the document with this id, or this sales number in use, or create one.

    Raises:
        Invalid: it breaks a rule, or the id is unknown.
    """
    found = _existing(books, kind, element)
    if found is None:
        return create(books, kind, element)
    wanted = str(element.get("Status") or found.status)
    if wanted not in _NEXT.get(found.status, ()):
        raise Invalid(_NOT_CHANGEABLE)
    if wanted in ("VOIDED", "DELETED"):
        _withdraw(books, found, wanted)
    else:
        _change(books, kind, found, element, wanted)
    return Written(found.id)


def _existing(books: Books, kind: TradeKind, element: Wire) -> Record | None:
    if record_id := element.get(kind.id_field):
        found = records.get(books.store, kind.endpoint, str(record_id))
        if found is None:
            raise Invalid(
                f"An existing {kind.called} with the specified {kind.id_field} could not be found"
            )
        return found
    number = element.get(kind.number_field)
    sales = [type_ for type_, rules in kind.types.items() if rules.is_sale]
    # A caller that only sets a Status need not repeat the Type.
    if not number or str(element.get("Type") or sales[0]) not in sales:
        return None
    taken = sales_numbers.holders(books, kind.endpoint, str(number), sales)
    return next((r for r in taken if r.status != "VOIDED"), taken[-1] if taken else None)


def _withdraw(books: Books, record: Record, status: str) -> None:
    if status == "VOIDED":
        if not settled(books, [record])[record.id].is_empty:
            raise Invalid(
                f"The status {status} cannot be applied to the invoice because it has payments or"
                " credit notes allocated to it."
            )
        books.organisation.require_open(record.day)
        ledger.reverse(books, record.id)
    gone = replace(record, status=status, remaining=Decimal("0.00"), updated=books.now)
    records.update(books.store, gone)


def _change(books: Books, kind: TradeKind, found: Record, element: Wire, wanted: str) -> None:
    is_posted = found.status in ("AUTHORISED", "PAID")
    if is_posted:
        books.organisation.require_open(found.day)
    sent = {**_wire(kind, found), **element}
    for field in ("Date", "DueDate"):
        if f"{field}String" in element and field not in element:
            sent.pop(field, None)
    if "LineItems" in element:
        sent["LineItems"] = merged(found.body["LineItems"], objects_of(element, "LineItems"))
    status = "AUTHORISED" if is_posted else wanted
    record, lines = _build(books, kind, sent, status, found)
    against = settled(books, [found])[found.id]
    if not against.is_empty:
        if _money(found) != _money(record) or not kind.types[found.type].is_sale:
            # unverified: bills may since 2026 be edited like invoices; one source says so.
            raise Invalid(_SETTLED)
        if record.contact_id != found.contact_id and (against.credits or against.uses):
            raise Invalid(_SETTLED)
        record = replace(record, remaining=found.remaining, status=found.status)
    records.update(books.store, record)
    if is_posted:
        ledger.reverse(books, found.id)
    _post(books, kind, record, lines)


def _money(record: Record) -> tuple[object, ...]:
    """What an edit of a settled document must leave as it is."""
    amounts = [
        (line.get("LineAmount"), line.get("TaxType"), line.get("TaxAmount"))
        for line in record.body["LineItems"]
    ]
    return record.type, record.date, record.total, record.body["LineAmountTypes"], amounts


def _wire(kind: TradeKind, record: Record) -> Wire:
    """A stored document as if it were sent."""
    return {
        **record.body,
        "Type": record.type,
        "Contact": {"ContactID": record.contact_id},
        "Date": record.day.isoformat(),
        "DueDate": record.due_date.isoformat() if record.due_date else None,
        kind.number_field: record.number,
        "Reference": record.reference,
    }


def _build(
    books: Books, kind: TradeKind, sent: Wire, status: str, before: Record | None
) -> tuple[Record, Lines]:
    type_name = str(sent.get("Type") or "")
    if type_name not in kind.types:
        raise Invalid(f"The Type '{type_name}' is not one of {', '.join(kind.types)}")
    trade = kind.types[type_name]
    if before is not None and before.type != type_name:
        raise Invalid(_NOT_CHANGEABLE)
    final = status in ("SUBMITTED", "AUTHORISED")
    messages: list[str] = []
    day = date_of(sent, "Date") or books.today
    due = date_of(sent, "DueDate")
    if final and kind.needs_due_date and due is None:
        messages.append("The document DueDate field must be specified.")
    currency = str(sent.get("CurrencyCode") or books.organisation.currency)
    if currency != books.organisation.currency:
        messages.append(f"Organisation is not subscribed to currency {currency}")
    lines: Lines | None = None
    contact: Record | None = None
    number: str | None = None
    try:
        lines = work_out(books, sent, trade.rules, final)
        if final and lines.total < 0:
            # unverified wording; Xero takes a credit note, not a negative invoice.
            messages.append("The document total must be greater than or equal to zero.")
    except Invalid as error:
        messages.extend(error.messages)
    try:
        if status == "AUTHORISED":
            books.organisation.require_open(day)
        number = _number(books, kind, trade, sent, before)
        contact = contacts.resolve(books, sent)
    except Invalid as error:
        messages.extend(error.messages)
    if messages or lines is None or contact is None:
        raise Invalid(*messages)
    return _record(books, kind, sent, status, before, lines, day, due, number, contact), lines


def _record(
    books: Books,
    kind: TradeKind,
    sent: Wire,
    status: str,
    before: Record | None,
    lines: Lines,
    day: date,
    due: date | None,
    number: str | None,
    contact: Record,
) -> Record:
    type_name = str(sent["Type"])
    is_sale = kind.types[type_name].is_sale
    body: dict[str, Any] = {field: sent[field] for field in _KEPT if sent.get(field) is not None}
    body |= {
        "LineAmountTypes": lines.amount_types,
        "LineItems": list(lines.items),
        "SubTotal": lines.sub_total,
        "TotalTax": lines.total_tax,
    }
    return Record(
        id=before.id if before else books.new_id(),
        endpoint=kind.endpoint,
        # unverified: an approved document of zero has nothing to be paid.
        status="PAID" if status == "AUTHORISED" and not lines.total else status,
        updated=books.now,
        type=type_name,
        date=day,
        due_date=due,
        number=number,
        reference=text_of(sent, "Reference") if is_sale else None,
        contact_id=contact.id,
        total=lines.total,
        remaining=lines.total,
        body=body,
    )


def _number(
    books: Books, kind: TradeKind, trade: TradeType, sent: Wire, before: Record | None
) -> str | None:
    number = text_of(sent, kind.number_field)
    if not trade.is_sale:
        return number
    sales = [type_ for type_, rules in kind.types.items() if rules.is_sale]
    if number is None:
        return sales_numbers.following(books, kind.endpoint, kind.prefix, sales)
    taken = sales_numbers.holders(books, kind.endpoint, number, sales)
    if any(before is None or holder.id != before.id for holder in taken):
        raise Invalid(f"{kind.called} # must be unique.")
    return number


def _post(books: Books, kind: TradeKind, record: Record, lines: Lines) -> None:
    if record.status not in ("AUTHORISED", "PAID"):
        return
    trade = kind.types[record.type]
    postings = ledger.spread(
        books.chart.system(trade.control).id,
        lines.shares,
        control_is_debit=trade.control_is_debit,
        chart=books.chart,
    )
    ledger.post(books, record.id, record.type, record.day, postings)
