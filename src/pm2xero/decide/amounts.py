"""All money that a document names, added up whatever its sign: the size that bounds every part.

A line in Xero is a sum of some amounts of the document, or a share of one, so none is larger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from pm2xero.pack.language.types import FieldType, ListType, RecordType

ZERO = Decimal("0.00")
Size = Callable[[Any], Decimal]


def compile_together(record: RecordType) -> Size:
    """A function that adds up the amounts of a group of fields, in currency units."""
    fields = {**record.required, **record.optional}
    money = tuple(n for n, t in fields.items() if t.name == "money")
    below = tuple(_below(fields))

    def together(values: Any) -> Decimal:
        size = ZERO
        for name in money:
            amount = values[name]
            if amount is not None:
                size += abs(amount)
        for name, size_of in below:
            value = values[name]
            if value is not None:
                size += size_of(value)
        return size

    return together


def _below(fields: dict[str, FieldType]) -> Iterator[tuple[str, Size]]:
    for name, kind in fields.items():
        if isinstance(kind, RecordType) and has_money(kind):
            yield name, compile_together(kind)
        elif isinstance(kind, ListType) and has_money(kind):
            yield (
                name,
                _of_items(compile_together(kind.of) if isinstance(kind.of, RecordType) else abs),
            )


def _of_items(size_of: Size) -> Size:
    return lambda items: sum(map(size_of, items), ZERO)


def has_money(kind: FieldType) -> bool:
    """Whether a value of a type holds an amount anywhere."""
    if isinstance(kind, RecordType):
        return any(has_money(t) for t in (*kind.required.values(), *kind.optional.values()))
    return has_money(kind.of) if isinstance(kind, ListType) else kind.name == "money"
