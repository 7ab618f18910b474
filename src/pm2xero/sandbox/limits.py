"""Xero's rate limits, counted in fixed windows of the injected clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pm2xero.sandbox.problems import Problem

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one client may ask; None lifts a limit.

    Attributes:
        concurrent: requests at the same time.
        per_minute: requests of this organisation a minute.
        per_day: requests of this organisation a day.
        app_per_minute: requests of the app to all organisations a minute.
        body_bytes: largest body of a write.
    """

    concurrent: int | None = None
    per_minute: int | None = None
    per_day: int | None = None
    app_per_minute: int | None = None
    body_bytes: int | None = None

    @classmethod
    def xero(cls, *, per_day: int = 5000) -> Limits:
        """The published limits; `per_day` is 1000 on the lowest price tier."""
        return cls(5, 60, per_day, 10_000, 3_500_000)

    @classmethod
    def none(cls) -> Limits:
        """No limits at all."""
        return cls()


class Window:
    """A count that starts anew when its time is over."""

    def __init__(self, length: timedelta, limit: int | None) -> None:
        self._length = length
        self._limit = limit
        self._start: datetime | None = None
        self._count = 0

    def wait(self, now: datetime) -> int:
        """Seconds until the next request is allowed; 0 when it is allowed now."""
        if self._start is None or now - self._start >= self._length:
            self._start = now
            self._count = 0
        if self._limit is None or self._count < self._limit:
            return 0
        left = self._start + self._length - now
        return max(1, -(-left // timedelta(seconds=1)))

    def count(self) -> None:
        """One more request."""
        self._count += 1

    @property
    def remaining(self) -> int | None:
        """What is left of the limit."""
        return None if self._limit is None else max(0, self._limit - self._count)


class Throttle:
    """Counts the requests of the one client; the counts do not outlive the process."""

    def __init__(self, limits: Limits, clock: Callable[[], datetime]) -> None:
        self.limits = limits
        self._clock = clock
        self._running = 0
        self._windows = {
            "minute": Window(_MINUTE, limits.per_minute),
            "day": Window(_DAY, limits.per_day),
            "appminute": Window(_MINUTE, limits.app_per_minute),
        }

    def enter(self) -> None:
        """Begin a request; `leave` must follow.

        Raises:
            Problem: 429; a refused request takes nothing from any limit.
        """
        now = self._clock()
        limit = self.limits.concurrent
        if limit is not None and self._running >= limit:
            raise self._refusal("concurrent", None)
        for name, window in self._windows.items():
            if wait := window.wait(now):
                raise self._refusal(name, wait)
        for window in self._windows.values():
            window.count()
        self._running += 1

    def leave(self) -> None:
        """End a request that `enter` let in."""
        self._running -= 1

    def headers(self) -> Mapping[str, str]:
        """What every answer says about the limits that there are."""
        named = {
            "X-DayLimit-Remaining": self._windows["day"].remaining,
            "X-MinLimit-Remaining": self._windows["minute"].remaining,
            "X-AppMinLimit-Remaining": self._windows["appminute"].remaining,
        }
        return {name: str(count) for name, count in named.items() if count is not None}

    def _refusal(self, problem: str, wait: int | None) -> Problem:
        # unverified: the spelling of the problem for the app-wide and the concurrent limit.
        headers = {"X-Rate-Limit-Problem": problem, **self.headers()}
        if wait is not None:
            headers["Retry-After"] = str(wait)
        return Problem(429, "Too many requests", headers=headers)
