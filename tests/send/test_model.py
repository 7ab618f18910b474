"""The model check: every sequence of answers, crashes and hands, up to a depth, on the real sender.

PM2XERO_DEPTH=3 goes one deeper (about a minute for each test).
"""

from __future__ import annotations

import os

import pytest

from pm2xero.outbox.states import ENDED, RequestState
from pm2xero.send import delivery, looking
from pm2xero.send.conclusions import TABLE, Conclusion, Seen, When, as_markdown, conclude
from tests.support.model import Choices, Story, explore

DEPTH = int(os.environ.get("PM2XERO_DEPTH", "2"))

# Shown by tests of their own, as the model has no drafts, nobody who types, one sort of lists, and
# loses no outbox.
ELSEWHERE = {
    Seen.DRAFT, Seen.DRAFT_MADE, Seen.RIVALS, Seen.UNSEEN, Seen.SPENT, Seen.TAKEN_BACK,
}  # fmt: skip


def walk(names: str, runs: int, depth: int) -> int:
    """Every sequence; how many there were."""

    def run(choices: Choices) -> None:
        story = Story(choices, names, runs)
        assert story.faults() == [], choices.names
        story.clean_runs(3)
        assert story.faults() == [], choices.names
        # Nothing hangs: whatever happened, it ends, and says how.
        assert all(state in ENDED for state in story.states().values()), choices.names

    return sum(1 for _ in explore(run, depth))


def test_no_path_sends_twice_and_none_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[tuple[Seen, When]] = set()

    def watched(what: Seen, when: When) -> Conclusion:
        seen.add((what, when))
        return conclude(what, when)

    for module in (delivery, looking):
        monkeypatch.setattr(module, "conclude", watched)
    assert walk("A", 3, DEPTH) > 500
    assert walk("AB", 2, DEPTH) > 500
    assert walk("ABC", 1, DEPTH) > 500
    missing = {
        (what, when)
        for what, when in TABLE
        if what not in ELSEWHERE and when is not When.REFUSED and (what, when) not in seen
    }
    # A third key that arrives needs more faults in a row than this depth has.
    rare = {(Seen.STANDS, When.LAST), (Seen.UNPROVEN, When.LAST)}
    assert missing <= rare


def test_each_outcome_is_reached() -> None:
    """The walk is wide enough to see every end."""
    ends: set[RequestState] = set()
    for choices in explore(lambda c: ends.update(Story(c, "AB", 1).states().values()), 1):
        assert choices.names
    assert ends == {
        RequestState.CONFIRMED,
        RequestState.REJECTED,
        RequestState.FAILED,
        RequestState.PLANNED,
        RequestState.SENT,
    } | ({RequestState.UNKNOWN} & ends)


def test_the_table_is_whole_and_printed() -> None:
    calls = {Seen.NOT_SENT, Seen.TURNED_BACK, Seen.NO_ANSWER, Seen.FAULT, Seen.MISFIT,
             Seen.REFUSED, Seen.SPOILED, Seen.TAKEN, Seen.DRAFT_MADE, Seen.NAMELESS,
             Seen.SAID_NO}  # fmt: skip
    for what in Seen:
        times = {w for s, w in TABLE if s is what}
        if what in calls:
            assert times == {When.FIRST, When.DOUBTED}, what
        else:
            late = {When.LATE, When.OVER, When.LAST, When.REFUSED}
            if what in (Seen.SPENT, Seen.TAKEN_BACK):
                late -= {When.REFUSED}
            assert times == late | ({When.EARLY} if what is Seen.ABSENT else set()), what
    printed = as_markdown()
    assert all(seen.value in printed for seen in Seen)
    assert printed.splitlines()[0] == "| what came back | when | state | next | why |"
