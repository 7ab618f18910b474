"""The database that tests with an open outbox begin with is what an empty one becomes."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from pm2xero.outbox import Outbox

from .documents import Clock
from .postgresql import binaries, created

pytestmark = pytest.mark.skipif(binaries() is None, reason="no PostgreSQL is installed")

SHAPE = """
    SELECT table_name, column_name || ' ' || data_type || ' ' || is_nullable
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    ORDER BY 1, 2
"""


def read(url: str, statement: str) -> list[tuple[object, ...]]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(statement))]
    engine.dispose()
    return found


def test_a_prepared_database_is_what_an_empty_one_becomes(postgresql: str, prepared: str) -> None:
    empty = created(postgresql, "prepared_by_itself")
    assert read(empty, SHAPE) == []
    copy = created(postgresql, "prepared_and_copied", like=prepared)
    for url in (empty, copy):
        Outbox.open(url, "bellbird", Clock()).close()
    assert len(read(empty, SHAPE)) > 100
    for statement in (SHAPE, "SELECT version FROM schema_version"):
        assert read(copy, statement) == read(empty, statement)


def test_a_prepared_database_knows_no_organisation(postgresql: str, prepared: str) -> None:
    copy = created(postgresql, "prepared_for_nobody", like=prepared)
    tables = {str(name) for name, _ in read(copy, SHAPE)}
    full = {t for t in tables if read(copy, f'SELECT 1 FROM "{t.strip(chr(34))}" LIMIT 1')}
    assert len(full) == 1 and read(copy, f"SELECT count(*) FROM {full.pop()}") == [(1,)]
