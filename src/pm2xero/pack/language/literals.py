"""Values as they are written in conditions, and which operators suit which type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from pm2xero.pack.language.conditions import OPERATORS, ORDER_DATE, ORDER_MONEY, Literal_
from pm2xero.pack.language.types import (
    FieldType,
    ListType,
    ReferenceType,
    ScalarType,
    TableType,
    TaxCodeType,
)
from pm2xero.pack.yaml.suggest import did_you_mean

# The operator of dates for one of amounts, and the other way round.
_TWINS: Mapping[str, str] = {
    "above": "after",
    "at_least": "on_or_after",
    "below": "before",
    "at_most": "on_or_before",
    "after": "above",
    "on_or_after": "at_least",
    "before": "below",
    "on_or_before": "at_most",
}
# What people write who come from other languages.
_SYNONYMS: Mapping[str, str] = {
    "equals": "is", "equal": "is", "eq": "is", "==": "is", "=": "is", "same": "same_as",
    "not": "is_not", "not_equals": "is_not", "not_equal": "is_not", "ne": "is_not",
    "!=": "is_not", "isnt": "is_not", "one_of": "in", "any_of": "in", "none_of": "not_in",
    "greater_than": "above", "greater": "above", "more_than": "above", "over": "above",
    "gt": "above", ">": "above", "gte": "at_least", ">=": "at_least", "min": "at_least",
    "less_than": "below", "less": "below", "under": "below", "lt": "below", "<": "below",
    "lte": "at_most", "<=": "at_most", "max": "at_most", "later_than": "after", "since":
    "on_or_after", "from": "on_or_after", "earlier_than": "before", "until": "on_or_before",
    "exists": "present", "is_present": "present", "is_set": "present", "missing": "present: false",
    "absent": "present: false", "regex": "matches", "like": "matches", "contains": "matches",
}  # fmt: skip


class LiteralError(ValueError):
    """A value that its field cannot have; the text is the sentence for the author."""


def suggest_operator(word: str, kind: FieldType) -> str | None:
    """A hint for an operator that is not known, fitting the type that it would test."""
    allowed = operators_of(kind)
    meant = _SYNONYMS.get(word.lower().replace("-", "_").replace(" ", "_"))
    if meant is not None:
        meant = _TWINS.get(meant, meant) if meant.split(":")[0] not in allowed else meant
        return f'did you mean "{meant}"?'
    return did_you_mean(word, allowed) or did_you_mean(word, OPERATORS)


def twin(op: str, kind: FieldType) -> str | None:
    """The operator that does for a type what `op` does for another: before for below."""
    other = _TWINS.get(op)
    return other if other in operators_of(kind) else None


def operators_of(kind: FieldType) -> tuple[str, ...]:
    """The operators that can test a value of a type."""
    common = ("present", "is", "is_not", "in", "not_in", "same_as", "differs_from")
    if isinstance(kind, ReferenceType | TaxCodeType):
        return common
    if not isinstance(kind, ScalarType):
        return ("present",)
    if kind.name in ("money", "count"):
        return (*common, *sorted(ORDER_MONEY))
    if kind.name in ("date", "instant"):
        return (*common, *sorted(ORDER_DATE))
    if kind.name == "flag":
        return ("present", "is", "is_not", "same_as", "differs_from")
    return (*common, "matches", "longer_than")


def family(kind: FieldType) -> str:
    """Types of one family can be compared with each other."""
    if kind.name in ("money", "date", "instant", "flag", "count"):
        return kind.name
    return "text" if not isinstance(kind, ListType) else "list"


def looks_like_path(value: Any) -> bool:
    """Whether an operand of an ordering is a field rather than an amount or a date."""
    return isinstance(value, str) and bool(re.match(r"[A-Za-z_]", value))


def literal(value: Any, kind: FieldType) -> Literal_:
    """A value written in YAML as the value that a field of a type holds.

    Raises:
        LiteralError: with a sentence that says what is wrong.
    """
    name = kind.name
    if name == "flag":
        if not isinstance(value, bool):
            plain = "; leave the quotes out" if value in ("true", "false") else ""
            raise LiteralError(f'"{value}" is not true or false{plain}')
        return value
    if name == "count":
        if not isinstance(value, int) or isinstance(value, bool):
            plain = "; leave the quotes out" if str(value).isdecimal() else ""
            raise LiteralError(f'"{value}" is not a whole number{plain}')
        return value
    if name == "money":
        return _money(value)
    if name in ("date", "instant"):
        try:
            if name == "date":
                return date.fromisoformat(str(value))
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            form = "2026-05-31" if name == "date" else "2026-05-31T00:00:00Z"
            raise LiteralError(f'"{value}" is not a {name}; write it as {form}') from None
        if moment.tzinfo is None:
            raise LiteralError(f'"{value}" needs a time zone, as in 2026-05-31T00:00:00Z')
        return moment
    if not isinstance(value, str):
        raise LiteralError(f'"{value}" must be text here; put it in quotes')
    if isinstance(kind, ScalarType) and kind.values and value not in kind.values:
        raise LiteralError(f'"{value}" is not a value that this field can have')
    return value


def typed(raw: Any, kind: FieldType) -> Any:
    """A value of a setting as its type has it.

    Raises:
        LiteralError: the value does not fit the type.
    """
    if isinstance(kind, TableType):
        if not isinstance(raw, Mapping):
            raise LiteralError("a table is written as `name: value`")
        return {str(k): typed(v, kind.of) for k, v in raw.items()}
    if isinstance(raw, Mapping | list):
        raise LiteralError(f'"{raw}" is not one value')
    return literal(raw, kind)


def _money(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise LiteralError(f'"{value}" is not an amount')
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise LiteralError(f'"{value}" is not an amount; write it as "0.01"') from None
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int):
        raise LiteralError(f'"{value}" is not an amount; write it as "0.01"')
    if exponent < -2:
        raise LiteralError(f'"{value}" has more than two decimals')
    return amount
