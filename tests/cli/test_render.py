"""Every body of every example month, exactly as it would leave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from .conftest import EXAMPLES, Run

REGIONS = sorted(p.parent.name for p in EXAMPLES.glob("*/month.jsonl"))


@pytest.mark.parametrize("region", REGIONS)
def test_bodies_of_the_month(run: Run, region: str, snapshot: SnapshotAssertion) -> None:
    folder = EXAMPLES / region
    month, firm = folder / "month.jsonl", folder / "organisation.yaml"
    result = run("render", month, "--org", firm, "--format", "json")
    assert result.exit_code == 1, result.stderr
    # Amounts are kept as the digits that leave.
    documents = [json.loads(line, parse_float=str) for line in result.stdout.splitlines()]
    assert len(documents) == len(month.read_text(encoding="utf-8").splitlines())
    for document in documents:
        assert bool(document["requests"]) == (document["outcome"] == "post")
    bodies = [
        f"{r['method']} {r['path']} needs {r['needs']} {json.dumps(r['body'], ensure_ascii=False)}"
        for document in documents
        for r in document["requests"]
    ]
    assert bodies == snapshot


def test_request_has_all_parts(run: Run, firm: Path, month: Path) -> None:
    result = run("render", month, "--org", firm, "--format", "json")
    request = next(
        r
        for line in result.stdout.splitlines()
        for r in json.loads(line)["requests"]
        if r["id"] == "AU-0067/withdrawal"
    )
    assert list(request) == ["id", "method", "path", "query", "headers", "body", "needs"]
    assert request["needs"] == ["AU-0067/payment"]
    assert request["query"] == {"summarizeErrors": "false"}
    assert len(request["headers"]["Idempotency-Key"]) <= 128


def test_the_same_input_gives_the_same_bytes(run: Run, firm: Path, month: Path) -> None:
    first = run("render", month, "--org", firm, "--format", "json")
    second = run("render", month, "--org", firm, "--format", "json")
    assert first.stdout == second.stdout


def test_money_keeps_its_digits(run: Run, firm: Path, month: Path) -> None:
    result = run("render", month, "--org", firm, "--format", "json")
    assert '"Amount":4000.00' in result.stdout


def test_bodies_go_to_files_whatever_the_ids_are(run: Run, firm: Path, tmp_path: Path) -> None:
    line = (EXAMPLES / "au" / "month.jsonl").read_text(encoding="utf-8").splitlines()[1]
    document = json.loads(line)
    document["id"] = "../../etc/pass wd/../x"
    out = tmp_path / "bodies"
    result = run("render", "-", "--org", firm, "--out", out, input=json.dumps(document))
    assert result.exit_code == 0, result.stderr
    files = list(out.iterdir())
    assert [f.name for f in files] == ["0001-_etc_pass_wd_x.deposit.json"]
    assert json.loads(files[0].read_bytes())["BankTransactions"][0]["Type"] == "RECEIVE"
    assert list(tmp_path.iterdir()) == [out]


def test_a_body_that_must_not_leave_turns_the_document_down(
    run: Run, firm: Path, month: Path, tmp_path: Path
) -> None:
    """The check of every body stands behind the rules: here the rule that says so is gone."""
    rules = tmp_path / "rules" / "own.yaml"
    rules.parent.mkdir()
    rules.write_text("spec: 1\nrules:\n  - { id: number_too_long, remove: true }\n", "utf-8")
    document = json.loads(month.read_text(encoding="utf-8").splitlines()[3])
    document["number"] = "N" * 300
    places = ("--org", firm, "--pack", tmp_path, "--format", "json")
    result = run("render", "-", *places, input=json.dumps(document))
    decision = json.loads(result.stdout)
    assert result.exit_code == 1
    assert decision["outcome"] == "reject"
    assert decision["requests"] == []
    assert decision["reasons"][0]["code"] == "body_refused"
    assert "InvoiceNumber" in decision["reasons"][0]["message"]
