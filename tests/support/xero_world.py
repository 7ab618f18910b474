"""A firm's outbox, an emulated Xero organisation, and documents to send from one to the other."""

from __future__ import annotations

import json
import random
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from pm2xero.outbox.records import Document, StoredDecision, StoredRequest, StoredTransaction
from pm2xero.outbox.store import Outbox
from pm2xero.resources import root
from pm2xero.sandbox import Limits, Sandbox, load_snapshot
from pm2xero.send.send_report import SendReport
from pm2xero.send.sender import Sender, make_sender
from pm2xero.xero.asgi import AsgiTransport
from pm2xero.xero.auth import StaticToken, TokenSource
from pm2xero.xero.budget import CallLimits
from pm2xero.xero.client import XeroClient
from pm2xero.xero.contracts import contract as contract_of
from pm2xero.xero.purpose import purpose_of

SNAPSHOT = load_snapshot(root() / "examples" / "au" / "xero.json")
ENDPOINTS = (
    "Invoices",
    "CreditNotes",
    "Payments",
    "BatchPayments",
    "BankTransactions",
    "BankTransfers",
    "ManualJournals",
    "Contacts",
)


class Clock:
    """Time that passes only when something waits."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 20, 2, 0, tzinfo=UTC)
        self.slept = 0.0

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.advance(seconds)


class World:
    """One firm and its organisation in Xero."""

    def __init__(
        self,
        url: str = "sqlite://",
        limits: Limits | None = None,
        seed: int = 1,
        outbox: type[Outbox] = Outbox,
    ) -> None:
        self.clock = Clock()
        numbers = random.Random(seed)
        self.sandbox = Sandbox.open(
            SNAPSHOT,
            clock=self.clock,
            ids=lambda: uuid.UUID(int=numbers.getrandbits(128), version=4),
            limits=limits or Limits.none(),
        )
        self.outbox = outbox.open(url, "bellbird-legal", self.clock)
        self.asgi = AsgiTransport(self.sandbox.app)
        self.sequence = 0
        self._together: list[Document] | None = None

    def close(self) -> None:
        self.asgi.close()
        self.outbox.close()
        self.sandbox.close()

    def client(
        self, transport: httpx.BaseTransport | None = None, tokens: TokenSource | None = None
    ) -> XeroClient:
        return XeroClient(
            tokens or StaticToken(self.sandbox.access_token()),
            tenant=self.sandbox.organisation_id,
            transport=transport or self.asgi,
        )

    def sender(
        self,
        transport: httpx.BaseTransport | None = None,
        *,
        outbox: Outbox | None = None,
        owner: str = "one",
        limits: CallLimits | None = None,
        tokens: TokenSource | None = None,
    ) -> Sender:
        return make_sender(
            outbox or self.outbox,
            self.client(transport, tokens),
            self.clock,
            self.clock.sleep,
            owner,
            limits or CallLimits.none(),
        )

    def run(self, transport: httpx.BaseTransport | None = None, **more: Any) -> SendReport:
        return self.sender(transport, **more).run()

    def get(self, path: str, **query: str) -> Any:
        answer = self.client().call("GET", path, query)
        assert answer.status == 200, answer.text
        return answer.json

    def plan(self, transaction: str, *requests: StoredRequest) -> None:
        """Take a document with its requests into the outbox."""
        first = requests[0]
        stored = StoredTransaction(transaction, 1, "00", "kind", b"{}", first.sequence)
        decision = StoredDecision(
            transaction, 1, "post", None, False, [], [], "mapping", "rule", first.money, "pack",
            self.clock(),
        )  # fmt: skip
        if self._together is None:
            self.outbox.save(stored, decision, list(requests))
        else:
            self._together.append((stored, decision, list(requests)))

    def request(
        self,
        id_: str,
        contract: str,
        element: dict[str, Any],
        *,
        path: str = "",
        needs: Sequence[str] = (),
        level: int = 1,
        document: bool = False,
        money: str = "0.00",
    ) -> StoredRequest:
        """A planned request; `id_` is `transaction/step`."""
        self.sequence += 1
        transaction, _, step = id_.partition("/")
        return StoredRequest(
            id=id_,
            revision=1,
            transaction=transaction,
            step=step,
            sequence=self.sequence,
            level=level,
            contract=contract,
            path=path or "/" + contract.split(".")[1],
            element=json.dumps(element),
            key=f"key-{id_}",
            needs=tuple(needs),
            becomes_document=document,
            state="planned",
            xero_id=None,
            cause=None,
            message=None,
            blocked_by=None,
            money=Decimal(money),
            attempts=0,
            purpose=purpose_of(contract_of(contract).method, json.dumps(element)),
        )

    def add(self, id_: str, contract: str, element: dict[str, Any], **more: Any) -> str:
        """Plan a document with one request; returns the request's id."""
        self.plan(id_.partition("/")[0], self.request(id_, contract, element, **more))
        return id_

    def month(self) -> None:
        """A little of everything: 13 requests that depend on one another."""
        self._together = []
        self._plan_month()
        self.outbox.save_many(self._together)
        self._together = None

    def _plan_month(self) -> None:
        for number in (1, 2, 3):
            self.add(f"B{number}/invoice", "put.Invoices", invoice(f"B{number}"), document=True)
        self.add("S1/bill", "put.Invoices", bill("INV/77"), document=True)
        self.add("C1/credit_note", "put.CreditNotes", credit_note("C1"), document=True)
        self.add(
            "A1/allocation",
            "put.CreditNotes.Allocations",
            allocations(("B1", "20.00")),
            path="/CreditNotes/<CreditNoteID of C1>/Allocations",
            needs=["C1/credit_note", "B1/invoice"],
            level=2,
        )
        self.pay("P1", "B2", "110.00")
        self.add(
            "R1/undo_payment",
            "post.Payments",
            {"Status": "DELETED"},
            path="/Payments/<PaymentID of P1>",
            needs=["P1/payment"],
            level=3,
        )
        # The same amount again: it fits only once the first payment is undone.
        self.pay("P2", "B2", "110.00")
        self.add(
            "P3/batch",
            "put.BatchPayments",
            {
                "Account": {"Code": "090"},
                "Date": "2026-05-12",
                "Reference": "P3",
                "Payments": [
                    {"Invoice": {"InvoiceID": "<InvoiceID of B1>"}, "Amount": 30.5},
                    {"Invoice": {"InvoiceID": "<InvoiceID of B3>"}, "Amount": 40.25},
                ],
            },
            needs=["B1/invoice", "B3/invoice"],
            level=2,
        )
        self.add("T1/receipt", "put.BankTransactions", receipt("T1", "500.00"))
        self.add("T2/transfer", "put.BankTransfers", transfer("T2", "75.10"))
        self.add("J1/journal", "put.ManualJournals", journal("Trust journal J1", "12.34"))

    def pay(self, id_: str, document: str, amount: str) -> str:
        """Plan a payment of a document; returns the request's id."""
        return self.add(
            f"{id_}/payment",
            "put.Payments",
            payment(id_, document, amount),
            needs=[f"{document}/invoice"],
            level=2,
        )

    def live(self) -> Counter[str]:
        """How many documents there are in Xero, by endpoint; deleted and voided ones apart."""
        count: Counter[str] = Counter()
        for endpoint in ENDPOINTS:
            for document in self.sandbox.documents(endpoint):
                gone = document.get("Status") in ("DELETED", "VOIDED")
                count[f"{endpoint} gone" if gone else endpoint] += 1
        return count

    def balances(self) -> dict[str, Decimal]:
        """Every account's balance; credits are negative."""
        return {b.code or b.name: b.debit - b.credit for b in self.sandbox.trial_balance()}

    def states(self) -> dict[str, str]:
        return {row.id: row.state for row in self.outbox.requests()}


