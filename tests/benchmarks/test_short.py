"""The benchmarks run: a short form of each, whose figures are not judged here."""

from __future__ import annotations

import pytest

from tests.benchmarks import history
from tests.benchmarks.push import pushed


def test_a_push_is_measured_and_both_ledgers_agree() -> None:
    found = pushed(60, limited=False)
    assert found.confirmed == found.requests > 50
    assert found.agrees


def test_the_cost_of_a_past_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    found = history.costs([20, 40], runs=1)
    assert {(c.command, c.past) for c in found} == {
        (command, past) for command in history.COMMANDS for past in (20, 40)
    }
    assert all(c.seconds > 0 and c.megabytes > 0 for c in found)
