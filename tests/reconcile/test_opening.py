"""A firm that connects an existing Xero organisation: both sides begin with what there was."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from pm2xero.cli.main import cli
from tests.support.office import Office

from .firm import Snapshot, dated, declare, differing, firm, lines, said

# Income and expenses of the year that is under way, and balances of accounts.
BEFORE = {
    "090": "25000.00", "092": "115000.00", "093": "5000.00", "870": "-120000.00", "610": "6000.00",
    "200": "-40000.00", "469": "9000.00",
}  # fmt: skip
WITHOUT_ROUNDING = ("AU-0003", "AU-0016", "AU-0025")
MATTERS = """  trial_balance: opening.csv
  trust_balances:
    - { matter: "2101", bank: BA-TRUST, amount: "100000.00" }
    - { matter: "2999", bank: BA-TRUST, amount: "15000.00" }
    - { matter: "2999", bank: BA-TRUST-INV, amount: "5000.00" }
"""


def began(balances: dict[str, str]) -> Callable[[Snapshot], None]:
    def change(snapshot: Snapshot) -> None:
        listed = [{"Code": code, "Amount": amount} for code, amount in balances.items()]
        snapshot.update(OpeningBalancesDate="2026-04-30", OpeningBalances=listed)

    return change


def existing(folder: Path, opening: str | None = None, balances: dict[str, str] = BEFORE) -> Office:
    """A firm whose Xero had balances, and some documents; one is dated before the integration."""
    office = firm(folder, began(balances), opening)
    pushed = office.push(
        *(dated(i, "2026-04-17" if i == "AU-0003" else "2026-05-06") for i in WITHOUT_ROUNDING),
        dated("AU-0006", "2026-05-04"),
        dated("AU-0017", "2026-07-02"),
    )
    assert pushed.exit_code == 0, pushed.output
    return office


def csv(folder: Path, **changes: str) -> None:
    """Write the opening trial balance, with other amounts for some accounts (`a090=…`)."""
    balances = BEFORE | {code[1:]: amount for code, amount in changes.items()}
    rows = [f"{code},{amount}" for code, amount in balances.items()]
    (folder / "opening.csv").write_text("\n".join(["code,balance", *rows]), encoding="utf-8")


@pytest.mark.parametrize("day", ["2026-04-30", "2026-05-31", "2026-06-30", "2026-07-31"])
def test_agrees_from_the_opening_on_and_over_the_year_end(tmp_path: Path, day: str) -> None:
    csv(tmp_path)
    office = existing(tmp_path, MATTERS)
    found = office.reconcile("--as-at", day)
    assert found["agrees"], (differing(found), found["controls"])
    assert found["opening"] is None
    # The year ends on 30 June: the income from before belongs to it.
    assert ("960" in lines(found, "pm")) == (day == "2026-07-31")


def test_matters_begin_with_their_opening_balances(tmp_path: Path) -> None:
    csv(tmp_path)
    found = existing(tmp_path, MATTERS).reconcile()
    matters = {m["matter"]: m["balance"] for m in found["matters"]}
    assert matters == {"2101": "196500.00", "2999": "20000.00"}
    controls = {c["name"]: (c["pm"], c["xero"]) for c in found["controls"]}
    assert controls["Trust ledger over all matters"] == ("-216500.00", "-216500.00")
    assert controls["Trust ledger at the opening"] == ("-120000.00", "-120000.00")


def test_matters_that_are_not_the_trust_liability_do_not_agree(tmp_path: Path) -> None:
    csv(tmp_path)
    office = existing(tmp_path, MATTERS.replace('"5000.00"', '"4999.99"'))
    found = office.reconcile()
    assert differing(found) == {}
    wrong = {c["name"]: c["difference"] for c in found["controls"] if Decimal(c["difference"])}
    assert wrong == {
        "Trust ledger over all matters": "-0.01", "Trust ledger at the opening": "-0.01",
    }  # fmt: skip
    assert found["verdict"] == "does_not_agree"
    ending = "does not agree as at 2026-07-02: see section 7; see section 9"
    assert said(office).endswith(ending)


def test_matters_are_compared_where_the_trust_liability_is_empty(tmp_path: Path) -> None:
    """A ledger of matters whose money is nowhere in Xero, nor among the accounts."""
    office = firm(tmp_path, None, MATTERS.replace("  trial_balance: opening.csv\n", ""))
    assert office.push(dated("AU-0016", "2026-05-06")).exit_code == 0
    found = office.reconcile()
    (control,) = (c for c in found["controls"] if c["name"].startswith("Trust ledger"))
    assert (control["pm"], control["xero"]) == ("-120000.00", "0.00")
    assert found["verdict"] == "does_not_agree"


def test_without_an_opening_the_way_out_is_told(tmp_path: Path) -> None:
    office = existing(tmp_path)
    found = office.reconcile("--as-at", "2026-05-31")
    assert found["verdict"] == "does_not_agree"
    assert set(differing(found)) == set(BEFORE)
    assert found["opening"] == {
        "day": "2026-04-30", "declared": False, "accounts": sorted(BEFORE),
    }  # fmt: skip
    text = said(office)
    org = office.organisation
    assert (
        f"Xero had balances on 2026-04-30, before the integration began, and {org} declares no "
        f"opening.trial_balance: `pm2xero opening --org {org} --out opening.csv` writes them. "
        "does not agree as at 2026-07-02: accounts"
    ) in text


def test_nothing_is_told_where_xero_began_with_nothing(tmp_path: Path) -> None:
    office = existing(tmp_path, balances={})
    assert office.reconcile()["agrees"]
    office.xero_sql("UPDATE posting SET cents = cents + 1 WHERE journal = 2 AND position = 0")
    found = office.reconcile()
    assert found["verdict"] == "does_not_agree"
    assert found["opening"] is None


def test_a_balance_of_xero_that_is_not_the_declared_one(tmp_path: Path) -> None:
    csv(tmp_path, a610="6000.01", a090="24999.99")
    office = existing(tmp_path, MATTERS)
    found = office.reconcile()
    assert differing(found) == {"090": "0.01", "610": "-0.01"}
    assert found["opening"]["accounts"] == ["090", "610"]
    assert (
        "Xero's own balances of 2026-04-30 are not those of opening.trial_balance (accounts 090, "
        "610): correct whichever is wrong. does not agree as at 2026-07-02: accounts 090, 610 "
        "differ"
    ) in said(office)


def test_as_at_before_the_opening_is_refused(tmp_path: Path) -> None:
    csv(tmp_path)
    result = existing(tmp_path, MATTERS).run("reconcile", "--as-at", "2026-04-29")
    assert result.exit_code == 2
    assert "PU918" in result.stderr
    assert "--as-at 2026-04-30 or a later day" in result.stderr


def test_by_default_never_before_the_opening(tmp_path: Path) -> None:
    csv(tmp_path)
    office = firm(tmp_path, began(BEFORE), MATTERS)
    assert office.push(dated("AU-0003", "2026-04-17")).exit_code == 0
    found = office.reconcile()
    assert found["agrees"], differing(found)


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "PO505"), ("code,balance\n090,1.00\n", "PO506"), ("code,balance\n090,x\n", "PI803")],
)
def test_a_wrong_opening_is_told_by_both_commands(
    tmp_path: Path, content: str | None, code: str
) -> None:
    csv(tmp_path)
    office = existing(tmp_path, MATTERS)
    (tmp_path / "opening.csv").unlink()
    if content is not None:
        (tmp_path / "opening.csv").write_text(content, encoding="utf-8")
    result = office.run("reconcile")
    assert (result.exit_code, code in result.stderr) == (2, True)
    args = ["validate", "--no-proofs", "--org", str(office.organisation)]
    validated = CliRunner().invoke(cli, args)
    assert (validated.exit_code, code in validated.stdout) == (1, True)


def test_an_exported_trial_balance_takes_the_place_of_the_opening_too(tmp_path: Path) -> None:
    csv(tmp_path)
    office = existing(tmp_path, MATTERS)
    rows = [f"{code},{amount}" for code, amount in lines(office.reconcile(), "xero").items()]
    whole = tmp_path / "whole.csv"
    whole.write_text("\n".join(["code,balance", *rows]), encoding="utf-8")
    assert office.reconcile("--pm-trial-balance", whole)["agrees"]
    declare(tmp_path, None)
    found = office.reconcile("--pm-trial-balance", whole)
    # Without the opening balances of the matters their ledger is not the trust liability.
    assert differing(found) == {}
    assert found["opening"] is None


def test_opening_writes_what_reconcile_begins_with(tmp_path: Path) -> None:
    office = existing(tmp_path, MATTERS)
    result = office.run("opening", "--out", tmp_path / "opening.csv")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "compare them with Practice Management's own trial balance" in result.stderr
    assert (tmp_path / "opening.csv").read_text(encoding="utf-8").splitlines() == [
        "code,debit,credit,name",
        "090,25000.00,,Office Account",
        "092,115000.00,,General Trust Account",
        "093,5000.00,,Controlled Money Account",
        "200,,40000.00,Professional Fees",
        "469,9000.00,,Rent",
        "610,6000.00,,Accounts Receivable",
        "870,,120000.00,Trust Liability",
    ]
    assert office.reconcile()["agrees"]


def test_opening_before_anything_was_pushed_makes_no_outbox(tmp_path: Path) -> None:
    office = firm(tmp_path, began(BEFORE))
    result = office.run("opening")
    assert result.stdout.splitlines()[1] == "090,25000.00,,Office Account"
    assert not office.database.exists()
    assert office.run("reconcile").exit_code == 2


def test_opening_of_another_day_and_of_an_empty_organisation(tmp_path: Path) -> None:
    office = existing(tmp_path)
    result = office.run("opening", "--as-at", "2026-04-29")
    assert result.stdout == "code,debit,credit,name\n"
    assert "Xero had no balances as at 2026-04-29: there is nothing to begin with" in result.stderr
    # As at a later day what was sent from here is still left out.
    later = office.run("opening", "--as-at", "2026-07-31").stdout
    assert "960,,31000.00,Retained Earnings" in later.splitlines()


def test_opening_that_cannot_be_written(tmp_path: Path) -> None:
    office = firm(tmp_path, began(BEFORE))
    result = office.run("opening", "--out", tmp_path / "nowhere" / "opening.csv")
    assert (result.exit_code, "PU909" in result.stderr) == (2, True)


def test_opening_balances_that_do_not_balance_are_refused_by_the_sandbox(tmp_path: Path) -> None:
    office = firm(tmp_path, began({"090": "1.00"}))
    result = office.run("opening")
    assert (result.exit_code, "PU906" in result.stderr) == (2, True)
    assert "add up to 1.00, not to zero" in result.stderr


def test_lists_are_asked_for_where_something_was_sent_and_are_kept(tmp_path: Path) -> None:
    def asked(office: Office) -> list[str]:
        log = tmp_path / "calls.log"
        assert office.run("opening", "--log", log).exit_code == 0
        found = [json.loads(line)["path"] for line in log.read_text().splitlines()]
        log.unlink()
        return found

    office = firm(tmp_path, began(BEFORE), None)
    assert asked(office) == ["/Organisation", "/Accounts", "/Reports/TrialBalance"]
    office = existing(tmp_path)
    first = office.run("opening").stdout
    assert {"/Invoices", "/BankTransactions"} <= {*asked(office)}
    assert not {"/ManualJournals", "/CreditNotes"} & {*asked(office)}
    marks = office.sql("SELECT endpoint, round FROM xero_lists WHERE mark IS NOT NULL")
    assert {"Invoices", "BankTransactions"} <= {endpoint for endpoint, _ in marks}
    # However often it is asked, it was read from its beginning once.
    assert {times for endpoint, times in marks if endpoint == "Invoices"} == {1}
    assert office.run("opening").stdout == first
