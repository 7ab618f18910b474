"""Reports/TrialBalance in Xero's shape of rows and cells."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from pm2xero.sandbox import ledger
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.wire import Wire, parse_date

_SECTIONS = (
    ("Revenue", "REVENUE"),
    ("Expenses", "EXPENSE"),
    ("Assets", "ASSET"),
    ("Liabilities", "LIABILITY"),
    ("Equity", "EQUITY"),
)
_COLUMNS = ("Account", "Debit", "Credit", "YTD Debit", "YTD Credit")
_ZERO = Decimal(0)

# One account: movement of the month, balance of the year to date; debits are positive.
_Amounts = dict[str, tuple[Decimal, Decimal]]


def trial_balance(books: Books, query: Mapping[str, str]) -> Wire:
    """GET /Reports/TrialBalance, as at `date` or today.

    The first pair of columns is the movement of the month, the second the year to date: income and
    expenses of earlier financial years stand in retained earnings.
    """
    as_at = parse_date(query["date"]) if query.get("date") else books.today
    amounts = _amounts(books, as_at)
    rows: list[Wire] = [{"RowType": "Header", "Cells": [{"Value": column} for column in _COLUMNS]}]
    rows.extend(
        section
        for title, klass in _SECTIONS
        if (section := _section(books, amounts, title, klass))["Rows"]
    )
    rows.append({"RowType": "Section", "Title": "", "Rows": [_totals(amounts)]})
    return {
        "Reports": [
            {
                "ReportID": "TrialBalance",
                "ReportName": "Trial Balance",
                "ReportType": "TrialBalance",
                "ReportTitles": [
                    "Trial Balance",
                    books.organisation.name,
                    f"As at {as_at.day} {as_at:%B %Y}",
                ],
                "ReportDate": f"{as_at.day} {as_at:%B %Y}",
                "UpdatedDateUTC": books.now,
                "Fields": [],
                "Rows": rows,
            }
        ]
    }


def _amounts(books: Books, as_at: date) -> _Amounts:
    year_start = _year_start(books.organisation.year_end, as_at)
    month = _net(books, as_at, as_at.replace(day=1))
    ever = _net(books, as_at, None)
    earlier = _net(books, year_start - timedelta(days=1), None)
    to_date = dict(ever)
    retained = _ZERO
    for account_id, amount in earlier.items():
        if books.chart.accounts[account_id].klass in ("REVENUE", "EXPENSE"):
            to_date[account_id] = to_date.get(account_id, _ZERO) - amount
            retained += amount
    if retained:
        keeper = books.chart.system("RETAINEDEARNINGS").id
        to_date[keeper] = to_date.get(keeper, _ZERO) + retained
    return {
        account_id: (month.get(account_id, _ZERO), to_date.get(account_id, _ZERO))
        for account_id in {**to_date, **month}
    }


def _net(books: Books, as_at: date, since: date | None) -> dict[str, Decimal]:
    found = ledger.balances(books.store, books.chart, as_at, since)
    return {balance.account_id: balance.debit - balance.credit for balance in found}


def _year_start(year_end: tuple[int, int], as_at: date) -> date:
    month, day = year_end
    for year in (as_at.year, as_at.year - 1):
        last = date(year, month, min(day, monthrange(year, month)[1]))
        if last < as_at:
            return last + timedelta(days=1)
    raise AssertionError("a financial year ends at least once in two calendar years")


def _section(books: Books, amounts: _Amounts, title: str, klass: str) -> Wire:
    rows = [
        {"RowType": "Row", "Cells": [_account_cell(books, account_id), *_cells(account_id, pair)]}
        for account_id in books.chart.accounts
        if books.chart.accounts[account_id].klass == klass
        and any(pair := amounts.get(account_id, (_ZERO, _ZERO)))
    ]
    return {"RowType": "Section", "Title": title, "Rows": rows}


def _account_cell(books: Books, account_id: str) -> Wire:
    account = books.chart.accounts[account_id]
    label = f"{account.name} ({account.code})" if account.code else account.name
    return {"Value": label, "Attributes": [_attribute(account_id)]}


def _cells(account_id: str, pair: tuple[Decimal, Decimal]) -> list[Wire]:
    sides = [side for amount in pair for side in (max(amount, _ZERO), max(-amount, _ZERO))]
    return [
        {"Value": str(side) if side else "", "Attributes": [_attribute(account_id)]}
        for side in sides
    ]


def _attribute(account_id: str) -> Wire:
    return {"Value": account_id, "Id": "account"}


def _totals(amounts: _Amounts) -> Wire:
    sums = [
        sum((max(sign * pair[place], _ZERO) for pair in amounts.values()), _ZERO)
        for place in (0, 1)
        for sign in (1, -1)
    ]
    return {
        "RowType": "SummaryRow",
        "Cells": [{"Value": "Total"}, *({"Value": str(amount)} for amount in sums)],
    }
