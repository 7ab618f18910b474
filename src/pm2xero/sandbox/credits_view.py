"""Overpayments and prepayments: read here, made by bank transactions, used by allocations."""

from __future__ import annotations

from collections.abc import Sequence

from pm2xero.sandbox import contacts
from pm2xero.sandbox.bank_transactions import shown
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.records import Record
from pm2xero.sandbox.resource import DOCUMENT_COLUMNS, Column, Resource
from pm2xero.sandbox.settlement import CREDIT_KINDS, allocation_wire, payment_brief, settled
from pm2xero.sandbox.wire import Wire


def _resource(endpoint: str) -> Resource:
    id_field = CREDIT_KINDS[endpoint].id_field

    def render(books: Books, found: Sequence[Record], full: bool) -> list[Wire]:
        people = contacts.briefs(books, found)
        against = settled(books, found)
        return [
            {
                id_field: record.id,
                **shown(books, record, people, full),
                "RemainingCredit": record.remaining,
                "Allocations": [allocation_wire(use) for use in against[record.id].uses],
                "Payments": [payment_brief(payment) for payment in against[record.id].payments],
            }
            for record in found
        ]

    return Resource(
        endpoint=endpoint,
        id_field=id_field,
        render=render,
        columns={
            **DOCUMENT_COLUMNS,
            id_field: Column("id", "id"),
            "RemainingCredit": Column("remaining", "money"),
        },
        parameters={"IDs": id_field},
    )


OVERPAYMENTS = _resource("Overpayments")
PREPAYMENTS = _resource("Prepayments")
