"""A firm's sign-in in a file beside the firm, its tokens there or in the keyring of the system."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from pm2xero.files import OWNER_ONLY, make_private_folder, write_private
from pm2xero.signin.grant import Enrolment
from pm2xero.signin.vault import packed, unpacked, unusable

FOLDER = ".pm2xero"


class Safe(Protocol):
    """Keeps one secret text outside of files."""

    @property
    def place(self) -> str: ...

    def read(self) -> str | None:
        """The text, or None."""

    def write(self, secret: str) -> None:
        """Keep a text."""

    def remove(self) -> None:
        """Forget it."""


class FileVault:
    """A file of its owner (0600), written whole; with a safe, the file holds no token.

    Args:
        folder: that of the firm; the file stands in `.pm2xero/` there, which git passes over.
        safe: where the grant is kept instead; the file then says only that it is there, and what
            the firm is pinned to.
    """

    def __init__(self, folder: Path, firm: str, safe: Safe | None = None) -> None:
        self._folder = folder / FOLDER
        self._file = self._folder / f"{firm}.sign-in.json"
        self._safe = safe

    @property
    def is_there(self) -> bool:
        """Whether the firm was ever connected from here."""
        return self._file.exists()

    @property
    def place(self) -> str:
        """The file, or the safe."""
        return self._safe.place if self._safe else str(self._file)

    def read(self) -> Enrolment:
        """What is there now."""
        try:
            content = self._file.read_bytes()
        except FileNotFoundError:
            return Enrolment()
        except OSError as error:
            raise unusable(f"{self._file} cannot be read: {error.strerror}") from None
        kept = unpacked(content, str(self._file))
        if self._safe is None:
            self._check_private()
            return kept
        secret = self._safe.read()
        grant = unpacked(secret, self._safe.place).grant if secret else None
        return Enrolment(kept.pin, grant)

    @contextmanager
    def locked(self) -> Iterator[FileVault]:
        """Itself, while every other process and thread waits; a dead process's lock is free."""
        try:
            self._make_folder()
            lock = os.open(self._file.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, OWNER_ONLY)
        except OSError as error:
            message = f"the sign-in cannot be kept in {self._folder}: {error.strerror}"
            raise unusable(message, "a folder of yours") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self
        finally:
            os.close(lock)

    def write(self, enrolment: Enrolment) -> None:
        """Keep this instead, under the lock."""
        shown = enrolment
        if self._safe is not None:
            # The safe first: a file that promises a grant must find it.
            if enrolment.grant is None:
                self._safe.remove()
            else:
                self._safe.write(packed(Enrolment(grant=enrolment.grant)).decode())
            shown = Enrolment(enrolment.pin, None, self._safe.place if enrolment.grant else "")
        try:
            write_private(self._file, packed(shown))
        except OSError as error:
            raise unusable(f"{self._file} cannot be written: {error.strerror}") from None

    def close(self) -> None:
        """Nothing is held open."""

    def _make_folder(self) -> None:
        make_private_folder(self._folder)
        # A firm's folder is often a git repository; tokens must never be a commit away.
        with contextlib.suppress(FileExistsError), (self._folder / ".gitignore").open("x") as file:
            file.write("*\n")

    def _check_private(self) -> None:
        mode = stat.S_IMODE(self._file.stat().st_mode)
        if mode & 0o077:
            message = f"{self._file} holds tokens, and others of this machine can read it"
            raise unusable(message, f"chmod 600 {self._file}")
