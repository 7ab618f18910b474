"""What a voided document would have made is looked for in what has changed in Xero."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from pm2xero.outbox.records import StoredRequest
from pm2xero.send.lookup_table import load_table
from pm2xero.send.voided_there import VoidedThere
from pm2xero.xero.budget import StopRun
from pm2xero.xero.client import Response
from pm2xero.xero.identity import SignInError
from pm2xero.xero.purpose import Purpose
from tests.send.test_ahead import DAY, INVOICE, OURS, SEEN, SINCE, THEIRS, UNSEEN, Past, planned

LINKS = {("B-1", "PaymentID"): OURS, ("B-1", "CreditNoteID"): OURS, ("B-1", "AllocationID"): THEIRS}
BATCH = planned("put.BatchPayments", {"Date": DAY, "Account": {"Code": "090"}})
NOTHING = planned("put.BatchPayments", {})
UNPAID = planned(
    "post.Payments", {"PaymentID": "<PaymentID of B-1>", "Status": "DELETED"},
    "/Payments/<PaymentID of B-1>", Purpose.UNDO,
)  # fmt: skip
TAKEN_OFF = planned(
    "delete.CreditNotes.Allocations", {},
    "/CreditNotes/<CreditNoteID of B-1>/Allocations/<AllocationID of B-1>", Purpose.UNDO,
)  # fmt: skip
PART = {"AllocationID": THEIRS}
MORE_SEEN = [
    (BATCH, "BatchPayments",
     {"BatchPaymentID": THEIRS, "Date": DAY, "Account": {"Code": "090", "AccountID": OURS}}),
    (NOTHING, "BatchPayments", {"BatchPaymentID": THEIRS, "Date": DAY}),
    (UNPAID, "Payments", {"PaymentID": OURS, "Status": "DELETED"}),
    (TAKEN_OFF, "CreditNotes", {"CreditNoteID": OURS, "Allocations": []}),
]  # fmt: skip
MORE_UNSEEN = [
    (BATCH, "BatchPayments", {"BatchPaymentID": THEIRS, "Date": DAY, "Account": {"Code": "091"}}),
    (BATCH, "BatchPayments",
     {"BatchPaymentID": THEIRS, "Date": "2026-05-05", "Account": {"Code": "090"}}),
    (NOTHING, "BatchPayments", {"BatchPaymentID": OURS, "Date": DAY}),
    (UNPAID, "Payments", {"PaymentID": OURS, "Status": "AUTHORISED"}),
    (UNPAID, "Payments", {"PaymentID": THEIRS, "Status": "DELETED"}),
    (TAKEN_OFF, "CreditNotes", {"CreditNoteID": OURS, "Allocations": [PART]}),
    (TAKEN_OFF, "CreditNotes", {"CreditNoteID": THEIRS, "Allocations": []}),
]  # fmt: skip


class Lists:
    """What has changed in each list; remembers since when it was asked for."""

    def __init__(self, lists: Mapping[str, list[dict[str, Any]]], status: int = 200) -> None:
        self._lists = lists
        self._status = status
        self.asked: list[tuple[str, str]] = []

    def ask(
        self, path: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> Response:  # fmt: skip
        endpoint = path.strip("/")
        self.asked.append((endpoint, headers["If-Modified-Since"]))
        body = {endpoint: self._lists.get(endpoint, [])}
        return Response(self._status, {}, body, json.dumps(body))

    def there(self) -> VoidedThere:
        return VoidedThere(load_table(), SINCE, Past(links=LINKS), self.ask)


@pytest.mark.parametrize(("request_", "endpoint", "found"), [*SEEN, *MORE_SEEN])
def test_what_may_be_of_it_is_seen(
    request_: StoredRequest, endpoint: str, found: dict[str, Any]
) -> None:
    assert Lists({endpoint: [found]}).there().has([request_], SINCE)


@pytest.mark.parametrize(("request_", "endpoint", "found"), [*UNSEEN, *MORE_UNSEEN])
def test_what_is_known_or_of_others_is_passed_over(
    request_: StoredRequest, endpoint: str, found: dict[str, Any]
) -> None:
    assert not Lists({endpoint: [found]}).there().has([request_], SINCE)


def test_each_list_is_asked_once_for_all_that_is_not_older() -> None:
    lists = Lists({})
    there = lists.there()
    oldest = SINCE - timedelta(days=9)
    there.expect([oldest, SINCE])
    for made in (SINCE, oldest, SINCE + timedelta(days=1)):
        assert not there.has([INVOICE, BATCH], made)
    since = "Sat, 23 May 2026 11:00:00 GMT"
    assert lists.asked == [("Invoices", since), ("BatchPayments", since)]


def test_a_list_is_asked_again_for_what_is_older() -> None:
    lists = Lists({})
    there = lists.there()
    for made in (SINCE, SINCE - timedelta(days=1)):
        there.has([INVOICE], made)
    assert [since[5:7] for _, since in lists.asked] == ["01", "31"]


def test_a_list_that_is_not_shown_vouches_for_nothing() -> None:
    assert Lists({}, status=404).there().has([INVOICE], SINCE)


@pytest.mark.parametrize("error", [StopRun("down", "Xero is down."), SignInError("no")])
def test_what_cannot_be_asked_is_not_known_to_be_absent(error: Exception) -> None:
    def refuse(path: str, query: Any, headers: Any) -> Response:
        raise error

    assert VoidedThere(load_table(), SINCE, Past(), refuse).has([INVOICE], SINCE)
