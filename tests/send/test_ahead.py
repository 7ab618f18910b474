"""What changed in Xero since the last push is held against what is planned."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from pm2xero.outbox.records import Link, StoredRequest
from pm2xero.outbox.states import RequestState
from pm2xero.send.ahead import is_ahead
from pm2xero.send.claims import Links
from pm2xero.send.lookup_table import load_table
from pm2xero.send.shown import Shown
from pm2xero.xero.client import Response
from pm2xero.xero.purpose import Purpose

SINCE = datetime(2026, 6, 1, 12, tzinfo=UTC)
OURS, THEIRS = "11111111-2222-4333-8444-555555555555", "22222222-2222-4333-8444-555555555555"
DAY = "2026-05-04"


def planned(
    contract: str, element: dict[str, Any], path: str = "", purpose: Purpose = Purpose.CREATE
) -> StoredRequest:
    return StoredRequest(
        id="P-7/step", revision=1, transaction="P-7", step="step", sequence=1, level=1,
        contract=contract, path=path or f"/{contract.split('.')[1]}",
        element=json.dumps(element), key="k", needs=(), becomes_document=False,
        state=RequestState.PLANNED, xero_id=None, cause=None, message=None, blocked_by=None,
        money=Decimal("0.00"), attempts=0, purpose=purpose, slot="step", target=None, body_hash="",
    )  # fmt: skip


def ask(endpoint: str, *documents: dict[str, Any], status: int = 200) -> Any:
    def answered(path: str, query: Any, headers: Any) -> Response:
        assert path == f"/{endpoint}"
        assert headers == {"If-Modified-Since": "Mon, 01 Jun 2026 11:00:00 GMT"}
        body = {endpoint: list(documents)}
        return Response(status, {}, body, json.dumps(body))

    return answered


INVOICE = planned("put.Invoices", {"Type": "ACCREC", "InvoiceNumber": "INV-7", "Date": DAY})
SPEND = planned("put.BankTransactions", {"Type": "SPEND", "Reference": "P-7 rent", "Date": DAY})
BATCH = planned(
    "put.BatchPayments", {"Date": DAY, "Payments": [{"Amount": "1.10"}, {"Amount": "2"}]}
)
OVERPAID = planned(
    "put.Overpayments", {"Date": DAY, "LineItems": [{"LineAmount": "7.00"}]}, "/BankTransactions"
)
ALLOCATION = planned(
    "put.CreditNotes.Allocations", {"Amount": "1"}, "/CreditNotes/{CreditNoteID}/Allocations"
)
SEEN = [
    (INVOICE, "Invoices", {"InvoiceID": THEIRS, "InvoiceNumber": "INV-7"}),
    (INVOICE, "Invoices", {"InvoiceID": THEIRS, "InvoiceNumber": "inv-7 (2)", "Status": "VOIDED"}),
    (SPEND, "BankTransactions", {"BankTransactionID": THEIRS, "Reference": "P-7 something else"}),
    (BATCH, "BatchPayments", {"BatchPaymentID": THEIRS, "Date": DAY, "TotalAmount": 3.1}),
    (OVERPAID, "BankTransactions", {"BankTransactionID": THEIRS, "Date": DAY, "SubTotal": 7}),
    (ALLOCATION, "CreditNotes",
     {"CreditNoteID": OURS, "Allocations": [{"AllocationID": THEIRS, "Amount": 1}]}),
]  # fmt: skip
UNSEEN = [
    (INVOICE, "Invoices", {"InvoiceID": OURS, "InvoiceNumber": "INV-7"}),
    (INVOICE, "Invoices", {"InvoiceID": THEIRS, "InvoiceNumber": "INV-70"}),
    (SPEND, "BankTransactions", {"BankTransactionID": THEIRS, "Reference": "P-71 rent"}),
    (BATCH, "BatchPayments", {"BatchPaymentID": THEIRS, "Date": DAY, "TotalAmount": 3.2}),
    (OVERPAID, "BankTransactions", {"BankTransactionID": THEIRS, "Date": DAY, "SubTotal": 8}),
    (ALLOCATION, "CreditNotes",
     {"CreditNoteID": THEIRS, "Allocations": [{"AllocationID": OURS, "Amount": 1}]}),
]  # fmt: skip


@dataclass
class Past:
    """What the outbox knows: the document of OURS, and which requests made what."""

    rows: Sequence[StoredRequest] = ()
    links: Links = field(default_factory=dict)

    def link_of(self, xero_id: str) -> Link | None:
        return Link("B-1", "InvoiceID", OURS, "B-1/step") if xero_id == OURS else None

    def links_of(self, transactions: Iterable[str]) -> Links:
        return self.links

    def made_at(self, transactions: Collection[str]) -> Mapping[str, datetime]:
        return {}

    def requests_of(self, transactions: Iterable[str]) -> Sequence[StoredRequest]:
        return [row for row in self.rows if row.transaction in {*transactions}]


def look(request: StoredRequest, asked: Any) -> bool:
    shown = Shown(lambda path, query: asked(path, query, None))
    return is_ahead([request], load_table(), SINCE, Past(), asked, shown)


@pytest.mark.parametrize(("request_", "endpoint", "there"), SEEN)
def test_what_may_be_planned_is_seen(
    request_: StoredRequest, endpoint: str, there: dict[str, Any]
) -> None:
    assert look(request_, ask(endpoint, there))


@pytest.mark.parametrize(("request_", "endpoint", "there"), UNSEEN)
def test_what_is_known_or_of_others_is_passed_over(
    request_: StoredRequest, endpoint: str, there: dict[str, Any]
) -> None:
    assert not look(request_, ask(endpoint, there))


def test_a_list_that_is_not_there_vouches_for_nothing() -> None:
    assert look(INVOICE, ask("Invoices", status=404))


def test_changes_of_what_is_known_ask_for_nothing() -> None:
    update = planned("post.Invoices", {"InvoiceNumber": "INV-7"}, purpose=Purpose.UPDATE)
    assert not look(update, ask("nothing is asked"))


BILL = replace(
    planned("put.Invoices", {"Type": "ACCREC", "InvoiceNumber": "INV-1"}),
    id="B-1/step", transaction="B-1", state=RequestState.CONFIRMED, xero_id=OURS,
)  # fmt: skip
PAST = Past([BILL], {("B-1", "InvoiceID"): OURS})
PAYMENT = planned(
    "put.Payments",
    {"Invoice": {"InvoiceID": "<InvoiceID of B-1>"}, "Amount": "10", "Date": DAY,
     "Reference": "P-7"},
)  # fmt: skip
BATCH_OF_BILL = planned(
    "put.BatchPayments",
    {"Date": DAY, "Payments": [{"Invoice": {"InvoiceID": "<InvoiceID of B-1>"}, "Amount": "10"}]},
)
LONG_AGO, JUST_NOW = "/Date(1780000000000+0000)/", "/Date(1780315200000+0000)/"
MINE = {"PaymentID": OURS, "Amount": 1}
ANOTHERS = {"PaymentID": THEIRS, "Amount": 1}


class Xero:
    """Answers every list, and remembers what it was asked for."""

    def __init__(self, **lists: Sequence[dict[str, Any]]) -> None:
        self.lists = lists
        self.asked: list[str] = []

    def __call__(self, path: str, query: Any, headers: Any = None) -> Response:
        endpoint = path.strip("/").split("/")[0]
        how = "changed" if headers else ",".join(k for k in query if not k.startswith("page"))
        self.asked.append(f"{endpoint} {how}")
        body = {endpoint: list(self.lists.get(endpoint, ()))}
        return Response(200, {}, body, json.dumps(body))

    def is_ahead(self, *rows: StoredRequest, past: Past = PAST) -> bool:
        return is_ahead(rows, load_table(), SINCE, past, self, Shown(self))


def bill(at: str, *payments: dict[str, Any]) -> dict[str, Any]:
    return {"InvoiceID": OURS, "InvoiceNumber": "INV-1", "Payments": list(payments),
            "UpdatedDateUTC": at}  # fmt: skip


@pytest.mark.parametrize("request_", [PAYMENT, BATCH_OF_BILL])
def test_what_is_on_an_untouched_bill_needs_no_list(request_: StoredRequest) -> None:
    xero = Xero(Invoices=[bill(LONG_AGO, MINE)])
    assert not xero.is_ahead(request_)
    assert xero.asked == ["Invoices IDs"]


@pytest.mark.parametrize(
    "there",
    [bill(JUST_NOW), bill(LONG_AGO, MINE, ANOTHERS), {**bill(LONG_AGO), "InvoiceID": THEIRS}],
)
@pytest.mark.parametrize("request_", [PAYMENT, BATCH_OF_BILL])
def test_what_is_on_a_bill_that_may_have_been_touched_is_looked_for(
    request_: StoredRequest, there: dict[str, Any]
) -> None:
    endpoint = request_.path.strip("/")
    xero = Xero(Invoices=[there])
    assert not xero.is_ahead(request_)
    assert f"{endpoint} changed" in xero.asked
    id_name = f"{endpoint.removesuffix('s')}ID"
    lost = {id_name: THEIRS, "Reference": "P-7", "Date": DAY, "TotalAmount": 10}
    assert Xero(Invoices=[there], **{endpoint: [lost]}).is_ahead(request_)


def test_what_is_on_something_of_the_same_push_is_seen_by_that() -> None:
    new = replace(BILL, state=RequestState.PLANNED, xero_id=None)
    xero = Xero()
    assert not xero.is_ahead(new, PAYMENT, past=Past())
    assert xero.asked == ["Invoices changed"]
    there = [{**bill(JUST_NOW), "InvoiceID": THEIRS}]
    assert Xero(Invoices=there).is_ahead(new, PAYMENT, past=Past())


def test_what_is_on_something_whose_fate_is_open_is_looked_for() -> None:
    xero = Xero()
    assert not xero.is_ahead(PAYMENT, past=Past())
    assert xero.asked == ["Payments changed"]


def test_new_bills_and_bills_that_are_paid_are_asked_for_in_one_call() -> None:
    known, old = bill(LONG_AGO), {"InvoiceID": THEIRS, "InvoiceNumber": "INV-7"}
    xero = Xero(Invoices=[known, {**old, "UpdatedDateUTC": LONG_AGO}])
    # What bore the number long ago was there when the outbox knew all that it had sent.
    assert not xero.is_ahead(INVOICE, PAYMENT)
    assert xero.asked == ["Invoices InvoiceNumbers"]
    for at in (JUST_NOW, None):
        assert Xero(Invoices=[known, {**old, "UpdatedDateUTC": at}]).is_ahead(INVOICE, PAYMENT)


@pytest.mark.parametrize("number", ["", "a,b", "x" * 1800])
def test_numbers_that_no_call_can_take_are_not_asked_for(number: str) -> None:
    new = planned("put.Invoices", {"Type": "ACCPAY", "InvoiceNumber": number})
    xero = Xero(Invoices=[bill(LONG_AGO)])
    assert not xero.is_ahead(new, PAYMENT)
    assert sorted(xero.asked) == ["Invoices IDs", "Invoices changed"]


def test_a_part_is_not_there_where_what_it_is_part_of_was_not_touched() -> None:
    allocation = planned(
        "put.CreditNotes.Allocations",
        {"Allocations": [{"Invoice": {"InvoiceID": THEIRS}, "Amount": "1"}] * 2},
        "/CreditNotes/<CreditNoteID of B-1>/Allocations",
    )
    past = Past([], {("B-1", "CreditNoteID"): OURS})
    note = {"CreditNoteID": OURS, "UpdatedDateUTC": LONG_AGO, "Allocations": []}
    xero = Xero(CreditNotes=[note], Invoices=[{"InvoiceID": THEIRS, "UpdatedDateUTC": LONG_AGO}])
    assert not xero.is_ahead(allocation, past=past)
    assert "CreditNotes changed" not in xero.asked
    # The bill alone says nothing of the other parts.
    xero = Xero(CreditNotes=[{**note, "UpdatedDateUTC": JUST_NOW}], Invoices=xero.lists["Invoices"])
    assert not xero.is_ahead(allocation, past=past)
    assert "CreditNotes changed" in xero.asked
