"""Manual journals."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from .api import Api, journal


def lines(*pairs: tuple[str, str], **more: Any) -> list[dict[str, Any]]:
    return [{"AccountCode": code, "LineAmount": amount, **more} for code, amount in pairs]


def test_posted_journal_and_its_void(api: Api) -> None:
    (made,) = api.put("ManualJournals", journal())
    assert (made["Status"], made["LineAmountTypes"]) == ("POSTED", "NoTax")
    assert api.balances() == {"469": "25.00", "870": "-25.00"}
    body = {"ManualJournalID": made["ManualJournalID"], "Narration": "other"}
    assert api.refused("ManualJournals", body, "POST")
    api.post("ManualJournals", {"ManualJournalID": made["ManualJournalID"], "Status": "VOIDED"})
    assert api.balances() == {}


def test_draft_is_the_default_and_is_posted_later(api: Api) -> None:
    sent = journal()
    del sent["Status"]
    (made,) = api.put("ManualJournals", sent)
    assert (made["Status"], api.balances()) == ("DRAFT", {})
    api.post("ManualJournals", {"ManualJournalID": made["ManualJournalID"], "Status": "POSTED"})
    assert api.balances() == {"469": "25.00", "870": "-25.00"}


def test_draft_drops_lines_of_unknown_accounts_with_a_warning(api: Api) -> None:
    sent = journal(Status="DRAFT", JournalLines=lines(("469", "1"), ("870", "1"), ("476", "-2")))
    answer = api.call(
        "PUT", "ManualJournals", {"ManualJournals": [sent]}, params={"summarizeErrors": "false"}
    )
    (made,) = answer.json()["ManualJournals"]
    assert made["StatusAttributeString"] == "WARNING"
    assert "'476' has been removed" in made["Warnings"][0]["Message"]
    assert len(made["JournalLines"]) == 2
    assert api.refused("ManualJournals", {**sent, "Status": "POSTED"}) == [
        "Account code '476' is not a valid code for this document."
    ]


def test_tax_goes_to_the_tax_account(api: Api) -> None:
    sent = journal(
        LineAmountTypes="Inclusive",
        JournalLines=[
            {"AccountCode": "469", "LineAmount": "110.00", "TaxType": "INPUT"},
            {"AccountCode": "870", "LineAmount": "-110.00", "TaxType": "BASEXCLUDED"},
        ],
    )
    api.put("ManualJournals", sent)
    assert api.balances() == {"469": "100.00", "820": "10.00", "870": "-110.00"}


@pytest.mark.parametrize("code", ["090", "610", "800", "960"])
def test_barred_accounts(api: Api, code: str) -> None:
    assert api.refused(
        "ManualJournals", journal(JournalLines=lines((code, "1"), ("469", "-1")))
    ) == [f"Account code '{code}' is not a valid code for this document."]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"JournalLines": lines(("469", "100.00"), ("870", "-10.00"))},
            "The total debits (100.00) must equal total credits (-10.00)",
        ),
        (
            {"JournalLines": lines(("469", "0"))},
            "A manual journal must have at least 2 journal lines",
        ),
        ({"Narration": ""}, "The Narration field must be specified"),
        ({"Status": "VOIDED"}, "A new manual journal cannot have the status VOIDED"),
    ],
)
def test_refused(api: Api, changes: dict[str, object], message: str) -> None:
    assert api.refused("ManualJournals", journal(**changes)) == [message]


def test_locked_period_stops_posting_but_not_drafting(api: Api) -> None:
    (made,) = api.put("ManualJournals", journal())
    api.sandbox.set_lock_dates(period=date(2026, 5, 8))
    assert "period lock date" in api.refused("ManualJournals", journal())[0]
    api.put("ManualJournals", journal(Status="DRAFT"))
    body = {"ManualJournalID": made["ManualJournalID"], "Status": "VOIDED"}
    assert "period lock date" in api.refused("ManualJournals", body, "POST")[0]


def test_found_by_narration_and_listed_without_lines_unless_paged(api: Api) -> None:
    api.put("ManualJournals", journal(Narration="One"), journal(Narration='Say "two"'))
    (found,) = api.get("ManualJournals", where='Narration=="Say \\"two\\""')["ManualJournals"]
    assert (found["Narration"], found["JournalLines"]) == ('Say "two"', [])
    (paged,) = api.get("ManualJournals", where='Narration=="One"', page=1)["ManualJournals"]
    assert len(paged["JournalLines"]) == 2
