"""The folder in which verdicts are kept: the user's own, and trusted only as far as it is that.

A verdict that somebody else could have written is none: the folder and each file must belong to
who runs the product, and nobody else may write to them. A file says in its first line what its
rest must add up to, so that half a file, or one that the disk has spoilt, is not read.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

# Names a folder, or says that nothing is kept (`off`).
VARIABLE = "PM2XERO_CACHE"
OFF = "off"
# Files of a kind that are kept; those that were not written for longest go.
MOST = 64
# A verdict has kilobytes; what is larger is not one.
LARGEST = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of things kept, one file each."""

    path: Path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Folder | None:
        """The folder that the environment asks for; None where nothing is to be kept.

        `PM2XERO_CACHE` names it or is `off`; else it is `pm2xero` in the user's cache folder
        (XDG Base Directory Specification: `XDG_CACHE_HOME`, or `~/.cache`; relative ones do not
        count). Where a system cannot say whose a file is, nothing is kept.
        """
        if not hasattr(os, "geteuid"):
            return None
        named = environment.get(VARIABLE, "")
        if named:
            return None if named == OFF else cls(Path(named))
        base = Path(environment.get("XDG_CACHE_HOME", ""))
        if not base.is_absolute():
            base = Path(environment.get("HOME", "")) / ".cache"
        return cls(base / "pm2xero") if base.is_absolute() else None

    def read(self, name: str) -> Any:
        """What was kept under a name; None where there is nothing that can be trusted."""
        try:
            if not _is_own(self.path.stat()):
                return None
            number = os.open(self.path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            with os.fdopen(number, "rb") as stream:
                status = os.fstat(stream.fileno())
                if not _is_own(status) or not stat.S_ISREG(status.st_mode):
                    return None
                if status.st_size > LARGEST:
                    return None
                head, _, body = stream.read().partition(b"\n")
            if head != _sum(body):
                return None
            kept = json.loads(body)
            return kept["value"] if kept["name"] == name else None
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    def write(self, name: str, value: object) -> None:
        """Keep a value under a name, whole or not at all; that it cannot be kept is no fault."""
        from pm2xero.files import make_private_folder, write_private

        try:
            body = json.dumps({"name": name, "value": value}, separators=(",", ":")).encode()
            make_private_folder(self.path)
            if not _is_own(self.path.stat()):
                return
            write_private(self.path / name, _sum(body) + b"\n" + body, durable=False)
            self._prune(name.partition("-")[0])
        except (OSError, ValueError):
            return

    def _prune(self, kind: str) -> None:
        """Let the oldest of a kind go."""
        found = [e for e in os.scandir(self.path) if e.name.startswith(f"{kind}-")]
        if len(found) <= MOST:
            return
        for entry in sorted(found, key=lambda e: e.stat().st_mtime_ns)[:-MOST]:
            Path(entry.path).unlink()


def _is_own(status: os.stat_result) -> bool:
    """Only who runs this can have written it."""
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _sum(body: bytes) -> bytes:
    return blake2b(body, digest_size=32).hexdigest().encode()
