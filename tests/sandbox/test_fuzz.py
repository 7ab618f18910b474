"""Whatever is put into a field, the sandbox answers as Xero would and never breaks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pm2xero.sandbox import Limits, Sandbox

from .api import (
    SNAPSHOT,
    Api,
    Clock,
    bill,
    credit_note,
    invoice,
    journal,
    payment,
    seeded_ids,
    spend,
)

JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", "x", "1e999", "-0", "NaN", "2026-13-01", "/Date(99999999999999999)/"])
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=4,
)
DOCUMENTS = st.sampled_from(
    [
        ("Invoices", invoice(InvoiceNumber="A", Reference="M1")),
        ("Invoices", bill()),
        ("CreditNotes", credit_note()),
        ("BankTransactions", spend()),
        ("BankTransactions", spend(Type="RECEIVE-OVERPAYMENT", LineItems=[{"LineAmount": "1"}])),
        ("ManualJournals", journal()),
        ("Payments", payment("", "1", Invoice={"InvoiceNumber": "B"})),
        ("BatchPayments", {**payment("", "1"), "Payments": [payment("", "1")]}),
        ("BankTransfers", {"FromBankAccount": {"Code": "090"}, "ToBankAccount": {"Code": "092"}}),
        ("Contacts", {"Name": "Ann", "ContactNumber": "C1", "EmailAddress": "a@b.example"}),
        ("Accounts", {"Code": "205", "Name": "Other", "Type": "REVENUE"}),
    ]
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key in value:
            found += places(value[key], (*path, key))
    if isinstance(value, list):
        for place, item in enumerate(value):
            found += places(item, (*path, place))
    return found


def replaced(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    if isinstance(value, dict):
        return {**value, path[0]: replaced(value[path[0]], path[1:], junk)}
    return [
        replaced(item, path[1:], junk) if n == path[0] else item for n, item in enumerate(value)
    ]


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@given(st.data(), DOCUMENTS, JUNK, st.sampled_from(["PUT", "POST"]))
def test_junk_in_a_field(
    data: st.DataObject, document: tuple[str, dict[str, Any]], junk: Any, method: str
) -> None:
    endpoint, element = document
    body = replaced(element, data.draw(st.sampled_from(places(element))), junk)
    sandbox = Sandbox.open(SNAPSHOT, clock=Clock(), ids=seeded_ids(), limits=Limits.none())
    with asyncio.Runner() as runner:
        api = Api(sandbox, runner)
        api.put("Invoices", invoice(InvoiceNumber="B"))
        answer = api.call(method, endpoint, {endpoint: [body]})
        assert answer.status_code in (200, 400, 404, 501), answer.text
        if answer.status_code == 200:
            assert api.call("GET", endpoint).status_code == 200
        assert sum(row.debit - row.credit for row in sandbox.trial_balance()) == 0
    sandbox.close()


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["where", "order", "page", "pageSize", "IDs", "searchTerm", "Statuses"]),
    st.text(max_size=30) | st.sampled_from(["1", "-1", "9" * 30, "Total==99999999999999999999"]),
)
def test_junk_in_a_query(name: str, value: str) -> None:
    sandbox = Sandbox.open(SNAPSHOT, clock=Clock(), ids=seeded_ids(), limits=Limits.none())
    with asyncio.Runner() as runner:
        api = Api(sandbox, runner)
        for endpoint in ("Invoices", "Accounts"):
            query = {"page": "1", name: value.encode("utf-8", "ignore").decode()}
            assert api.call("GET", endpoint, params=query).status_code in (200, 400)
    sandbox.close()
