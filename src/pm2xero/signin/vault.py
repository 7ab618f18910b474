"""Where a firm's sign-in is kept: what every keeper can do, and what is told when it cannot."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from pm2xero.errors import Finding, UsageError
from pm2xero.signin.grant import Enrolment


class Shelf(Protocol):
    """A firm's place in a vault while nobody else may change it."""

    def read(self) -> Enrolment:
        """What is there now."""

    def write(self, enrolment: Enrolment) -> None:
        """Keep this instead; it outlives the process once the lock is given back."""


class Vault(Protocol):
    """Keeps one firm's sign-in, for several processes at once.

    Attributes:
        place: where it is, in words that hold no secret.
    """

    @property
    def place(self) -> str: ...

    def read(self) -> Enrolment:
        """What is there now, without waiting for anybody."""

    def locked(self) -> AbstractContextManager[Shelf]:
        """The shelf; whoever else wants it waits."""

    def close(self) -> None:
        """Give back what it holds open."""


def unusable(message: str, should_be: str | None = None) -> UsageError:
    """The sign-in cannot be kept or read: PU953."""
    return UsageError(Finding("PU953", message, should_be=should_be))


def packed(enrolment: Enrolment) -> bytes:
    """An enrolment as JSON, with its tokens."""
    return msgspec.json.encode(enrolment)


def unpacked(content: bytes | str, place: str) -> Enrolment:
    """What `packed` wrote.

    Raises:
        UsageError: PU953; the message quotes nothing of the content.
    """
    try:
        return msgspec.json.decode(content, type=Enrolment)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        message = f"what is kept in {place} is no sign-in"
        raise unusable(message, "remove it and run `pm2xero connect`") from None
