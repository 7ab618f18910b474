"""GET shapes of invoices and credit notes, and what can be asked about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from pm2xero.sandbox import contacts
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.lines import coded
from pm2xero.sandbox.records import Record
from pm2xero.sandbox.resource import DOCUMENT_COLUMNS, Column, Renderer, Resource
from pm2xero.sandbox.settlement import (
    Settled,
    allocation_wire,
    credit_briefs,
    payment_brief,
    settled,
)
from pm2xero.sandbox.trade import CREDIT_NOTES, INVOICES, TradeKind, create, upsert
from pm2xero.sandbox.wire import Wire, date_string

_RATE = Decimal("1.0")


def render_invoices(books: Books, found: Sequence[Record], full: bool) -> list[Wire]:
    """GET shapes of invoices and bills."""
    people = contacts.briefs(books, found)
    against = settled(books, found)
    return [
        _invoice(books, record, people[record.contact_id or ""], against[record.id], full)
        for record in found
    ]


def render_credit_notes(books: Books, found: Sequence[Record], full: bool) -> list[Wire]:
    """GET shapes of credit notes."""
    people = contacts.briefs(books, found)
    against = settled(books, found)
    return [
        {
            "CreditNoteID": record.id,
            "CreditNoteNumber": record.number,
            "RemainingCredit": record.remaining,
            "Allocations": [allocation_wire(use) for use in against[record.id].uses],
            "Payments": [payment_brief(payment) for payment in against[record.id].payments],
            **_common(books, record, people[record.contact_id or ""], against[record.id], full),
        }
        for record in found
    ]


def _invoice(books: Books, record: Record, contact: Wire, against: Settled, full: bool) -> Wire:
    settled_by = credit_briefs(against.credits)
    shown: Wire = {
        "InvoiceID": record.id,
        "InvoiceNumber": record.number or "",
        "Payments": [payment_brief(payment) for payment in against.payments],
        "CreditNotes": settled_by["CreditNotes"],
        "Prepayments": settled_by["Prepayments"],
        "Overpayments": settled_by["Overpayments"],
        "AmountDue": record.remaining,
        "AmountPaid": against.paid,
        "AmountCredited": against.credited,
        "IsDiscounted": False,
        **_common(books, record, contact, against, full),
    }
    if record.due_date:
        shown["DueDate"] = record.due_date
        shown["DueDateString"] = date_string(record.due_date)
    return shown


def _common(books: Books, record: Record, contact: Wire, against: Settled, full: bool) -> Wire:
    shown: Wire = {
        "Type": record.type,
        "Status": record.status,
        "Contact": contact,
        "Date": record.date,
        "DateString": date_string(record.day),
        **{name: value for name, value in record.body.items() if name != "LineItems"},
        "LineItems": coded(books, record.body["LineItems"]) if full else [],
        "Total": record.total,
        "CurrencyCode": books.organisation.currency,
        "CurrencyRate": _RATE,
        "UpdatedDateUTC": record.updated,
        "HasAttachments": False,
        "HasErrors": False,
    }
    if record.reference:
        shown["Reference"] = record.reference
    if record.status == "PAID" and against.last_date:
        shown["FullyPaidOnDate"] = against.last_date
    return shown


def _resource(kind: TradeKind, render: Renderer, columns: Mapping[str, Column]) -> Resource:
    return Resource(
        endpoint=kind.endpoint,
        id_field=kind.id_field,
        render=render,
        create=lambda books, element: create(books, kind, element),
        upsert=lambda books, element: upsert(books, kind, element),
        columns={
            **DOCUMENT_COLUMNS,
            kind.id_field: Column("id", "id"),
            kind.number_field: Column("number"),
            **columns,
        },
        parameters={
            "IDs": kind.id_field,
            f"{kind.number_field}s": kind.number_field,
            "ContactIDs": "Contact.ContactID",
            "Statuses": "Status",
        },
        searched=(Column("number"), Column("reference")),
        heavy=frozenset(
            {"LineItems", "Payments", "CreditNotes", "Prepayments", "Overpayments", "Allocations"}
        ),
        numbered=True,
    )


INVOICE_RESOURCE = _resource(
    INVOICES,
    render_invoices,
    {
        "DueDate": Column("due_date", "date"),
        "AmountDue": Column("remaining", "money"),
        "AmountPaid": Column(
            "(SELECT coalesce(sum(p.total), 0) FROM record p WHERE p.target_id = record.id"
            " AND p.endpoint = 'Payments' AND p.status = 'AUTHORISED')",
            "money",
        ),
    },
)
CREDIT_NOTE_RESOURCE = _resource(
    CREDIT_NOTES, render_credit_notes, {"RemainingCredit": Column("remaining", "money")}
)
