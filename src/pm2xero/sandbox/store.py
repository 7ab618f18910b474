"""The SQLite file (or memory) behind the sandbox: schema, transactions, savepoints."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pm2xero.files import reserve_private

SCHEMA_VERSION = 2

# `client` is empty where no app is named; `event` is one consent of one user; a refresh token that
# was used has `replaced` and the one that came after it.
_SIGN_IN = """
ALTER TABLE token ADD COLUMN client TEXT NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN event TEXT NOT NULL DEFAULT '';
ALTER TABLE token ADD COLUMN replaced TEXT;
ALTER TABLE token ADD COLUMN successor TEXT;
CREATE TABLE code (
  code TEXT PRIMARY KEY, client TEXT NOT NULL, redirect TEXT NOT NULL, challenge TEXT NOT NULL,
  scopes TEXT NOT NULL, nonce TEXT NOT NULL, event TEXT NOT NULL, expires TEXT NOT NULL)
  WITHOUT ROWID;
CREATE TABLE connection (
  id TEXT PRIMARY KEY, client TEXT NOT NULL, tenant TEXT NOT NULL, event TEXT NOT NULL,
  made TEXT NOT NULL, updated TEXT NOT NULL, UNIQUE (client, tenant)) WITHOUT ROWID;
"""
# What turns a file of a version into one of the next.
_STEPS = {1: _SIGN_IN}

# Money is whole cents, everything else text; `body` holds what no rule and no query needs.
_SCHEMA = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE account (
  id TEXT PRIMARY KEY, position INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tax_rate (
  tax_type TEXT PRIMARY KEY, position INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE record (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  endpoint TEXT NOT NULL,
  type TEXT NOT NULL,
  status TEXT NOT NULL,
  date TEXT,
  due_date TEXT,
  number TEXT,
  reference TEXT,
  label TEXT,
  contact_id TEXT,
  account_id TEXT,
  target_id TEXT,
  source_id TEXT,
  group_id TEXT,
  total INTEGER NOT NULL,
  remaining INTEGER NOT NULL,
  updated TEXT NOT NULL,
  body TEXT NOT NULL);
CREATE INDEX record_endpoint ON record (endpoint, seq);
CREATE INDEX record_number ON record (endpoint, number) WHERE number IS NOT NULL;
CREATE INDEX record_reference ON record (endpoint, reference) WHERE reference IS NOT NULL;
CREATE INDEX record_label ON record (endpoint, label) WHERE label IS NOT NULL;
CREATE INDEX record_contact ON record (contact_id, endpoint) WHERE contact_id IS NOT NULL;
CREATE INDEX record_target ON record (target_id) WHERE target_id IS NOT NULL;
CREATE INDEX record_source ON record (source_id) WHERE source_id IS NOT NULL;
CREATE INDEX record_group ON record (group_id) WHERE group_id IS NOT NULL;
CREATE TABLE history (
  seq INTEGER PRIMARY KEY, record_id TEXT NOT NULL, changes TEXT NOT NULL, details TEXT NOT NULL,
  made TEXT NOT NULL);
CREATE INDEX history_record ON history (record_id);
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  source_id TEXT NOT NULL,
  source_type TEXT NOT NULL,
  date TEXT NOT NULL,
  made TEXT NOT NULL,
  reverses INTEGER REFERENCES journal (seq),
  is_open INTEGER NOT NULL);
CREATE INDEX journal_source ON journal (source_id) WHERE is_open;
CREATE TABLE posting (
  journal INTEGER NOT NULL REFERENCES journal (seq), position INTEGER NOT NULL,
  account_id TEXT NOT NULL REFERENCES account (id), cents INTEGER NOT NULL,
  PRIMARY KEY (journal, position)) WITHOUT ROWID;
CREATE TABLE token (
  token TEXT PRIMARY KEY, kind TEXT NOT NULL, bound INTEGER NOT NULL, scopes TEXT NOT NULL,
  expires TEXT NOT NULL) WITHOUT ROWID;
{_SIGN_IN}
CREATE TABLE idempotency (
  key TEXT PRIMARY KEY, request TEXT NOT NULL, first_seen TEXT NOT NULL, status INTEGER NOT NULL,
  media_type TEXT NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX idempotency_first_seen ON idempotency (first_seen);
"""


class Store:
    """One SQLite connection. Whoever uses it from several threads brings the lock."""

    def __init__(self, path: str | Path) -> None:
        if str(path) != ":memory:":
            with suppress(OSError):  # SQLite says it better, in a moment
                reserve_private(Path(path))
        self._connection = sqlite3.connect(
            str(path), isolation_level=None, check_same_thread=False, cached_statements=256
        )
        self.rows("PRAGMA foreign_keys=ON")
        if str(path) != ":memory:":
            # WAL and NORMAL: a commit outlives a killed process, though not a power cut.
            self.rows("PRAGMA journal_mode=WAL")
            self.rows("PRAGMA synchronous=NORMAL")

    @property
    def is_fresh(self) -> bool:
        """Whether the file has no schema yet; one of an earlier version is brought forward.

        Raises:
            ValueError: the file was written by another version of the schema.
        """
        version = int(self.one("PRAGMA user_version")[0])
        while version in _STEPS:
            with self.savepoint():
                self._run(_STEPS[version])
                version += 1
                self._connection.execute(f"PRAGMA user_version={version}")
        if version not in (0, SCHEMA_VERSION):
            raise ValueError(f"the sandbox file has schema {version}, not {SCHEMA_VERSION}")
        return version == 0

    def create(self) -> None:
        """Write the schema, within the caller's transaction."""
        self._run(_SCHEMA)
        self._connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def _run(self, statements: str) -> None:
        for statement in statements.split(";"):
            if statement.strip():
                self._connection.execute(statement)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run one statement; the row id of an insert."""
        return self._connection.execute(sql, parameters).lastrowid or 0

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each row."""
        self._connection.executemany(sql, rows)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Every row of a query."""
        return self._connection.execute(sql, parameters).fetchall()

    def find(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, if any."""
        row: tuple[Any, ...] | None = self._connection.execute(sql, parameters).fetchone()
        return row

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...]:
        """The first row of a query that always has one."""
        row = self.find(sql, parameters)
        if row is None:
            raise LookupError(sql)
        return row

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, durable at the end."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of a transaction that can be undone alone."""
        self._connection.execute("SAVEPOINT element")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK TO element")
            self._connection.execute("RELEASE element")
            raise
        self._connection.execute("RELEASE element")

    def close(self) -> None:
        """Close the connection; committed requests stay."""
        self._connection.close()