def invoice(number: str, **changes: Any) -> dict[str, Any]:
    """A sales invoice of 100.00 and 10.00 tax."""
    return {
        "Type": "ACCREC",
        "Status": "AUTHORISED",
        "Contact": {"ContactNumber": "101", "Name": "Ann Client"},
        "Date": "2026-05-04",
        "DueDate": "2026-06-03",
        "InvoiceNumber": number,
        "LineAmountTypes": "Exclusive",
        "LineItems": [line()],
        **changes,
    }


def bill(number: str, **changes: Any) -> dict[str, Any]:
    """A supplier's bill of 100.00 and 10.00 tax."""
    return invoice(
        number,
        **{
            "Type": "ACCPAY",
            "Contact": {"ContactNumber": "201", "Name": "Sam Supplier"},
            "LineItems": [line(AccountCode="310", TaxType="INPUT")],
            **changes,
        },
    )


def credit_note(number: str, **changes: Any) -> dict[str, Any]:
    """A sales credit note of 50.00 and 5.00 tax."""
    return {
        "Type": "ACCRECCREDIT",
        "Status": "AUTHORISED",
        "Contact": {"ContactNumber": "101", "Name": "Ann Client"},
        "Date": "2026-05-06",
        "CreditNoteNumber": number,
        "LineAmountTypes": "Exclusive",
        "LineItems": [line(UnitAmount=50.0, LineAmount=50.0, TaxAmount=5.0)],
        **changes,
    }


