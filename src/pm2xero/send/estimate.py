"""How many calls a plan needs at least, and how long that takes under Xero's limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from pm2xero.send.batching import BATCH
from pm2xero.xero.budget import CallLimits
from pm2xero.xero.contracts import contract

_MINUTE = 60
_DAY = 86_400


class Counted(Protocol):
    """What is known of a request before it is sent."""

    @property
    def contract(self) -> str:
        """Such as put.Invoices."""

    @property
    def level(self) -> int:
        """How many requests must have been made before it, one after the other."""


@dataclass(frozen=True, slots=True)
class LowerBound:
    """The fewest calls that can do it.

    Attributes:
        by_step: calls by level and contract, in the order of sending.
        contacts: calls that create contacts.
    """

    by_step: Mapping[tuple[int, str], int]
    contacts: int

    @property
    def total(self) -> int:
        """All calls."""
        return sum(self.by_step.values()) + self.contacts


def lower_bound(requests: Iterable[Counted], new_contacts: int = 0) -> LowerBound:
    """The fewest calls: for each level and contract one for every 50 documents.

    Contracts that take one document need a call for each.
    """
    counts = Counter((request.level, request.contract) for request in requests)
    by_step = {
        (level, name): -(-count // BATCH) if contract(name).batch else count
        for (level, name), count in sorted(counts.items())
    }
    return LowerBound(by_step, -(-new_contacts // BATCH))


def predict_seconds(calls: int, limits: CallLimits, seconds_per_call: float = 0.5) -> float:
    """How long so many calls take, one after another.

    The calls of each minute go as fast as Xero answers, then the rest of the minute is waited for;
    a day's calls that are used up cost the time until the next day.

    Args:
        seconds_per_call: how long Xero takes to answer; half a second is an assumption.
    """
    days, today = 0, calls
    if limits.per_day is not None and calls > 0:
        days = (calls - 1) // limits.per_day
        today = calls - days * limits.per_day
    if limits.per_minute is None or today <= 0:
        return days * _DAY + today * seconds_per_call
    full_minutes = (today - 1) // limits.per_minute
    last = today - full_minutes * limits.per_minute
    minute = max(_MINUTE, limits.per_minute * seconds_per_call)
    return days * _DAY + full_minutes * minute + last * seconds_per_call
