"""What a firm lacks in Xero, told by cause, with the kinds that are blocked and who can mend it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pm2xero.check.checklist import Cause, Checklist, Point, Verdict
from pm2xero.check.contacts import contact_changes
from pm2xero.check.firm_rules import kinds_posted
from pm2xero.check.run import check_firm
from pm2xero.check.words import load_words
from pm2xero.cli.main import cli
from pm2xero.errors import PackError
from pm2xero.firm.changes import ChangeKind, changes
from pm2xero.firm.organisation import Organisation
from pm2xero.firm.snapshot import XeroSnapshot, snapshot_of
from pm2xero.pipeline import Pipeline
from pm2xero.resources import root

EXAMPLES = root() / "examples"
AU = Pipeline.load(EXAMPLES / "au" / "organisation.yaml", None, ())
WORDS = load_words()
RAW = json.loads((EXAMPLES / "au" / "xero.json").read_text(encoding="utf-8"))

Changes = Callable[[dict[str, Any]], None]


def taken(change: Changes | None = None) -> XeroSnapshot:
    """The example's snapshot as Xero sends it, with one change."""
    raw: dict[str, Any] = json.loads(json.dumps(RAW))
    if change is not None:
        change(raw)
    return snapshot_of(raw)


def look(firm: Organisation | None = None, live: XeroSnapshot | None = None) -> Checklist:
    return check_firm(AU.pack, firm or AU.organisation, WORDS, live)


def points(found: Checklist) -> dict[Cause, Point]:
    return {point.cause: point for point in found.points}


def account(raw: dict[str, Any], code: str) -> dict[str, Any]:
    found: dict[str, Any] = next(a for a in raw["Accounts"] if a.get("Code") == code)
    return found


def change_account(code: str, **fields: Any) -> Changes:
    return lambda raw: account(raw, code).update(fields)


def drop_account(code: str) -> Changes:
    return lambda raw: raw["Accounts"].remove(account(raw, code))


def change_rate(type_: str, **fields: Any) -> Changes:
    return lambda raw: next(r for r in raw["TaxRates"] if r["TaxType"] == type_).update(fields)


def say(**fields: Any) -> Changes:
    return lambda raw: raw["Organisation"].update(fields)


def actions(raw: dict[str, Any]) -> None:
    raw["Actions"] = [{"Name": "CreateApprovedBill", "Status": "NOT-ALLOWED"},
                      {"Name": "CreateApprovedInvoice", "Status": "ALLOWED"}]  # fmt: skip


# A fault, the point that tells it, and a kind that is blocked and one that is not.
FAULTS = [
    (say(OrganisationStatus="DISABLED"), Cause.ORGANISATION_INACTIVE, "client_bill", None),
    (say(Class="TRIAL"), Cause.FIRM_RULE, "client_bill", None),
    (say(BaseCurrency="NZD"), Cause.FIRM_RULE, "client_payment", None),
    (drop_account("870"), Cause.ACCOUNT_MISSING, "trust_receipt", "client_bill"),
    (drop_account("200"), Cause.ACCOUNT_MISSING, "client_bill", "trust_receipt"),
    (change_account("870", Status="ARCHIVED"), Cause.ACCOUNT_ARCHIVED, "trust_receipt", None),
    (change_account("870", Class="REVENUE"), Cause.ACCOUNT_CLASS, "trust_receipt", "client_bill"),
    (change_account("200", Type="BANK"), Cause.ACCOUNT_NO_LINES, "client_bill", None),
    (change_account("090", Type="CURRENT"), Cause.BANK_NOT_BANK, "trust_receipt", "client_bill"),
    (change_account("090", Type="CURRENT"), Cause.PAYMENTS_NOT_ENABLED, "client_payment",
     "client_bill"),
    (change_account("090", CurrencyCode="USD"), Cause.BANK_CURRENCY, "client_payment",
     "client_bill"),
    (change_rate("OUTPUT", Status="ARCHIVED"), Cause.TAX_INACTIVE, "client_bill", "trust_receipt"),
    (change_rate("OUTPUT", EffectiveRate="12.5"), Cause.TAX_RATE, "client_bill", None),
    (actions, Cause.RIGHTS, "supplier_invoice", "client_bill"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "cause", "blocked", "free"), FAULTS)
