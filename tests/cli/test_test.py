"""`test` and `generate-cases` as implementers meet them: formats, updates, exit codes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pm2xero.cases.load import load_cases
from pm2xero.resources import root

from .conftest import Run

SHARED = root() / "rules" / "cases" / "shared" / "au.yaml"
GOOD = "- { name: a draft, given: DRAFT, expect: { outcome: skip, codes: [draft] } }"
BAD = "- { name: no draft, given: DRAFT, expect: { outcome: post } }"
GAP = "- { name: some day, given: DRAFT, known_gap: later, expect: { outcome: post } }"
DRAFT = "{ base: bill, patch: { status: draft } }"


def write(folder: Path, *cases: str) -> Path:
    file = folder / "cases.yaml"
    body = "\n".join(cases).replace("DRAFT", DRAFT)
    file.write_text(f"spec: 1\nextends: {SHARED}\ncases:\n{body}\n")
    return file


def test_the_built_in_pack_is_covered(run: Run) -> None:
    result = run("test", "--coverage")
    assert result.exit_code == 0, result.output
    assert "together         100 %" in result.stdout
    assert re.search(r"^rules/cases/client_billing.yaml: \d+ passed$", result.stdout, re.M)


def test_coverage_of_a_pack_is_of_what_it_adds_and_changes(run: Run, tmp_path: Path) -> None:
    firm = root() / "examples" / "au" / "organisation.yaml"
    run("init", "kind", "levy", "--into", tmp_path / "pack", "--org", firm)
    whole = run("test", "--pack", tmp_path / "pack", "--coverage")
    assert (whole.exit_code, "together         100 %" in whole.stdout) == (0, True)
    changed = "spec: 1\nrules:\n  - { id: bank_transfer, outcome: hold }\n"
    (tmp_path / "pack" / "rules" / "changed.yaml").write_text(changed)
    result = run("test", "--pack", tmp_path / "pack", "--coverage")
    assert result.exit_code == 1
    assert f"Coverage of what {tmp_path / 'pack'} adds or changes:" in result.stdout
    assert "rules                1 of 2" in result.stdout
    assert "rules: bank_transfer hold\n    never fired: no case of bank_transfer" in result.stdout
    assert "template fields     10 of 10" in result.stdout
    assert "client_bill" not in result.stdout
    # However the folder and the file are named.
    roundabout = tmp_path / "other" / ".." / "pack"
    (tmp_path / "other").mkdir()
    cases = tmp_path / "pack" / "rules" / "cases" / "levy.yaml"
    again = run("test", cases, "--pack", roundabout, "--coverage")
    assert "rules                1 of 2" in again.stdout


def test_a_failing_case_is_shown_with_its_place(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path, GOOD, BAD)
    result = run("test", file)
    assert result.exit_code == 1
    assert f"{file}:5:" in result.stdout
    assert "PX710  no draft: expected post, the decision is skip" in result.stdout
    assert "2 cases: 1 passed, 1 failed" in result.stdout


def test_known_gaps_are_named(run: Run, tmp_path: Path) -> None:
    result = run("test", write(tmp_path, GAP))
    assert result.exit_code == 0
    assert "known gap: some day (later)" in result.stdout


def test_json_says_everything(run: Run, tmp_path: Path) -> None:
    result = run("test", write(tmp_path, GOOD, BAD, GAP), "--format", "json", "--coverage")
    assert result.exit_code == 1
    made = json.loads(result.stdout)
    assert made["summary"] == {"passed": 1, "failed": 1, "known_gap": 1}
    assert [c["status"] for c in made["cases"]] == ["passed", "failed", "known_gap"]
    assert made["coverage"]["groups"]["fields"]["reached"] == 0
    assert all(m["because"] for m in made["coverage"]["missing"])


def test_junit_has_a_row_for_each_case(run: Run, tmp_path: Path) -> None:
    result = run("test", write(tmp_path, GOOD, BAD, GAP), "--format", "junit", "--coverage")
    assert result.exit_code == 1
    suites = list(ElementTree.fromstring(result.stdout))
    assert [s.get("tests") for s in suites] == ["3", "1"]
    assert [s.get("failures") for s in suites] == ["1", "1"]
    assert suites[0].get("skipped") == "1"


@pytest.mark.parametrize(("limit", "code"), [("0", 0), ("1", 0), ("99", 1), ("100", 1)])
def test_fail_under_is_the_limit(run: Run, tmp_path: Path, limit: str, code: int) -> None:
    result = run("test", write(tmp_path, GOOD), "--fail-under", limit)
    assert result.exit_code == code, result.stdout


def test_update_shows_first_and_writes_with_yes(run: Run, tmp_path: Path) -> None:
    file = write(tmp_path, GOOD, BAD)
    before = file.read_text()
    shown = run("test", file, "--update")
    assert shown.exit_code == 1
    assert "-- { name: no draft" in shown.stdout
    assert "+- { name: no draft" in shown.stdout
    assert file.read_text() == before
    assert run("test", file, "--update", "--yes").exit_code == 0
    assert file.read_text() != before
    assert run("test", file).exit_code == 0
    assert run("test", file, "--update").stdout == "Nothing to update.\n"


def test_a_broken_or_empty_file_fails(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text("spec: 1\n")
    result = run("test", file)
    assert result.exit_code == 1
    assert "PX701  the file has no cases" in result.stdout
    file.write_text("spec: 1\ncases:\n  - { name: x, givn: bill }\n")
    broken = run("test", file)
    assert broken.exit_code == 1
    assert 'did you mean "given"?' in broken.stdout


def test_no_file_at_all_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    result = run("test", "--pack", tmp_path)
    assert result.exit_code == 2
    assert "PU910" in result.stderr


def test_a_region_without_cases_is_wrong_usage(run: Run, tmp_path: Path) -> None:
    result = run("test", write(tmp_path, GOOD), "--region", "nowhere")
    assert result.exit_code == 2
    assert "PU910" in result.stderr


def test_only_the_cases_of_a_region(run: Run) -> None:
    result = run("test", "--region", "nz")
    assert result.exit_code == 0
    assert result.stdout.startswith("rules/cases/nz.yaml: ")


def test_the_cases_of_a_pack_run_with_the_pack(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "rules" / "cases"
    folder.mkdir(parents=True)
    (tmp_path / "rules" / "own.yaml").write_text(
        "spec: 1\nrules:\n  - { id: draft, outcome: hold }\n"
    )
    write(folder, GOOD.replace("skip", "hold"))
    assert run("test", "--pack", tmp_path).exit_code == 0


def test_proposed_cases_can_be_kept(run: Run, firm: Path, tmp_path: Path) -> None:
    made = run("generate-cases", "--org", firm, "--kind", "bank_transfer")
    assert made.exit_code == 0
    file = tmp_path / "anywhere.yaml"
    file.write_text(made.stdout)
    assert len(load_cases(file).cases) > 5
    assert run("test", file).exit_code == 0
    again = run("generate-cases", file, "--kind", "bank_transfer")
    assert again.stdout.endswith("cases: []\n")
    assert again.stderr.endswith("0 cases are proposed.\n")


def test_a_misspelt_kind_is_wrong_usage(run: Run, firm: Path) -> None:
    result = run("generate-cases", "--org", firm, "--kind", "bank_transfr")
    assert result.exit_code == 2
    assert 'did you mean "bank_transfer"?' in result.stderr


@pytest.mark.parametrize("how", ["out", "redirected"])
def test_proposed_cases_work_where_they_are_written(
    run: Run, firm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    shutil.copytree(firm.parent, tmp_path / "firm", ignore=shutil.ignore_patterns("*.sqlite3*"))
    (tmp_path / "cases").mkdir()
    monkeypatch.chdir(tmp_path)
    file = Path("cases") / "own.yaml"
    words = ["generate-cases", "--org", "firm/organisation.yaml", "--kind", "bank_transfer"]
    if how == "out":
        assert run(*words, "--out", file).exit_code == 0
        assert "PU925" in run(*words, "--out", file).stderr, "nothing is replaced"
    else:
        with file.open("wb") as stream:
            subprocess.run([sys.executable, "-m", "pm2xero", *words], stdout=stream, check=True)
    text = file.read_text(encoding="utf-8")
    assert "organisation: ../firm/organisation.yaml" in text.replace('"', "")
    schema = file.parent / text.splitlines()[0].partition("$schema=")[2]
    assert schema.is_file()
    assert run("test", file).exit_code == 0


def test_an_update_tells_each_value(run: Run, tmp_path: Path) -> None:
    told = run("test", write(tmp_path, BAD), "--update").stdout
    before, _, diff = told.partition("---")
    assert before.startswith("no draft: expected post, the decision is skip")
    assert "+" in diff and "outcome: skip" in diff
