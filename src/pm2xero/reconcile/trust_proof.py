"""What the three-way proof of trust money says: of each trust bank, and of what all of them share.

The trust equation must hold for each trust bank, and for all of them together:

    trust bank + statutory deposits = matters' ledgers + trust interest payable + firm's funds

The firm's funds are what is left; how much that may be is the region's policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pm2xero.pack.surplus import Surplus

ZERO = Decimal("0.00")


class ProofValue(StrEnum):
    """What the proof comes to.

    `PROVED`: the equation holds, and all that Practice Management booked is in Xero.
    `PROVED_FOR_XERO`: it holds for what is in Xero, but some trust money is not there.
    `BROKEN`: something in Xero, in the opening or in the equation is not right.
    """

    PROVED = "proved"
    PROVED_FOR_XERO = "proved_for_what_is_in_xero"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the equation, in units of the base currency; all amounts are what there is.

    Attributes:
        bank: money in the trust bank.
        placed: what it has placed elsewhere, by role (statutory deposits).
        matters: what the matters' ledgers say it holds.
        owed: what else is owed of it, by role (trust interest payable).
    """

    bank: Decimal
    placed: Mapping[str, Decimal]
    matters: Decimal
    owed: Mapping[str, Decimal]

    @property
    def surplus(self) -> Decimal:
        """The firm's own funds: all that belongs to nobody else."""
        placed, owed = sum(self.placed.values(), ZERO), sum(self.owed.values(), ZERO)
        return self.bank + placed - self.matters - owed


@dataclass(frozen=True, slots=True)
class NotInXero:
    """A document that moved trust money in Practice Management and is not (wholly) in Xero.

    Attributes:
        cause: the reason code or the cause of the refusal.
        bank: what it moves of the trust bank, in currency units; paid in is positive.
        matters: what it moves of matters' money.
    """

    id: str
    day: date
    kind: str
    cause: str
    bank: Decimal
    matters: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class BankProof:
    """The equation of one trust bank.

    Attributes:
        banks: its accounts in Practice Management; account and title: as Xero calls it.
        booked: by all that Practice Management booked.
        sent: by all of that which is in Xero.
        in_xero: what Xero says is in the bank.
        in_xero_surplus: the firm's funds, with the money that is really in the bank.
        missing: the difference of the first two, document by document.
        opening_gap: what the opening trial balance has in the bank beyond what the opening trust
            balances say whose it is; None where there is no such trial balance.
        outside: by how much the firm's funds in Xero are not what the region lets them be; None
            where trust opening balances are not declared, so that nobody can say.
        matters: what each matter has in it, by all that Practice Management booked.
        overdrawn: those of them that are below zero.
    """

    banks: tuple[str, ...]
    account: str
    title: str
    booked: Side
    sent: Side
    in_xero: Decimal
    in_xero_surplus: Decimal
    missing: tuple[NotInXero, ...]
    opening_gap: Decimal | None
    outside: Decimal | None
    matters: Mapping[str, Decimal]
    overdrawn: tuple[str, ...]

    @property
    def difference(self) -> Decimal:
        """What is in Xero beyond what the documents that are there put into the bank."""
        return self.in_xero - self.sent.bank

    @property
    def value(self) -> ProofValue:
        """What the proof of this bank comes to."""
        if self.difference or self.opening_gap or self.outside:
            return ProofValue.BROKEN
        return ProofValue.PROVED_FOR_XERO if self.missing else ProofValue.PROVED


@dataclass(frozen=True, slots=True)
class AccountProof:
    """An account of Xero that all trust banks share, against the ledgers of Practice Management.

    Attributes:
        role: what it does, such as trust_liability; `title` as people call it.
        booked: by all that Practice Management booked; sent: by what of it is in Xero.
        in_xero: as Xero has it. What is owed is positive, as is what is placed elsewhere.
    """

    role: str
    account: str
    title: str
    booked: Decimal
    sent: Decimal
    in_xero: Decimal

    @property
    def difference(self) -> Decimal:
        """What is in Xero beyond what the documents that are there say."""
        return self.in_xero - self.sent


@dataclass(frozen=True, slots=True)
class TrustProof:
    """The proof of all trust money of a firm as at a day.

    Attributes:
        opening_known: whether the firm says what trust money there was at the start.
        titles: what people call the roles of both.
    """

    day: date
    policy: Surplus
    opening_known: bool
    banks: tuple[BankProof, ...]
    accounts: tuple[AccountProof, ...]
    titles: Mapping[str, str]

    @property
    def value(self) -> ProofValue:
        """What the proof comes to: of its parts the worst."""
        values = [bank.value for bank in self.banks]
        if ProofValue.BROKEN in values or any(a.difference for a in self.accounts):
            return ProofValue.BROKEN
        if ProofValue.PROVED_FOR_XERO in values:
            return ProofValue.PROVED_FOR_XERO
        return ProofValue.PROVED

    @property
    def is_broken(self) -> bool:
        """Whether both ledgers cannot be said to agree."""
        return self.value is ProofValue.BROKEN

    @property
    def missing(self) -> tuple[NotInXero, ...]:
        """All documents that moved trust money and are not (wholly) in Xero."""
        return tuple(item for bank in self.banks for item in bank.missing)

    def as_json(self) -> dict[str, Any]:
        """The proof for machines, with every difference and what it comes to."""
        banks = [
            asdict(b)
            | {
                "booked": asdict(b.booked) | {"surplus": b.booked.surplus},
                "sent": asdict(b.sent) | {"surplus": b.sent.surplus},
                "difference": b.difference,
                "value": b.value,
            }
            for b in self.banks
        ]
        accounts = [asdict(a) | {"difference": a.difference} for a in self.accounts]
        return asdict(self) | {"banks": banks, "accounts": accounts, "value": self.value}
