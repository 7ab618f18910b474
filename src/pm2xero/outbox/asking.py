"""Statements that are made once, when the program starts, and given their values when they run.

To make a statement of SQLAlchemy, and to find what it was compiled to, costs more than SQLite takes
to answer it. So what is asked often stands in its module as a constant: `of` and `among` leave the
organisation and the ids open, `ask` gives them, and `write` binds the values of many rows itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Delete,
    Dialect,
    Executable,
    Insert,
    Row,
    Table,
    Update,
    bindparam,
)

# Below the smallest limit on parameters of one statement among the databases supported.
CHUNK = 500

T = TypeVar("T")
AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"
Values: TypeAlias = dict[str, Any]
Written: TypeAlias = Insert | Update | Delete

OF = "of_"
AMONG = "among_"


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The items in lists short enough for one statement."""
    rest = list(items)
    for start in range(0, len(rest), size):
        yield rest[start : start + size]


def of(table: Table) -> ColumnElement[bool]:
    """The rows of the organisation that is named when the statement runs."""
    return table.c.organisation == bindparam(OF, type_=table.c.organisation.type)


def among(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Those with one of the values that are given when the statement runs."""
    return column.in_(bindparam(AMONG, type_=column.type, expanding=True))


def ask(
    connection: Connection, statement: Executable, organisation: str,
    ids: Iterable[Any] | None = None, **values: Any,
) -> Iterator[AnyRow]:  # fmt: skip
    """The rows of a statement of this module's making.

    Args:
        ids: what `among` stands for; of many the statement runs several times, of none never.
        values: of further parameters.
    """
    given = {OF: organisation, **values}
    if ids is None:
        yield from connection.execute(statement, given).all()
        return
    for part in chunks(ids):
        yield from connection.execute(statement, {**given, AMONG: part}).all()


def change(
    connection: Connection, statement: Written, organisation: str,
    ids: Iterable[Any] | None = None, **values: Any,
) -> int:  # fmt: skip
    """Run a statement that gives no rows, as `ask` does; how many rows it changed."""
    given = {OF: organisation, **values}
    parts = [given] if ids is None else [{**given, AMONG: part} for part in chunks(ids)]
    return sum(connection.execute(statement, part).rowcount for part in parts)


def write(connection: Connection, statement: Written, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run a statement once for each of the rows, all of which name the same values."""
    if not rows:
        return
    prepared = _prepared(statement, tuple(rows[0]), _like(connection.dialect))
    connection.exec_driver_sql(prepared.sql, prepared.bound(rows))


def _like(dialect: Dialect) -> _Like:
    return _Like(dialect.name, dialect.driver, dialect.paramstyle, dialect)


@dataclass(frozen=True, slots=True)
class _Like:
    """A dialect in place of all that compile alike: each database that is opened has its own."""

    name: str
    driver: str
    paramstyle: str
    dialect: Dialect = field(compare=False)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement as a driver takes it.

    Attributes:
        names: its values by place, where the driver counts them; otherwise by name.
        converted: how the values of some columns become what the driver stores.
        fixed: what the statement itself says of some, as it is stored.
    """

    sql: str
    names: tuple[str, ...] | None
    converted: tuple[tuple[str, Callable[[Any], Any]], ...]
    fixed: Values

    def bound(self, rows: Sequence[Mapping[str, Any]]) -> Any:
        if self.converted or self.fixed:
            rows = [self._stored(row) for row in rows]
        if self.names is None:
            return [dict(row) for row in rows]
        if len(self.names) == 1:
            return [(row[self.names[0]],) for row in rows]
        return list(map(itemgetter(*self.names), rows))

    def _stored(self, row: Mapping[str, Any]) -> Values:
        stored = {**row, **self.fixed}
        for name, convert in self.converted:
            stored[name] = convert(stored[name])
        return stored


@lru_cache(maxsize=256)
def _prepared(statement: Written, given: tuple[str, ...], like: _Like) -> _Prepared:
    dialect = like.dialect
    compiled = statement.compile(dialect=dialect, column_keys=list(given))
    converters = {
        name: parameter.type.dialect_impl(dialect).bind_processor(dialect)
        for name, parameter in compiled.binds.items()
    }
    missing = [n for n, p in compiled.binds.items() if p.required and n not in given]
    assert not missing, f"nothing is given for {missing}"
    fixed = {
        name: parameter.value if (convert := converters[name]) is None else convert(parameter.value)
        for name, parameter in compiled.binds.items()
        if name not in given
    }
    converted = tuple((n, c) for n, c in converters.items() if c is not None and n not in fixed)
    places = tuple(compiled.positiontup or ()) if compiled.positional else None
    return _Prepared(str(compiled), places, converted, fixed)
