"""Conditions as formulas: the same meaning that the compiled tests have.

A test on a value that is missing is false, whatever the operator, except `present: false`.
"""

from __future__ import annotations

import re
from typing import Any

from pm2xero.pack.language.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Not,
    Quantified,
    Repeated,
    Sum,
)
from pm2xero.pack.language.paths import PathExpr
from pm2xero.pack.model import Kind, Posting
from pm2xero.prove.domain import Domain, Item, Value
from pm2xero.prove.terms import (
    Term,
    both,
    choose,
    either,
    implies,
    no,
    order,
    same,
    total,
)

_SIGNS = {
    "above": ">", "after": ">", "at_least": ">=", "on_or_after": ">=",
    "below": "<", "before": "<", "at_most": "<=", "on_or_before": "<=",
}  # fmt: skip
_EQUAL = ("is", "same_as")
_UNEQUAL = ("is_not", "differs_from")


class Encoder:
    """Turns the conditions of one kind into formulas over its domain."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self._known: dict[str, Term] = {}

    def condition(self, condition: Condition | None, item: Item | None = None) -> Term:
        """The formula of a condition; a rule without one always holds."""
        if condition is None:
            return True
        if isinstance(condition, AllOf):
            return both(*(self.condition(p, item) for p in condition.parts))
        if isinstance(condition, AnyOf):
            return either(*(self.condition(p, item) for p in condition.parts))
        if isinstance(condition, Not):
            return no(self.condition(condition.part, item))
        if item is not None:
            return self._test(condition, item)
        if condition.key not in self._known:
            self._known[condition.key] = self._test(condition, None)
        return self._known[condition.key]

    def roles(self, kind: Kind) -> None:
        """When a document needs each role of its kind; to be said before any rule is encoded."""
        for role, conditions in kind.role_conditions().items():
            needed = either(*(self.condition(c) for c in conditions)) if conditions else True
            self.domain.needs_role[role] = needed

    def trust(self, postings: tuple[Posting, ...], *, balances_known: bool) -> None:
        """What a shortfall of trust money needs: some posting that takes it.

        Of a matter's money that is one on the matter; of what is placed or owed, and of the trust
        equation, any that may be on a trust bank or on an account with trust money (a little more
        than there is).
        """
        of_matters = [p for p in postings if p.matter and p.held_in]
        of_funds = [p for p in postings if p.held_in or p.account.by == "bank"]
        self._short("shortfall", of_matters, balances_known=balances_known)
        self._short("missing", of_funds, balances_known=balances_known)
        self._short("imbalance", of_funds, balances_known=balances_known)

    def _short(self, amount: str, postings: list[Posting], *, balances_known: bool) -> None:
        whose = f"trust {amount}"
        if (whose,) not in self.domain.present:
            return
        short = self.domain.presence((whose,))
        takes: list[Term] = []
        for posting in postings:
            when = self.condition(posting.when)
            for there, item in self._each(posting.each):
                moved = self.domain.value(posting.amount, item)
                matter = True
                if posting.matter:
                    matter = either(*(self.domain.value(m, item).known for m in posting.matter))
                place = posting.held_in or posting.account.path
                assert place is not None
                bank = self.domain.value(place, item).known
                less: Term = True
                if amount == "shortfall":
                    less = order(moved.term, ">" if posting.sign == 1 else "<", 0)
                takes.append(both(when, there, matter, bank, moved.known, less))
        self.domain.axioms.append(implies(short, either(*takes) if balances_known else False))
        found = self.domain.leaves.get((whose, amount))
        if found is not None:
            self.domain.axioms.append(order(found[0], ">", 0))

    def _each(self, name: str | None) -> list[tuple[Term, Item | None]]:
        if name is None:
            return [(True, None)]
        record = self.domain.kind.record
        kind: Any = record.field(name)
        known: Term = True if name in record.required else self.domain.presence((name,))
        return [(both(known, i.there), i) for i in self.domain.listed((name,), kind)]

    def _test(self, test: Compare | Sum | Repeated | Quantified, item: Item | None) -> Term:
        if isinstance(test, Compare):
            return self._compare(test, item)
        if isinstance(test, Sum):
            return self._sum(test, item)
        if isinstance(test, Repeated):
            return self._repeated(test, item)
        known, items = self.domain.items(test.over, item)
        found = [(both(known, i.there), self.condition(test.where, i)) for i in items]
        if test.which == "any":
            return either(*(both(there, holds) for there, holds in found))
        return both(*(implies(there, holds) for there, holds in found))

    def _compare(self, test: Compare, item: Item | None) -> Term:
        value = self.domain.value(test.path, item)
        op, operand = test.op, test.operand
        if op == "present":
            return value.known if operand else no(value.known)
        if value.known is False:
            return False
        if isinstance(operand, PathExpr):
            other = self.domain.value(operand, item)
            if other.known is False:
                return False
            return both(value.known, other.known, _compared(op, value.term, other.term))
        if op in ("in", "not_in"):
            assert isinstance(operand, tuple)
            hit = either(*(same(value.term, self.domain.words.constant(o)) for o in operand))
            return both(value.known, hit if op == "in" else no(hit))
        if op == "matches":
            finds = re.compile(str(operand)).search
            return both(value.known, self.domain.such(value.term, lambda t: bool(finds(t))))
        if op == "longer_than":
            assert isinstance(operand, int)
            least = operand
            return both(value.known, self.domain.such(value.term, lambda t: len(t) > least))
        return both(value.known, _compared(op, value.term, self.domain.words.constant(operand)))

    def _sum(self, test: Sum, item: Item | None) -> Term:
        values = [self.domain.value(p, item) for p in test.paths]
        guards = [v.known for v in values]
        if isinstance(test.operand, PathExpr):
            other = self.domain.value(test.operand, item)
            guards.append(other.known)
        else:
            other = Value(True, self.domain.words.constant(test.operand))
        if any(g is False for g in guards):
            return False
        return both(*guards, _compared(test.op, total(_added(v) for v in values), other.term))

    def _repeated(self, test: Repeated, item: Item | None) -> Term:
        value = self.domain.value(test.path, item)
        pairs = [
            both(one_there, two_there, either(
                both(one.known, two.known, same(one.term, two.term)),
                both(no(one.known), no(two.known)),
            ))
            for index, (one_there, one) in enumerate(value.items)
            for two_there, two in value.items[index + 1 :]
        ]  # fmt: skip
        return both(value.known, either(*pairs))


def _compared(op: str, left: Term, right: Term) -> Term:
    if op in _EQUAL:
        return same(left, right)
    if op in _UNEQUAL:
        return no(same(left, right))
    return order(left, _SIGNS[op], right)


def _added(value: Value) -> Term:
    if not value.items:
        return value.term
    return total(choose(both(there, v.known), v.term, 0) for there, v in value.items)
