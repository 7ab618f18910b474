"""The benchmarks run: a short form of each, whose figures are not judged here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pm2xero.reconcile import kept_lists
from pm2xero.sandbox import Limits
from tests.benchmarks import history, lists, reconciling
from tests.benchmarks.push import pushed


def test_a_push_is_measured_and_both_ledgers_agree() -> None:
    found = pushed(60, limited=False)
    assert found.confirmed == found.requests > 50
    assert found.agrees


def test_the_cost_of_a_past_is_measured() -> None:
    found = history.costs([20], runs=1)
    assert {(c.command, c.past) for c in found} == {(command, 20) for command in history.COMMANDS}
    assert all(c.seconds > 0 and c.megabytes > 0 for c in found)


def test_the_cost_of_a_reconciliation_is_measured() -> None:
    ours, state = reconciling.ours(), reconciling.STATES[2]
    found = reconciling.costs(20, [ours], runs=1, states=[state])
    assert found.keys() == {(ours.name, state)}
    assert all(seconds > 0 for runs in found.values() for seconds in runs)


def test_few_changes_among_many_documents_take_few_calls_also_over_several_days(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """500 of 50,000, all of it a hundredth; the first reading runs out of the calls of its days."""
    monkeypatch.setattr(kept_lists, "PAGE_SIZE", 10)
    few = replace(Limits.none(), per_day=25)
    first, again, whole = lists.costs(500, 5, few)
    assert first.days > 2 and again.days == 1 and again.calls < 25 < lists.CALLS
    assert min(first.read, whole.read) > 500 and again.read < 100
