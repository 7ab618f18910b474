"""Allocations: a credit note, overpayment or prepayment applied to an invoice or a bill."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from pm2xero.sandbox import ledger, records
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.payments import unwound
from pm2xero.sandbox.problems import Invalid, not_found
from pm2xero.sandbox.records import Record
from pm2xero.sandbox.settlement import ALLOCATIONS, CREDIT_KINDS, allocation_wire, settle
from pm2xero.sandbox.wire import Wire, decimal_of, object_of, parse_date, rounded

_SIDES = {
    "ACCRECCREDIT": "ACCREC",
    "RECEIVE-OVERPAYMENT": "ACCREC",
    "RECEIVE-PREPAYMENT": "ACCREC",
    "ACCPAYCREDIT": "ACCPAY",
    "SPEND-OVERPAYMENT": "ACCPAY",
    "SPEND-PREPAYMENT": "ACCPAY",
}


def allocate(books: Books, endpoint: str, credit_id: str, element: Wire) -> Wire:
    """PUT of one allocation; returns its GET shape.

    Raises:
        Problem: 404 when the credit is unknown.
        Invalid: it breaks a rule.
    """
    source = _credit(books, endpoint, credit_id)
    invoice = _invoice(books, element)
    amount = rounded(decimal_of(element, "Amount") or Decimal(0))
    if element.get("Date"):
        parse_date(element["Date"])
    messages = []
    if source.status != "AUTHORISED" or invoice.status != "AUTHORISED":
        messages.append("Credits can only be allocated to and from Authorised documents")
    if invoice.type != _SIDES[source.type]:
        messages.append(f"A credit of type {source.type} cannot be allocated to {invoice.type}")
    if invoice.contact_id != source.contact_id:
        messages.append("The credit and the invoice must have the same contact")
    if amount <= 0:
        messages.append("The allocation amount must be greater than zero")
    if amount > source.remaining:
        messages.append("The amount exceeds the remaining credit")
    if amount > invoice.remaining:
        messages.append("Payment amount exceeds the amount outstanding on this document")
    if messages:
        raise Invalid(*messages)
    # Xero sets the date itself: the later of the two documents.
    day = max(source.day, invoice.day)
    books.organisation.require_open(day)
    allocation = Record(
        id=books.new_id(),
        endpoint=ALLOCATIONS,
        status="AUTHORISED",
        updated=books.now,
        type=endpoint,
        date=day,
        number=source.number,
        contact_id=source.contact_id,
        target_id=invoice.id,
        source_id=source.id,
        total=amount,
        body={"InvoiceNumber": invoice.number},
    )
    records.insert(books.store, allocation)
    if source.type.endswith("PREPAYMENT"):
        control = books.chart.system("DEBTORS" if invoice.type == "ACCREC" else "CREDITORS")
        postings = unwound(books, source, control.id, amount)
        ledger.post(books, allocation.id, "ALLOCATION", day, postings)
    settle(books, source, amount)
    settle(books, invoice, amount)
    return allocation_wire(allocation)


def undo(books: Books, endpoint: str, credit_id: str, allocation_id: str) -> Wire:
    """DELETE of one allocation; both documents are open again.

    Raises:
        Problem: 404 when the credit or the allocation is unknown, or deleted already.
        Invalid: it lies in a locked period.
    """
    source = _credit(books, endpoint, credit_id)
    allocation = records.get(books.store, ALLOCATIONS, allocation_id)
    if allocation is None or allocation.source_id != source.id or allocation.status != "AUTHORISED":
        raise not_found()
    books.organisation.require_open(allocation.day)
    ledger.reverse(books, allocation.id)
    records.update(books.store, replace(allocation, status="DELETED", updated=books.now))
    settle(books, source, -allocation.total)
    invoice = records.get(books.store, "Invoices", allocation.target_id or "")
    if invoice is not None:
        settle(books, invoice, -allocation.total)
    return allocation_wire(allocation, deleted=True)


def _credit(books: Books, endpoint: str, credit_id: str) -> Record:
    found = records.get(books.store, endpoint, credit_id) if endpoint in CREDIT_KINDS else None
    if found is None:
        raise not_found()
    return found


def _invoice(books: Books, element: Wire) -> Record:
    named = object_of(element, "Invoice")
    if invoice_id := named.get("InvoiceID"):
        found = records.get(books.store, "Invoices", str(invoice_id))
    else:
        same = records.numbered(books.store, "Invoices", str(named.get("InvoiceNumber") or ""))
        found = same[0] if len(same) == 1 else None
    if found is None:
        raise Invalid("Invoice could not be found")
    return found
