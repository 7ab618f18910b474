"""Folders in memory, where the machine has them: what tests write is gone with them anyway."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
# All that the whole suite leaves behind is about one GB.
ENOUGH = 4 * 1024**3
ENOUGH_FOR_A_MONTH = 64 * 1024**2


def in_memory(least: int) -> Path | None:
    """The folder whose files are kept in memory, if this many bytes are free there."""
    if not _MEMORY.is_dir() or not os.access(_MEMORY, os.W_OK | os.X_OK):
        return None
    return _MEMORY if shutil.disk_usage(_MEMORY).free >= least else None


def write_to_memory(least: int = ENOUGH) -> None:
    """Let this process, and those that it starts, make their temporary files in memory.

    Each step of an outbox waits for the disk, as it must where money is sent; a disk that
    serves two workers at a time has them wait for longer than they work. What reaches a file
    outlives a process that is killed, in memory too. A folder that somebody names stays.
    """
    folder = in_memory(least)
    if folder is not None and "TMPDIR" not in os.environ:
        os.environ["TMPDIR"] = str(folder)
        # What was asked for before is remembered.
        tempfile.tempdir = None
