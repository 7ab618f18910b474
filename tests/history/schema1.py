"""An outbox as schema 1 kept it: an example month, corrected, reversed, held, entered by hand.

The files are SQL as SQLite dumps it, of the outbox and of the Xero organisation of it.
"""

from __future__ import annotations

import gzip
import re
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import create_engine, text

FOLDER = Path(__file__).parent / "outboxes"
_MOMENTS = ("decided_at", "started_at", "ended_at", "at", "heartbeat", "applied_at")


def dump(name: str) -> str:
    """The SQL of `outbox` or `xero`."""
    return gzip.decompress((FOLDER / f"schema1.{name}.sql.gz").read_bytes()).decode()


def as_sqlite(path: Path, name: str) -> None:
    """Write one of the two as an SQLite file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(dump(name))
        # A dump leaves out which version of its tables the sandbox wrote.
        connection.execute("PRAGMA user_version = 1")


def into_postgresql(url: str, folder: Path) -> None:
    """Fill an empty PostgreSQL database with the outbox, with the types that it had there."""
    path = folder / "for-postgresql.sqlite3"
    as_sqlite(path, "outbox")
    engine = create_engine(url)
    with closing(sqlite3.connect(path)) as source, engine.begin() as connection:
        tables = source.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL"
        ).fetchall()
        for name, sql in tables:
            connection.execute(text(_postgresql(sql)))
            _copy(source, connection, name)
        indexes = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        for (sql,) in source.execute(indexes):
            connection.execute(text(sql))
    engine.dispose()


def _postgresql(sql: str) -> str:
    sql = re.sub(r",\s*FOREIGN KEY.*?REFERENCES [^)]*\)", "", sql, flags=re.DOTALL)
    sql = re.sub(r"\bBLOB\b", "BYTEA", sql)
    for name in _MOMENTS:
        sql = re.sub(rf"\b{name} VARCHAR\(32\)", f"{name} TIMESTAMP WITH TIME ZONE", sql)
    return re.sub(r"\bid INTEGER NOT NULL", "id BIGSERIAL NOT NULL", sql)


def _copy(source: sqlite3.Connection, connection: object, name: str) -> None:
    columns = source.execute(f"PRAGMA table_info({name})").fetchall()
    names = [c[1] for c in columns]
    booleans = {c[1] for c in columns if c[2] == "BOOLEAN"}
    rows = []
    for row in source.execute(f"SELECT * FROM {name}"):
        values = dict(zip(names, row, strict=True))
        for key, value in values.items():
            if key in booleans:
                values[key] = bool(value)
            elif key in _MOMENTS and isinstance(value, str):
                values[key] = datetime.fromisoformat(value)
        rows.append(values)
    if rows:
        listed = ", ".join(names)
        marks = ", ".join(f":{n}" for n in names)
        connection.execute(text(f"INSERT INTO {name} ({listed}) VALUES ({marks})"), rows)  # type: ignore[attr-defined]
