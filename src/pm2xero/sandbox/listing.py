"""GET of an endpoint: filters, order, pages; and GET of one element."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pm2xero.sandbox import records, where
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.contacts import folded
from pm2xero.sandbox.problems import not_found, query_parse
from pm2xero.sandbox.records import Record
from pm2xero.sandbox.resource import Column, Resource
from pm2xero.sandbox.short_lists import http_time
from pm2xero.sandbox.wire import Wire, cents

LARGEST_PAGE = 1000

_HUGE = 10**12
_SQL_OPERATORS = {"==": "=", "!=": "<>", ">": ">", "<": "<", ">=": ">=", "<=": "<="}


@dataclass(frozen=True, slots=True)
class _Condition:
    sql: str
    values: tuple[Any, ...] = ()


def list_elements(
    books: Books, resource: Resource, query: Mapping[str, str], modified_since: str | None
) -> Wire:
    """The collection, with `pagination` when a page was asked for.

    A list without `page` has no line items, as in Xero.

    Raises:
        Problem: 400 QueryParseException for a filter or an order that cannot be read.
    """
    conditions = [_Condition("endpoint = ?", (resource.endpoint,))]
    conditions.extend(_parameters(resource, query))
    if query.get("where"):
        conditions.append(_where(resource, where.parse(query["where"])))
    if resource.shown and query.get(resource.hidden_by, "").lower() != "true":
        conditions.append(_Condition(resource.shown))
    if modified_since and (moment := http_time(modified_since)):
        text = moment.isoformat(timespec="milliseconds")
        conditions.append(_Condition("updated >= ?", (text,)))
    if term := query.get("searchTerm"):
        conditions.append(_search(resource, term))
    every = _joined(" AND ", conditions)
    sql, values = every.sql, list(every.values)
    order = _order(resource, query.get("order"))
    if not resource.paged or "page" not in query:
        found = records.select(books.store, f"{sql} ORDER BY {order}", values)
        return {resource.endpoint: _shown(books, resource, found, query, not resource.paged)}
    page = min(max(_whole(query.get("page"), 1), 1), _HUGE)
    size = min(max(_whole(query.get("pageSize"), 100), 1), LARGEST_PAGE)
    (count,) = books.store.one(f"SELECT count(*) FROM record WHERE {sql}", values)
    found = records.select(
        books.store,
        f"{sql} ORDER BY {order} LIMIT ? OFFSET ?",
        [*values, size, (page - 1) * size],
    )
    if books.mishaps.happens("missing_pages"):
        found = found[: len(found) // 2]
    return {
        "pagination": {
            "page": page,
            "pageSize": size,
            "pageCount": -(-count // size),
            "itemCount": count,
        },
        resource.endpoint: _shown(books, resource, found, query, True),
    }


def _shown(
    books: Books, resource: Resource, found: Sequence[Record], query: Mapping[str, str], full: bool
) -> list[Wire]:
    shapes = resource.render(books, found, full)
    if query.get("summaryOnly", "").lower() != "true" or not resource.heavy:
        return shapes
    return [
        {name: value for name, value in shape.items() if name not in resource.heavy}
        for shape in shapes
    ]


def one_element(books: Books, resource: Resource, key: str) -> Wire:
    """The element with an id or, where the endpoint allows it, a number.

    Raises:
        Problem: 404 when there is none.
    """
    found = records.get(books.store, resource.endpoint, key)
    if found is None and resource.numbered:
        same = records.numbered(books.store, resource.endpoint, key)
        found = same[0] if same else None
    if found is None:
        raise not_found()
    return {resource.endpoint: resource.render(books, [found], True)}


def _parameters(resource: Resource, query: Mapping[str, str]) -> list[_Condition]:
    conditions = []
    for parameter, column_name in resource.parameters.items():
        wanted = [text.strip() for text in query.get(parameter, "").split(",") if text.strip()]
        if wanted:
            column = resource.columns[column_name]
            marks = ", ".join("?" * len(wanted))
            values = tuple(_sql_value(column, column_name, text) for text in wanted)
            conditions.append(_Condition(f"{column.sql} IN ({marks})", values))
    return conditions


def _where(resource: Resource, asked: where.Filter) -> _Condition:
    match asked:
        case where.Every(parts):
            return _joined(" AND ", [_where(resource, part) for part in parts])
        case where.Some(parts):
            return _joined(" OR ", [_where(resource, part) for part in parts])
    return _clause(resource, asked)


def _joined(word: str, conditions: Sequence[_Condition]) -> _Condition:
    return _Condition(
        word.join(f"({condition.sql})" for condition in conditions),
        tuple(value for condition in conditions for value in condition.values),
    )


def _clause(resource: Resource, clause: where.Clause) -> _Condition:
    column = _column(resource, clause.field)
    if clause.value is None:
        if clause.operator not in ("==", "!="):
            raise query_parse(f"null cannot be compared by {clause.operator}")
        test = "IS NULL" if clause.operator == "==" else "IS NOT NULL"
        return _Condition(f"{column.sql} {test}")
    if clause.operator in where.TEXT_TESTS:
        if column.kind not in ("text", "folded"):
            raise query_parse(f"{clause.operator} cannot be used with {clause.field}")
        return _like(column, str(clause.value), clause.operator)
    value = _sql_value(column, clause.field, clause.value)
    sql, operator = column.sql, _SQL_OPERATORS[clause.operator]
    if clause.folded:
        return _Condition(f"lower({sql}) {operator} lower(?)", (value,))
    return _Condition(f"{sql} {operator} ?", (value,))


def _like(column: Column, part: str, test: str = "Contains") -> _Condition:
    text = folded(part) if column.kind == "folded" else part
    plain = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    before = "" if test == "StartsWith" else "%"
    after = "" if test == "EndsWith" else "%"
    return _Condition(f"{column.sql} LIKE ? ESCAPE '\\'", (f"{before}{plain}{after}",))


def _search(resource: Resource, term: str) -> _Condition:
    tests = [_like(column, term) for column in resource.searched]
    return _joined(" OR ", tests) if tests else _Condition("0")


def _order(resource: Resource, text: str | None) -> str:
    if not text:
        return "seq"
    terms = []
    for part in text.split(","):
        name, _, direction = part.strip().partition(" ")
        if direction.strip().upper() not in ("", "ASC", "DESC"):
            raise query_parse(f"Cannot read the order '{text}'")
        terms.append(f"{_column(resource, name).sql} {direction.strip().upper()}")
    return ", ".join([*terms, "seq"])


def _column(resource: Resource, name: str) -> Column:
    if name not in resource.columns:
        raise query_parse(f"No property or field '{name}' exists in {resource.endpoint}")
    return resource.columns[name]


def _text(value: where.Value) -> object:
    return value if isinstance(value, str) else None


def _moment(value: where.Value) -> object:
    if isinstance(value, date):
        start = datetime(value.year, value.month, value.day, tzinfo=UTC)
        return start.isoformat(timespec="milliseconds")
    return None


def _cents(value: where.Value) -> object:
    try:
        return cents(value) if isinstance(value, Decimal) and value < _HUGE else None
    except ValueError:
        return None


_AS_SQL: Mapping[str, Callable[[where.Value], object]] = {
    "text": _text,
    "id": lambda value: value.lower() if isinstance(value, str) else None,
    "folded": lambda value: folded(value) if isinstance(value, str) else None,
    "money": _cents,
    "date": lambda value: value.isoformat() if isinstance(value, date) else None,
    "time": _moment,
    "flag": lambda value: int(value) if isinstance(value, bool) else None,
}


def _sql_value(column: Column, name: str, value: where.Value) -> object:
    written = _AS_SQL[column.kind](value)
    if written is None:
        raise query_parse(f"'{value}' cannot be compared with {name}")
    return written


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() else default
