"""The books that the example documents make, rebuilt from nothing but the documents."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

MONEY = re.compile(r"-?\d+\.\d{2}")

Doc = dict[str, Any]


def money(text: str) -> Decimal:
    """Read an amount; anything but digits with two decimals is an AssertionError."""
    assert MONEY.fullmatch(text), text
    return Decimal(text)


def total(rows: list[Doc], key: str) -> Decimal:
    """Sum one field over lines or allocations."""
    return sum((money(row[key]) for row in rows), Decimal(0))


@dataclass
class Books:
    """The ledger that the posted documents make; debits are positive, credits negative."""

    ledger: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    due: dict[str, Decimal] = field(default_factory=dict)
    credit: dict[str, Decimal] = field(default_factory=dict)
    matters: defaultdict[tuple[str, str], Decimal] = field(
        default_factory=lambda: defaultdict(Decimal)
    )

    def entry(self, debit: str, credit: str, amount: Decimal) -> None:
        self.ledger[debit] += amount
        self.ledger[credit] -= amount

    def trust(self, matter: str, bank: str, amount: Decimal) -> None:
        self.matters[matter, bank] += amount
        assert self.matters[matter, bank] >= 0, (matter, bank, self.matters[matter, bank])

    def settle(self, allocations: list[Doc]) -> None:
        for part in allocations:
            self.due[part["document_id"]] -= money(part["amount"])
            assert self.due[part["document_id"]] >= 0, part

    def document(self, doc: Doc, control: str, sign: int) -> None:
        self.ledger[control] += sign * money(doc["totals"]["gross"])
        self.ledger["tax"] -= sign * money(doc["totals"]["tax"])
        for line in doc["lines"]:
            self.ledger[line["gl_account"]] -= sign * money(line["net"])

    def post(self, doc: Doc) -> None:
        kind = doc["kind"]
        if kind in ("client_bill", "supplier_invoice"):
            self.document(doc, *(("ar", 1) if kind == "client_bill" else ("ap", -1)))
            self.due[doc["id"]] = money(doc["totals"]["gross"])
        elif kind in ("client_credit_note", "supplier_credit_note"):
            self.document(doc, *(("ar", -1) if kind == "client_credit_note" else ("ap", 1)))
            self.credit[doc["id"]] = money(doc["totals"]["gross"])
        elif kind in ("bank_deposit", "bank_withdrawal"):
            self.document(doc, doc["bank_account"], 1 if kind == "bank_deposit" else -1)
        else:
            self.movement(doc, kind, money(doc["amount"]))

    def movement(self, doc: Doc, kind: str, amount: Decimal) -> None:
        bank = doc.get("bank_account", "")
        if kind == "client_payment":
            self.settle(doc["allocations"])
            self.entry(bank, "ar", amount)
        elif kind == "supplier_payment":
            self.settle(doc["allocations"])
            self.entry("ap", bank, amount)
        elif kind in ("client_credit_note_allocation", "supplier_credit_allocation"):
            self.settle(doc["allocations"])
            self.credit[doc["credit_note_id"]] -= amount
            assert self.credit[doc["credit_note_id"]] >= 0, doc["id"]
        elif kind == "trust_statutory_deposit":
            into = doc["direction"] == "deposit"
            self.entry("statutory", bank, amount if into else -amount)
        elif kind == "trust_interest" and doc["beneficiary"] == "statutory_body":
            into = doc.get("direction", "received") == "received"
            self.entry(bank, "interest_payable", amount if into else -amount)
            assert self.ledger["interest_payable"] <= 0, doc["id"]
        else:
            self.matter_movement(doc, kind, amount, bank)

    def matter_movement(self, doc: Doc, kind: str, amount: Decimal, bank: str) -> None:
        if kind == "trust_receipt":
            assert total(doc["trust_lines"], "amount") == amount, doc["id"]
            for line in doc["trust_lines"]:
                self.trust(line["matter"], bank, money(line["amount"]))
            self.entry(bank, "trust_liability", amount)
        elif kind in ("trust_payment", "trust_interest"):
            signed = -amount if kind == "trust_payment" else amount
            self.trust(doc["matter"]["id"], bank, signed)
            self.entry(bank, "trust_liability", signed)
        elif kind == "trust_journal":
            self.trust(doc["from_matter"], bank, -amount)
            self.trust(doc["to_matter"], bank, amount)
        elif kind == "trust_transfer":
            # From the office, or to it: the other side is an account of the firm.
            if doc.get("from_matter"):
                self.trust(doc["from_matter"], doc["from_bank_account"], -amount)
            if doc.get("to_matter"):
                self.trust(doc["to_matter"], doc["to_bank_account"], amount)
            if doc.get("from_matter") and not doc.get("to_matter"):
                self.entry("trust_liability", "disbursements_recoverable", amount)
            if doc.get("to_matter") and not doc.get("from_matter"):
                self.entry("firm_money_in_trust", "trust_liability", amount)
            self.entry(doc["to_bank_account"], doc["from_bank_account"], amount)
        elif kind == "trust_invoice_payment":
            self.settle(doc["allocations"])
            for part in doc["allocations"]:
                self.trust(part["matter"], bank, -money(part["amount"]))
            self.entry("trust_liability", "ar", amount)
            if doc["transfer"] == "immediate":
                self.entry(doc["to_bank_account"], bank, amount)
        elif kind == "trust_advance":
            signed = amount if doc["direction"] == "advance" else -amount
            self.trust(doc["matter"]["id"], bank, signed)
            self.entry("trust_advances", doc["office_bank_account"], signed)
            self.entry(bank, "trust_liability", signed)
        else:
            raise AssertionError(f"{doc['id']}: a {kind} makes no entry")
