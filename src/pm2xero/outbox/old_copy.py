"""A copy of an SQLite outbox as an earlier schema left it, beside the one that is migrated."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from pm2xero.files import reserve_private


def keep_old_copy(database: Path, schema: int) -> Path:
    """Copy the file as it is now, whole or not at all; a copy that is there stays.

    Returns:
        the copy, named after the schema that it has.
    """
    copy = database.with_name(f"{database.name}.schema{schema}")
    if copy.exists():
        return copy
    unfinished = copy.with_name(f"{copy.name}.part")
    unfinished.unlink(missing_ok=True)
    reserve_private(unfinished)
    with (
        closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(unfinished)) as target,
    ):
        source.backup(target)
    unfinished.replace(copy)
    return copy
