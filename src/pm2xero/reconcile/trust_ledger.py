"""Makes the three-way proof of trust money: banks in Xero, liability in Xero, matters' ledgers.

Xero has one trust liability for all matters and banks, so of a single bank it shows the money in
it alone; liability, deposits and interest payable are proved for all banks together. Pure: rows of
what Practice Management booked, openings and balances of Xero go in, the proof comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Protocol

from pm2xero.firm.chart import Chart
from pm2xero.firm.trust_holders import FIRM_FUNDS, held_as, is_matter, name_of
from pm2xero.reconcile.pm_side import Booked, BookedEntry
from pm2xero.reconcile.trust_proof import AccountProof, BankProof, NotInXero, Side, TrustProof

ZERO = Decimal("0.00")
TRUST = "trust"


class Opening(Protocol):
    """What there was before the integration began, debits positive."""

    @property
    def balances(self) -> Mapping[str, Decimal] | None:
        """By account, from the opening trial balance; None when there is none."""


@dataclass(slots=True)
class _Money:
    """What one trust bank holds, and for whom; it grows as entries are added."""

    bank: Decimal = ZERO
    held: dict[str, Decimal] = field(default_factory=dict)

    def add(self, holder: str, amount: Decimal) -> None:
        self.held[holder] = self.held.get(holder, ZERO) + amount


class _Trust:
    """The trust banks of a firm, and the roles that its kinds keep by bank (`held_in`)."""

    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        firm = chart.organisation
        self.account = {
            name: chart.bank(name).called
            for name, bank in firm.bank_accounts.items()
            if bank.purpose == TRUST
        }
        kept = [
            (p.account.role, bool(p.matter))
            for kind in chart.pack.kinds.values()
            for p in kind.postings
            if p.held_in is not None and p.account.role is not None
        ]
        self.of_matters = tuple(dict.fromkeys(role for role, matter in kept if matter))
        others = dict.fromkeys(role for role, matter in kept if not matter)
        roles = chart.pack.roles
        self.placed = tuple(r for r in others if roles[r].account_class == "ASSET")
        self.owed = tuple(r for r in others if roles[r].account_class != "ASSET")

    def add(self, entry: BookedEntry, sums: Mapping[str, _Money]) -> None:
        """Add an entry to the trust bank that it belongs to."""
        if entry.name in self.account and entry.bank is None:
            sums[self.account[entry.name]].bank += entry.amount
        elif entry.bank in self.account:
            money = sums[self.account[entry.bank]]
            if entry.matter is not None:
                money.add(entry.matter, -entry.amount)
            elif entry.name in self.placed:
                money.add(held_as(entry.name), entry.amount)
            elif entry.name in self.owed:
                money.add(held_as(entry.name), -entry.amount)

    def new(self) -> dict[str, _Money]:
        return {account: _Money() for account in self.account.values()}

    def side(self, money: _Money) -> Side:
        """The equation of what a bank holds."""
        return Side(
            money.bank,
            {role: money.held.get(held_as(role), ZERO) for role in self.placed},
            sum((a for h, a in money.held.items() if is_matter(h)), ZERO),
            {role: money.held.get(held_as(role), ZERO) for role in self.owed},
        )


def trust_proof(
    booked: Iterable[Booked], chart: Chart, opening: Opening, xero: Mapping[str, Decimal],
    day: date, *, is_missing: Callable[[Booked], bool],
    partly: Callable[[Booked], Mapping[str, Decimal]] = lambda item: {},
) -> TrustProof | None:  # fmt: skip
    """Prove the trust money of a firm; None for one that has no trust bank.

    Args:
        booked: every document with its journal and where it stands; of those dated after `day`
            only what is missing in Xero is told.
        xero: balances by account as at `day`, debits positive.
        is_missing: whether a document is booked in Practice Management and not in Xero.
        partly: of a document that is partly in Xero, what that part books, by account.
    """
    trust = _Trust(chart)
    if not trust.account:
        return None
    firm = chart.organisation
    all_, sent = trust.new(), trust.new()
    _begin(trust, opening, all_)
    _begin(trust, opening, sent)
    extra: dict[str, Decimal] = {}
    missing: dict[str, list[NotInXero]] = {account: [] for account in all_}
    for item in booked:
        if item.currency != firm.base_currency:
            continue
        is_there, is_lost = item.standing == "in_xero", is_missing(item)
        if item.date > day:
            # Of a later day than the balances: named where it is missing, but in none of them.
            for account, lost in _lost(item, trust) if is_lost else ():
                missing[account].append(lost)
            continue
        if is_there or is_lost:
            for entry in item.entries:
                trust.add(entry, all_)
        if is_there:
            for entry in item.in_xero if item.is_behind else item.entries:
                trust.add(entry, sent)
        elif item.standing == "partial":
            for account, amount in partly(item).items():
                if account in sent:
                    sent[account].bank += amount
                else:
                    extra[account] = extra.get(account, ZERO) + amount
        if is_lost or (is_there and item.is_behind):
            for account, lost in _lost(item, trust):
                missing[account].append(lost)
    banks = [_bank(a, trust, all_[a], sent[a], opening, xero, missing[a]) for a in all_]
    if firm.trust_balances is None:
        # Nobody says whose the money was; the accounts at least are known.
        for account, amount in (opening.balances or {}).items():
            extra[account] = extra.get(account, ZERO) + amount
    shared = _shared(trust, banks, extra, xero)
    titles = {role: chart.pack.roles[role].title for role in (*trust.placed, *trust.owed)}
    known = firm.trust_balances is not None
    return TrustProof(day, chart.pack.trust_surplus, known, tuple(banks), tuple(shared), titles)


def _begin(trust: _Trust, opening: Opening, sums: Mapping[str, _Money]) -> None:
    """What the firm says was there: money by holder, and in the bank."""
    declared = trust.chart.organisation.trust_balances or {}
    for (holder, bank), amount in declared.items():
        if bank in trust.account:
            sums[trust.account[bank]].add(holder, amount)
    for account, money in sums.items():
        if opening.balances is not None:
            money.bank += opening.balances.get(account, ZERO)
        else:
            money.bank += _said(trust, money)
        # Only what is left belongs to the firm; it is no holder of its own here.
        money.held.pop(held_as(FIRM_FUNDS), None)


def _said(trust: _Trust, money: _Money) -> Decimal:
    """What must be in a bank by what is said of whose it is."""
    placed = {held_as(role) for role in trust.placed}
    return sum((-a if h in placed else a for h, a in money.held.items()), ZERO)


def _lost(item: Booked, trust: _Trust) -> Iterable[tuple[str, NotInXero]]:
    """What a document moves that Xero does not have, by trust bank."""
    sums = trust.new()
    for entry in item.entries:
        trust.add(entry, sums)
    if item.is_behind:
        was = trust.new()
        for entry in item.in_xero:
            trust.add(entry, was)
        for account, money in was.items():
            sums[account].bank -= money.bank
            for holder, amount in money.held.items():
                sums[account].add(holder, -amount)
    for account, money in sums.items():
        moved = {h: a for h, a in money.held.items() if a}
        if money.bank or moved:
            matters = {h: a for h, a in moved.items() if is_matter(h)}
            cause = item.cause or item.standing
            yield (
                account,
                NotInXero(item.id, item.date, item.kind, cause, money.bank, matters),
            )


def _bank(
    account: str, trust: _Trust, all_: _Money, sent: _Money, opening: Opening,
    xero: Mapping[str, Decimal], missing: list[NotInXero],
) -> BankProof:  # fmt: skip
    chart, firm = trust.chart, trust.chart.organisation
    names = tuple(name for name, called in trust.account.items() if called == account)
    booked, there = trust.side(all_), trust.side(sent)
    in_xero = xero.get(account, ZERO)
    known = firm.trust_balances is not None
    gap = None
    if opening.balances is not None and known:
        begun = _Money()
        for (holder, bank), amount in (firm.trust_balances or {}).items():
            if bank in names:
                begun.add(holder, amount)
        gap = opening.balances.get(account, ZERO) - _said(trust, begun)
    matters = {h: a for h, a in sorted(all_.held.items()) if is_matter(h)}
    surplus = there.surplus + in_xero - there.bank
    return BankProof(
        names,
        account,
        chart.bank(names[0]).name or account,
        booked,
        there,
        in_xero,
        surplus,
        tuple(missing),
        gap,
        chart.pack.trust_surplus.outside(surplus) if known else None,
        matters,
        tuple(name_of(h) for h, a in matters.items() if a < ZERO) if known else (),
    )


def _shared(
    trust: _Trust, banks: list[BankProof], extra: Mapping[str, Decimal],
    xero: Mapping[str, Decimal],
) -> Iterable[AccountProof]:  # fmt: skip
    """The accounts of Xero that all trust banks share.

    Args:
        extra: what stands on accounts that no holder is known of, debits positive.
    """
    chart = trust.chart
    sums: dict[str, tuple[Decimal, Decimal, int]] = {}
    for role in trust.of_matters:
        all_, sent = sum((b.booked.matters for b in banks), ZERO), ZERO
        sums[role] = (all_, sum((b.sent.matters for b in banks), sent), -1)
    for role in trust.owed:
        sums[role] = (*_of(banks, "owed", role), -1)
    for role in trust.placed:
        sums[role] = (*_of(banks, "placed", role), 1)
    for role, (booked, sent, sign) in sums.items():
        fact = chart.role(role)
        if not fact.mapped:
            continue
        there = sent + sign * extra.get(fact.called, ZERO)
        in_xero = sign * xero.get(fact.called, ZERO)
        if booked or there or in_xero:
            title = chart.pack.roles[role].title
            yield AccountProof(role, fact.called, title, booked, there, in_xero)


def _of(banks: list[BankProof], what: str, role: str) -> tuple[Decimal, Decimal]:
    booked = sum((getattr(b.booked, what)[role] for b in banks), ZERO)
    return booked, sum((getattr(b.sent, what)[role] for b in banks), ZERO)
