"""A bookkeeper: enters in Xero what `manual-work` lists, by its API."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from pm2xero.sandbox import Limits, Sandbox, load_snapshot
from pm2xero.xero.asgi import AsgiTransport

Item = dict[str, Any]
_GONE = {"BankTransactions": "DELETED", "BankTransfers": "DELETED"}
# Entered as it stands, it would put trust money where it must not be: Practice Management corrects.
_TO_CORRECT = frozenset(("trust_bank_expected", "office_bank_expected", "trust_overdraw"))


class Bookkeeper:
    """Works in the embedded Xero organisation of a firm."""

    def __init__(self, snapshot: Path, sandbox: Path) -> None:
        self._snapshot = load_snapshot(snapshot)
        self._sandbox = sandbox
        self._taxes = {
            str(a.get("Code") or a["Name"]): str(a.get("TaxType") or "")
            for a in self._snapshot["Accounts"]
        }

    def enter(self, work: list[Item]) -> list[str]:
        """Enter each item; the ids of those that could be entered whole."""
        with self._client() as client:
            return [item["id"] for item in work if self._can(item) and self._item(client, item)]

    def _can(self, item: Item) -> bool:
        """What is wrong stays out; other currencies have no rate, and refunds nothing to refund."""
        base = self._snapshot["Organisation"]["BaseCurrency"]
        refunds = any("refund" in document["what"] for document in item["xero"])
        # A bill paid from trust whose money did not move is put right by moving it.
        right = item["code"] not in _TO_CORRECT and item["kind"] != "trust_invoice_payment"
        return right and bool(item["xero"]) and item["currency"] == base and not refunds

    @contextmanager
    def _client(self) -> Iterator[httpx.Client]:
        sandbox = Sandbox.open(
            self._snapshot, path=self._sandbox, clock=lambda: datetime.now(UTC), ids=uuid.uuid4,
            limits=Limits.none(),
        )  # fmt: skip
        headers = {
            "Authorization": f"Bearer {sandbox.access_token()}",
            "xero-tenant-id": sandbox.organisation_id, "Accept": "application/json",
        }  # fmt: skip
        try:
            with httpx.Client(transport=AsgiTransport(sandbox.app), headers=headers) as client:
                client.base_url = "https://api.xero.com/api.xro/2.0"
                yield client
        finally:
            sandbox.close()

    def _item(self, client: httpx.Client, item: Item) -> bool:
        made: list[tuple[str, str]] = []
        for document in item["xero"]:
            endpoint, body = self._body(document)
            answer = client.put(f"/{endpoint}", json={endpoint: [body]})
            entered = answer.json()[endpoint][0] if answer.status_code == 200 else {}
            id = entered.get(f"{endpoint.removesuffix('s')}ID")
            if id is not None:
                made.append((endpoint, id))
            total = entered.get("Total") or entered.get("Amount") or document["total"]
            if id is None or Decimal(str(total)) != Decimal(document["total"]):
                for where, wrong in made:
                    status = _GONE.get(where, "VOIDED")
                    client.post(f"/{where}/{wrong}", json={"Status": status})
                return False
        return True

    def _body(self, document: Item) -> tuple[str, Item]:
        endpoint, lines = document["endpoint"], document["lines"]
        tax = Decimal(document["tax"])
        body: Item = {"Date": document["day"]}
        if endpoint == "BankTransfers":
            return endpoint, body | {
                "FromBankAccount": {"Code": document["bank"]},
                "ToBankAccount": {"Code": document["to_bank"]}, "Amount": document["total"],
            }  # fmt: skip
        if endpoint == "ManualJournals":
            parts = [{"AccountCode": x["account"], "LineAmount": x["amount"]} for x in lines]
            return endpoint, body | {
                "Narration": "By hand", "Status": "POSTED", "LineAmountTypes": "NoTax",
                "JournalLines": parts,
            }  # fmt: skip
        body["Contact"] = {"Name": document["contact"] or "Nobody in particular"}
        if endpoint == "Payments":
            # What it pays is not in this organisation, so the money stands as paid too much.
            amount = dict(document["accounts"])[document["bank"]]
            side = "SPEND" if Decimal(amount) < 0 else "RECEIVE"
            return "BankTransactions", body | {
                "Type": f"{side}-OVERPAYMENT", "BankAccount": {"Code": document["bank"]},
                "LineAmountTypes": "NoTax",
                "LineItems": [
                    {"Description": "By hand", "Quantity": 1, "UnitAmount": document["total"]}
                ],
            }  # fmt: skip
        # The type of a document says its side, so its lines are written without one.
        side = -1 if document["type"] in ("ACCREC", "RECEIVE", "ACCPAYCREDIT") else 1
        body |= {
            "Type": document["type"], "Status": "AUTHORISED",
            "LineAmountTypes": "Exclusive" if tax else "NoTax",
            "LineItems": [
                {
                    "Description": "By hand", "Quantity": 1, "AccountCode": x["account"],
                    "UnitAmount": str(side * Decimal(x["amount"])),
                    **({"TaxType": self._taxes.get(x["account"], "")} if tax else {}),
                }
                for x in lines
            ],
        }  # fmt: skip
        if endpoint == "BankTransactions":
            body["BankAccount"] = {"Code": document["bank"]}
        else:
            number = "CreditNoteNumber" if endpoint == "CreditNotes" else "InvoiceNumber"
            body |= {"DueDate": document["day"]} if endpoint == "Invoices" else {}
            body |= {number: document["number"]} if document["number"] else {}
        return endpoint, body


def corrections(month: list[Item], ids: set[str]) -> list[Item]:
    """What Practice Management makes of documents that it should not have: it voids them."""
    last: dict[str, Item] = {}
    for document in month:
        if document["id"] in ids:
            before = last.get(document["id"])
            if before is None or document["revision"] > before["revision"]:
                last[document["id"]] = document
    voided = {"status": "voided", "voided_at": "2026-06-01T00:00:00Z"}
    return [{**d, "revision": d["revision"] + 1, **voided} for d in last.values()]
