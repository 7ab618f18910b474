"""The condition tree of `when:`: what an implementer may ask of a transaction.

A test on a value that is missing is false, whatever the operator, except `present: false`; `not`
turns its whole content round. Several keys in one mapping must all hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from pm2xero.errors import Position
from pm2xero.pack.language.paths import PathExpr

Operator = Literal[
    "is", "is_not", "in", "not_in", "present", "same_as", "differs_from", "above", "at_least",
    "below", "at_most", "before", "on_or_before", "after", "on_or_after", "matches", "longer_than",
]  # fmt: skip

EQUALITY = frozenset(("is", "is_not", "in", "not_in"))
ORDER_MONEY = frozenset(("above", "at_least", "below", "at_most"))
ORDER_DATE = frozenset(("before", "on_or_before", "after", "on_or_after"))
TWO_FIELDS = frozenset(("same_as", "differs_from"))
OPERATORS: tuple[Operator, ...] = (
    "is", "is_not", "in", "not_in", "present", "same_as", "differs_from", "above", "at_least",
    "below", "at_most", "before", "on_or_before", "after", "on_or_after", "matches", "longer_than",
)  # fmt: skip
STRUCTURE = ("any", "every", "where", "not", "all_of", "any_of", "sum", "repeated")

Literal_ = str | int | bool | Decimal | date | datetime


@dataclass(frozen=True, slots=True)
class Compare:
    """One test: a path, an operator and what it is compared with (a literal or another path)."""

    path: PathExpr
    op: Operator
    operand: Literal_ | tuple[Literal_, ...] | PathExpr | None
    at: Position

    @property
    def key(self) -> str:
        """The same text for the same test, wherever it is written."""
        return f"{self.path.base}:{self.path.text} {self.op} {_shown(self.operand)}"

    def __str__(self) -> str:
        return f"{self.path.text} {self.op} {_shown(self.operand)}".strip()


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of one or more paths (a list's field is summed over its items), compared."""

    paths: tuple[PathExpr, ...]
    op: Operator
    operand: Decimal | PathExpr
    at: Position

    @property
    def key(self) -> str:
        """The same text for the same test, wherever it is written."""
        return str(self)

    def __str__(self) -> str:
        paths = " + ".join(p.text for p in self.paths)
        return f"sum of {paths} {self.op} {_shown(self.operand)}"


@dataclass(frozen=True, slots=True)
class Repeated:
    """A value stands more than once in a list's field."""

    path: PathExpr
    at: Position

    @property
    def key(self) -> str:
        """The same text for the same test, wherever it is written."""
        return str(self)

    def __str__(self) -> str:
        return f"{self.path.text} holds a value twice"


@dataclass(frozen=True, slots=True)
class Quantified:
    """`any` or `every` item of a list fulfils a condition; `every` holds for an empty list."""

    which: Literal["any", "every"]
    over: PathExpr
    where: Condition
    at: Position

    @property
    def key(self) -> str:
        """The same text for the same test, wherever it is written."""
        return f"{self.which} {self.over.text} where ({self.where.key})"

    def __str__(self) -> str:
        return f"{self.which} {self.over.text} where {self.where}"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Condition, ...]

    @property
    def key(self) -> str:
        """The same text for the same test, wherever it is written."""
        return "(" + " and ".join(p.key for p in self.parts) + ")"

    def __str__(self) -> str:
        return " and ".join(str(p) for p in self.parts)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]

    @property
    def key(self) -> str:
        """The same text for the same test, wherever it is written."""
        return "(" + " or ".join(p.key for p in self.parts) + ")"

    def __str__(self) -> str:
        return "(" + " or ".join(str(p) for p in self.parts) + ")"


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition

    @property
    def key(self) -> str:
        """The same text for the same test, wherever it is written."""
        return f"not {self.part.key}"

    def __str__(self) -> str:
        return f"not ({self.part})"


Atom = Compare | Sum | Repeated | Quantified
Condition = Compare | Sum | Repeated | Quantified | AllOf | AnyOf | Not


def atoms(condition: Condition | None) -> tuple[Atom, ...]:
    """The tests of a condition, left to right, each written once per place."""
    if condition is None:
        return ()
    if isinstance(condition, AllOf | AnyOf):
        return tuple(a for part in condition.parts for a in atoms(part))
    if isinstance(condition, Not):
        return atoms(condition.part)
    return (condition,)


def _shown(operand: object) -> str:
    if isinstance(operand, PathExpr):
        return operand.text
    if isinstance(operand, tuple):
        return "[" + ", ".join(_shown(o) for o in operand) + "]"
    if isinstance(operand, bool):
        return "true" if operand else "false"
    return str(operand)
