"""Counts and money by kind and outcome, gathered while a run streams past."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from pm2xero.decide.decision import Decision
from pm2xero.read.transaction import Malformed, Transaction
from pm2xero.read.transaction import money_of as money_of

OUTCOMES = ("post", "hold", "reject", "skip")
ZERO = Decimal("0.00")


@dataclass(slots=True)
class Cell:
    """Documents of one kind and outcome, and the sum of their amounts in currency units."""

    count: int = 0
    money: Decimal = ZERO


@dataclass(slots=True)
class Summary:
    """Totals of a run. `attention` counts what was refused or held for what it holds.

    Only money in `currency` is added up, where that is set; documents in another are counted.
    """

    currency: str | None = None
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    warnings: Counter[tuple[str, str]] = field(default_factory=Counter)
    requests: int = 0
    attention: int = 0
    by_hand: Cell = field(default_factory=Cell)

    def add(
        self, tx: Transaction | Malformed, decision: Decision, requests: int
    ) -> None:  # fmt: skip
        """Count one result."""
        key = (decision.kind or "(unreadable)", decision.outcome)
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = Cell()
        amount = self.worth(tx)
        cell.count += 1
        cell.money += amount
        self.requests += requests
        for warning in decision.warnings:
            self.warnings[warning.code, warning.message] += 1
        if decision.needs_attention:
            self.attention += 1
        if decision.by_hand:
            self.by_hand.count += 1
            self.by_hand.money += _to_enter(decision, amount)

    def remove(self, tx: Transaction | Malformed, decision: Decision) -> None:
        """Take back a result that was counted without requests and has come to another end."""
        key = (decision.kind or "(unreadable)", decision.outcome)
        amount = self.worth(tx)
        cell = self.cells[key]
        cell.count -= 1
        cell.money -= amount
        if not cell.count:
            del self.cells[key]
        for warning in decision.warnings:
            self.warnings[warning.code, warning.message] -= 1
        self.warnings += Counter()
        if decision.needs_attention:
            self.attention -= 1
        if decision.by_hand:
            self.by_hand.count -= 1
            self.by_hand.money -= _to_enter(decision, amount)

    def worth(self, tx: Transaction | Malformed) -> Decimal:
        """The amount of a document in the currency of the totals; nothing in any other."""
        if self.currency is None or isinstance(tx, Malformed):
            return money_of(tx)
        return money_of(tx) if tx.fields.get("currency") in (None, self.currency) else ZERO

    def outcome(self, outcome: str) -> Cell:
        """The total of one outcome over all kinds."""
        chosen = [c for (_, o), c in self.cells.items() if o == outcome]
        return Cell(sum(c.count for c in chosen), sum((c.money for c in chosen), ZERO))


def _to_enter(decision: Decision, amount: Decimal) -> Decimal:
    """What a person enters of a document of this amount in the currency of the totals.

    A reversal is entered, too: amounts of both signs are work, and never cancel out.
    """
    if decision.left_over is not None and amount:
        return decision.left_over
    return abs(amount)
