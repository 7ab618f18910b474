"""Makes a document add up, so that no rule about its sums refuses it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pm2xero.pack.language.conditions import Sum
from pm2xero.pack.language.paths import PathExpr

ZERO = Decimal("0.00")


def make_equal(document: dict[str, Any], atom: Sum) -> None:
    """Set the total of a document to the sum that a rule compares it with, where both are there."""
    operand = atom.operand
    # What is told of another document is no field of this one.
    if not isinstance(operand, PathExpr) or operand.attribute is not None:
        return
    total = ZERO
    for path in atom.paths:
        values = _read(document, path.steps)
        if values is None:
            return
        total += sum((Decimal(v) for v in values), ZERO)
    holder: Any = document
    for step in operand.steps[:-1]:
        holder = holder.get(step)
        if holder is None:
            return
    if isinstance(holder, dict):
        holder[operand.steps[-1]] = str(total)


def _read(document: Any, steps: tuple[str, ...]) -> list[str] | None:
    values: list[Any] = [document]
    for step in steps:
        deeper: list[Any] = []
        for value in values:
            found = value.get(step) if isinstance(value, dict) else None
            if found is None:
                return None
            deeper += found if isinstance(found, list) else [found]
        values = deeper
    return [str(v) for v in values]
