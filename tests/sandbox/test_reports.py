"""Reports/TrialBalance."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pm2xero.sandbox.reports import _year_start

from .api import Api, invoice, payment


def rows(report: dict[str, Any]) -> dict[str, list[str]]:
    (found,) = report["Reports"]
    return {
        row["Cells"][0]["Value"]: [cell["Value"] for cell in row["Cells"][1:]]
        for section in found["Rows"]
        for row in section.get("Rows", [])
    }


def test_month_and_year_to_date(api: Api) -> None:
    _, new = api.put("Invoices", invoice(Date="2026-04-10"), invoice())
    api.put("Payments", payment(new["InvoiceID"], "110.00"))
    shown = rows(api.get("Reports/TrialBalance", date="2026-05-31"))
    assert shown == {
        "Fees (200)": ["", "100.00", "", "200.00"],
        "Office bank (090)": ["110.00", "", "110.00", ""],
        "Accounts Receivable (610)": ["", "", "110.00", ""],
        "Tax (820)": ["", "10.00", "", "20.00"],
        "Total": ["110.00", "110.00", "220.00", "220.00"],
    }
    assert rows(api.get("Reports/TrialBalance", date="2026-04-30"))["Total"][2:] == [
        "110.00",
        "110.00",
    ]


def test_last_years_income_stands_in_retained_earnings(api: Api) -> None:
    api.put("Invoices", invoice(Date="2025-06-30"), invoice(Date="2025-07-01"))
    shown = rows(api.get("Reports/TrialBalance", date="2026-05-31"))
    assert shown["Fees (200)"] == ["", "", "", "100.00"]
    assert shown["Retained Earnings (960)"] == ["", "", "", "100.00"]
    assert shown["Total"][2] == shown["Total"][3]


def test_each_account_cell_names_its_account(api: Api) -> None:
    api.put("Invoices", invoice())
    (report,) = api.get("Reports/TrialBalance")["Reports"]
    assert report["ReportTitles"] == ["Trial Balance", "Test Firm", "As at 20 May 2026"]
    cell = report["Rows"][1]["Rows"][0]["Cells"][0]
    fees = api.get("Accounts", where='Code=="200"')["Accounts"][0]["AccountID"]
    assert cell["Attributes"] == [{"Value": fees, "Id": "account"}]


@pytest.mark.parametrize(
    ("year_end", "as_at", "start"),
    [
        ((6, 30), "2026-06-30", "2025-07-01"),
        ((6, 30), "2026-07-01", "2026-07-01"),
        ((2, 29), "2024-03-01", "2024-03-01"),
        ((2, 28), "2025-02-28", "2024-02-29"),
        ((12, 31), "2026-12-31", "2026-01-01"),
    ],
)
def test_financial_year(year_end: tuple[int, int], as_at: str, start: str) -> None:
    assert _year_start(year_end, date.fromisoformat(as_at)) == date.fromisoformat(start)
