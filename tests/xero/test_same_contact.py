"""Whether two contacts are one is asked of Xero only where the answer decides something."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pm2xero.send.lookup_table import ByKey, load_table
from pm2xero.xero.natural_key import NaturalKey

KEYS = {
    name: how.key
    for name, how in load_table().items()
    if isinstance(how, ByKey) and "Contact" in how.key.same
}
SENT: dict[str, Any] = {
    "Type": "RECEIVE", "InvoiceNumber": "7", "CreditNoteNumber": "7", "Reference": "T-1 x",
    "BankAccount": {"Code": "090"}, "Contact": {"ContactID": "here"}, "Date": "2026-05-04",
    "LineAmountTypes": "Exclusive", "LineItems": [{"LineAmount": 100, "TaxAmount": 10}],
}  # fmt: skip
SAME: dict[str, Any] = {**SENT, "SubTotal": 100, "TotalTax": 10, "Total": 110}
OTHERS: dict[str, Any] = {
    "Type": "SPEND", "InvoiceNumber": "8", "CreditNoteNumber": "8", "Reference": "other",
    "BankAccount": {"Code": "091"}, "Date": "2026-05-05", "SubTotal": 99, "TotalTax": 9,
}  # fmt: skip


def verdicts(key: NaturalKey, wrong: set[str]) -> tuple[bool, bool, bool]:
    """All that is made of what differs."""
    return not wrong, key.is_suspect(SENT, wrong), key.is_but_for_name(wrong)


@given(st.sampled_from(sorted(KEYS)), st.sets(st.sampled_from(sorted(OTHERS))), st.booleans())
def test_it_makes_no_difference_where_it_is_not_asked(
    name: str, differing: set[str], is_one: bool
) -> None:
    key = KEYS[name]
    found = {**SAME, "Contact": {"ContactID": "there"}} | {f: OTHERS[f] for f in differing}
    asked: list[bool] = []

    def same(here: Any, there: Any) -> bool:
        asked.append(is_one)
        return is_one

    wrong = key.mismatches(SENT, found, "T-1", same)
    always = key.mismatches(SENT, found, "T-1") - ({"Contact"} if is_one else set())
    assert verdicts(key, wrong) == verdicts(key, always)


@pytest.mark.parametrize(
    ("differing", "is_asked"),
    [((), True), (("Reference",), True), (("Reference", "SubTotal"), False)],
)
def test_a_document_that_is_another_anyway_costs_no_call(
    differing: tuple[str, ...], is_asked: bool
) -> None:
    found = {**SAME, "Contact": {"ContactID": "there"}} | {f: OTHERS[f] for f in differing}
    asked: list[Any] = []
    KEYS["put.BankTransactions"].mismatches(
        SENT, found, "T-1", lambda here, there: bool(asked.append(there))
    )
    assert bool(asked) is is_asked
