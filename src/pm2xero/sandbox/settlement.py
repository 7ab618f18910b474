"""What settles a document: payments and allocations, the amount left, and its status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from pm2xero.sandbox import records
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.records import Record
from pm2xero.sandbox.wire import Wire

ALLOCATIONS = "Allocations"
PAYMENTS = "Payments"

_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class CreditKind:
    """How a document that can be allocated is named where it is applied."""

    endpoint: str
    id_field: str
    number_field: str


CREDIT_KINDS = {
    kind.endpoint: kind
    for kind in (
        CreditKind("CreditNotes", "CreditNoteID", "CreditNoteNumber"),
        CreditKind("Overpayments", "OverpaymentID", "Reference"),
        CreditKind("Prepayments", "PrepaymentID", "Reference"),
    )
}


@dataclass(frozen=True, slots=True)
class Settled:
    """What stands against one document.

    Attributes:
        payments: payments of it, or refunds of a credit.
        credits: allocations to it.
        uses: allocations of it to others.
    """

    payments: tuple[Record, ...] = ()
    credits: tuple[Record, ...] = ()
    uses: tuple[Record, ...] = ()

    @property
    def paid(self) -> Decimal:
        """Sum of the payments."""
        return sum((payment.total for payment in self.payments), _ZERO)

    @property
    def credited(self) -> Decimal:
        """Sum of what was allocated to it."""
        return sum((allocation.total for allocation in self.credits), _ZERO)

    @property
    def last_date(self) -> date | None:
        """The day of the last payment or allocation."""
        return max((r.day for r in (*self.payments, *self.credits, *self.uses)), default=None)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was paid or allocated."""
        return not (self.payments or self.credits or self.uses)


def settle(books: Books, document: Record, amount: Decimal) -> Record:
    """The document with `amount` less remaining (more when negative), saved.

    It becomes PAID when nothing remains, and AUTHORISED again when something does.
    """
    remaining = document.remaining - amount
    changed = replace(
        document,
        remaining=remaining,
        status="AUTHORISED" if remaining else "PAID",
        updated=books.now,
    )
    records.update(books.store, changed)
    return changed


def settled(books: Books, documents: Sequence[Record]) -> dict[str, Settled]:
    """Live payments and allocations of documents, by document id."""
    ids = [document.id for document in documents]
    live = "AND status = 'AUTHORISED'"
    against: dict[str, list[Record]] = {}
    uses: dict[str, list[Record]] = {}
    for record in records.among(books.store, "target_id", ids, live):
        against.setdefault(record.target_id or "", []).append(record)
    for record in records.among(books.store, "source_id", ids, live):
        uses.setdefault(record.source_id or "", []).append(record)
    return {
        id_: Settled(
            payments=tuple(r for r in against.get(id_, ()) if r.endpoint == PAYMENTS),
            credits=tuple(r for r in against.get(id_, ()) if r.endpoint == ALLOCATIONS),
            uses=tuple(uses.get(id_, ())),
        )
        for id_ in ids
    }


def payment_brief(payment: Record) -> Wire:
    """How a document shows one of its payments."""
    brief: Wire = {
        "PaymentID": payment.id,
        "Date": payment.date,
        "Amount": payment.total,
        "CurrencyRate": Decimal("1.0"),
        "HasAccount": False,
        "HasValidationErrors": False,
    }
    if payment.reference:
        brief["Reference"] = payment.reference
    if payment.group_id:
        brief["BatchPaymentID"] = payment.group_id
    return brief


def credit_briefs(allocations: Sequence[Record]) -> dict[str, list[Wire]]:
    """How an invoice shows what was applied to it, by the credit's endpoint."""
    shown: dict[str, list[Wire]] = {endpoint: [] for endpoint in CREDIT_KINDS}
    for allocation in allocations:
        kind = CREDIT_KINDS[allocation.type]
        shown[kind.endpoint].append(
            {
                kind.id_field: allocation.source_id,
                kind.number_field: allocation.number,
                "AppliedAmount": allocation.total,
                "Date": allocation.date,
                "HasErrors": False,
            }
        )
    return shown


def allocation_wire(allocation: Record, *, deleted: bool = False) -> Wire:
    """GET shape of an allocation."""
    return {
        "AllocationID": allocation.id,
        "Amount": allocation.total,
        "Date": allocation.date,
        "Invoice": {
            "InvoiceID": allocation.target_id,
            "InvoiceNumber": allocation.body.get("InvoiceNumber"),
            "HasErrors": False,
        },
        "IsDeleted": deleted,
    }
