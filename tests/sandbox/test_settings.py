"""Organisation, accounts, tax rates, notes."""

from __future__ import annotations

from datetime import date

import pytest

from .api import Api, invoice, spend

UNKNOWN = "0b3bb1a3-0000-4000-8000-000000000000"


def test_organisation_and_its_lock_dates(api: Api) -> None:
    (shown,) = api.get("Organisation")["Organisations"]
    assert shown["Name"] == "Test Firm"
    assert "PeriodLockDate" not in shown
    api.sandbox.set_lock_dates(period=date(2026, 4, 30))
    (locked,) = api.get("Organisation")["Organisations"]
    assert locked["PeriodLockDate"] == "/Date(1777507200000+0000)/"
    api.sandbox.set_lock_dates()
    assert "PeriodLockDate" not in api.get("Organisation")["Organisations"][0]
    actions = {row["Name"]: row["Status"] for row in api.get("Organisation/Actions")["Actions"]}
    assert actions["CreateApprovedInvoice"] == "ALLOWED"
    assert actions["UseMulticurrency"] == "NOT-ALLOWED"


def test_accounts_are_listed_filtered_and_shown(api: Api) -> None:
    assert len(api.get("Accounts")["Accounts"]) == 14
    banks = api.get("Accounts", where='Type=="BANK" AND Status=="ACTIVE"')["Accounts"]
    assert len(banks) == 3
    (debtors,) = api.get("Accounts", where='SystemAccount=="DEBTORS"')["Accounts"]
    assert api.get(f"Accounts/{debtors['AccountID']}")["Accounts"] == [debtors]


def test_account_is_created_used_and_archived(api: Api) -> None:
    new = {"Code": "205", "Name": "Other fees", "Type": "REVENUE", "TaxType": "OUTPUT"}
    (made,) = api.call("PUT", "Accounts", new).json()["Accounts"]
    assert (made["Class"], made["Status"]) == ("REVENUE", "ACTIVE")
    sent = invoice()
    sent["LineItems"][0]["AccountCode"] = "205"
    api.put("Invoices", sent)
    mixed = {"Status": "ARCHIVED", "Name": "x"}
    path = f"Accounts/{made['AccountID']}"
    assert api.call("POST", path, mixed).status_code == 400
    assert api.call("POST", path, {"Status": "ARCHIVED"}).status_code == 200
    assert "archived" in api.refused("Invoices", sent)[0]


@pytest.mark.parametrize(
    "changes",
    [{"Code": "200"}, {"Code": "x" * 11}, {"Name": ""}, {"Type": "NOPE"}, {"Type": "BANK"}],
)
def test_account_refused(api: Api, changes: dict[str, str]) -> None:
    new = {"Code": "205", "Name": "Other", "Type": "REVENUE", **changes}
    assert api.refused("Accounts", new)


def test_system_account_is_not_archived(api: Api) -> None:
    (debtors,) = api.get("Accounts", where='SystemAccount=="DEBTORS"')["Accounts"]
    refused = api.call("POST", f"Accounts/{debtors['AccountID']}", {"Status": "ARCHIVED"})
    assert refused.status_code == 400


def test_tax_rates(api: Api) -> None:
    assert len(api.get("TaxRates")["TaxRates"]) == 6
    (rate,) = api.get("TaxRates/OUTPUT")["TaxRates"]
    assert rate["EffectiveRate"] == 10.0
    assert len(api.get("TaxRates", where='Status=="ACTIVE"')["TaxRates"]) == 5
    assert api.get("TaxRates", TaxType="INPUT")["TaxRates"][0]["TaxType"] == "INPUT"


def test_notes_are_added_and_read(api: Api) -> None:
    (made,) = api.put("BankTransactions", spend())
    path = f"BankTransactions/{made['BankTransactionID']}/History"
    answer = api.call("PUT", path, {"HistoryRecords": [{"Details": "first"}]})
    assert answer.json()["HistoryRecords"][0]["User"] == "System Generated"
    api.call("PUT", path, {"HistoryRecords": [{"Details": "second"}]})
    shown = api.get(path)["HistoryRecords"]
    assert [note["Details"] for note in shown] == ["second", "first"]
    for note in ("", "x" * 251):
        refused = api.call("PUT", path, {"HistoryRecords": [{"Details": note}]})
        assert refused.status_code == 400
    unknown = f"Invoices/{UNKNOWN}/History"
    assert api.call("PUT", unknown, {"HistoryRecords": [{"Details": "x"}]}).status_code == 404
    assert api.call("GET", unknown).status_code == 404
