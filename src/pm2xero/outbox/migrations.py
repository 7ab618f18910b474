"""Brings a database to the schema that this program knows.

A new database gets the tables of `schema.py` at once; an older one goes through the numbered steps.
A step is never changed after a release: it sees the tables as they were, so it speaks plain SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection, func, insert, inspect, select

from pm2xero.errors import Finding, OutboxError
from pm2xero.outbox import memory_schema as memory_schema
from pm2xero.outbox import notes_schema as notes_schema
from pm2xero.outbox import past_schema as past_schema
from pm2xero.outbox import pin_schema as pin_schema
from pm2xero.outbox import record_schema as record_schema
from pm2xero.outbox import seen_schema as seen_schema
from pm2xero.outbox.migration_2 import past_as_rows
from pm2xero.outbox.migration_3 import memory
from pm2xero.outbox.migration_4 import lists_and_records
from pm2xero.outbox.migration_5 import pins
from pm2xero.outbox.migration_6 import notes
from pm2xero.outbox.schema import metadata, versions

Step = Callable[[Connection], None]

# Version reached -> how to get there from the one before; version 1 is the first schema.
STEPS: Mapping[int, Step] = {2: past_as_rows, 3: memory, 4: lists_and_records, 5: pins, 6: notes}


def version_of(connection: Connection) -> int | None:
    """The schema of a database; None of an empty one."""
    if not inspect(connection).has_table(versions.name):
        return None
    found: int = connection.execute(select(func.max(versions.c.version))).scalar_one()
    return found


def newest(steps: Mapping[int, Step] = STEPS) -> int:
    """The schema that this program knows."""
    return max(steps, default=1)


def migrate(connection: Connection, now: datetime, steps: Mapping[int, Step] = STEPS) -> int:
    """Migrate inside the caller's transaction and return the version reached.

    Raises:
        OutboxError: PE102, the database was made by a newer program.
    """
    last = newest(steps)
    found = version_of(connection)
    if found is None:
        metadata.create_all(connection)
        connection.execute(insert(versions).values(version=last, applied_at=now))
        return last
    if found > last:
        raise OutboxError(
            Finding(
                "PE102",
                f"the outbox has schema {found}, this program knows up to {last}",
                should_be="use the newer pm2xero that made it",
            )
        )
    for version in range(found + 1, last + 1):
        steps[version](connection)
        connection.execute(insert(versions).values(version=version, applied_at=now))
    return last
