"""A matter's trust ledger: every movement of its money with the running balance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pm2xero.reconcile.pm_side import Booked

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement, in units of the base currency.

    Attributes:
        bank: the trust bank that holds the money.
        amount: received for the matter is positive, paid out negative.
        balance: what the matter has in all trust banks after it.
        in_xero: whether it is in Xero; else `cause` is the reason code or the cause of the refusal.
    """

    day: date
    id: str
    kind: str
    number: str
    participant: str
    bank: str
    amount: Decimal
    balance: Decimal
    in_xero: bool
    cause: str


@dataclass(frozen=True, slots=True)
class Statement:
    """The trust ledger of one matter by Practice Management, up to and with a day.

    Attributes:
        opening: what it had at the start by trust bank; None where the firm does not say.
        banks: what it has by trust bank.
    """

    matter: str
    day: date
    opening: Mapping[str, Decimal] | None
    movements: tuple[Movement, ...]
    banks: Mapping[str, Decimal]

    @property
    def begun(self) -> Decimal:
        """What it had at the start."""
        return sum((self.opening or {}).values(), ZERO)

    @property
    def balance(self) -> Decimal:
        """What it has at the end of the day."""
        return sum(self.banks.values(), ZERO)

    @property
    def missing(self) -> tuple[Movement, ...]:
        """What is not in Xero."""
        return tuple(m for m in self.movements if not m.in_xero)

    @property
    def overdrawn(self) -> tuple[str, ...]:
        """The trust banks in which it has less than nothing."""
        return tuple(bank for bank, amount in self.banks.items() if amount < ZERO)

    @property
    def is_known(self) -> bool:
        """Whether the matter was ever named."""
        return bool(self.opening) or bool(self.movements)


def statement_of(
    matter: str, booked: Iterable[Booked], opening: Mapping[tuple[str, str], Decimal] | None,
    day: date,
) -> Statement:  # fmt: skip
    """The statement of a matter.

    Args:
        booked: the documents that are booked in Practice Management.
        opening: trust money at the start by holder and bank; None when it is not known.
    """
    begun = None
    if opening is not None:
        begun = {bank: a for (holder, bank), a in sorted(opening.items()) if holder == matter}
    banks = dict(begun or {})
    balance = sum(banks.values(), ZERO)
    movements = []
    # Python sorts stably: within a day they stay in the order of posting.
    for item in sorted((b for b in booked if b.date <= day), key=lambda b: b.date):
        there = item.standing == "in_xero" and not item.is_behind
        for entry in item.entries:
            if entry.matter != matter or entry.bank is None:
                continue
            balance -= entry.amount
            banks[entry.bank] = banks.get(entry.bank, ZERO) - entry.amount
            movements.append(
                Movement(
                    item.date, item.id, item.kind, item.number, item.participant, entry.bank,
                    -entry.amount, balance, there, "" if there else item.cause or item.standing,
                )
            )  # fmt: skip
    return Statement(matter, day, begun, tuple(movements), banks)
