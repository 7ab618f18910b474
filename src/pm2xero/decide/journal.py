"""The journal that a document makes in Practice Management, by the postings its kind declares.

This is the other side of the reconciliation: it never looks at mappings, templates or bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pm2xero.decide.compile import compile_item_test
from pm2xero.decide.facts import Facts
from pm2xero.decide.state import State
from pm2xero.decide.values import Getter, getter
from pm2xero.firm.chart import AccountFact
from pm2xero.firm.tax_rates import CENT
from pm2xero.pack.language.paths import AccountExpr
from pm2xero.pack.model import Kind, Posting, Share
from pm2xero.read.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Entry:
    """One debit (positive) or credit (negative), in currency units.

    `name` is the account as Practice Management calls it (role, ledger or bank account); `matter`
    and `bank` are set where trust money of a matter moves.
    """

    name: str
    account: AccountFact
    amount: Decimal
    matter: str | None = None
    bank: str | None = None


ZERO = Decimal("0.00")

JournalOf = Callable[[Transaction, State], list[Entry]]


def compile_journal(kind: Kind, facts: Facts) -> JournalOf:
    """A function that gives the journal of a document of this kind."""
    return _journal(kind.postings, facts)


def compile_left_over(kind: Kind, facts: Facts) -> JournalOf:
    """A function that gives what a person enters where a mapping leaves a part over, by account."""
    parts = _journal(kind.left_over, facts)

    def left_over(tx: Transaction, state: State) -> list[Entry]:
        sums: dict[tuple[str, str | None, str | None], Entry] = {}
        for entry in parts(tx, state):
            key = (entry.name, entry.matter, entry.bank)
            before = sums.get(key)
            amount = entry.amount + (before.amount if before is not None else ZERO)
            sums[key] = replace(entry, amount=amount)
        return [entry for entry in sums.values() if entry.amount]

    return left_over


def _journal(postings: Iterable[Posting], facts: Facts) -> JournalOf:
    parts = [_compile(p, facts) for p in postings]

    def journal(tx: Transaction, state: State) -> list[Entry]:
        return [entry for part in parts for entry in part(tx, state) if entry.amount]

    return journal


def share_of(amount: Getter, share: Share | None) -> Getter:
    """A part of an amount in per cent, half a cent away from zero, or what other parts leave.

    Parts and rest of one amount always add up to it, to the cent.
    """
    if share is None:
        return amount
    parts, is_rest = share.percents, share.is_rest

    def part(tx: Transaction, item: Any, state: State) -> Any:
        whole = amount(tx, item, state)
        if whole is None:
            return None
        taken = sum(((whole * p / 100).quantize(CENT, ROUND_HALF_UP) for p in parts), ZERO)
        return whole - taken if is_rest else taken

    return part


def account_of(account: AccountExpr, facts: Facts) -> Callable[[Any, Any, Any], AccountFact]:
    """How the account of a posting or of a mapping's line is found for a transaction."""
    chart = facts.chart
    if account.by == "role":
        fact = chart.role(str(account.role))
        return lambda tx, item, state: fact
    assert account.path is not None
    read = getter(account.path, facts)
    if account.by == "table":
        assert account.otherwise is not None
        table = chart.settings[str(account.table)] or {}
        rows = {name: chart.ledger(value) for name, value in table.items()}
        other = account_of(account.otherwise, facts)
        return lambda tx, item, state: rows.get(read(tx, item, state)) or other(tx, item, state)
    look = chart.bank if account.by == "bank" else chart.ledger
    return lambda tx, item, state: look(read(tx, item, state))


def _compile(posting: Posting, facts: Facts) -> Callable[[Transaction, State], Iterator[Entry]]:
    account = account_of(posting.account, facts)
    amount = getter(posting.amount, facts)
    matters = [getter(m, facts) for m in posting.matter]
    held_in = getter(posting.held_in, facts) if posting.held_in is not None else None
    test = compile_item_test(posting.when, facts) if posting.when is not None else None
    where = compile_item_test(posting.where, facts) if posting.where is not None else None
    amount = share_of(amount, posting.share)
    each, sign = posting.each, posting.sign

    def entries(tx: Transaction, state: State) -> Iterator[Entry]:
        if test is not None and not test(tx, None, state):
            return
        for item in (tx.fields[each] or ()) if each else (None,):
            if where is not None and not where(tx, item, state):
                continue
            value = amount(tx, item, state)
            if value is None:
                continue
            fact = account(tx, item, state)
            found = (v for m in matters if (v := m(tx, item, state)) is not None)
            bank = held_in(tx, item, state) if held_in is not None else None
            yield Entry(fact.id, fact, sign * value, next(found, None), bank)

    return entries
