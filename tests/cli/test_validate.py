"""`validate` and `codes` as their users meet them: forms, exit codes, wrong usage."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from pm2xero.report.validation import FORMS
from tests.support.packs import FILES, MAPPINGS, RULES, write

from .conftest import Run

FAULTY = RULES.replace("kinds: [levy]", "kinds: [lev]")
WARNED = MAPPINGS + MAPPINGS.split("mappings:\n")[1].replace("  levy:", "  levy_old:", 1)


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    return write(tmp_path, {**FILES, "rules/levy.yaml": FAULTY})


def test_a_sound_pack(run: Run, tmp_path: Path) -> None:
    result = run("validate", write(tmp_path, FILES), "--region", "au", "--no-proofs")
    assert result.exit_code == 0
    assert result.stdout.startswith("checked 35 kinds")
    assert "no findings" in result.stdout


def test_a_finding_has_its_place_frame_and_hint(run: Run, faulty: Path) -> None:
    result = run("validate", faulty, "--region", "au", "--no-proofs")
    assert result.exit_code == 1
    assert f"{faulty}/rules/levy.yaml:16:25  error PX311" in result.stdout
    assert "^^^" in result.stdout
    assert 'did you mean "levy"?' in result.stdout


def test_warnings_fail_only_when_asked(run: Run, tmp_path: Path) -> None:
    pack = write(tmp_path, {**FILES, "mappings/levy.yaml": WARNED})
    args = ("validate", pack, "--region", "au", "--no-proofs")
    assert run(*args).exit_code == 0
    assert run(*args, "--fail-on", "warning").exit_code == 1


def test_json_holds_everything(run: Run, faulty: Path) -> None:
    value = json.loads(run("validate", faulty, "--no-proofs", "--format", "json").stdout)
    (finding,) = value["findings"]
    assert (finding["code"], finding["line"], finding["column"], finding["width"]) == (
        "PX311", 16, 25, 3,
    )  # fmt: skip
    assert finding["regions"] == value["regions"]
    assert (value["errors"], value["warnings"]) == (1, 0)


def test_sarif_is_what_code_hosts_take(run: Run, faulty: Path) -> None:
    value = json.loads(run("validate", faulty, "--no-proofs", "--format", "sarif").stdout)
    (job,) = value["runs"]
    (result,) = job["results"]
    rule = job["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert value["version"] == "2.1.0"
    assert rule["id"] == result["ruleId"] == "PX311"
    assert rule["shortDescription"]["text"] == "An unknown kind"
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 16, "startColumn": 25, "endColumn": 28}


def test_junit_counts_its_failures(run: Run, faulty: Path) -> None:
    text = run("validate", faulty, "--region", "au", "--no-proofs", "--format", "junit").stdout
    suite = ET.fromstring(text).find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert len(suite.findall("testcase/failure")) == 1


def test_junit_of_a_sound_pack_passes_each_region(run: Run) -> None:
    text = run(
        "validate", "--region", "au", "--region", "nz", "--no-proofs", "--format", "junit"
    ).stdout
    cases = ET.fromstring(text).findall("testsuite/testcase")
    assert [c.get("name") for c in cases] == ["au", "nz"]


def test_github_marks_the_line(run: Run, faulty: Path) -> None:
    first = run("validate", faulty, "--no-proofs", "--format", "github").stdout.splitlines()[0]
    assert first.startswith(f"::error file={faulty}/rules/levy.yaml,line=16,col=25,endColumn=28,")
    assert "%0A" in first


def test_markdown_is_a_table(run: Run, faulty: Path) -> None:
    text = run("validate", faulty, "--no-proofs", "--format", "markdown").stdout
    assert "| ❌ PX311 |" in text


@pytest.mark.parametrize("form", FORMS)
def test_every_form_takes_a_finding_without_a_place(form: str) -> None:
    from pm2xero.errors import Finding
    from pm2xero.validate.run import Told, Validation

    finding = Finding("PX100", "a <message> with | and & and\nlines", hint="a, b: c")
    assert FORMS[form](Validation((Told(finding, ("au",)),), ("au",)))


def test_a_folder_that_is_not_there(run: Run, tmp_path: Path) -> None:
    assert run("validate", tmp_path / "nowhere").exit_code == 2


def test_proofs_are_said_in_words(run: Run) -> None:
    result = run("validate", "--region", "au")
    assert result.exit_code == 0
    assert "every transaction of 34 kinds gets exactly one outcome" in result.stdout


def test_a_gap_comes_with_its_example(run: Run, tmp_path: Path) -> None:
    rules = RULES.replace("mapping: levy }", 'mapping: levy, when: { amount: { above: "9.00" } } }')
    rules = rules.replace(
        "debit: levy_payable", "debit: trust_liability"
    )  # a role that the firm has
    pack = write(tmp_path, {**FILES, "rules/levy.yaml": rules})
    result = run("validate", pack, "--region", "au", "--format", "json", "--soundness", "off")
    (finding,) = json.loads(result.stdout)["findings"]
    assert finding["code"] == "PX601"
    assert finding["example"]["transaction"]["kind"] == "levy"
    shown = run("validate", pack, "--region", "au").stdout
    assert 'example: {"transaction": {' in shown


WRONG_ACCOUNT = """spec: 1
mappings:
  trust_receipt:
    requests:
      - id: receipt
        put: BankTransactions
        template: bank_transaction.json.j2
        movement: receive
        with: { bank: { bank: bank_account }, amounts: NoTax }
        contact: participant
        lines: [{ each: trust_lines, account: { role: trust_interest_payable }, net: amount }]
