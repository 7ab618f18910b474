"""Connections and transactions: one writer at a time per organisation, readers beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Any

from sqlalchemy import Connection, Engine, Executable, create_engine, event, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from pm2xero.errors import Finding, OutboxError
from pm2xero.files import reserve_private
from pm2xero.outbox.asking import CHUNK, AnyRow, ask
from pm2xero.outbox.faults import told
from pm2xero.outbox.migrations import migrate, newest, version_of
from pm2xero.outbox.old_copy import keep_old_copy
from pm2xero.outbox.schema import metadata

BUSY_SECONDS = 30
# Rows of a long answer that are in memory at a time.
PAGE = 500

Clock = Callable[[], datetime]


class Database:
    """The tables of one organisation.

    Writes are short transactions that exclude each other. Reads see one snapshot.
    """

    def __init__(self, engine: Engine, organisation: str, clock: Clock) -> None:
        self._engine = engine
        self._reading = _reading(engine)
        self._name = shown(engine.url)
        self._organisation = organisation
        self._clock = clock
        # A database in memory is one connection; threads must take turns.
        self._turn = RLock()
        self._owner: str | None = None
        self._saved = 0
        self._analyse_at = CHUNK

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with told(self._name), self._turn, self._reading.begin() as connection:
            yield connection

    def _ask(
        self, connection: Connection, statement: Executable, ids: Iterable[Any] | None = None,
        **values: Any,
    ) -> Iterator[AnyRow]:  # fmt: skip
        """The organisation's rows of a statement that stands ready; see `ask`."""
        return ask(connection, statement, self._organisation, ids, **values)

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with told(self._name), self._turn, self._engine.begin() as connection:
            lock_writers(connection, self._organisation)
            yield connection


def _reading(engine: Engine) -> Engine:
    """The same database for whoever reads: one snapshot, and no lock."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(reading=True, isolation_level="REPEATABLE READ")
    return engine.execution_options(reading=True)


def lock_writers(connection: Connection, name: str) -> None:
    """Wait for other writers of the same name; SQLite has done so at BEGIN IMMEDIATE."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def analyse(connection: Connection) -> None:
    """Let PostgreSQL count after many rows came at once; without, its plans become quadratic."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(table.name for table in metadata.sorted_tables)
        connection.exec_driver_sql(f"ANALYZE {names}")


def open_engine(url: str, clock: Clock) -> Engine:
    """An engine on a migrated database.

    Raises:
        OutboxError: PE108 when it cannot be opened, PE102 when a newer program made it, or what
            is wrong with the database (PE120 to PE129).
    """
    try:
        parsed = make_url(url)
        engine = make_engine(parsed)
    except ArgumentError:
        # The error quotes the address, perhaps with its password.
        raise _unusable("the outbox's address cannot be used") from None
    except ModuleNotFoundError as exc:
        message = f"the outbox's address cannot be used: {exc}"
        raise _unusable(message, 'pip install "pm2xero[postgres]"') from None
    except NoSuchModuleError as exc:
        raise _unusable(f"the outbox's address cannot be used: {exc}") from None
    try:
        connection = engine.connect()
    except DBAPIError as exc:
        engine.dispose()
        denied = "unable to open" in str(exc.orig) or "readonly" in str(exc.orig)
        writable = "the file and its folder must be there, and writable"
        hint = writable if denied and _is_file(parsed) else None
        # Nothing was stored yet: the driver speaks of the address and nothing else.
        raise _unusable(f"{shown(parsed)} cannot be opened: {exc.orig}", hint) from None
    try:
        with told(shown(parsed)), connection, connection.begin():
            lock_writers(connection, "pm2xero schema")
            found = version_of(connection)
            if found is not None and found < newest() and _is_file(parsed):
                keep_old_copy(Path(str(parsed.database)), found)
            migrate(connection, clock())
    except OutboxError:
        engine.dispose()
        raise
    return engine


def _is_file(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")


def shown(url: URL) -> str:
    """How messages call an outbox: its address without a password."""
    return f"the outbox {url.render_as_string(hide_password=True)}"


def _unusable(message: str, hint: str | None = None) -> OutboxError:
    should_be = "sqlite:///outbox.db or postgresql+psycopg://…"
    return OutboxError(Finding("PE108", message, should_be=should_be, hint=hint))


def make_engine(address: URL | str) -> Engine:
    """An engine whose transactions exclude each other when they write, on SQLite too."""
    url = make_url(address)
    if url.get_backend_name() != "sqlite":
        return create_engine(url, hide_parameters=True)
    if url.database in (None, "", ":memory:"):
        engine = create_engine(
            url,
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
            hide_parameters=True,
        )
    else:
        if not str(url.database).startswith("file:"):
            with suppress(OSError):  # SQLite says it better, in a moment
                reserve_private(Path(str(url.database)))
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: it would do so without IMMEDIATE.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except connection_errors(connection) as exc:
            # SQLite does not wait by itself for this one change.
            if "locked" not in str(exc) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def connection_errors(connection: Any) -> type[Exception]:
    """The error that the driver of a connection raises when the database is busy."""
    error: type[Exception] = connection.OperationalError
    return error


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
