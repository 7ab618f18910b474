"""The cents that Xero's own tax calculation moves from the tax account to the rounding account."""

from __future__ import annotations

from decimal import Decimal

from pm2xero.decide.decider import Decider
from pm2xero.decide.state import State
from pm2xero.read.transaction import Transaction
from pm2xero.render.lines import compile_lines

ZERO = Decimal("0.00")


def rounding_moves(
    decider: Decider, tx: Transaction, mapping: str, state: State
) -> dict[str, Decimal]:
    """By account code, debits positive: what a mapping's rounding lines move, else nothing."""
    moved: dict[str, Decimal] = {}
    facts = decider.program(tx.kind).facts
    for spec in decider.pack.requests.get((mapping, tx.kind), ()):
        if spec.when_tax_differs != "rounding_line":
            continue
        lines = compile_lines(spec, facts)
        made = lines(tx, state) if lines is not None else None
        if made is None:
            continue
        for row in made.lines:
            if row["sources"] == ["rounding"]:
                cents = -row["net"] if made.money_in else row["net"]
                tax = decider.chart.role("sales_tax").code or "sales_tax"
                account = str(row["account"])
                moved[account] = moved.get(account, ZERO) + cents
                moved[tax] = moved.get(tax, ZERO) - cents
    return moved
