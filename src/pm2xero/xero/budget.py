"""Xero's rate limits as budgets that are kept before Xero has to refuse.

Five calls at a time, 60 a minute and 1,000 or 5,000 a day for each organisation, 10,000 a minute
for the app over all organisations. Calls of one organisation go one after another, so the first
is always kept. Xero's windows are fixed and start at times that nobody tells; a sliding window
of the same length keeps any of them.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pm2xero.xero.client import Response

_MINUTE = timedelta(minutes=1)
_DIGITS = re.compile("[0-9]{1,9}")


class StopRun(Exception):
    """The run must end here; nothing is lost, and the text is a sentence for the user."""

    def __init__(self, cause: str, sentence: str) -> None:
        self.cause = cause
        self.sentence = sentence
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class CallLimits:
    """How much may be asked; None lifts a limit.

    Attributes:
        per_minute: calls to this organisation in any minute.
        per_day: calls to this organisation in this run; what Xero says is left counts as well.
        longest_wait: seconds; a `Retry-After` beyond it ends the run.
    """

    per_minute: int | None = 60
    per_day: int | None = 5000
    longest_wait: int = 120

    @classmethod
    def none(cls) -> CallLimits:
        """No limits of our own; Xero's answers still count."""
        return cls(None, None)


class Budget:
    """What is left to be asked."""

    def __init__(self, limits: CallLimits, clock: Callable[[], datetime]) -> None:
        self.limits = limits
        self.calls = 0
        self._clock = clock
        self._recent: deque[datetime] = deque()
        self._left: dict[str, int] = {}

    def wait(self) -> float:
        """Seconds to wait before the next call; 0 when it may go now.

        Raises:
            StopRun: the day's calls are used up.
        """
        limit = self.limits.per_day
        if (limit is not None and self.calls >= limit) or self._left.get("day") == 0:
            raise StopRun(
                "day_limit",
                f"Xero's calls for today are used up ({self.calls} in this run);"
                " what is left is sent when you run it again tomorrow",
            )
        now = self._clock()
        while self._recent and now - self._recent[0] >= _MINUTE:
            self._recent.popleft()
            # What Xero counted as left belongs to a minute that may be over.
            self._left.pop("minute", None)
        if "app" in self._left and self._left["app"] <= 0:
            del self._left["app"]
            return _MINUTE.total_seconds()
        per_minute = self.limits.per_minute
        full = per_minute is not None and len(self._recent) >= per_minute
        if not full and self._left.get("minute", 1) > 0:
            return 0
        if not self._recent:
            return 0
        return (self._recent[0] + _MINUTE - now).total_seconds()

    def spend(self) -> None:
        """One call is made."""
        self.calls += 1
        self._recent.append(self._clock())

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take over what Xero says is left."""
        for name, window in (
            ("x-minlimit-remaining", "minute"),
            ("x-daylimit-remaining", "day"),
            ("x-appminlimit-remaining", "app"),
        ):
            if (left := _number(headers.get(name, ""))) is not None:
                self._left[window] = left

    def refused(self, response: Response) -> float:
        """Seconds to wait after a 429.

        Raises:
            StopRun: it is the limit of the day, or the wait is longer than a run should last.
        """
        problem = response.headers.get("x-rate-limit-problem", "").lower()
        after = _number(response.headers.get("retry-after", ""))
        # Xero says when to come back for the minute and the day only; then five seconds will do.
        seconds = 5 if after is None else after
        # unverified: the spelling of the problem; clients were seen to compare `day` and `Daily`.
        is_daily = "day" in problem or "dail" in problem
        if is_daily or seconds > self.limits.longest_wait:
            hours = round(seconds / 3600)
            when = f"in about {hours} hours" if hours > 1 else "in about an hour"
            raise StopRun(
                "day_limit",
                "Xero takes no more calls for now; what is left is sent when you run it again"
                f" {when if after is not None else 'tomorrow'}",
            )
        self._left.pop("minute", None)
        return max(1, seconds)


def _number(text: str) -> int | None:
    """A header's number; None for whatever is none, or is larger than any of Xero's."""
    return int(text) if _DIGITS.fullmatch(text) else None
