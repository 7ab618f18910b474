"""Conditions of tables about Xero: the dialect of rules, asked of an answer or of a body.

There is no document and no firm here, so a condition names fields of that one group alone.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from pm2xero.errors import Finding, Position
from pm2xero.pack.language.condition_parser import parse_condition
from pm2xero.pack.language.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Not,
    Operator,
    atoms,
)
from pm2xero.pack.language.paths import PathExpr, Scope
from pm2xero.pack.language.types import RecordType
from pm2xero.pack.yaml.suggest import one_of

Matches = Callable[[str, str], bool]
_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "is": operator.eq, "same_as": operator.eq, "is_not": operator.ne,
    "differs_from": operator.ne, "in": lambda value, among: value in among,
    "not_in": lambda value, among: value not in among,
    "longer_than": lambda value, least: len(value) > least,
    "above": operator.gt, "after": operator.gt, "at_least": operator.ge,
    "on_or_after": operator.ge, "below": operator.lt, "before": operator.lt,
    "at_most": operator.le, "on_or_before": operator.le,
}  # fmt: skip


def parse_plain(
    raw: Any, record: RecordType, at: Position, findings: list[Finding]
) -> Condition | None:
    """Read a condition about a group of fields; every fault goes to `findings`."""
    found = parse_condition(raw, Scope(record.name, record), at, findings)
    for atom in atoms(found):
        paths = [atom.path, atom.operand] if isinstance(atom, Compare) else []
        named = [p for p in paths if isinstance(p, PathExpr)]
        if not named or any(p.base != "transaction" or p.attribute for p in named):
            findings.append(
                Finding(
                    "PX303", f"here a condition asks of {record.name} alone, and this is another",
                    atom.at, should_be=one_of({**record.required, **record.optional}, 20),
                )
            )  # fmt: skip
            return None
    return found


def _searched(pattern: str, text: str) -> bool:
    return re.search(pattern, text) is not None


def holds(
    condition: Condition, values: Mapping[str, Any], matches: Matches = _searched
) -> bool:  # fmt: skip
    """Whether a condition of `parse_plain` holds; a test on a missing value does not.

    Args:
        matches: how a pattern is searched in a text.
    """
    if isinstance(condition, AllOf):
        return all(holds(p, values, matches) for p in condition.parts)
    if isinstance(condition, AnyOf):
        return any(holds(p, values, matches) for p in condition.parts)
    if isinstance(condition, Not):
        return not holds(condition.part, values, matches)
    assert isinstance(condition, Compare), "all else is refused when it is read"
    operand = condition.operand
    if isinstance(operand, PathExpr):
        operand = values.get(operand.steps[0])
    return compared(condition.op, values.get(condition.path.steps[0]), operand, matches)


def compared(op: Operator, value: Any, operand: Any, matches: Matches = _searched) -> bool:
    """Whether one test holds of a value; a test on a missing value does not."""
    if op == "present":
        return (value is not None) is operand
    if value is None or operand is None:
        return False
    if op == "matches":
        return matches(str(operand), str(value))
    if isinstance(operand, Decimal):
        value = Decimal(str(value))
    return _TESTS[op](value, operand)
