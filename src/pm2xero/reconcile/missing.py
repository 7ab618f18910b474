"""What Practice Management booked that is not in Xero: by cause, by account, and by matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pm2xero.pack.counts import Counts
from pm2xero.reconcile.accounts import Balances, YearToDate
from pm2xero.reconcile.pm_side import Booked

ZERO = Decimal("0.00")
# What is to be sent, or was in part: it matters whatever Practice Management says of it since.
_UNDER_WAY = frozenset(("pending", "partial", "refused"))
_PARTLY = "partly in Xero, "
_NOT_HERE = frozenset((Counts.IN_OPENING, Counts.ELSEWHERE))


@dataclass(frozen=True, slots=True)
class Group:
    """Documents that share a cause: how many, their money, and their ids.

    Attributes:
        money: of those in the base currency, in its units.
        counts: how their money counts; missing where they are to be in Xero.
        foreign: money in other currencies, by currency.
    """

    cause: str
    count: int
    money: Decimal
    ids: tuple[str, ...]
    counts: str = Counts.MISSING
    foreign: tuple[tuple[str, Decimal], ...] = ()

    @property
    def is_partial(self) -> bool:
        """Whether Xero has one part of each, and not the other."""
        return self.cause.startswith(_PARTLY)


@dataclass(frozen=True, slots=True)
class MatterMissing:
    """Trust money of a matter in a trust bank that moved and is not in Xero.

    Attributes:
        amount: in units of the base currency; positive where the client's money grew.
    """

    matter: str
    bank: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Missing:
    """All that is booked in Practice Management and not in Xero.

    Attributes:
        causes: by reason code or cause, the most frequent first.
        accounts: the sum of their journals by account, debits positive, in the base currency; of
            those that are dated up to the day of the trial balances.
        matters: the same for trust money.
        later: ids of those that are dated after that day.
    """

    causes: tuple[Group, ...] = ()
    accounts: Mapping[str, Decimal] | None = None
    matters: tuple[MatterMissing, ...] = ()
    later: tuple[str, ...] = ()

    @property
    def total(self) -> Group:
        """All causes together."""
        foreign: dict[str, Decimal] = {}
        for group in self.causes:
            for currency, amount in group.foreign:
                foreign[currency] = foreign.get(currency, ZERO) + amount
        ids = tuple(id for group in self.causes for id in group.ids)
        money = sum((group.money for group in self.causes), ZERO)
        return Group("all", len(ids), money, ids, foreign=tuple(sorted(foreign.items())))


def is_missing(item: Booked) -> bool:
    """Whether a document is booked in Practice Management and not (wholly) in Xero."""
    if item.standing == "partial":
        return True  # Half of it stands in Xero, wherever a later revision says that it is.
    if item.standing in ("in_xero", "voided") or item.counts in _NOT_HERE:
        return False
    return item.counts is not Counts.NOTHING or item.standing in _UNDER_WAY


def missing_of(booked: Iterable[Booked], year: YearToDate, day: date, base: str) -> Missing:
    """What is not in Xero.

    Args:
        day: of the trial balances; what is dated later is named, but in no balance.
    """
    items = [b for b in booked if is_missing(b)]
    accounts: Balances = {}
    matters: dict[tuple[str, str], Decimal] = {}
    for item in items:
        # Amounts in another currency are no amounts of these accounts.
        if item.date > day or item.currency != base:
            continue
        for entry in item.entries:
            year.add(accounts, entry.account, entry.amount, item.date)
            if entry.matter is not None:
                key = entry.matter, entry.bank or ""
                matters[key] = matters.get(key, ZERO) - entry.amount
    return Missing(
        groups_of(items, base),
        {account: amount for account, amount in accounts.items() if amount},
        tuple(MatterMissing(*key, amount) for key, amount in sorted(matters.items()) if amount),
        tuple(b.id for b in items if b.date > day),
    )


def groups_of(booked: Iterable[Booked], base: str) -> tuple[Group, ...]:
    """Documents by cause and by how they count; only money of one currency is added up."""
    by_cause: dict[tuple[str, str], list[Booked]] = {}
    for item in booked:
        cause = item.cause or item.standing
        if item.standing == "partial":
            cause = f"{_PARTLY}{cause}"
        counts = Counts.MISSING if is_missing(item) else item.counts
        by_cause.setdefault((cause, counts), []).append(item)
    return tuple(
        Group(
            cause,
            len(items),
            sum((i.money for i in items if i.currency == base), ZERO),
            tuple(i.id for i in items),
            counts,
            _foreign(items, base),
        )
        for (cause, counts), items in sorted(by_cause.items(), key=lambda p: (-len(p[1]), p[0]))
    )


def _foreign(items: Iterable[Booked], base: str) -> tuple[tuple[str, Decimal], ...]:
    sums: dict[str, Decimal] = {}
    for item in items:
        if item.currency != base:
            sums[item.currency] = sums.get(item.currency, ZERO) + item.money
    return tuple(sorted(sums.items()))
