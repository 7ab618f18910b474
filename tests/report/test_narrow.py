"""Every report prints on any screen, also where there is nothing, or next to nothing, to tell."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from pm2xero.cli.main import cli
from tests.support.office import EXAMPLES, Office, month

REPORTS = ("reconcile", "trust", "status", "manual-work", "plan", "recover")


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("sent", ["nothing", "what is refused"])
def test_with_no_account_to_tell_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, sent: str
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    office = Office(tmp_path)
    if sent == "nothing":
        assert office.run("push", "-", stdin="").exit_code == 0
    else:
        # A purchase order books nothing anywhere.
        office.push(next(d for d in month().values() if d["kind"] == "purchase_order"))
    for name in REPORTS:
        told = office.run(name)
        assert told.exit_code in (0, 1), (name, told.stderr)


WIDTHS = pytest.mark.parametrize("width", [80, 120])
LONG = "Accounts that clients of the firm are still to pay, of all offices"


def folded(text: str, width: int) -> str:
    """The text in one line; a line is too long only where it is one word."""
    for line in text.splitlines():
        assert len(line) <= width or len(line.split()) == 1, line
    return " ".join(text.split())


@WIDTHS
def test_an_error_is_folded_and_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    office = Office(tmp_path)
    command = ("hold", "AU-9999", "--reason", "", "--who", "Kim")
    whole = office.push(month()["AU-0016"], args=("--xero-url", "http://10.0.0.7:8080/" + "x" * 40))
    assert len(whole.stderr.splitlines()[0]) > 100
    monkeypatch.setenv("COLUMNS", str(width))
    shown = office.push(month()["AU-0016"], args=("--xero-url", "http://10.0.0.7:8080/" + "x" * 40))
    assert folded(shown.stderr, width) == " ".join(whole.stderr.split())
    assert folded(office.run(*command).stderr, width)


@WIDTHS
def test_names_of_accounts_are_folded_and_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    firm = tmp_path / "firm"
    shutil.copytree(EXAMPLES / "au", firm)
    snapshot = json.loads((firm / "xero.json").read_text(encoding="utf-8"))
    (account,) = (a for a in snapshot["Accounts"] if a.get("Code") == "610")
    account["Name"] = LONG
    (firm / "xero.json").write_text(json.dumps(snapshot), encoding="utf-8")
    office = Office(tmp_path, firm / "organisation.yaml")
    office.push(month()["AU-0016"])
    monkeypatch.setenv("COLUMNS", str(width))
    *table, _ = office.run("reconcile").stdout.partition("\n1. ")[0].splitlines()
    assert set(LONG.split()) <= set(" ".join(table).split())
    assert all(len(line) <= width and "…" not in line for line in table)


@WIDTHS
def test_what_the_outbox_tells_of_a_document_is_folded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    office = Office(tmp_path)
    office.push(month()["AU-0063"])
    monkeypatch.setenv("COLUMNS", str(width))
    places = ["--org", str(office.organisation), "--db", str(office.database)]
    told = CliRunner().invoke(cli, ["explain", "AU-0063", "--from-outbox", *places])
    assert told.exit_code == 0
    assert "Pay a bill" in (whole := folded(told.stdout, width)) or "without a bill" in whole


PACK = """spec: 1
section: Client Billing
rules:
  - id: own.everything_that_is_large
    kinds: [client_payment]
    when: { amounts.of_everything_that_was_paid: { above: "9000.00" } }
    outcome: hold
    reason: Large.
    remedy: Look.
  - id: own.never
    kinds: [client_payment]
    when: { amount: { above: "9000.00", below: "10.00" } }
    outcome: hold
    reason: Large.
    remedy: Look.
"""
EXAMPLE = str(EXAMPLES / "au" / "organisation.yaml")
MONTH = str(EXAMPLES / "au" / "month.jsonl")
TOLD = {
    "a pack at fault": ("validate", "{pack}"),
    "what is proven": ("validate", "--region", "au", "--soundness", "off"),
    "rules and fields": ("explain", "--org", EXAMPLE, "AU-0016", MONTH),
    "what was decided": ("decide", "--org", EXAMPLE, MONTH),
    "why not": ("why-not", "--org", EXAMPLE, "bank_deposit", "AU-0016", MONTH),
    "facts of Xero": ("doctor",),
    "what a firm lacks": ("check", "--org", EXAMPLE),
    "what a change does": ("diff", "{old}", "{new}", "--region", "au"),
    "codes": ("codes",),
}


@WIDTHS
@pytest.mark.parametrize("told", TOLD)
def test_what_people_read_is_folded_and_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str, width: int
) -> None:
    new = PACK.replace("amounts.of_everything_that_was_paid", "amount").replace("10.00", "10000.00")
    packs = {"pack": PACK, "new": new, "old": new.replace("9000.00", "90.00")}
    for name, text in packs.items():
        (tmp_path / name / "rules").mkdir(parents=True)
        (tmp_path / name / "rules" / "own.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    command = [part.format(**{name: name for name in packs}) for part in TOLD[told]]
    monkeypatch.setenv("COLUMNS", "400")
    whole = CliRunner().invoke(cli, command)
    monkeypatch.setenv("COLUMNS", str(width))
    shown = CliRunner().invoke(cli, command)
    assert shown.exit_code == whole.exit_code in (0, 1), shown.output
    said = [line for line in shown.stdout.splitlines() if "│" not in line]
    assert folded("\n".join(said), width)
    wanted = "\n".join(line for line in whole.stdout.splitlines() if "│" not in line)
    assert set(wanted.split()) <= set(shown.stdout.split())