def test_what_is_lacking_is_told_with_the_kinds_that_it_blocks(
    change: Changes, cause: Cause, blocked: str, free: str | None
) -> None:
    sound = points(look())[cause] if cause is not Cause.RIGHTS else None
    found = look(replace(AU.organisation, xero=taken(change)))
    point = points(found)[cause]
    assert point.verdict is Verdict.NOT_MET
    assert blocked in point.kinds
    assert free not in point.kinds
    assert point.who and point.do and point.title
    assert sound is None or len(sound.found) < len(point.found)
    assert found.needs_attention


def test_a_role_without_an_account_blocks_what_needs_it() -> None:
    roles = {k: v for k, v in AU.organisation.roles.items() if k != "trust_liability"}
    point = points(look(replace(AU.organisation, roles=roles)))[Cause.ROLE_NOT_NAMED]
    assert point.verdict is Verdict.NOT_MET
    assert "trust_receipt" in point.kinds and "client_bill" not in point.kinds


def test_kinds_that_nobody_posts_need_nothing() -> None:
    posted = kinds_posted(AU.pack)
    assert "general_retainer" not in posted and "bank_transfer" not in posted
    assert "client_bill" in posted


LIMITS = [
    ("accrual_basis", {"accounting_method": "cash"}, None, Verdict.NOT_MET),
    ("accrual_basis", {}, None, Verdict.CONFIRM),
    ("one_currency", {}, say(BaseCurrency="NZD"), Verdict.NOT_MET),
    ("one_currency", {}, None, Verdict.MET),
    ("one_division", {}, None, Verdict.MET),
    ("general_retainers", {}, None, Verdict.CONFIRM),
    ("bank_feed", {}, None, Verdict.CONFIRM),
    ("bank_feed", {"bank_feed": False}, None, Verdict.MET),
    ("no_trial", {}, say(Class="DEMO"), Verdict.NOT_MET),
    ("no_trial", {"sandbox": True}, say(Class="DEMO"), Verdict.MET),
    ("first_connection", {"xero_organisation_id": "other"}, None, Verdict.NOT_MET),
    ("first_connection", {}, None, Verdict.MET),
]  # fmt: skip


@pytest.mark.parametrize(("limitation", "firm", "change", "verdict"), LIMITS)
def test_each_limitation_has_its_line(
    limitation: str, firm: dict[str, Any], change: Changes | None, verdict: Verdict
) -> None:
    found = look(replace(AU.organisation, xero=taken(change), **firm))
    (line,) = [x for x in found.limitations if x.id == limitation]
    assert line.verdict is verdict
    assert line.say and line.who


def test_a_limitation_whose_rule_is_gone_is_for_a_person() -> None:
    rules = tuple(r for r in AU.pack.rules if r.id != "trial_organisation")
    found = check_firm(replace(AU.pack, rules=rules), AU.organisation, WORDS)
    (line,) = [x for x in found.limitations if x.id == "no_trial"]
    assert line.verdict is Verdict.CONFIRM


# A change in Xero, and how it is told of which account.
DRIFT = [
    (change_account("200", Code="201"), ChangeKind.ACCOUNT_RECODED, "200"),
    (change_account("200", Name="Fees earned"), ChangeKind.ACCOUNT_RENAMED, "200"),
    (change_account("200", Status="ARCHIVED"), ChangeKind.ACCOUNT_ARCHIVED, "200"),
    (change_account("444", Status="ACTIVE"), ChangeKind.ACCOUNT_RESTORED, "444"),
    (change_account("200", Type="BANK"), ChangeKind.ACCOUNT_RETYPED, "200"),
    (drop_account("200"), ChangeKind.ACCOUNT_GONE, "200"),
    (change_rate("OUTPUT", EffectiveRate="12.5"), ChangeKind.TAX_CHANGED, None),
    (lambda raw: raw["TaxRates"].clear(), ChangeKind.TAX_GONE, None),
    (say(PeriodLockDate="2026-05-31"), ChangeKind.LOCK_LATER, None),
    (say(PeriodLockDate=None, EndOfYearLockDate=None), ChangeKind.LOCK_EARLIER, None),
    (say(BaseCurrency="NZD"), ChangeKind.CURRENCY, None),
    (say(Class="PREMIUM"), ChangeKind.CLASS, None),
]  # fmt: skip