"""


def test_a_mapping_to_the_wrong_account_is_told_with_both_journals(
    run: Run, tmp_path: Path
) -> None:
    pack = write(tmp_path, {"mappings/wrong.yaml": WRONG_ACCOUNT})
    result = run("validate", pack, "--region", "au")
    assert result.exit_code == 1
    assert "wrong.yaml:5:7  error PX801" in result.stdout
    journals = result.stdout.partition("  account ")[2].partition("  example:")[0]
    rows = [line.split() for line in journals.splitlines()[1:] if line.strip()]
    by_code = {row[0]: row[1:] for row in rows}
    assert by_code["870"][0] == "credit" and by_code["870"][-1] == "–"
    assert by_code["872"][0] == "–" and by_code["872"][-2] == "credit"
    assert '"kind": "trust_receipt"' in result.stdout
    quiet = run("validate", pack, "--region", "au", "--soundness", "off")
    assert quiet.exit_code == 0


def test_every_region_books_its_own_transactions_when_asked(run: Run) -> None:
    once = run("validate", "--region", "au", "--region", "us", "--format", "json")
    every = run("validate", "--region", "au", "--region", "us", "--format", "json",
                "--soundness", "every")  # fmt: skip
    assert "book exactly" in json.loads(once.stdout)["proven"]["au"]
    assert "book exactly" not in json.loads(once.stdout)["proven"]["us"]
    assert "book exactly" in json.loads(every.stdout)["proven"]["us"]


def test_the_page_of_a_code(run: Run) -> None:
    text = run("codes", "px104").stdout
    assert text.startswith("PX104  A value that is not allowed")
    assert "FAIL\n    outcome: rejct" in text


def test_all_codes_are_listed(run: Run) -> None:
    # Long titles go on in lines that are set in.
    lines = [line for line in run("codes").stdout.splitlines() if not line.startswith(" ")]
    assert lines == sorted(lines)
    assert len(lines) > 90


def test_an_unknown_code(run: Run) -> None:
    result = run("codes", "PX1004")
    assert result.exit_code == 2
    assert "PU921" in result.stderr


@pytest.mark.parametrize("form", FORMS)
def test_what_is_told_again_is_the_same_in_every_form(
    run: Run, faulty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    kept = tmp_path / "kept"
    monkeypatch.setenv("PM2XERO_CACHE", str(kept))
    words = ("validate", faulty, "--region", "au", "--no-proofs", "--format", form)
    anew = run(*words, "--no-cache")
    assert not kept.exists()
    first = run(*words)
    assert len(list(kept.iterdir())) == 1
    monkeypatch.setattr("pm2xero.validate.kept.work.PackWork", None)
    again = run(*words)
    assert (anew.stdout, anew.exit_code) == (first.stdout, first.exit_code)
    assert (again.stdout, again.exit_code) == (first.stdout, first.exit_code)
    assert first.exit_code == 1


def test_nothing_is_kept_where_it_is_off(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PM2XERO_CACHE", "off")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert run("validate", "--region", "au", "--no-proofs").exit_code == 0
    assert not (tmp_path / "cache").exists()
