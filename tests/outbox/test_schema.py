from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import Dialect, create_engine, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import Float, Numeric

from pm2xero.outbox import Outbox
from pm2xero.outbox.schema import Moment, Money

from .documents import AT, Clock, chain

DIALECTS = [sqlite.dialect(), postgresql.dialect()]  # type: ignore[no-untyped-call] # SQLAlchemy


def test_no_column_of_the_database_is_a_float(url: str) -> None:
    Outbox.open(url, "bellbird", Clock()).close()
    engine = create_engine(url)
    found = inspect(engine)
    tables = found.get_table_names()
    types = [column["type"] for table in tables for column in found.get_columns(table)]
    engine.dispose()
    assert len(types) > 60
    assert [t for t in types if isinstance(t, Float | Numeric)] == []


def test_sqlite_is_durable_and_checks_references(outbox: Outbox) -> None:
    with outbox._engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            assert connection.scalar(text("SHOW server_encoding")) == "UTF8"
            return
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert connection.scalar(text("PRAGMA synchronous")) == 2


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: d.name)
def test_money_keeps_every_digit_and_refuses_what_is_not_exact(dialect: Dialect) -> None:
    money = Money()
    for digits in ("0.00", "-1234567890123456789.01", "87.7450", "1E+3"):
        value = Decimal(digits)
        stored = money.process_bind_param(value, dialect)
        assert money.process_result_value(stored, dialect) == value
        assert isinstance(stored, str)
        assert "E" not in stored
    for wrong in (1.5, 1, "1.50", Decimal("NaN")):
        with pytest.raises(TypeError):
            money.process_bind_param(wrong, dialect)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda d: d.name)
def test_moments_are_instants_in_utc(dialect: Dialect) -> None:
    moment = Moment()
    sydney = datetime(2026, 6, 1, 19, 30, tzinfo=timezone(timedelta(hours=10)))
    stored = moment.process_bind_param(sydney, dialect)
    back = moment.process_result_value(stored, dialect)
    assert back == AT
    assert back is not None
    assert back.tzinfo is UTC
    with pytest.raises(TypeError, match="time zone"):
        moment.process_bind_param(datetime(2026, 6, 1), dialect)


def test_moments_sort_as_text() -> None:
    dialect = DIALECTS[0]
    earlier = Moment().process_bind_param(AT, dialect)
    later = Moment().process_bind_param(AT + timedelta(microseconds=1), dialect)
    assert earlier < later
    assert len(earlier) == len(later)


def test_everything_refers_to_its_organisation(url: str) -> None:
    with Outbox.open(url, "bellbird", Clock()) as outbox:
        chain(outbox)
    engine = create_engine(url)
    found = inspect(engine)
    without = [
        table
        for table in found.get_table_names()
        if "organisation" not in {c["name"] for c in found.get_columns(table)}
    ]
    engine.dispose()
    assert without == ["schema_version"]
