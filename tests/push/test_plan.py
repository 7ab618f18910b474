"""`plan` counts what a push would do, and a saved plan is kept to or refused."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from tests.push.test_lost_then_changed import voided
from tests.push.test_recover import keys_lapse, lose
from tests.support.office import EXAMPLES, Doc, Office, month, revised

MONTH = EXAMPLES / "au" / "month.jsonl"


@pytest.fixture
def movable(tmp_path: Path) -> Office:
    """An office whose firm can be edited."""
    folder = tmp_path / "firm"
    shutil.copytree(EXAMPLES / "au", folder)
    return Office(tmp_path, folder / "organisation.yaml")


def saved(office: Office, *documents: Doc) -> Path:
    file = office.folder / "plan.json"
    lines = "\n".join(json.dumps(d) for d in documents)
    assert office.run("plan", "-", "--out", file, stdin=lines).exit_code == 0
    return file


def stored(office: Office) -> int:
    """How many documents the outbox has, if it is there at all."""
    if not office.database.exists():
        return 0
    return int(office.sql("SELECT count(*) FROM transactions")[0][0])


def is_refused(office: Office, plan: Path, *documents: Doc) -> bool:
    before = stored(office)
    result = office.push(*documents, args=("--plan", plan))
    assert stored(office) == before
    assert "PU903" in result.stderr
    return result.exit_code == 2


def test_counts_money_tax_and_calls(office: Office) -> None:
    result = office.run("plan", MONTH)
    text = " ".join(result.stdout.split())
    assert "client_bill 15 60,280.41 5 13,964.10" in text
    assert "PUT Invoices 25 1" in text
    assert "needs at least 20 calls of 5,000 a day, less than two minutes" in text
    plan = json.loads(office.run("plan", MONTH, "--format", "json").stdout)
    assert plan["calls_per_day"] == 5000
    assert len(plan["requests"]) == 89
    tax = {t["type"]: Decimal(t["tax"]) for t in plan["tax"]}
    office.run("push", MONTH)
    (control,) = (c for c in office.reconcile()["controls"] if c["name"] == "Sales tax")
    assert sum(tax.values()) == Decimal(control["xero"])
    assert f"GST on Income (OUTPUT) 16 -43,394.62 {tax['OUTPUT']:,.2f}" in text


def test_plan_beyond_the_day_says_how_many_days(office: Office) -> None:
    result = office.run("plan", MONTH, "--per-day", "5")
    assert "that is 4 days" in result.stdout


def test_plan_writes_nothing(office: Office) -> None:
    office.run("plan", MONTH)
    assert not office.database.exists()
    assert not office.sandbox_file.exists()
    office.run("push", stdin="")
    office.run("plan", MONTH)
    assert stored(office) == 0
    assert office.in_xero("Invoices") == []


def test_same_plan_works_once(office: Office, docs: dict[str, Doc]) -> None:
    bill = docs["AU-0016"]
    plan = saved(office, bill)
    assert office.push(bill, args=("--plan", plan)).exit_code == 0
    assert len(office.in_xero("Invoices")) == 1
    assert is_refused(office, plan, bill)


def test_changed_input_makes_it_stale(office: Office, docs: dict[str, Doc]) -> None:
    bill = docs["AU-0016"]
    plan = saved(office, bill)
    assert is_refused(office, plan, bill | {"due_date": "2026-06-30"})
    assert is_refused(office, plan, bill, docs["AU-0017"])
    assert is_refused(office, plan, revised(bill))


def test_changed_firm_makes_it_stale(movable: Office, docs: dict[str, Doc]) -> None:
    plan = saved(movable, docs["AU-0016"])
    text = movable.organisation.read_text(encoding="utf-8")
    changed = text.replace('"4110": "215"', '"4110": "210"')
    movable.organisation.write_text(changed, encoding="utf-8")
    assert is_refused(movable, plan, docs["AU-0016"])


def test_changed_pack_makes_it_stale(office: Office, docs: dict[str, Doc]) -> None:
    pack = office.folder / "pack" / "rules"
    pack.mkdir(parents=True)
    options = ("--pack", str(pack.parent))
    plan = office.folder / "plan.json"
    bill = docs["AU-0016"]
    office.run("plan", "-", "--out", plan, *options, stdin=json.dumps(bill))
    rule = "spec: 1\nrules:\n  - { id: locked_period, outcome: hold }\n"
    (pack / "own.yaml").write_text(rule, encoding="utf-8")
    result = office.push(bill, args=("--plan", plan, *options))
    assert (result.exit_code, office.in_xero("Invoices")) == (2, [])
    assert "PU903" in result.stderr


def test_changed_pack_that_the_firm_names_makes_it_stale(
    movable: Office, docs: dict[str, Doc]
) -> None:
    pack = movable.organisation.parent / "shared" / "rules"
    pack.mkdir(parents=True)
    text = movable.organisation.read_text(encoding="utf-8")
    named = text.replace("region: au\n", "region: au\npacks: [shared]\n")
    movable.organisation.write_text(named, encoding="utf-8")
    plan = saved(movable, docs["AU-0016"])
    rule = "spec: 1\nrules:\n  - { id: locked_period, outcome: hold }\n"
    (pack / "own.yaml").write_text(rule, encoding="utf-8")
    assert is_refused(movable, plan, docs["AU-0016"])


def test_moved_outbox_makes_it_stale(office: Office, docs: dict[str, Doc]) -> None:
    bill, other = docs["AU-0016"], docs["AU-0017"]
    plan = saved(office, bill)
    office.archive("200")
    office.push(other)
    office.run("resend", "AU-0017", "--reason", "again")
    assert is_refused(office, plan, bill)


@pytest.mark.parametrize("content", ["", "[]", "{}", "no json", '{"digest": 7}'])
def test_file_that_is_no_plan(office: Office, docs: dict[str, Doc], content: str) -> None:
    file = office.folder / "plan.json"
    file.write_text(content, encoding="utf-8")
    result = office.push(docs["AU-0016"], args=("--plan", file))
    assert result.exit_code == 2
    assert "PI804" in result.stderr or "PU903" in result.stderr
    assert office.in_xero("Invoices") == []


@pytest.mark.parametrize("memory", [True, False], ids=["and its memory", "outbox"])
def test_a_plan_tells_of_an_outbox_that_was_lost_what_a_push_does(
    tmp_path: Path, memory: bool
) -> None:
    office = Office(tmp_path)
    documents = month()
    office.push(documents["AU-0003"], documents["AU-0016"])
    lose(office, memory=memory)
    keys_lapse(office)
    given = (documents["AU-0003"], voided(documents["AU-0016"]))
    lines = "\n".join(json.dumps(document) for document in given)
    told = office.run("plan", "-", stdin=lines)
    assert "the outbox is new or an older copy" in " ".join(told.stdout.split())
    plan = json.loads(office.run("plan", "-", "--format", "json", stdin=lines).stdout)
    assert (plan["outbox_may_forget"], plan["documents"]["client_bill.hold"]["count"]) == (True, 1)
    assert office.report(*given)["needs_attention"] == 1
    known = json.loads(office.run("plan", "-", "--format", "json", stdin=lines).stdout)
    assert known["outbox_may_forget"] is False


def test_a_plan_of_a_new_firm_tells_of_no_gap(tmp_path: Path) -> None:
    office = Office(tmp_path)
    plan = office.run("plan", "-", "--format", "json", stdin=json.dumps(month()["AU-0003"]))
    assert json.loads(plan.stdout)["outbox_may_forget"] is False
