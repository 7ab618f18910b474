"""What files are, by their bytes: the same digest for the same names and bytes, and for no others.

Times and sizes are not looked at: an edit within one tick of the clock is an edit.
"""

# Hundreds of files for each command: names that are not made into a Path take half of the time.
# ruff: noqa: PTH116, PTH118, PTH208

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

# A pack has two levels of folders; a link that leads back up would have no end.
DEEPEST = 30
# Of a pack or a snapshot; more is not read for a digest.
LARGEST = 64 * 1024 * 1024
# Of the product alone: in a pack it is a folder like any other.
_BYTECODE = "__pycache__"


class CannotTellError(Exception):
    """What something is made of cannot be told, so nothing is kept of it."""


def digest_of(path: str, without: str = "") -> str:
    """The digest of a file, or of all that is below a folder; also of nothing being there.

    Args:
        without: the name of what does not count, wherever it stands.

    Raises:
        CannotTellError: there are too many levels or bytes, or something cannot be read.
    """
    try:
        return _digest(path, 0, without).hex()
    except FileNotFoundError:
        return "nothing"
    except OSError as exc:
        raise CannotTellError(str(exc)) from exc


def digest_of_parts(parts: Iterable[str]) -> str:
    """One digest of several texts in their order."""
    found = blake2b(digest_size=32)
    for part in parts:
        raw = part.encode("utf-8", "surrogateescape")
        found.update(b"%d:" % len(raw) + raw)
    return found.hexdigest()


def product() -> str:
    """What of the product itself a verdict depends on: its source, its schemas and what it uses.

    Raises:
        CannotTellError: the product does not stand in files that can be read.
    """
    here = Path(__file__).parents[2]
    from pm2xero.resources import root

    return digest_of_parts(
        (
            sys.version, sys.platform, os.uname().machine, str(sys.flags.optimize),
            digest_of(str(here), _BYTECODE), digest_of(str(root() / "schema")), *_installed(),
        )
    )  # fmt: skip


def _installed() -> Iterator[str]:
    """Each distribution that can be imported, as its folder of metadata names it with version."""
    for place in sys.path:
        try:
            names = os.listdir(place or ".")
        except OSError:
            continue
        yield "\n".join(sorted(n for n in names if n.endswith((".dist-info", ".egg-info"))))


def _digest(path: str, depth: int, without: str) -> bytes:
    status = os.stat(path)
    found = blake2b(digest_size=32)
    if stat.S_ISREG(status.st_mode):
        if status.st_size > LARGEST:
            raise CannotTellError(f"{path} is too large")
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            with os.fdopen(number, "rb", buffering=0, closefd=False) as stream:
                found.update(b"file\n" + stream.read())
        finally:
            os.close(number)
        return found.digest()
    if not stat.S_ISDIR(status.st_mode):
        raise CannotTellError(f"{path} is neither file nor folder")
    if depth > DEEPEST:
        raise CannotTellError(f"{path} is too deep")
    found.update(b"folder\n")
    for name in sorted(os.listdir(path)):
        if name == without:
            continue
        raw = os.fsencode(name)
        try:
            inner = _digest(os.path.join(path, name), depth + 1, without)
        except FileNotFoundError:
            # A link to nothing; it is there by name, as a folder's list shows it.
            inner = b"nothing"
        found.update(b"%d:" % len(raw) + raw + b"%d:" % len(inner) + inner)
    return found.digest()
