"""The page about the verdict says what the program says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pm2xero.reconcile.verdict import Verdict
from tests.support.office import Office, month

from .firm import firm, said

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "verdict.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The examples of a section, on one line each."""
    _, _, rest = PAGE.partition(f"\n## {title}\n")
    text, _, _ = rest.partition("\n## ")
    return text


def examples(title: str) -> list[str]:
    return [" ".join(x.split()) for x in re.findall(r"```\n(.*?)\n```", section(title), re.S)]


def test_all_agrees(office: Office) -> None:
    (last,) = examples("agrees")
    assert said(office).endswith(last)
    assert office.run("reconcile").exit_code == 0


def test_something_is_missing(office: Office) -> None:
    office.push(month()["AU-0086"])
    last, row = examples("agrees for what is in Xero")
    assert said(office).endswith(last)
    assert row in said(office)
    assert office.run("reconcile").exit_code == 1


def test_something_differs(office: Office) -> None:
    (bill,) = (i for i in office.in_xero("Invoices") if i["InvoiceNumber"] == "INV-3007")
    office.user_calls("POST", f"/Invoices/{bill['InvoiceID']}", {"Status": "VOIDED"})
    (last,) = examples("does not agree")
    assert last in said(office)
    assert office.run("reconcile").exit_code == 1


def test_every_value_and_every_word_is_explained() -> None:
    for value in Verdict:
        assert f"`{value}`" in PAGE
    schema = json.loads((ROOT / "schema" / "common.schema.json").read_text(encoding="utf-8"))
    words = schema["$defs"]["rule"]["properties"]["counts"]["enum"]
    for word in words:
        assert f"| `{word}` |" in PAGE


@pytest.mark.parametrize("rule", re.findall(r"rules:\n  - .*", PAGE))
def test_the_example_of_a_firm_is_sound(rule: str, tmp_path: Path) -> None:
    office = firm(tmp_path)
    file = tmp_path / "organisation.yaml"
    file.write_text(f"{file.read_text(encoding='utf-8')}\n{rule}\n", encoding="utf-8")
    office.push(month()["AU-0086"])
    assert office.reconcile()["verdict"] == "agrees"
