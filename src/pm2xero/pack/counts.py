"""Where the money of a document stands that is not posted: the words of `counts` in a rule."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol


class Counts(StrEnum):
    """How a document counts in a reconciliation.

    `POSTED` is no word of a pack: what is posted counts as far as it is in Xero.
    """

    POSTED = "posted"
    MISSING = "missing"
    IN_OPENING = "in_opening"
    ELSEWHERE = "elsewhere"
    NOTHING = "nothing"


class Counting(Protocol):
    """What a rule says of it; None where it says nothing."""

    @property
    def counts(self) -> Counts | None:
        """Where the money stands of what the rule refuses."""


def counted(rules: Iterable[Counting]) -> Counts:
    """How a document counts that these rules refuse, in the order of their reasons.

    A rule that says where the money is states a fact, so it holds beside all that merely refuse.
    """
    told = (r.counts for r in rules if r.counts not in (None, Counts.MISSING))
    return next(told, None) or Counts.MISSING
