"""Decides, by a seeded chance, which faults happen to which call."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from pm2xero.sandbox.unkindness import Unkindness
from pm2xero.sandbox.wire import ZERO_ID, Wire

_GATEWAY = ("late", "unsaid", "lost")
_STATUSES = (500, 502, 503, 504)


class Mishaps:
    """The faults of one sandbox; the chance begins anew when it is opened again.

    Attributes:
        rules: the switches.
        counts: how often each fault happened.
    """

    def __init__(self, rules: Unkindness) -> None:
        self.rules = rules
        self.counts: Counter[str] = Counter()
        self._chance = random.Random(rules.seed)
        self._left = rules.at_most

    def happens(self, fault: str) -> bool:
        """Whether a fault happens now."""
        rate = getattr(self.rules, fault)
        if not rate or self._left == 0 or self._chance.random() >= rate:
            return False
        if self._left is not None:
            self._left -= 1
        self.counts[fault] += 1
        return True

    def at_gateway(self) -> str | None:
        """Which fault of the gateway happens to a write, if one does."""
        return next((fault for fault in _GATEWAY if self.happens(fault)), None)

    def status(self) -> int:
        """Which 5xx is answered."""
        return self._chance.choice(_STATUSES)

    def delay(self) -> float:
        """After how many seconds a late call is carried out."""
        return self._chance.uniform(*self.rules.late_seconds)

    def failing(self, count: int) -> int | None:
        """Which of so many elements is refused for no reason, if one is."""
        if count < 2 or not self.happens("fails_elements"):
            return None
        return self._chance.randrange(count)

    def answered(self, answers: Sequence[Wire], saved: Sequence[bool], id_field: str) -> list[Wire]:
        """What is said of several elements, which may be less than is true.

        Args:
            saved: which of them were.
        """
        told = list(answers)
        if len(told) < 2:
            return told
        if not all(saved) and self.happens("empty_ids"):
            told = [{**answer, id_field: ZERO_ID} for answer in told]
        if any(saved) and self.happens("short_answers"):
            del told[self._chance.choice([n for n, is_saved in enumerate(saved) if is_saved])]
        if len(told) > 1 and self.happens("reordered_answers"):
            told = told[1:] + told[:1]
        return told
