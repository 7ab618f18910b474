"""A caller of the sandbox over ASGI, and the documents that the tests send."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from pm2xero.sandbox import Sandbox, load_snapshot
from pm2xero.sandbox.access import ALL_SCOPES

SNAPSHOT = load_snapshot(Path(__file__).parent / "snapshot.json")
ROOT = "http://sandbox"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 20, 2, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


def seeded_ids(seed: int = 1) -> Any:
    """Version-4 ids that are the same in every run."""
    numbers = random.Random(seed)
    return lambda: uuid.UUID(int=numbers.getrandbits(128), version=4)


class Api:
    """Calls the Accounting API of a sandbox in-process."""

    def __init__(self, sandbox: Sandbox, runner: asyncio.Runner) -> None:
        self.sandbox = sandbox
        self._runner = runner
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(sandbox.app),
            base_url=f"{ROOT}/api.xro/2.0/",
            headers={"Accept": "application/json"},
        )
        self.sign_in()

    def sign_in(self, scopes: str = ALL_SCOPES) -> None:
        """Go on with a fresh access token."""
        self._client.headers["Authorization"] = f"Bearer {self.sandbox.access_token(scopes)}"

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return self._runner.run(self._client.request(method, path, json=body, **more))

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request as it is, without a JSON body."""
        return self._runner.run(self._client.request(method, path, **more))

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        answer = self.call("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def put(self, endpoint: str, *elements: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Create elements that must all be accepted."""
        return self._accepted("PUT", endpoint, elements)

    def post(self, endpoint: str, *elements: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Upsert elements that must all be accepted."""
        return self._accepted("POST", endpoint, elements)

    def refused(self, endpoint: str, element: Mapping[str, Any], method: str = "PUT") -> list[str]:
        """The messages with which an element is refused."""
        collection = endpoint.rsplit("/", 1)[-1]
        answer = self.call(method, endpoint, {collection: [element]})
        assert answer.status_code == 400, answer.text
        assert answer.json()["Type"] == "ValidationException"
        return [
            error["Message"]
            for refused in answer.json()["Elements"]
            for error in refused["ValidationErrors"]
        ]

    def balances(self) -> dict[str, str]:
        """Balance of each account that is not zero, by code; credits are negative."""
        return {
            balance.code or balance.name: str(balance.debit - balance.credit)
            for balance in self.sandbox.trial_balance()
        }

    def _accepted(
        self, method: str, endpoint: str, elements: tuple[Mapping[str, Any], ...]
    ) -> list[dict[str, Any]]:
        collection = endpoint.rsplit("/", 1)[-1]
        answer = self.call(method, endpoint, {collection: list(elements)})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()[collection]
        return found


def invoice(**changes: Any) -> dict[str, Any]:
    """A sales invoice of 100.00 and 10.00 tax."""
    return {
        "Type": "ACCREC",
        "Status": "AUTHORISED",
        "Contact": {"ContactNumber": "C1", "Name": "Ann Client"},
        "Date": "2026-05-04",
        "DueDate": "2026-06-03",
        "LineAmountTypes": "Exclusive",
        "LineItems": [line()],
        **changes,
    }


def bill(**changes: Any) -> dict[str, Any]:
    """A bill of 100.00 and 10.00 tax."""
    return invoice(
        **{
            "Type": "ACCPAY",
            "Contact": {"ContactNumber": "S1", "Name": "Sam Supplier"},
            "LineItems": [line(AccountCode="310", TaxType="INPUT")],
            **changes,
        }
    )


def credit_note(**changes: Any) -> dict[str, Any]:
    """A sales credit note of 50.00 and 5.00 tax."""
    return {
        "Type": "ACCRECCREDIT",
        "Status": "AUTHORISED",
        "Contact": {"ContactNumber": "C1", "Name": "Ann Client"},
        "Date": "2026-05-06",
        "LineAmountTypes": "Exclusive",
        "LineItems": [line(UnitAmount="50.00")],
        **changes,
    }


def spend(**changes: Any) -> dict[str, Any]:
    """Money spent on rent, 110.00 with tax."""
    return {
        "Type": "SPEND",
        "Contact": {"Name": "Landlord"},
        "BankAccount": {"Code": "090"},
        "Date": "2026-05-07",
        "LineAmountTypes": "Inclusive",
        "LineItems": [line(AccountCode="469", TaxType="INPUT", UnitAmount="110.00")],
        **changes,
    }


def journal(**changes: Any) -> dict[str, Any]:
    """A posted journal of 25.00 from rent to trust liability."""
    return {
        "Narration": "Correction",
        "Status": "POSTED",
        "Date": "2026-05-08",
        "JournalLines": [
            {"LineAmount": "25.00", "AccountCode": "469", "TaxType": "BASEXCLUDED"},
            {"LineAmount": "-25.00", "AccountCode": "870", "TaxType": "BASEXCLUDED"},
        ],
        **changes,
    }


def line(**changes: Any) -> dict[str, Any]:
    """A line of 100.00 on fees, taxed."""
    return {
        "Description": "Work done",
        "Quantity": 1,
        "UnitAmount": "100.00",
        "AccountCode": "200",
        "TaxType": "OUTPUT",
        **changes,
    }


def payment(invoice_id: str, amount: str, **changes: Any) -> dict[str, Any]:
    """A payment of an invoice or a bill through the office bank."""
    return {
        "Invoice": {"InvoiceID": invoice_id},
        "Account": {"Code": "090"},
        "Date": "2026-05-10",
        "Amount": amount,
        **changes,
    }
