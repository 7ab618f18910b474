"""Organisation, accounts, tax rates, notes."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from pm2xero.sandbox import Sandbox
from pm2xero.sandbox.problems import Invalid

from .api import SNAPSHOT, Api, Clock, invoice, seeded_ids, spend

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


def test_accounts_in_order_and_since(api: Api, clock: Clock) -> None:
    codes = [a.get("Code", "") for a in api.get("Accounts", order="Code DESC")["Accounts"]]
    assert codes == sorted(codes, reverse=True)
    clock.advance(minutes=1)
    moment = clock.now.isoformat()
    (changed, *_) = api.get("Accounts")["Accounts"]
    clock.advance(minutes=1)
    api.call("POST", f"Accounts/{changed['AccountID']}", {"Name": "Another name"})
    answer = api.call("GET", "Accounts", headers={"If-Modified-Since": moment})
    assert [found["Name"] for found in answer.json()["Accounts"]] == ["Another name"]
    assert api.call("GET", "Accounts", params={"order": "Code UP"}).status_code == 400


def test_an_account_with_another_code_keeps_its_documents(api: Api) -> None:
    (made,) = api.put("Invoices", invoice())
    account = made["LineItems"][0]["AccountID"]
    api.sandbox.recode_account(account, "299")
    (shown,) = api.get(f"Invoices/{made['InvoiceID']}")["Invoices"]
    assert [(line["AccountCode"], line["AccountID"]) for line in shown["LineItems"]] == [
        ("299", account)
    ]
    assert api.balances()["299"] == "-100.00"
    (message,) = api.refused("Invoices", invoice())
    assert message.startswith("Account code '200' is not a valid code")
    taken = api.call("POST", f"Accounts/{account}", {"Code": "310"})
    (element,) = taken.json()["Elements"]
    assert element["ValidationErrors"] == [{"Message": "Please enter a unique Code."}]


def test_a_bank_account_need_not_have_a_code(api: Api) -> None:
    (bank, *_) = api.get("Accounts", where='Code=="090"')["Accounts"]
    api.sandbox.recode_account(bank["AccountID"], "")
    assert api.refused("BankTransactions", spend())
    (made,) = api.put("BankTransactions", spend(BankAccount={"AccountID": bank["AccountID"]}))
    assert made["BankAccount"] == {"AccountID": bank["AccountID"], "Name": bank["Name"]}
    with pytest.raises(Invalid):
        api.sandbox.recode_account(made["LineItems"][0]["AccountID"], "")
    new = {"Name": "Second", "Type": "BANK", "BankAccountNumber": "1", "HasAttachments": False}
    (account,) = api.call("PUT", "Accounts", new).json()["Accounts"]
    assert "Code" not in account
    answer = api.call(
        "POST",
        f"Accounts/{account['AccountID']}",
        {"Status": "ARCHIVED", "Class": "ASSET", "HasAttachments": False},
    )
    assert answer.json()["Accounts"][0]["Status"] == "ARCHIVED"


def test_short_lists_of_the_organisation(api: Api) -> None:
    assert api.get("Currencies")["Currencies"] == [{"Code": "AUD", "Description": "AUD"}]
    (theme,) = api.get("BrandingThemes")["BrandingThemes"]
    assert api.get(f"BrandingThemes/{theme['BrandingThemeID']}")["BrandingThemes"] == [theme]
    assert api.get("TrackingCategories")["TrackingCategories"] == []
    assert api.get("Items")["Items"] == []
    assert api.call("GET", "Items/nothing").status_code == 404
    assert api.call("PUT", "Items", {"Code": "A"}).status_code == 501


def test_short_lists_of_a_snapshot(runner: asyncio.Runner, clock: Clock) -> None:
    themes = [{"BrandingThemeID": UNKNOWN, "Name": "Letterhead", "SortOrder": 1}]
    tracked = [
        {"TrackingCategoryID": UNKNOWN, "Name": "Office", "Status": "ACTIVE", "Options": []},
        {"TrackingCategoryID": "x", "Name": "Old", "Status": "ARCHIVED", "Options": []},
    ]
    items = [{"ItemID": UNKNOWN, "Code": "A1", "Name": "Copy"}]
    more = {"TrackingCategories": tracked, "Items": items, "BrandingThemes": themes}
    sandbox = Sandbox.open({**SNAPSHOT, **more}, clock=clock, ids=seeded_ids())
    api = Api(sandbox, runner)
    assert api.get("TrackingCategories")["TrackingCategories"] == tracked[:1]
    assert api.get("TrackingCategories", includeArchived="true")["TrackingCategories"] == tracked
    assert api.get("Items", where='Code=="A1"')["Items"] == api.get("Items/a1")["Items"] == items
    assert api.get("BrandingThemes")["BrandingThemes"] == themes
    sandbox.close()


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
