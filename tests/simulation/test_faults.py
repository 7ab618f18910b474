from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.__main__ import say
from tests.simulation.seed import MONTHS, simulate

# 16 months of all regions, each with two troubles.
CHUNKS = 8
MONTHS_EACH = 2
TROUBLES = 2


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_document_is_in_xero_exactly_once_whatever_goes_wrong(
    chunk: int, capsys: pytest.CaptureFixture[str]
) -> None:
    months = range(chunk, CHUNKS * MONTHS_EACH, CHUNKS)
    seeds = [month + MONTHS * trouble for month in months for trouble in range(TROUBLES)]
    wrong = sum(say(simulate(seed)).total() for seed in seeds)
    assert wrong == 0, capsys.readouterr().out


def test_a_seed_makes_the_same_calls_in_any_process() -> None:
    here = simulate(3)
    there = subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--seed", "3"],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert f"calls made, in order: {here.trace}" in there.stdout
    assert "0 duplicates, 0 losses, 0 unexplained in 1 seeds" in there.stdout
