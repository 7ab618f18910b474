"""Files that the product makes: readable by their owner only, and written whole or not at all.

A plan, a lock list, a body or an outbox holds clients' names and money, so none of them is ever
readable by others of the machine, not even for the moment between making and closing it. A text
stands under its name only once all of it is on the disk: whoever reads it, or whatever cuts the
program off, meets the old contents or the new ones.

YAML that people edit (`init`, `test --update`) is written whole, too, but with the permissions
that the file had, or that a new file of the user gets.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OWNER_ONLY = 0o600
FOLDER_OF_OWNER = 0o700


def write_private(path: Path, contents: bytes | str, *, durable: bool = True) -> None:
    """Write a file that only its owner may read; what stood there is replaced at once.

    Args:
        path: a link is followed; a device or pipe (`/dev/stdout`) is written to as it is.
        durable: wait until the disk has it; without, a power failure may take the file away, but
            never leaves a part of it under its name.

    Raises:
        OSError: nothing was changed.
    """
    _write(path, _bytes(contents), OWNER_ONLY, durable)


def write_edited(path: Path, contents: str) -> None:
    """Write a file that people edit and share, with the permissions that it has or would get.

    Raises:
        OSError: nothing was changed.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        mode = 0o666 & ~_umask()
    _write(path, _bytes(contents), mode, True)


def reserve_private(path: Path) -> None:
    """Make an empty file for its owner only, where there is none; a database then grows in it.

    SQLite gives its journal and shared memory the permissions of the file itself.

    Raises:
        OSError: it cannot be made.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))


def make_private_folder(path: Path) -> None:
    """Make a folder for its owner only, where there is none.

    Raises:
        OSError: it cannot be made, or something else has the name.
    """
    path.mkdir(mode=FOLDER_OF_OWNER, parents=True, exist_ok=True)


def _bytes(contents: bytes | str) -> bytes:
    # Half a character (a lone surrogate) cannot be written; a mark in its place can be seen.
    return contents if isinstance(contents, bytes) else contents.encode("utf-8", "replace")


def _write(path: Path, contents: bytes, mode: int, durable: bool) -> None:
    real = path.resolve()
    if real.exists() and not real.is_file():
        with real.open("wb") as stream:
            stream.write(contents)
        return
    with _temporary(real) as (number, name):
        with os.fdopen(number, "wb") as stream:
            stream.write(contents)
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            if durable:
                os.fsync(stream.fileno())
        name.replace(real)
    if durable:
        _sync_folder(real.parent)


@contextmanager
def _temporary(beside: Path) -> Iterator[tuple[int, Path]]:
    """A new file in the same folder, for its owner only; gone when it did not get its name."""
    number, name = tempfile.mkstemp(
        prefix=f".{beside.name[:80]}.", suffix=".tmp", dir=beside.parent
    )
    temporary = Path(name)
    try:
        yield number, temporary
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Let the disk know of the new name; not every file system lets a folder be asked so."""
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _umask() -> int:
    """What the user takes from the permissions of new files; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
