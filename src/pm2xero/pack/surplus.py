"""What a region lets the firm have of its own in a trust bank: the words of `trust_surplus`."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

ZERO = Decimal("0.00")


class Surplus(StrEnum):
    """What a trust bank may hold beyond what is owed of it (domain: the firm's own funds).

    `ZERO`: nothing; every cent in it belongs to somebody else.
    `ZERO_OR_MORE`: the firm may have an interest in the trust account, but never owe it money.
    """

    ZERO = "zero"
    ZERO_OR_MORE = "zero_or_more"

    @classmethod
    def said(cls, value: object) -> Surplus:
        """What a pack says; nothing where it says nothing (or a word that is refused elsewhere)."""
        return next((s for s in cls if s == value), cls.ZERO)

    def outside(self, surplus: Decimal) -> Decimal:
        """By how much a surplus is not what it may be, in its units; zero where it is."""
        if self is Surplus.ZERO:
            return abs(surplus)
        return max(-surplus, ZERO)
