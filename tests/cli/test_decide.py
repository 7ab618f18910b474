"""`decide` as its users meet it: formats, order, bad input, exit codes."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import EXAMPLES, Run

REGIONS = sorted(p.parent.name for p in EXAMPLES.glob("*/month.jsonl"))


@pytest.mark.parametrize("region", REGIONS)
def test_months_come_out_as_expected(run: Run, region: str) -> None:
    folder = EXAMPLES / region
    result = run(
        "decide", folder / "month.jsonl", "--org", folder / "organisation.yaml", "--format", "json"
    )
    decided = [json.loads(line) for line in result.stdout.splitlines()]
    expected = [
        json.loads(line)
        for line in (folder / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    found = [
        {
            "id": d["id"],
            "outcome": d["outcome"],
            "codes": [r["code"] for r in d["reasons"]] or ["posted"],
        }
        for d in decided
    ]
    assert found == expected


def test_output_has_the_documented_keys(run: Run, firm: Path, month: Path) -> None:
    result = run("decide", month, "--org", firm, "--format", "json")
    first = json.loads(result.stdout.splitlines()[0])
    assert list(first) == [
        "id", "revision", "kind", "outcome", "reasons", "warnings", "mapping",
    ]  # fmt: skip
    assert list(first["reasons"][0]) == ["code", "message", "remedy", "by_hand", "rule", "at"]
    assert result.exit_code == 1
    assert "client_bill" in result.stderr


def test_lines_array_and_standard_input_are_the_same(
    run: Run, firm: Path, month: Path, tmp_path: Path
) -> None:
    lines = month.read_text(encoding="utf-8")
    array = tmp_path / "month.json"
    array.write_text(json.dumps([json.loads(x) for x in lines.splitlines()], indent=2))
    outputs = {
        run("decide", month, "--org", firm, "--format", "json").stdout.replace(str(month), "IN"),
        run("decide", "-", "--org", firm, "--format", "json", input=lines).stdout,
        run("decide", array, "--org", firm, "--format", "json").stdout,
    }
    assert len(outputs) == 1


def test_shuffled_input_is_decided_as_posted_and_listed_as_given(
    run: Run, firm: Path, month: Path, tmp_path: Path
) -> None:
    lines = month.read_text(encoding="utf-8").splitlines()
    by_id = {}
    for line in run("decide", month, "--org", firm, "--format", "json").stdout.splitlines():
        by_id.setdefault(json.loads(line)["id"], line)
    unique = list({json.loads(x)["id"]: x for x in reversed(lines)}.values())
    random.Random(7).shuffle(unique)
    shuffled = tmp_path / "shuffled.jsonl"
    shuffled.write_text("\n".join(unique))
    result = run("decide", shuffled, "--org", firm, "--format", "json").stdout.splitlines()
    assert [json.loads(x)["id"] for x in result] == [json.loads(x)["id"] for x in unique]
    for line in result:
        assert json.loads(line)["outcome"] == json.loads(by_id[json.loads(line)["id"]])["outcome"]


def test_bad_records_never_stop_the_run(run: Run, firm: Path, month: Path, tmp_path: Path) -> None:
    good = month.read_text(encoding="utf-8").splitlines()[1]
    wrong = json.loads(good) | {"id": "X-1", "currency": 7}
    wrong["totals"] = {"net": 100.0, "tax": "0.00", "gross": "100"}
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_text(
        "\n".join(["{not json", "", '"text"', '{"kind": "client_bil"}', json.dumps(wrong), good])
    )
    result = run("decide", mixed, "--org", firm, "--format", "json")
    decisions = [json.loads(x) for x in result.stdout.splitlines()]
    assert [d["outcome"] for d in decisions] == ["reject"] * 4 + ["post"]
    messages = [d["reasons"][0]["message"] for d in decisions[:4]]
    assert ":1: this is no JSON" in messages[0]
    assert ":3: expected a document" in messages[1]
    assert 'did you mean "client_bill"?' in messages[2]
    assert "totals.net" in messages[3] and "the number 100.0 without quotes" in messages[3]
    assert "currency" in messages[3]
    assert result.exit_code == 1


def test_array_that_breaks_off_says_where(run: Run, firm: Path, month: Path) -> None:
    good = month.read_text(encoding="utf-8").splitlines()[1]
    result = run("decide", "-", "--org", firm, "--format", "json", input=f"[{good},\n{good[:50]}")
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == 1
    assert "PI802" in result.stderr


def test_unknown_fields_are_told_but_do_not_stop(run: Run, firm: Path, month: Path) -> None:
    document = json.loads(month.read_text(encoding="utf-8").splitlines()[1]) | {"colour": "red"}
    result = run("decide", "-", "--org", firm, "--format", "json", input=json.dumps(document))
    decision = json.loads(result.stdout)
    assert decision["outcome"] == "post"
    assert decision["warnings"][0]["code"] == "unknown_field"
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["nowhere.jsonl"], "PI801"),
        (["-", "-"], "PU901"),
    ],
)
def test_wrong_usage_is_said_in_words(run: Run, firm: Path, args: list[str], code: str) -> None:
    result = run("decide", *args, "--org", firm)
    assert result.exit_code == 2
    assert code in result.stderr
    assert "Traceback" not in result.stderr


def test_misspelt_command_is_suggested(run: Run) -> None:
    result = run("decid")
    assert result.exit_code == 2
    assert 'Did you mean "decide"?' in result.stderr


def test_unknown_region_is_suggested(run: Run, firm: Path, month: Path) -> None:
    result = run("decide", month, "--org", firm, "--region", "aus")
    assert result.exit_code == 2
    assert "PX206" in result.stderr


def test_no_colour_when_piped(month: Path, firm: Path) -> None:
    command = [sys.executable, "-m", "pm2xero", "decide", str(month), "--org", str(firm), "--all"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert b"\x1b[" not in done.stdout
    assert done.returncode == 1


def test_a_closed_pipe_is_no_fault(month: Path, firm: Path) -> None:
    command = f"{sys.executable} -m pm2xero decide {month} --org {firm} --all | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    assert done.stdout.startswith(b"reject")
    assert b"Traceback" not in done.stderr


def test_help_does_not_load_the_engine() -> None:
    code = (
        "import sys; from pm2xero.cli.main import cli\n"
        "try: cli(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted(m for m in ('jinja2','rich','orjson','durable_rules_engine','yaml')"
        " if m in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.stderr.strip() == b"[]"


def test_what_was_sent_before_is_not_known_and_that_is_said(
    run: Run, month: Path, tmp_path: Path
) -> None:
    shutil.copytree(EXAMPLES / "au", tmp_path / "au", ignore=shutil.ignore_patterns("*.sqlite3*"))
    firm = tmp_path / "au" / "organisation.yaml"
    said = "decided without the outbox; `pm2xero plan` knows what was sent"
    words = ("decide", month, "--org", firm, "--format")
    assert said not in run(*words, "text").stderr
    (firm.parent / "outbox.sqlite3").touch()
    for form in ("text", "json"):
        result = run(*words, form)
        assert said in result.stderr and said not in result.stdout
        result = run("explain", "AU-0001", month, "--org", firm, "--format", form)
        assert said in result.stderr and said not in result.stdout


def test_an_export_that_is_broken_as_a_whole_is_told_by_cause(
    run: Run, firm: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "month.jsonl"
    broken.write_text(
        "".join(f'{{"id": "B-{n}", "kind": "client_bill"\n[{n}]\n' for n in range(2000)), "utf-8"
    )
    told = run("decide", broken, "--org", firm).stdout
    assert len(told.splitlines()) < 200
    assert told.count("and 1,995 more with") == 2
    places = f"({broken}:11,{broken}:13,{broken}:15,…)"
    assert "".join(places.split()) in "".join(told.split())
    data = run("decide", broken, "--org", firm, "--format", "json").stdout
    assert len(data.splitlines()) == 4000


@pytest.mark.parametrize(("given", "width"), [("60", 60), ("200", 200), ("wide", 100)])
def test_piped_text_is_as_wide_as_columns_says(
    run: Run, firm: Path, month: Path, monkeypatch: pytest.MonkeyPatch, given: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", given)
    told = run("decide", month, "--org", firm).stdout.partition("\nkind ")[0]
    assert width - 20 < max(map(len, told.splitlines())) <= width
