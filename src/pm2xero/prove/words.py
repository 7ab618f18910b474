"""Which values the conditions of a kind speak of: only these, and any other, need telling apart.

Texts are numbered. A text is one of those that a condition names, one that suits (or breaks) a
pattern or a length, or one of a few that mean "any other".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
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
from pm2xero.pack.language.types import (
    FieldType,
    RecordType,
    ReferenceType,
    ScalarType,
    TaxCodeType,
)
from pm2xero.prove.terms import Term, both, either, order, same

ITEMS = 2
MAX_ITEMS = 20
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OTHERS = ("X-1", "X-2", "X-3", "X-4", "X-5", "X-6")


def tests(condition: Condition | None) -> Iterator[Compare | Sum | Repeated | Quantified]:
    """Every test of a condition, also those asked of the items of a list."""
    if condition is None:
        return
    if isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from tests(part)
    elif isinstance(condition, Not):
        yield from tests(condition.part)
    else:
        yield condition
        if isinstance(condition, Quantified):
            yield from tests(condition.where)


class Words:
    """What the conditions of a kind name, and the number of each text.

    Attributes:
        attributes: the facts about references that some condition asks for.
        names: accounts, banks and tax codes that a condition names outright.
        items: how many items of each list are told apart.
    """

    def __init__(
        self, conditions: Iterable[Condition | None], texts: Iterable[str] = (),
        names: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self.attributes: set[str] = set()
        self.names: list[str] = list(names)
        self._items: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._samples: list[str] = []
        for text in OTHERS:
            self.number(text)
        for condition in conditions:
            for test in tests(condition):
                self._note(test)
        for text in (*self._samples, *texts, *self.names):
            self.number(text)

    def items(self, name: str) -> int:
        """How many items of a list are told apart."""
        return self._items.get(name, ITEMS)

    def want_items(self, name: str, count: int) -> None:
        """Tell at least this many items of a list apart."""
        self._items[name] = min(MAX_ITEMS, max(self.items(name), count))

    def number(self, text: str) -> int:
        """The number that stands for a text."""
        return self._numbers.setdefault(text, len(self._numbers))

    def text(self, number: int) -> str:
        """The text that a number stands for."""
        return list(self._numbers)[number]

    def constant(self, value: Any) -> Term:
        """A value of Python as a term."""
        if isinstance(value, str):
            return self.number(value)
        if isinstance(value, Decimal):
            return int(value * 100)
        if isinstance(value, datetime):
            return (value - EPOCH) // timedelta(microseconds=1)
        return value.toordinal() if isinstance(value, date) else value

    def plain(self, number: int, kind: FieldType) -> Any:
        """A number of the solver as the value in JSON."""
        name = kind.name if isinstance(kind, ScalarType) else "text"
        if name == "money":
            return f"{Decimal(number) / 100:.2f}"
        if name == "date":
            return date.fromordinal(number).isoformat()
        if name == "instant":
            moment = EPOCH + timedelta(microseconds=number)
            return moment.isoformat().replace("+00:00", "Z")
        return number if name == "count" else self.text(number)

    def any_text(self, term: Term) -> Term:
        """A term that may be any text."""
        return both(order(term, ">=", 0), order(term, "<", len(self._numbers)))

    def such(self, term: Term, suits: Callable[[str], bool]) -> Term:
        """The text of a term suits."""
        return either(*(same(term, n) for t, n in self._numbers.items() if suits(t)))

    def _note(self, test: Compare | Sum | Repeated | Quantified) -> None:
        if isinstance(test, Sum | Quantified):
            return
        self._path(test.path)
        if not isinstance(test, Compare):
            return
        if isinstance(test.operand, PathExpr):
            self._path(test.operand)
            return
        self._operand(test)

    def _path(self, path: PathExpr) -> None:
        if path.attribute == "count":
            return
        if path.attribute is not None:
            self.attributes.add(path.attribute)
            for kind in getattr(path.holder, "refers_to", ()):
                self.number(kind)
        elif path.type.name in ("ledger_account", "bank_account", "tax_code", "list"):
            self.attributes.add("id")

    def _operand(self, test: Compare) -> None:
        operand: Any = test.operand
        if test.path.attribute == "count":
            values = operand if isinstance(operand, tuple) else (operand,)
            self.want_items(".".join(test.path.steps), max(int(v) for v in values) + 1)
        elif test.op == "matches":
            self._samples += samples(str(operand))
        elif test.op == "longer_than":
            self._samples += ["X" * int(operand), "X" * (int(operand) + 1)]
        else:
            for value in operand if isinstance(operand, tuple) else (operand,):
                if isinstance(value, str):
                    self.number(value)
                    if isinstance(test.path.type, ReferenceType | TaxCodeType):
                        self.names.append(value)


def samples(pattern: str) -> list[str]:
    """Texts that a pattern finds, as far as simple ones can be made; each is checked."""
    plain = re.sub(r"\\[bBAZ]|[\^$]", "", pattern)
    tries = [plain]
    for shape in re.split(r"(?<!\\)\|", plain.replace("(?:", "").replace("(", "").replace(")", "")):
        text = re.sub(r"\\d|\[0-9\]", "0", shape)
        text = re.sub(r"\[(\^?)(\\?.)[^\]]*\]", lambda m: "~" if m[1] else m[2], text)
        text = re.sub(r"\\w|(?<!\\)\.", "x", text).replace("\\s", " ")
        text = re.sub(r"(.)\{(\d+)(?:,\d*)?\}", lambda m: m[1] * int(m[2]), text)
        tries += [re.sub(r"(?<!\\)[+*?]", "", text).replace("\\", "")]
    finds = re.compile(pattern).search
    return [t for t in dict.fromkeys(tries) if t and finds(t)]


def fields_of(record: RecordType) -> Iterator[tuple[str, Any, bool]]:
    """Name, type and whether it must be there, of each field of a record."""
    for name, kind in record.required.items():
        yield name, kind, True
    for name, kind in record.optional.items():
        yield name, kind, False
