"""What is written and asked by statements that stand ready is what SQLAlchemy would make of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    event,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError

from pm2xero.outbox.asking import CHUNK, among, ask, change, of, write
from pm2xero.outbox.database import make_engine
from pm2xero.outbox.schema import Moment, Money

_META = MetaData()


def _table(name: str) -> Table:
    """A column of each type that the outbox has."""
    return Table(
        name,
        _META,
        Column("organisation", String(20), primary_key=True),
        Column("id", String(200), primary_key=True),
        Column("whole", BigInteger),
        Column("small", Integer),
        Column("money", Money),
        Column("at", Moment),
        Column("day", Date),
        Column("is_so", Boolean),
        Column("raw", LargeBinary),
    )


OURS, THEIRS = _table("ours"), _table("theirs")
_PUT, _PUT_THERE = insert(OURS), insert(THEIRS)
_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
_ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "organisation": st.just("bellbird"),
            "id": _TEXTS,
            "whole": st.none() | st.integers(-(2**63), 2**63 - 1),
            "small": st.none() | st.integers(-(2**31), 2**31 - 1),
            "money": st.none() | st.decimals(-(10**9), 10**9, places=2),
            "at": st.none()
            | st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
            "day": st.none() | st.dates(),
            "is_so": st.none() | st.booleans(),
            "raw": st.none() | st.binary(max_size=20),
        }
    ),
    unique_by=lambda row: row["id"],
    max_size=6,
)


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = make_engine(url)
    _META.create_all(made)
    yield made
    made.dispose()


def _stored(engine: Engine, name: str) -> list[tuple[Any, ...]]:
    """The rows as the driver gives them."""
    with engine.begin() as connection:
        rows = connection.execute(text(f"SELECT * FROM {name}")).all()
    return sorted((tuple(bytes(v) if isinstance(v, memoryview) else v for v in r) for r in rows),
                  key=repr)  # fmt: skip


@given(rows=_ROWS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_written_is_what_sqlalchemy_would_write(
    engine: Engine, rows: list[dict[str, Any]]
) -> None:
    with engine.begin() as connection:
        for table in (OURS, THEIRS):
            connection.execute(delete(table))
        write(connection, _PUT, rows)
        if rows:
            connection.execute(_PUT_THERE, rows)
    assert _stored(engine, "ours") == _stored(engine, "theirs")


def _row(id: str, **values: Any) -> dict[str, Any]:
    empty = {column.name: None for column in OURS.c}
    return {**empty, "organisation": "bellbird", "id": id, **values}


def test_what_a_statement_says_itself_is_written_beside_what_is_given(engine: Engine) -> None:
    # A value of its own, which a type converts, and one that is named twice.
    raised = (
        update(OURS)
        .where(of(OURS), OURS.c.id == bindparam("id_"), OURS.c.whole < bindparam("to"))
        .values(whole=bindparam("to"), is_so=True, money=Decimal("1.50"))
    )
    with engine.begin() as connection:
        write(connection, _PUT, [_row("a", whole=1), _row("b", whole=9), _row("c", whole=1)])
        given = [{"of_": "bellbird", "id_": id, "to": 5} for id in ("a", "b")]
        write(connection, raised, given)
        query = select(OURS.c.id, OURS.c.whole, OURS.c.is_so, OURS.c.money).order_by(OURS.c.id)
        found = [tuple(row) for row in connection.execute(query)]
    assert found == [("a", 5, True, Decimal("1.50")), ("b", 9, None, None), ("c", 1, None, None)]


def test_a_row_that_leaves_a_value_out_is_not_written(engine: Engine) -> None:
    named = update(OURS).where(OURS.c.id == bindparam("id_")).values(whole=bindparam("to"))
    with engine.begin() as connection:
        write(connection, _PUT, [_row("a", whole=1)])
        with pytest.raises(AssertionError, match="id_"):
            write(connection, named, [{"to": 2}])
    with pytest.raises((KeyError, DBAPIError)), engine.begin() as connection:
        write(connection, named, [{"to": 2, "id_": "a"}, {"to": 2}])
    with engine.begin() as connection:
        assert connection.scalar(select(OURS.c.whole)) == 1


def test_a_type_refuses_what_it_would_refuse_otherwise(engine: Engine) -> None:
    with engine.begin() as connection, pytest.raises(TypeError, match="time zone"):
        write(connection, _PUT, [_row("a", at=datetime(2026, 1, 1))])


def test_of_many_all_are_found_and_of_none_nothing_is_asked(engine: Engine) -> None:
    ids = [f"id {number}" for number in range(2 * CHUNK + 1)]
    named = select(OURS.c.id).where(of(OURS), among(OURS.c.id))
    moved = update(OURS).where(of(OURS), among(OURS.c.id)).values(day=bindparam("day_"))
    ran: list[str] = []
    with engine.begin() as connection:
        write(connection, _PUT, [_row(id) for id in ids])
        write(connection, _PUT, [_row("id 0", organisation="kauri")])
        event.listen(connection, "before_cursor_execute", lambda *told: ran.append(told[2]))
        assert sorted(id for (id,) in ask(connection, named, "bellbird", ids)) == sorted(ids)
        assert len(ran) == 3
        assert list(ask(connection, named, "bellbird", [])) == []
        assert change(connection, moved, "bellbird", [], day_=date(2026, 1, 1)) == 0
        write(connection, _PUT, [])
        assert len(ran) == 3
        assert change(connection, moved, "bellbird", ids, day_=date(2026, 1, 1)) == len(ids)
        assert list(ask(connection, named, "kauri", ["id 0", "id 1"])) == [("id 0",)]
