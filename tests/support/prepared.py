"""What each new outbox of the tests would work out again: its tables, and its statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine
from sqlalchemy.engine import URL

_SCHEMA = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"


class Engines:
    """Makes engines; those on SQLite share the statements that were compiled for any of them."""

    def __init__(self) -> None:
        self._first = create_engine("sqlite://")
        # Only a dialect that was connected once knows its database.
        self._first.connect().close()

    def __call__(self, url: URL, **options: Any) -> Engine:
        engine = create_engine(url, **options)
        if engine.dialect.name == "sqlite":
            # What was compiled is found by the very dialect that it was compiled for.
            engine.dialect = engine.pool._dialect = self._first.dialect
            engine._compiled_cache = self._first._compiled_cache
        return engine


class Tables:
    """Creates the tables of an empty SQLite database by the statements that made those of one."""

    def __init__(self, metadata: MetaData) -> None:
        self._metadata = metadata
        self._statements: list[str] = []

    def create_all(self, connection: Connection) -> None:
        """As `MetaData.create_all`."""
        if connection.dialect.name != "sqlite" or connection.exec_driver_sql(_SCHEMA).first():
            self._metadata.create_all(connection)
            return
        if not self._statements:
            self._metadata.create_all(connection)
            self._statements = list(connection.exec_driver_sql(_SCHEMA).scalars())
            return
        # By the driver: nothing is to be bound, logged or told of fifty statements in a row.
        cursor = connection.connection.cursor()
        for statement in self._statements:
            cursor.execute(statement)
        cursor.close()
