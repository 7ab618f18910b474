"""`explain`: the rules that were candidates, their tests, and the origin of every value."""

from __future__ import annotations

import json
from pathlib import Path

from syrupy.assertion import SnapshotAssertion

from .conftest import EXAMPLES, Run


def _plain(text: str) -> str:
    return text.replace(str(EXAMPLES), "examples")


def test_rejection_is_explained(
    run: Run, firm: Path, month: Path, snapshot: SnapshotAssertion
) -> None:
    result = run("explain", "AU-0086", month, "--org", firm)
    assert result.exit_code == 0
    assert _plain(result.stdout) == snapshot


def test_every_value_of_a_body_has_its_origin(
    run: Run, firm: Path, month: Path, snapshot: SnapshotAssertion
) -> None:
    result = run("explain", "AU-0067", month, "--org", firm, "--format", "json")
    explained = json.loads(result.stdout)
    for request in explained["requests"]:
        assert request["fields"]
        assert all(f["at"].startswith("mappings/templates/") for f in request["fields"])
    assert [f for r in explained["requests"] for f in r["fields"]] == snapshot
    applied = [r["rule"] for r in explained["rules"] if r["applies"]]
    assert applied == ["trust_invoice_payment", "bank_feed_with_payments"]


def test_unknown_id_is_suggested(run: Run, firm: Path, month: Path) -> None:
    result = run("explain", "AU-067", month, "--org", firm)
    assert result.exit_code == 2
    assert 'did you mean "AU-0067"?' in result.stderr