@pytest.mark.parametrize(("change", "kind", "code"), DRIFT)
def test_what_changed_since_the_snapshot_is_told_by_account_id(
    change: Changes, kind: ChangeKind, code: str | None
) -> None:
    drift = look(live=taken(change)).drift
    found = [d for d in drift if d.change.kind is kind]
    assert found and {d.change.code for d in found} == {code}
    assert all(d.do and d.who for d in found)
    assert code is None or any("organisation.yaml" in at.file for at in found[0].at)


def test_nothing_has_changed_where_nothing_has() -> None:
    assert look(live=taken()).drift == ()


def test_a_code_that_went_to_another_account_is_told_as_that() -> None:
    def swapped(raw: dict[str, Any]) -> None:
        fees, interest = account(raw, "200"), account(raw, "270")
        fees["Code"], interest["Code"] = "270", "200"

    told = [c.text for c in changes(taken(), taken(swapped), ["200"])]
    assert told == [
        "the code of account 200 (Professional Fees) is 270, not 200; 200 is Interest Income now"
    ]


def test_contacts_in_use_that_were_merged_or_archived_are_told() -> None:
    ids = [f"{n}{n}{n}{n}{n}{n}{n}{n}-2222-4333-8444-555555555555" for n in "1234"]
    known = {"101": (ids[0], "Ann"), "102": (ids[1], "Bob"), "103": (ids[2], "Cy")}
    there = [
        {"ContactID": ids[0], "ContactStatus": "ARCHIVED", "MergedToContactID": ids[3]},
        {"ContactID": ids[1], "ContactStatus": "ARCHIVED"},
        {"ContactID": ids[2], "ContactStatus": "ACTIVE"},
        {"ContactID": ids[3], "ContactStatus": "ACTIVE", "Name": "Ann Married"},
    ]
    assert [(c.kind, c.text) for c in contact_changes(known, there)] == [
        (ChangeKind.CONTACT_MERGED, "the contact Ann (101) was merged into Ann Married"),
        (ChangeKind.CONTACT_ARCHIVED, "the contact Bob (102) is archived"),
    ]


def test_a_lock_date_within_the_integration_is_for_a_person() -> None:
    xero = replace(AU.organisation.xero, lock_date=date(2026, 5, 31))
    point = points(look(replace(AU.organisation, xero=xero)))[Cause.LOCK_DATE]
    assert point.verdict is Verdict.CONFIRM
    assert "locked up to 2026-05-31" in point.found[0].text
    assert Cause.LOCK_DATE not in points(look())


def test_words_that_lack_a_cause_are_a_fault_of_the_file(tmp_path: Path) -> None:
    text = (root() / "mappings" / "xero" / "checklist.yaml").read_text(encoding="utf-8")
    file = tmp_path / "checklist.yaml"
    file.write_text(text.replace("  lock_date:\n", "  lock_dates:\n"))
    with pytest.raises(PackError) as fault:
        load_words(file)
    assert {f.code for f in fault.value.findings} <= {"PX105", "PX106"}


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("region", ["au", "uk"])
def test_the_page(
    region: str, width: int, snapshot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(EXAMPLES / region, tmp_path / region)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", str(width))
    result = CliRunner().invoke(cli, ["check", "--org", f"{region}/organisation.yaml"])
    assert all(len(line) <= width for line in result.stdout.splitlines())
    assert result.stdout == snapshot


def test_a_firm_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["check", "--org", str(tmp_path / "none.yaml")])
    assert result.exit_code == 2
