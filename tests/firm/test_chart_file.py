"""The accounts of a firm out of a CSV file that its organisation file names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pm2xero.decide.memory_state import MemoryState
from pm2xero.errors import Finding, OrganisationError
from pm2xero.firm.fingerprint import fingerprint
from pm2xero.firm.organisation import load_organisation
from pm2xero.pipeline import Pipeline
from pm2xero.validate.run import validate
from tests.regions.firms import EXAMPLES
from tests.render.wishes import bill

GROUPS = ("accounts", "bank_accounts", "roles")


def as_chart() -> tuple[str, str]:
    """The example firm's organisation file without its accounts, and those as a chart."""
    own = load_organisation(EXAMPLES / "au" / "organisation.yaml")
    rows = ["account,xero,purpose,role,name"]
    rows += [f"{n},{b.code},{b.purpose},," for n, b in own.bank_accounts.items()]
    rows += [f"{n},{code},,,a note" for n, code in own.accounts.items()]
    rows += [f",{code},,{n}," for n, code in own.roles.items()]
    kept, inside = [], False
    for line in (EXAMPLES / "au" / "organisation.yaml").read_text(encoding="utf-8").splitlines():
        inside = line.split(":")[0] in GROUPS if line[:1].isalpha() else inside
        if not inside:
            kept.append(line)
    return "\n".join([*kept, "chart: chart.csv", ""]), "\n".join([*rows, ""])


def firm(folder: Path, chart: str, more: str = "") -> Path:
    text, _ = as_chart()
    shutil.copy(EXAMPLES / "au" / "xero.json", folder / "xero.json")
    (folder / "chart.csv").write_text(chart, encoding="utf-8")
    (folder / "organisation.yaml").write_text(text + more, encoding="utf-8")
    return folder / "organisation.yaml"


def test_a_chart_says_what_yaml_says(tmp_path: Path) -> None:
    path = firm(tmp_path, as_chart()[1])
    own, same = load_organisation(EXAMPLES / "au" / "organisation.yaml"), load_organisation(path)
    assert (same.accounts, same.bank_accounts, same.roles) == (
        own.accounts, own.bank_accounts, own.roles,
    )  # fmt: skip
    pipeline = Pipeline.load(path)
    tx = pipeline.reader.read(bill(), "in.jsonl", 1)
    assert pipeline.decider.decide(tx, MemoryState(None)).outcome == "post"


def test_what_is_told_of_an_account_is_told_at_its_row(tmp_path: Path) -> None:
    chart = as_chart()[1].replace("4000,200,", "4000,999,")
    line = next(n for n, row in enumerate(chart.splitlines(), 1) if row.startswith("4000,"))
    found = validate((), (), firm(tmp_path, chart)).findings
    (finding,) = [f for f in found if f.code == "PX510" and '"4000"' in f.message]
    assert str(finding.at) == f"{tmp_path / 'chart.csv'}:{line}:1"


WRONG = {
    "no such column": ("account,xero,purpose,role,name", "account,xero,purpse,role,name", "purpse"),
    "no code": ("4000,200,", "4000,,", "has no code"),
    "a bank without a purpose": ("BA-TRUST,092,trust", "BA-TRUST,092,", "office or trust"),
    "an odd purpose": ("BA-TRUST,092,trust", "BA-TRUST,092,client", "office or trust"),
    "an account twice": ("4010,200,", "4000,200,", "stands twice"),
    "a role twice": (",872,,trust_interest_payable", ",872,,trust_liability", "stands twice"),
    "neither account nor role": ("4010,200,,,a note", ",200,,,a note", "neither"),
    "too many cells": ("4010,200,,,a note", "4010,200,,,a note,more", "more cells"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_row_that_cannot_be_used_is_told_at_its_line(tmp_path: Path, wrong: str) -> None:
    old, new, says = WRONG[wrong]
    chart = as_chart()[1]
    assert old in chart
    chart = chart.replace(old, new, 1)
    (finding, *more) = faults(firm(tmp_path, chart))
    assert (finding.code, says in finding.message) == ("PO515", True)
    assert finding.at is not None
    assert finding.at.file == str(tmp_path / "chart.csv")
    if wrong != "no such column":
        assert chart.splitlines()[finding.at.line - 1].startswith(new)
        assert more == []


@pytest.mark.parametrize(
    "more",
    ['accounts: { "4000": "200" }\n', "roles: { trust_liability: \"870\" }\n",
     'bank_accounts: { BA-TRUST: { xero: "092", purpose: trust } }\n'],
)  # fmt: skip
def test_what_stands_in_both_places_is_told_with_both(tmp_path: Path, more: str) -> None:
    (finding,) = faults(firm(tmp_path, as_chart()[1], more))
    assert finding.code == "PO515"
    assert finding.at is not None and finding.at.file.endswith("organisation.yaml")
    assert finding.related[0][0].file.endswith("chart.csv")


def test_a_chart_that_is_not_there_is_told_where_it_is_named(tmp_path: Path) -> None:
    path = firm(tmp_path, as_chart()[1])
    (tmp_path / "chart.csv").unlink()
    (finding,) = faults(path)
    assert finding.at is not None and finding.at.file == str(path)


def test_another_chart_is_another_firm(tmp_path: Path) -> None:
    path = firm(tmp_path, "")
    assert fingerprint((), path, b"", b"a") != fingerprint((), path, b"", b"b")


def faults(path: Path) -> tuple[Finding, ...]:
    with pytest.raises(OrganisationError) as told:
        load_organisation(path)
    return told.value.findings
