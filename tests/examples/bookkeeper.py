"""A bookkeeper: enters in Xero what `manual-work` lists, by its API."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import httpx

from pm2xero.sandbox import Limits, Sandbox, load_snapshot
from pm2xero.xero.asgi import AsgiTransport

Item = dict[str, Any]
CENT = Decimal("0.01")
_GONE = {"BankTransactions": "DELETED", "BankTransfers": "DELETED"}
# Entered as it stands, it would put trust money where it must not be: Practice Management corrects.
_TO_CORRECT = frozenset(("trust_bank_expected", "office_bank_expected", "trust_overdraw"))


class Bookkeeper:
    """Works in the embedded Xero organisation of a firm."""

    def __init__(
        self, snapshot: Path, sandbox: Path, leaves: tuple[str, ...] = ("trust_invoice_payment",),
        corrects: Collection[str] = _TO_CORRECT,
    ) -> None:  # fmt: skip
        self._snapshot = load_snapshot(snapshot)
        self._leaves, self._corrects = leaves, corrects
        rates = self._snapshot["TaxRates"]
        self._rates = {r["TaxType"]: Decimal(str(r["EffectiveRate"])) for r in rates}
        self._ids: dict[str, list[str]] = {}
        self.answers: dict[str, str] = {}
        self._sandbox = sandbox
        self._taxes = {
            str(a.get("Code") or a["Name"]): str(a.get("TaxType") or "")
            for a in self._snapshot["Accounts"]
        }

    def enter(self, work: list[Item]) -> list[str]:
        """Enter each item; the ids of those that could be entered whole.

        Refunds come last, when what they pay back is there.
        """
        with self._client() as client:
            inward = sorted((item for item in work if self._can(item)), key=_refunds)
            return [item["id"] for item in inward if self._item(client, item)]

    def entered(self, item: Item) -> list[str]:
        """The ids in Xero of an item that was entered."""
        return self._ids.get(item["id"], [])

    def _can(self, item: Item) -> bool:
        """What is wrong stays out, and other currencies have no rate."""
        base = self._snapshot["Organisation"]["BaseCurrency"]
        # A bill paid from trust whose money did not move is put right by moving it.
        right = item["code"] not in self._corrects and item["kind"] not in self._leaves
        return right and bool(item["xero"]) and item["currency"] == base

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
            found = self._body(client, document, item["what_to_do"])
            if found is None:
                return False
            endpoint, body = found
            answer = client.put(f"/{endpoint}", json={endpoint: [body]})
            entered = answer.json()[endpoint][0] if answer.status_code == 200 else {}
            id = entered.get(f"{endpoint.removesuffix('s')}ID")
            if id is not None:
                made.append((endpoint, id))
            self.answers[item["id"]] = answer.text
            total = entered.get("Total") or entered.get("Amount") or document["total"]
            if id is None or Decimal(str(total)) != Decimal(document["total"]):
                for where, wrong in made:
                    status = _GONE.get(where, "VOIDED")
                    client.post(f"/{where}/{wrong}", json={"Status": status})
                return False
        self._ids[item["id"]] = [id for _, id in made]
        return True

    def _body(self, client: httpx.Client, document: Item, told: str) -> tuple[str, Item] | None:
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
        if endpoint == "Payments" and "refund" in document["what"]:
            named = re.match(
                "In Xero, open the overpayment (.+), remove what it is applied to", told
            )
            paid_back = (
                self._taken_off(client, named[1]) if named else self._credit(client, document)
            )
            account = {"Code": document["bank"]}
            amount = document["total"]
            return paid_back and (
                endpoint,
                body | paid_back | {"Account": account, "Amount": amount},
            )
        if endpoint == "Payments" and (bill := self._bill(client, document)) is not None:
            account = {"Code": document["bank"]}
            return endpoint, body | bill | {"Account": account, "Amount": document["total"]}
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
                    **({"TaxType": x["tax_type"] or self._taxes[x["account"]]} if tax else {}),
                }
                for x in lines
            ],
        }  # fmt: skip
        if endpoint == "BankTransactions":
            body["BankAccount"] = {"Code": document["bank"]}
        else:
            self._adjust(body, side * tax)
            number = "CreditNoteNumber" if endpoint == "CreditNotes" else "InvoiceNumber"
            body |= {"DueDate": document["day"]} if endpoint == "Invoices" else {}
            body |= {number: document["number"]} if document["number"] else {}
        return endpoint, body

    def _adjust(self, body: Item, tax: Decimal) -> None:
        """Invoices and credit notes bear the tax of the document, where Xero's is a cent off."""
        for line in body["LineItems"] if tax else ():
            rate = self._rates[line["TaxType"]]
            share = (Decimal(line["UnitAmount"]) * rate / 100).quantize(CENT, ROUND_HALF_UP)
            line["TaxAmount"] = share
        taxed = [line for line in body["LineItems"] if line.get("TaxAmount")]
        if taxed:
            taxed[-1]["TaxAmount"] += tax - sum(line["TaxAmount"] for line in taxed)
        for line in body["LineItems"] if tax else ():
            line["TaxAmount"] = str(line["TaxAmount"])

    def _bill(self, client: httpx.Client, document: Item) -> Item | None:
        """The open document that the list names, where the payment is on that one as a whole."""
        pays = document["pays"]
        if len(pays) != 1 or pays[0]["amount"] != document["total"]:
            return None
        answer = client.get("/Invoices", params={"InvoiceNumbers": pays[0]["number"]})
        for found in answer.json().get("Invoices", ()):
            whose = found["Contact"]["Name"] == document["contact"]
            if whose and Decimal(str(found["AmountDue"])) >= Decimal(document["total"]):
                return {"Invoice": {"InvoiceID": found["InvoiceID"]}}
        return None

    def _credit(self, client: httpx.Client, document: Item) -> Item | None:
        """The credit note or the overpayment of the contact on which so much is left."""
        side = "ACCPAY" if "supplier" in document["what"] else "ACCREC"
        paid = "SPEND" if "supplier" in document["what"] else "RECEIVE"
        types = {"CreditNote": f"{side}CREDIT", "Overpayment": f"{paid}-OVERPAYMENT"}
        for name, type in types.items():
            answer = client.get(f"/{name}s", params={"page": 1, "pageSize": 1000})
            for found in answer.json().get(f"{name}s", ()):
                right = found["Type"] == type and found["Status"] == "AUTHORISED"
                whose = found["Contact"]["Name"] == document["contact"]
                left = Decimal(str(found.get("RemainingCredit", 0)))
                if right and whose and left >= Decimal(document["total"]):
                    return {name: {f"{name}ID": found[f"{name}ID"]}}
        return None

    def _taken_off(self, client: httpx.Client, named: str) -> Item | None:
        """An overpayment by its id in Practice Management, free of what it was applied to."""
        answer = client.get("/Overpayments", params={"page": 1, "pageSize": 1000})
        for found in answer.json().get("Overpayments", ()):
            if found["LineItems"][0]["Description"].split(" · ")[0] != named:
                continue
            for part in found["Allocations"]:
                at = f"/Overpayments/{found['OverpaymentID']}/Allocations/{part['AllocationID']}"
                assert client.delete(at).status_code == 200
            return {"Overpayment": {"OverpaymentID": found["OverpaymentID"]}}
        return None


def _refunds(item: Item) -> bool:
    return any("refund" in document["what"] for document in item["xero"])


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
