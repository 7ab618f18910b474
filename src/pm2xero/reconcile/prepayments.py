"""Prepayments in Xero: what using one takes back of the accounts that it was coded to.

unverified: how Xero codes the use of a prepayment. Read here as it must be for debtors, creditors
and tax to equal the open documents: the coding of the prepayment is taken back in proportion.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pm2xero.xero.natural_key import as_date

ZERO = Decimal("0.00")
CENT = Decimal("0.01")

Postings = tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Use:
    """An allocation of a prepayment to an invoice or a bill, or a refund of it.

    Attributes:
        xero_id: of the allocation, or of the payment that refunds it.
        document: the InvoiceID that it was allocated to; empty for a refund.
        part: the share of the prepayment's coding that is used up, as it was booked.
    """

    xero_id: str
    day: date
    amount: Decimal
    document: str
    part: Postings

    def postings(self, against: str) -> Postings:
        """The journal of the use, against debtors, creditors or the bank account of a refund."""
        whole = sum((amount for _, amount in self.part), ZERO)
        return (*((account, -amount) for account, amount in self.part), (against, whole))


def uses_of(prepayment: Mapping[str, Any], coding: Postings) -> Iterator[Use]:
    """Every use of a prepayment in the order of days.

    Args:
        coding: its lines and tax as they were booked, without the bank account.
    """
    total = _money(prepayment.get("Total"))
    made = as_date(str(prepayment.get("Date") or "")) or date.min
    found = [
        (as_date(str(item.get("Date") or "")) or made, item)
        for part in ("Allocations", "Payments")
        for item in prepayment.get(part) or ()
        if item.get("IsDeleted") is not True
    ]
    used = ZERO
    for day, item in sorted(found, key=lambda pair: pair[0]):
        amount = _money(item.get("Amount"))
        document = str((item.get("Invoice") or {}).get("InvoiceID") or "")
        xero_id = str(item.get("PaymentID") or item.get("AllocationID") or "")
        if total and amount:
            part = _portion(coding, total, used, used + amount)
            yield Use(xero_id or str(prepayment.get("PrepaymentID")), day, amount, document, part)
        used += amount


def _portion(
    coding: Sequence[tuple[str, Decimal]], total: Decimal, before: Decimal, after: Decimal
) -> Postings:
    """The part of a coding that belongs to the amount between `before` and `after` of its total.

    Parts that follow one another add up to the coding; the last posting takes what rounding leaves.
    """
    whole = sum((amount for _, amount in coding), ZERO)

    def at(share: Decimal) -> list[Decimal]:
        heads = [(amount * share / total).quantize(CENT) for _, amount in coding[:-1]]
        return [*heads, (whole * share / total).quantize(CENT) - sum(heads, ZERO)]

    parts = zip(coding, at(before), at(after), strict=True)
    return tuple((account, late - early) for (account, _), early, late in parts)


def _money(value: object) -> Decimal:
    return Decimal(str(value)) if value not in (None, "") else ZERO
