"""Brings a database to the schema that this program knows.

A new database gets the tables of `schema.py` at once; an older one goes through the numbered steps.
A step is never changed after a release: it sees the tables as they were, so it speaks plain SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection, func, insert, inspect, select

from pm2xero.errors import Finding, OutboxError
from pm2xero.outbox import past_schema as past_schema
from pm2xero.outbox.migration_2 import past_as_rows
from pm2xero.outbox.schema import metadata, versions

Step = Callable[[Connection], None]

# Version reached -> how to get there from the one before; version 1 is the first schema.
STEPS: Mapping[int, Step] = {2: past_as_rows}


def migrate(connection: Connection, now: datetime, steps: Mapping[int, Step] = STEPS) -> int:
    """Migrate inside the caller's transaction and return the version reached.

    Raises:
        OutboxError: PE102, the database was made by a newer program.
    """
    newest = max(steps, default=1)
    if not inspect(connection).has_table(versions.name):
        metadata.create_all(connection)
        connection.execute(insert(versions).values(version=newest, applied_at=now))
        return newest
    found = connection.execute(select(func.max(versions.c.version))).scalar_one()
    if found > newest:
        raise OutboxError(
            Finding(
                "PE102",
                f"the outbox has schema {found}, this program knows up to {newest}",
                should_be="use the newer pm2xero that made it",
            )
        )
    for version in range(found + 1, newest + 1):
        steps[version](connection)
        connection.execute(insert(versions).values(version=version, applied_at=now))
    return newest
