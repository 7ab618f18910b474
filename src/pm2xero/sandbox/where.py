"""The `where` filter: comparisons and text tests, joined by AND, OR and parentheses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pm2xero.sandbox.problems import Problem, query_parse
from pm2xero.sandbox.wire import parse_date

Value = str | Decimal | date | bool | None

TEXT_TESTS = ("StartsWith", "EndsWith", "Contains")

# The deepest that parentheses may nest; unverified, and far beyond what anybody writes.
_DEEPEST = 50
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<guid>[Gg]uid\(\s*"(?P<guid_text>[0-9A-Fa-f-]{36})"\s*\))
    | (?P<date>DateTime\(\s*(?P<y>\d{4})\s*,\s*(?P<m>\d{1,2})\s*,\s*(?P<d>\d{1,2})
        (?:\s*,\s*\d+){0,3}\s*\))
    | (?P<parsed>DateTime\.Parse\(\s*"(?P<parsed_text>[^"]*)"\s*\))
    | "(?P<text>(?:[^"\\]|\\.)*)"
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<operator>==|!=|<>|>=|<=|=|>|<)
    | (?P<and>&&|AND\b|and\b)
    | (?P<or>\|\||OR\b|or\b)
    | (?P<folding>\.To(?:Lower|Upper)\(\s*\))
    | \.(?P<test>StartsWith|EndsWith|Contains)\b
    | (?P<bracket>[()])
    | (?P<word>[A-Za-z]\w*(?:\.(?!(?:StartsWith|EndsWith|Contains|ToLower|ToUpper)\b)[A-Za-z]\w*)*)
    )""",
    re.VERBOSE,
)
_WORDS: Mapping[str, Value] = {"null": None, "true": True, "false": False}
_OPERATORS = {"=": "==", "<>": "!="}


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison `field operator value`, or one text test.

    Attributes:
        folded: whether ToLower() or ToUpper() makes the case of letters not count.
    """

    field: str
    operator: str
    value: Value
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Every:
    """All parts must hold."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """One part must hold."""

    parts: tuple[Filter, ...]


Filter = Clause | Every | Some


def parse(text: str) -> Filter:
    """What a filter asks.

    Raises:
        Problem: 400 QueryParseException when it cannot be read.
    """
    reader = _Reader(text)
    found = reader.some(0)
    reader.end()
    return found


def holds(asked: Filter, wire: Mapping[str, Any]) -> bool:
    """Whether a GET shape passes; for the short lists that are not searched by the store."""
    match asked:
        case Every(parts):
            return all(holds(part, wire) for part in parts)
        case Some(parts):
            return any(holds(part, wire) for part in parts)
    return _holds(asked, wire)


class _Reader:
    """Reads a filter from left to right; AND binds closer than OR."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._place = 0

    def some(self, depth: int) -> Filter:
        parts = [self._every(depth)]
        while self._took("or"):
            parts.append(self._every(depth))
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def end(self) -> None:
        if self._place < len(self._tokens):
            raise query_parse(f"Comparisons are joined by AND or OR in '{self._text}'")

    def _every(self, depth: int) -> Filter:
        parts = [self._one(depth)]
        while self._took("and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _one(self, depth: int) -> Filter:
        if depth > _DEEPEST:
            raise query_parse("The parentheses nest too deep")
        if self._took("bracket", "("):
            inner = self.some(depth + 1)
            self._need("bracket", ")")
            return inner
        field = str(self._need("field"))
        folded = self._took("folding")
        if self._kind == "test":
            test = str(self._need("test"))
            self._need("bracket", "(")
            value = self._need("value")
            self._need("bracket", ")")
            if not isinstance(value, str):
                raise query_parse(f"{test} needs a text in '{self._text}'")
            return Clause(field, test, value, folded)
        operator = str(self._need("operator"))
        if self._kind == "field":
            raise query_parse(f"'{self._tokens[self._place][1]}' is not a value")
        return Clause(field, operator, self._need("value"), folded)

    @property
    def _kind(self) -> str:
        return self._tokens[self._place][0] if self._place < len(self._tokens) else "end"

    def _took(self, kind: str, value: Value = None) -> bool:
        if self._kind != kind or (value is not None and self._tokens[self._place][1] != value):
            return False
        self._place += 1
        return True

    def _need(self, kind: str, value: Value = None) -> Value:
        if not self._took(kind, value):
            raise query_parse(f"Cannot read '{self._text}'; a {value or kind} is missing")
        return self._tokens[self._place - 1][1]


def _holds(clause: Clause, wire: Mapping[str, Any]) -> bool:
    actual, expected = wire.get(clause.field), clause.value
    if clause.folded and isinstance(actual, str) and isinstance(expected, str):
        actual, expected = actual.lower(), expected.lower()
    if clause.operator in TEXT_TESTS:
        return _passes(clause.operator, str(actual or ""), str(expected))
    if clause.field not in wire and expected is not None:
        return clause.operator == "!="
    if clause.operator in ("==", "!="):
        same = (actual or None) == expected if expected is None else actual == expected
        return same is (clause.operator == "==")
    raise query_parse(f"{clause.operator} cannot be used with {clause.field}")


def _passes(test: str, text: str, part: str) -> bool:
    # unverified: whether the case of letters counts without ToLower(); here it does not.
    text, part = text.lower(), part.lower()
    if test == "Contains":
        return part in text
    return text.startswith(part) if test == "StartsWith" else text.endswith(part)


def _tokens(text: str) -> Iterator[tuple[str, Value]]:
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise query_parse(f"Cannot read '{text[place:]}'")
        place = match.end()
        yield _token(match)


def _token(match: re.Match[str]) -> tuple[str, Value]:
    kind = match.lastgroup
    if match["guid"]:
        return "value", match["guid_text"].lower()
    if match["date"]:
        try:
            return "value", date(int(match["y"]), int(match["m"]), int(match["d"]))
        except ValueError as error:
            raise query_parse(f"'{match['date']}' is no date") from error
    if match["parsed"]:
        try:
            return "value", parse_date(match["parsed_text"])
        except Problem as error:
            raise query_parse(f"'{match['parsed_text']}' is no date") from error
    if kind == "text":
        return "value", re.sub(r"\\(.)", r"\1", match["text"])
    if kind == "number":
        return "value", Decimal(match["number"])
    if kind == "operator":
        return "operator", _OPERATORS.get(match["operator"], match["operator"])
    if kind == "word":
        word = match["word"]
        return ("value", _WORDS[word.lower()]) if word.lower() in _WORDS else ("field", word)
    return str(kind), match[str(kind)]
