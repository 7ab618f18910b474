"""Trial balances as CSV files, and the opening one that an organisation file names."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from pm2xero.errors import Finding, InputError, OrganisationError
from pm2xero.firm.organisation import Organisation, load_organisation
from pm2xero.firm.trial_balance import (
    balances_of,
    opening_faults,
    opening_rows,
    read_trial_balance,
    trial_balance_csv,
)
from tests.support.pack_reading import write

from .test_organisation import FILE, SNAPSHOT, load

OPENING = FILE + "opening:\n  trial_balance: books/opening.csv\n"


def read(folder: Path, text: str) -> dict[str, Decimal]:
    file = folder / "tb.csv"
    file.write_text(text, encoding="utf-8")
    return balances_of(read_trial_balance(file))


def refused(folder: Path, text: str) -> Finding:
    with pytest.raises(InputError) as caught:
        read(folder, text)
    (found,) = caught.value.findings
    return found


def firm(folder: Path, csv: str | None) -> Organisation:
    if csv is not None:
        write(folder, {"books/opening.csv": csv})
    return load(folder, OPENING)


def test_debits_and_credits(tmp_path: Path) -> None:
    text = 'Code,Name,Debit,Credit\n090,Bank,"1,250.00",\n\n200,Fees,,1000\n 200 ,Fees,0,250.00\n'
    assert read(tmp_path, text) == {"090": Decimal("1250.00"), "200": Decimal("-1250.00")}


def test_a_line_may_lack_its_last_cells(tmp_path: Path) -> None:
    assert read(tmp_path, "code,balance\n090,-5.1\n091,.5\n") == {
        "090": Decimal("-5.10"), "091": Decimal("0.50"),
    }  # fmt: skip
    assert read(tmp_path, "code,debit,credit\n090,7\n") == {"090": Decimal("7.00")}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("account;amount\n", 1),
        ("code,debit\n200,1\n", 1),
        ("code,debit,credit\n200,ten,0\n", 2),
        ("code,debit,credit\n090,5,\n200,1,000.00,\n", 3),
        ("code,debit,credit\n200,1,000.00\n", 2),
        ('code,balance\n200,"12,50"\n', 2),
        ("code,balance\n200,.\n", 2),
        ("code,balance\n200,1e3\n", 2),
        ("code,balance\n200\n", 2),
        ("code,balance\n,5.00\n", 2),
        ("code,balance\n200,NaN\n", 2),
        ("code,balance\n200,Infinity\n", 2),
        ("code,balance\n200,0.005\n", 2),
        ('code,balance,note\n090,1,"two\nlines"\n200,x,\n', 4),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    found = refused(tmp_path, text)
    assert (found.code, found.at and found.at.line) == ("PI803", line)
    assert found.should_be


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    balances = {"090": Decimal("1250.50"), "Savings, old": Decimal("-1250.50"), "1": Decimal(0)}
    text = trial_balance_csv(balances, lambda code: f"Account {code}")
    assert text.splitlines()[:2] == ["code,debit,credit,name", "090,1250.50,,Account 090"]
    assert read(tmp_path, text) == {k: v for k, v in balances.items() if v}


def test_the_opening_is_found_from_the_organisation_file(tmp_path: Path) -> None:
    rows = opening_rows(firm(tmp_path, "code,balance\n200,-5\nDebtors,5\n"))
    assert rows is not None
    assert balances_of(rows) == {"200": Decimal("-5.00"), "Debtors": Decimal("5.00")}
    assert list(opening_faults(firm(tmp_path, None))) == []


def test_no_opening_is_no_fault(tmp_path: Path) -> None:
    assert opening_rows(load(tmp_path)) is None
    assert list(opening_faults(load(tmp_path))) == []


def test_an_opening_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OrganisationError) as caught:
        opening_rows(firm(tmp_path, None))
    (found,) = caught.value.findings
    assert found.code == "PO505"
    assert found.at
    assert (Path(found.at.file).name, found.at.line) == ("organisation.yaml", 16)
    assert "pm2xero opening --org" in (found.should_be or "")


def test_an_opening_that_does_not_balance(tmp_path: Path) -> None:
    (found,) = opening_faults(firm(tmp_path, "code,debit,credit\n200,,5.00\nDebtors,5.01,\n"))
    assert (found.code, found.severity) == ("PO506", "error")
    assert "debits of opening.csv are 5.01 and its credits 5.00: they differ by 0.01" in (
        found.message
    )


def test_a_wrong_line_of_the_opening_says_who_named_the_file(tmp_path: Path) -> None:
    (found,) = opening_faults(firm(tmp_path, "code,balance\n200,x\n"))
    assert (found.code, found.at and found.at.line) == ("PI803", 2)
    ((place, why),) = found.related
    assert (place.line, why) == (16, "is where it is named")


def test_an_account_that_xero_does_not_have_is_a_warning(tmp_path: Path) -> None:
    (found,) = opening_faults(firm(tmp_path, "code,balance\n20,-5\nDebtors,5\n"))
    assert (found.code, found.severity, found.hint) == ("PO507", "warning", 'did you mean "200"?')


def test_a_firm_loads_although_its_opening_is_not_there_yet(tmp_path: Path) -> None:
    write(tmp_path, {"organisation.yaml": OPENING, "xero.json": json.dumps(SNAPSHOT)})
    assert load_organisation(tmp_path / "organisation.yaml").opening_file
