"""Turns the JSON of a document into typed values: one function for each kind, made from its type.

The functions are generated, as loops over the fields of every line of every bill would take most of
the time of reading. Names of fields stand in them as constants; nothing else comes from a pack.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from pm2xero.code import code_of
from pm2xero.pack.language.types import FieldType, ListType, RecordType, ScalarType

Convert = Callable[[Any], Any]
_CENTS = Decimal("0.00")
# All but tab and line breaks; the schema's description says so.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def converter(record: RecordType) -> Convert:
    """Converts a document that fits the schema of its kind; what is missing or null is None.

    The function raises ValueError for what the schema cannot see: a date that no calendar has, a
    whole number written as 1.0.
    """
    code = _Code()
    return code.function(record)


def of_scalar(name: str, value: Any) -> object:
    """A value of a scalar type.

    Raises:
        ValueError: it cannot be one.
    """
    convert = _SCALARS.get(name)
    return value if convert is None else convert(value)


class _Code:
    """The source of a function for each group of fields."""

    def __init__(self) -> None:
        self._names: dict[str, Any] = dict(_SCALARS)
        self._numbers = count()

    def function(self, record: RecordType) -> Convert:
        fields = [
            *(f"{n!r}: {self._value(t, f'raw[{n!r}]')}" for n, t in record.required.items()),
            *(f"{n!r}: {self._optional(n, t)}" for n, t in record.optional.items()),
        ]
        source = f"def convert(raw):\n    return {{{', '.join(fields)}}}\n"
        namespace = dict(self._names)
        exec(code_of(source, "<converter of documents>"), namespace)
        convert: Convert = namespace["convert"]
        return convert

    def _optional(self, name: str, kind: FieldType) -> str:
        value = self._value(kind, "v")
        get = f"raw.get({name!r})"
        return get if value == "v" else f"None if (v := {get}) is None else {value}"

    def _value(self, kind: FieldType, given: str) -> str:
        """An expression for a value of a type, from the expression that gives it."""
        if isinstance(kind, RecordType):
            return f"{self._named(kind)}({given})"
        if isinstance(kind, ListType):
            inner = self._value(kind.of, "i")
            return given if inner == "i" else f"[{inner} for i in {given}]"
        if not isinstance(kind, ScalarType) or kind.values or kind.name not in _SCALARS:
            return given
        if kind.name == "text":
            # Nearly every text is printable; asking here saves a call for each.
            return f"t if (t := {given}).isprintable() else text(t)"
        return f"{kind.name}({given})"

    def _named(self, record: RecordType) -> str:
        name = f"record_{next(self._numbers)}"
        self._names[name] = self.function(record)
        return name


def _text(text: str) -> str:
    """A text without control characters."""
    return _CONTROL.sub(" ", text)


def _money(text: str) -> Decimal:
    amount = Decimal(text)
    return amount if text[-3:-2] == "." else amount.quantize(_CENTS)


def _count(number: int | float) -> int:
    if type(number) is not int:
        # JSON Schema takes 1.0 for an integer, but its text in a key would not be that of 1.
        raise ValueError("not a whole number")
    return number


_SCALARS: Mapping[str, Convert] = {
    "text": _text,
    "money": _money,
    "date": date.fromisoformat,
    "instant": datetime.fromisoformat,
    "count": _count,
}