def allocations(*parts: tuple[str, str]) -> dict[str, Any]:
    """A credit note applied to documents."""
    return {
        "Allocations": [
            {
                "Invoice": {"InvoiceID": f"<InvoiceID of {document}>"},
                "Amount": float(amount),
                "Date": "2026-05-07",
            }
            for document, amount in parts
        ]
    }


def payment(reference: str, document: str, amount: str, **changes: Any) -> dict[str, Any]:
    """A payment through the office bank."""
    return {
        "Invoice": {"InvoiceID": f"<InvoiceID of {document}>"},
        "Account": {"Code": "090"},
        "Date": "2026-05-10",
        "Amount": float(amount),
        "Reference": reference,
        **changes,
    }


def receipt(reference: str, amount: str, **changes: Any) -> dict[str, Any]:
    """Money received on the trust bank."""
    return {
        "Type": "RECEIVE",
        "Status": "AUTHORISED",
        "Contact": {"ContactNumber": "101", "Name": "Ann Client"},
        "BankAccount": {"Code": "092"},
        "Date": "2026-05-08",
        "Reference": reference,
        "LineAmountTypes": "NoTax",
        "LineItems": [
            line(
                UnitAmount=float(amount),
                LineAmount=float(amount),
                AccountCode="870",
                TaxType="BASEXCLUDED",
                TaxAmount=0,
            )
        ],
        **changes,
    }


def transfer(reference: str, amount: str) -> dict[str, Any]:
    """Money moved from one trust bank to the other."""
    return {
        "FromBankAccount": {"Code": "092"},
        "ToBankAccount": {"Code": "093"},
        "Amount": float(amount),
        "Date": "2026-05-09",
        "Reference": reference,
    }


def journal(narration: str, amount: str) -> dict[str, Any]:
    """A journal between two liabilities."""
    return {
        "Narration": narration,
        "Date": "2026-05-11",
        "Status": "POSTED",
        "LineAmountTypes": "NoTax",
        "ShowOnCashBasisReports": False,
        "JournalLines": [
            {"LineAmount": float(amount), "AccountCode": "870"},
            {"LineAmount": -float(amount), "AccountCode": "872"},
        ],
    }


def line(**changes: Any) -> dict[str, Any]:
    """A line of 100.00 on fees, taxed."""
    return {
        "Description": "Work done",
        "Quantity": 1,
        "UnitAmount": 100.0,
        "LineAmount": 100.0,
        "AccountCode": "200",
        "TaxType": "OUTPUT",
        "TaxAmount": 10.0,
        **changes,
    }
