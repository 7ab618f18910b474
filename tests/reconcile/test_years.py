"""Documents on both sides of a year's end: the income of each stands where Xero has it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pm2xero.reconcile.accounts import year_start
from tests.support.office import Office

from .firm import Snapshot, account, dated, differing, firm, lines

# The sample firm's year ends on 30 June. The withdrawals have a cent of rounding each.
LAST, FIRST = "2026-06-30", "2026-07-01"
INCOME_AND_EXPENSES = ("200", "215", "404", "453", "461")


def crossing(folder: Path, change: Callable[[Snapshot], None] | None = None) -> Office:
    """A firm with documents in two years, and in both a cent of rounding."""
    office = firm(folder, change)
    pushed = office.push(
        dated("AU-0016", "2026-05-06"),
        dated("AU-0025", LAST),
        dated("AU-0083", LAST),
        dated("AU-0017", FIRST),
        dated("AU-0083", "2026-07-20", id="AU-1083"),
    )
    assert pushed.exit_code == 0, pushed.output
    return office


@pytest.fixture(scope="module")
def crossed(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return crossing(tmp_path_factory.mktemp("years"))


def rounding_is_an_expense(snapshot: Snapshot) -> None:
    account(snapshot, "860").update(Type="EXPENSE", Class="EXPENSE")


def retained_earnings_have_no_code(snapshot: Snapshot) -> None:
    del account(snapshot, "960")["Code"]


@pytest.mark.parametrize("day", ["2026-05-31", LAST, FIRST, "2026-07-31", "2027-06-30"])
def test_agrees_on_every_side_of_the_year_end(crossed: Office, day: str) -> None:
    found = crossed.reconcile("--as-at", day)
    assert differing(found) == {}
    assert found["agrees"]
    assert sum(lines(found, "pm").values()) == 0


def test_last_years_result_stands_in_retained_earnings_on_both_sides(crossed: Office) -> None:
    before, after = (lines(crossed.reconcile("--as-at", day), "pm") for day in (LAST, FIRST))
    assert "960" not in before
    result = sum(before[code] for code in INCOME_AND_EXPENSES)
    assert result < 0
    assert after["960"] == result
    assert after["090"] == before["090"]
    assert "453" not in after


def test_by_default_as_at_the_last_document_which_lies_in_the_next_year(crossed: Office) -> None:
    found = crossed.reconcile()
    assert found["agrees"], differing(found)
    assert lines(found, "xero")["960"]


def test_rounding_of_last_year_too(tmp_path: Path) -> None:
    office = crossing(tmp_path, rounding_is_an_expense)
    before, after = (office.reconcile("--as-at", day) for day in (LAST, "2026-07-31"))
    assert before["agrees"], differing(before)
    assert after["agrees"], differing(after)
    assert lines(before, "rounding") == {"860": Decimal("0.01"), "820": Decimal("-0.01")}
    assert lines(after, "rounding") == {
        "860": Decimal("0.01"), "960": Decimal("0.01"), "820": Decimal("-0.02"),
    }  # fmt: skip


def test_retained_earnings_without_a_code_are_found_by_name(tmp_path: Path) -> None:
    found = crossing(tmp_path, retained_earnings_have_no_code).reconcile("--as-at", FIRST)
    assert found["agrees"], differing(found)
    assert lines(found, "pm")["Retained Earnings"] < 0


def test_one_cent_in_last_years_income_shows_in_either_year(tmp_path: Path) -> None:
    office = crossing(tmp_path)
    ((journal, income),) = office.xero_sql(
        "SELECT p.journal, p.account_id FROM posting p JOIN account a ON a.id = p.account_id "
        'JOIN journal j ON j.seq = p.journal WHERE a.body LIKE \'%"Code":"200"%\' '
        "AND j.date < '2026-07-01'"
    )
    office.xero_sql(
        "UPDATE posting SET cents = cents - 1 WHERE journal = ? AND account_id = ?", journal, income
    )
    assert differing(office.reconcile("--as-at", LAST)) == {"200": "-0.01"}
    after = office.reconcile("--as-at", "2026-07-31")
    assert differing(after) == {"960": "-0.01"}
    assert after["verdict"] == "does_not_agree"


def test_without_a_year_end_nothing_is_carried_forward(tmp_path: Path) -> None:
    def no_year(snapshot: Snapshot) -> None:
        for key in ("FinancialYearEndMonth", "FinancialYearEndDay"):
            del snapshot["Organisation"][key]

    # The sandbox's own year ends in December then, so both dates lie in one year.
    found = crossing(tmp_path, no_year).reconcile("--as-at", FIRST)
    assert found["agrees"], differing(found)
    assert "960" not in lines(found, "pm")


@pytest.mark.parametrize(
    ("month", "day", "as_at", "start"),
    [
        (6, 30, "2026-06-30", "2025-07-01"),
        (6, 30, "2026-07-01", "2026-07-01"),
        (2, 29, "2025-03-01", "2025-03-01"),
        (2, 29, "2024-02-29", "2023-03-01"),
        (3, 31, "2026-03-30", "2025-04-01"),
        (12, 0, "2026-12-31", "2026-01-01"),
        (12, None, "2027-01-01", "2027-01-01"),
        (None, 31, "2026-12-31", None),
        (13, 31, "2026-12-31", None),
    ],
)
def test_the_year_of_a_day(
    month: int | None, day: int | None, as_at: str, start: str | None
) -> None:
    organisation = {"FinancialYearEndMonth": month, "FinancialYearEndDay": day}
    expected = date.fromisoformat(start) if start else None
    assert year_start(organisation, date.fromisoformat(as_at)) == expected
