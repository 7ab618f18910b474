"""What a trial of a kind found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pm2xero.errors import Finding

if TYPE_CHECKING:
    from pm2xero.validate.soundness.unsound import Unsound


@dataclass(frozen=True, slots=True)
class Result:
    """What was booked of one kind, and what stands against it.

    Attributes:
        transactions: how many of its documents were booked.
        mappings: those by which they were posted.
    """

    transactions: int
    mappings: tuple[str, ...]
    unsound: Unsound | None = None
    untested: tuple[Finding, ...] = ()
