"""`why-not`: the tests that failed, what turned it down, and the least to change."""

from __future__ import annotations

import json
from pathlib import Path

from .conftest import Run


def test_what_turned_it_down_and_what_to_change(run: Run, firm: Path, month: Path) -> None:
    result = run("why-not", "client_bill", "AU-0015", month, "--org", firm)
    assert result.exit_code == 1
    assert "totals_mismatch turns it down first" in result.stdout
    assert "the least that would have to change" in result.stdout


def test_json(run: Run, firm: Path, month: Path) -> None:
    result = run("why-not", "locked_period", "AU-0011", month, "--org", firm, "--format", "json")
    answer = json.loads(result.stdout)
    assert answer["rule"] == "locked_period"
    assert [c["path"] for c in answer["changes"]] == ["date"]


def test_a_rule_that_applies(run: Run, firm: Path, month: Path) -> None:
    result = run("why-not", "client_bill", "AU-0011", month, "--org", firm)
    assert result.exit_code == 0


def test_unknown_rule_is_suggested(run: Run, firm: Path, month: Path) -> None:
    result = run("why-not", "client_bil", "AU-0011", month, "--org", firm)
    assert result.exit_code == 2
    assert "PU912" in result.stderr and "client_bill" in result.stderr
