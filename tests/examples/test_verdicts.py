"""Each example month: what agrees at once, and that all agrees when the list is worked off."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.office import EXAMPLES, Doc, Office

from .bookkeeper import Bookkeeper, corrections

REGIONS = sorted(path.parent.name for path in EXAMPLES.glob("*/month.jsonl"))


def firm_of(region: str, folder: Path) -> tuple[Office, list[Doc]]:
    """A copy of an example firm, and its month."""
    sample = EXAMPLES / region
    for name in ("organisation.yaml", "xero.json"):
        shutil.copy(sample / name, folder / name)
    for extra in sample.glob("*.csv"):
        shutil.copy(extra, folder / extra.name)
    text = (sample / "month.jsonl").read_text(encoding="utf-8")
    return Office(folder, folder / "organisation.yaml"), [json.loads(x) for x in text.splitlines()]


@pytest.mark.parametrize("region", REGIONS)
def test_a_month_agrees_for_what_is_in_xero_and_then_whole(region: str, tmp_path: Path) -> None:
    office, month = firm_of(region, tmp_path)
    office.push(*month)
    found = office.reconcile()
    assert found["verdict"] == "agrees_for_what_is_in_xero"
    assert office.run("reconcile").exit_code == 1
    listed = found["not_in_xero"]["total"]["ids"]
    assert listed
    # What is missing by account is what both trial balances are apart.
    apart = {
        a["code"]: Decimal(a["pm"]) + Decimal(a["rounding"]) - Decimal(a["xero"])
        for a in found["accounts"]
    }
    missing = {c: Decimal(v) for c, v in found["not_in_xero"]["accounts"].items()}
    assert {code: amount for code, amount in apart.items() if amount} == missing

    work = json.loads(office.run("manual-work", "--format", "json").stdout)
    assert {item["id"] for item in work} <= set(listed)
    entered = Bookkeeper(tmp_path / "xero.json", office.sandbox_file).enter(work)
    assert entered
    said = office.run("resolve", "--matched", "--yes", "--reason", "entered", "--who", "Bea")
    assert f"confirmed: {len(entered)} document" in said.stdout, said.stdout
    found = office.reconcile()
    left = set(found["not_in_xero"]["total"]["ids"])
    assert left == set(listed) - set(entered)
    assert found["verdict"] == "agrees_for_what_is_in_xero"

    office.push(*corrections(month, left))
    for trace in office.reconcile()["unreadable"]:
        office.run("skip", "--unreadable", trace["digest"], "--reason", "export corrected")
    found = office.reconcile()
    assert (found["verdict"], found["not_in_xero"]["total"]["ids"]) == ("agrees", [])
    assert office.run("reconcile").exit_code == 0
