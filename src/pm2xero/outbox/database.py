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
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from pm2xero.errors import Finding, OutboxError
from pm2xero.files import reserve_private
from pm2xero.outbox.asking import CHUNK, AnyRow, ask
from pm2xero.outbox.faults import finding, told
from pm2xero.outbox.migrations import migrate, newest, version_of
from pm2xero.outbox.old_copy import keep_old_copy
from pm2xero.outbox.schema import metadata
from pm2xero.outbox.server import address_of, line_options, prepare
from pm2xero.outbox.server import shown as address_shown

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
        OutboxError: PE108 when it cannot be opened, PE102 when a newer program made it, PE131 for
            a server's database that is not in UTF-8, or what is wrong with the database (PE120 to
            PE129, PE132).
    """
    try:
        parsed = address_of(url)
        engine = make_engine(parsed)
    except ArgumentError as exc:
        raise _unusable(f"the outbox's address cannot be used: {exc}") from None
    except ModuleNotFoundError as exc:
        message = f"the outbox's address cannot be used: {exc}"
        raise _unusable(message, 'pip install "pm2xero[postgres]"') from None
    except NoSuchModuleError as exc:
        raise _unusable(f"the outbox's address cannot be used: {exc}") from None
    try:
        connection = engine.connect()
    except DBAPIError as exc:
        engine.dispose()
        raise _unopened(parsed, exc) from None
    except OutboxError:
        engine.dispose()
        raise
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
    return f"the outbox {address_shown(url)}"


def _unopened(url: URL, exc: DBAPIError) -> OutboxError:
    """What the driver says of an address; nothing was stored yet, so it speaks of nothing else."""
    if getattr(exc.orig, "sqlstate", None):
        # The server answered; it has words of its own for why.
        return OutboxError(finding(exc, shown(url)))
    said = " ".join(str(exc.orig).split())
    if not _is_file(url):
        should_be = "a server that runs and takes the user, password and database of the address"
        return _unusable(f"{shown(url)} cannot be opened: {said}", should_be=should_be)
    denied = "unable to open" in said or "readonly" in said
    hint = "the file and its folder must be there, and writable" if denied else None
    return _unusable(f"{shown(url)} cannot be opened: {said}", hint)


def _unusable(
    message: str, hint: str | None = None,
    should_be: str = "sqlite:///outbox.db or postgresql+psycopg://…",
) -> OutboxError:  # fmt: skip
    return OutboxError(Finding("PE108", message, should_be=should_be, hint=hint))


def make_engine(
    address: URL | str, patience: float | None = None, *, may_idle: bool = False
) -> Engine:
    """An engine whose transactions exclude each other when they write, on SQLite too.

    Args:
        patience: seconds to wait for another one's lock on a server; BUSY_SECONDS without.
        may_idle: a server's transactions may wait for something else meanwhile.

    Raises:
        ArgumentError: the address is none; the message shows nothing of it.
    """
    url = address_of(address)
    if url.get_backend_name() == "postgresql":
        # Writers that waited for each other must see what the other one wrote, whatever the
        # database's own default is.
        engine = create_engine(
            url, hide_parameters=True, isolation_level="READ COMMITTED",
            connect_args=line_options(url),
        )  # fmt: skip
        prepare(engine, BUSY_SECONDS if patience is None else patience, may_idle=may_idle)
        return engine
    if url.get_backend_name() != "sqlite":
        raise ArgumentError(f"no {url.get_backend_name()} is known here")
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
