"""`explain --from-outbox`: why a document was decided so, long after the rules have changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from pm2xero.cli.main import cli
from tests.support.office import EXAMPLES, Office, month, revised

LATE = {"date": "2026-03-15", "due_date": "2026-04-15"}


def own_firm(folder: Path) -> Office:
    """The sample firm with files of its own, so that a test may change them."""
    for name in ("organisation.yaml", "xero.json"):
        shutil.copy(EXAMPLES / "au" / name, folder / name)
    return Office(folder, folder / "organisation.yaml")


def told(office: Office, id: str, *words: str) -> str:
    places = ["--org", str(office.organisation), "--db", str(office.database)]
    result = CliRunner().invoke(cli, ["explain", id, "--from-outbox", *places, *words])
    assert result.exit_code == 0, result.output
    return result.stdout


def as_json(office: Office, id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(told(office, id, "--format", "json"))
    return found


def test_each_decision_stays_with_its_reasons_facts_files_and_person(tmp_path: Path) -> None:
    office = own_firm(tmp_path)
    bill = {**month()["AU-0016"], **LATE}
    office.push(bill)
    # The accountant moves the lock date before it comes again.
    snapshot = tmp_path / "xero.json"
    raw = json.loads(snapshot.read_text(encoding="utf-8"))
    for name in ("PeriodLockDate", "EndOfYearLockDate"):
        raw["Organisation"].pop(name, None)
    snapshot.write_text(json.dumps(raw), encoding="utf-8")
    office.sandbox_file.unlink()
    office.push(bill)
    found = as_json(office, "AU-0016")
    first, second = found["decisions"]
    assert (first["number"], second["number"]) == (1, 2)
    assert (first["outcome"], second["outcome"]) == ("reject", "post")
    reason = first["reasons"][0]
    assert first["code"] == reason["code"] and reason["at"]
    (tested,) = [f for f in first["facts"] if f["rule"] == reason["rule"]]
    values = {k: v for test in tested["tests"] for k, v in test["values"].items()}
    assert values["date"] == "2026-03-15"
    assert first["who"] and first["decided_at"] < second["decided_at"]
    assert "firm/snapshot" in first["changed_since"] and second["changed_since"] == []
    assert {p["fingerprint"] for p in found["packs"]} == {first["pack"], second["pack"]}
    for pack in found["packs"]:
        assert pack["product"] and "rules/base/client_billing.yaml" in pack["files"]
    (request,) = found["requests"]
    assert (request["state"], request["attempts"][0]["outcome"]) == ("confirmed", "confirmed")
    # What is decided in the same way again is no other decision.
    office.push(bill)
    assert len(as_json(office, "AU-0016")["decisions"]) == 2
    office.push(revised(bill, memo="again"))
    assert [d["revision"] for d in as_json(office, "AU-0016")["decisions"]] == [1, 1, 2]
    text = told(office, "AU-0016")
    assert "1 file changed since: firm/snapshot" in text
    assert "looked at" in text and "date = 2026-03-15" in text


def test_an_input_and_the_outbox_are_not_both_asked(tmp_path: Path) -> None:
    office = Office(tmp_path)
    both = ["explain", "AU-0016", "x.jsonl", "--from-outbox", "--org", str(office.organisation)]
    for words in (both, [w for w in both if w not in ("x.jsonl", "--from-outbox")]):
        result = CliRunner().invoke(cli, words)
        assert result.exit_code == 2
        assert "--from-outbox" in result.stderr
