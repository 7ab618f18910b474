"""GET of an endpoint: filters, order, pages; and GET of one element."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

from pm2xero.sandbox import records, where
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.contacts import folded
from pm2xero.sandbox.problems import not_found, query_parse
from pm2xero.sandbox.resource import Column, Resource
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
    conditions.extend(_where(resource, query.get("where")))
    if resource.shown and query.get(resource.hidden_by, "").lower() != "true":
        conditions.append(_Condition(resource.shown))
    if modified_since and (moment := _http_time(modified_since)):
        conditions.append(_Condition("updated >= ?", (moment,)))
    if term := query.get("searchTerm"):
        conditions.append(_search(resource, term))
    sql = " AND ".join(f"({condition.sql})" for condition in conditions)
    values = [value for condition in conditions for value in condition.values]
    order = _order(resource, query.get("order"))
    if not resource.paged or "page" not in query:
        found = records.select(books.store, f"{sql} ORDER BY {order}", values)
        return {resource.endpoint: resource.render(books, found, not resource.paged)}
    page = min(max(_whole(query.get("page"), 1), 1), _HUGE)
    size = min(max(_whole(query.get("pageSize"), 100), 1), LARGEST_PAGE)
    (count,) = books.store.one(f"SELECT count(*) FROM record WHERE {sql}", values)
    found = records.select(
        books.store,
        f"{sql} ORDER BY {order} LIMIT ? OFFSET ?",
        [*values, size, (page - 1) * size],
    )
    return {
        "pagination": {
            "page": page,
            "pageSize": size,
            "pageCount": -(-count // size),
            "itemCount": count,
        },
        resource.endpoint: resource.render(books, found, True),
    }


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


def _where(resource: Resource, text: str | None) -> list[_Condition]:
    if not text:
        return []
    conditions = []
    for clause in where.parse(text):
        column = _column(resource, clause.field)
        if clause.value is None:
            if clause.operator not in ("==", "!="):
                raise query_parse(f"null cannot be compared by {clause.operator}")
            test = "IS NULL" if clause.operator == "==" else "IS NOT NULL"
            conditions.append(_Condition(f"{column.sql} {test}"))
        else:
            value = _sql_value(column, clause.field, clause.value)
            operator = _SQL_OPERATORS[clause.operator]
            conditions.append(_Condition(f"{column.sql} {operator} ?", (value,)))
    return conditions


def _search(resource: Resource, term: str) -> _Condition:
    like = "%" + term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    tests = [f"{sql} LIKE ? ESCAPE '\\'" for sql in resource.searched]
    return _Condition(" OR ".join(tests) or "0", (like,) * len(tests))


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
}


def _sql_value(column: Column, name: str, value: where.Value) -> object:
    written = _AS_SQL[column.kind](value)
    if written is None:
        raise query_parse(f"'{value}' cannot be compared with {name}")
    return written


def _http_time(text: str) -> str | None:
    """`If-Modified-Since` as the store writes times; None when it cannot be read."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() else default
