"""The `where` filter: the simple comparisons that Xero calls optimised, joined by AND."""

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
    | (?P<word>[A-Za-z][\w.]*)
    )""",
    re.VERBOSE,
)
_WORDS: Mapping[str, Value] = {"null": None, "true": True, "false": False}
_OPERATORS = {"=": "==", "<>": "!="}


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison: `field operator value`."""

    field: str
    operator: str
    value: Value


def parse(text: str) -> tuple[Clause, ...]:
    """The comparisons of a filter, all of which must hold.

    Raises:
        Problem: 400 QueryParseException when the filter is not of the simple form.
    """
    tokens = list(_tokens(text))
    clauses = []
    while True:
        if len(tokens) < 3:
            raise query_parse(f"A comparison is not complete in '{text}'")
        (kind, field), (middle, operator), (_, value) = tokens[:3]
        if kind != "field" or middle != "operator" or tokens[2][0] in ("operator", "and"):
            raise query_parse(f"Cannot read '{text}'; use Field==value, joined by AND")
        if tokens[2][0] == "field":
            raise query_parse(f"'{value}' is not a value in '{text}'")
        clauses.append(Clause(str(field), str(operator), value))
        if len(tokens) == 3:
            return tuple(clauses)
        if tokens[3][0] != "and":
            raise query_parse(f"Only AND can join comparisons in '{text}'")
        del tokens[:4]


def holds(clauses: tuple[Clause, ...], wire: Mapping[str, Any]) -> bool:
    """Whether a GET shape passes; for the short lists that are not searched by the store."""
    return all(_holds(clause, wire) for clause in clauses)


def _holds(clause: Clause, wire: Mapping[str, Any]) -> bool:
    if clause.field not in wire and clause.value is not None:
        return clause.operator == "!="
    actual = wire.get(clause.field)
    if clause.operator in ("==", "!="):
        expected = clause.value
        same = (actual or None) == expected if expected is None else actual == expected
        return same is (clause.operator == "==")
    raise query_parse(f"{clause.operator} cannot be used with {clause.field}")


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
    if kind == "and":
        return "and", None
    word = match["word"]
    return ("value", _WORDS[word.lower()]) if word.lower() in _WORDS else ("field", word)
