"""What changed in Xero since the last push is held against what is planned."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.states import RequestState
from pm2xero.send.ahead import is_ahead
from pm2xero.send.lookup_table import load_table
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
ALLOCATION = planned(
    "put.CreditNotes.Allocations", {"Amount": "1"}, "/CreditNotes/{CreditNoteID}/Allocations"
)
SEEN = [
    (INVOICE, "Invoices", {"InvoiceID": THEIRS, "InvoiceNumber": "INV-7"}),
    (INVOICE, "Invoices", {"InvoiceID": THEIRS, "InvoiceNumber": "inv-7 (2)", "Status": "VOIDED"}),
    (SPEND, "BankTransactions", {"BankTransactionID": THEIRS, "Reference": "P-7 something else"}),
    (BATCH, "BatchPayments", {"BatchPaymentID": THEIRS, "Date": DAY, "TotalAmount": 3.1}),
    (ALLOCATION, "CreditNotes",
     {"CreditNoteID": OURS, "Allocations": [{"AllocationID": THEIRS, "Amount": 1}]}),
]  # fmt: skip
UNSEEN = [
    (INVOICE, "Invoices", {"InvoiceID": OURS, "InvoiceNumber": "INV-7"}),
    (INVOICE, "Invoices", {"InvoiceID": THEIRS, "InvoiceNumber": "INV-70"}),
    (SPEND, "BankTransactions", {"BankTransactionID": THEIRS, "Reference": "P-71 rent"}),
    (BATCH, "BatchPayments", {"BatchPaymentID": THEIRS, "Date": DAY, "TotalAmount": 3.2}),
    (ALLOCATION, "CreditNotes",
     {"CreditNoteID": THEIRS, "Allocations": [{"AllocationID": OURS, "Amount": 1}]}),
]  # fmt: skip


def look(request: StoredRequest, asked: Any) -> bool:
    return is_ahead([request], load_table(), SINCE, lambda id: id == OURS, asked)


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
