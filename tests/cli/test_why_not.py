"""`why-not`: the tests that failed, what turned it down, and the least to change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pm2xero.pack.load import load_pack

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


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("account_not_mapped", "(a ledger account that organisation.yaml does not name)"),
        ("tax_code_not_mapped", "(a tax code that the pack does not declare)"),
        ("reversal_not_supported", "reversal_of: (missing) → (the id of another document)"),
        ("multi_currency_not_supported", "currency: AUD → (another text)"),
        ("changed_after_posting", "→ a higher revision than an earlier record of this id"),
        ("draft", "status: posted → draft"),
        ("tax_amount_off", "tax_code: "),
    ],
)
def test_only_what_a_document_can_hold_is_proposed(
    run: Run, firm: Path, month: Path, rule: str, told: str
) -> None:
    """The solver takes any word for any name, such as a tax code for an account."""
    last = run("why-not", rule, "AU-0011", month, "--org", firm).stdout.splitlines()[-1]
    assert told in last
    tax_codes = load_pack("au").tax_codes
    proposed = last.rpartition("→ ")[2]
    assert (proposed in tax_codes) == (rule == "tax_amount_off")
