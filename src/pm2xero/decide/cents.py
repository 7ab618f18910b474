"""Money as whole cents, as databases and packed rows keep it."""

from __future__ import annotations

from decimal import Decimal

_CENT = Decimal("0.01")


def cents_of(amount: Decimal) -> int:
    """An amount in currency units as whole cents."""
    return int(amount.scaleb(2))


def amount_of(cents: int) -> Decimal:
    """Whole cents as an amount in currency units."""
    return _CENT * cents
