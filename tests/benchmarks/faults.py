"""Documents that must be refused: of kinds that are not posted, and with one fault each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import orjson

from tests.benchmarks.firm import Document, Firm, money
from tests.benchmarks.words import SUPPLIERS


class Refused:
    """Writes refused documents of a firm, without leaving anything open in it."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.last = b""

    def unsupported(self) -> Document:
        """A document of a kind that is not posted."""
        amount, bank = money(self.firm.random.randint(1_000, 900_000)), "BA-OFFICE"
        one, some = "T-0000001", ["T-0000001"]
        client = self.firm.matter().client
        choices: tuple[tuple[str, Document], ...] = (
            ("bank_transfer", {"from_bank_account": bank, "to_bank_account": "BA-SAVINGS"}),
            ("printed_check", {"bank_account": bank, "underlying_transaction": one}),
            ("deposit_slip", {"bank_account": bank, "underlying_transactions": some}),
            ("electronic_payment_batch", {"bank_account": bank, "contains": some}),
            ("bank_feed_transaction", {"bank_account": bank, "direction": "out"}),
            ("client_overpayment_refund", {"bank_account": bank, "participant": client}),
            ("tax_return", {"period_start": "2026-01-01", "period_end": "2026-03-31"}),
        )
        kind, fields = self.firm.random.choice(choices)
        if kind == "deposit_slip":
            return self.firm.document(kind, **fields)
        return self.firm.document(kind, amount=amount, **fields)

    def faulty(self) -> Document:
        """A document of a posted kind with one fault."""
        faults = (
            self.unmapped, self.archived, self.wrong_total, self.wrong_tax, self.overdrawn,
            self.unknown_document, self.too_much, self.foreign, self.division, self.draft,
            self.linked, self.locked_period, self.too_old, self.malformed, self.repeated,
        )  # fmt: skip
        return self.firm.random.choice(faults)()

    def spoiled(self, maker: Callable[[], Document]) -> Document:
        """A supplier invoice that nothing will pay later."""
        made = maker()
        if made["kind"] == "supplier_invoice":
            self.firm.invoices.pop()
        return made

    def unmapped(self) -> Document:
        made = self.spoiled(self.firm.supplier_invoice)
        made["lines"][0]["gl_account"] = "6200"
        return made

    def archived(self) -> Document:
        made = self.spoiled(self.firm.supplier_invoice)
        made["lines"][0]["gl_account"] = "6190"
        return made

    def wrong_total(self) -> Document:
        made = self.spoiled(self.firm.supplier_invoice)
        made["totals"]["gross"] = "1.00"
        return made

    def wrong_tax(self) -> Document:
        lines = [
            {"gl_account": "6010", "description": "Paper", "type": "expense",
             "net": "100.00", "tax_code": "GST", "tax": "12.50"},
        ]  # fmt: skip
        made = self.spoiled(self.firm.supplier_invoice)
        totals = {"net": "100.00", "tax": "12.50", "gross": "112.50"}
        return {**made, "lines": lines, "totals": totals}

    def overdrawn(self) -> Document:
        matter = self.firm.new_matter()
        return self.firm.document(
            "trust_payment",
            amount="250.00",
            bank_account="BA-TRUST",
            matter={"id": matter.number, "name": matter.name},
            payee=self.firm.random.choice(SUPPLIERS),
        )

    def unknown_document(self) -> Document:
        return self.one_payment("OLD-0042", 25_000)

    def too_much(self) -> Document:
        if not self.firm.bills:
            return self.unknown_document()
        return self.one_payment(self.firm.bills[0].id, self.firm.bills[0].left + 1)

    def one_payment(self, document: str, amount: int) -> Document:
        return self.firm.document(
            "client_payment",
            amount=money(amount),
            bank_account="BA-OFFICE",
            allocations=[{"document_id": document, "amount": money(amount)}],
        )

    def foreign(self) -> Document:
        return {**self.spoiled(self.firm.supplier_invoice), "currency": "USD"}

    def division(self) -> Document:
        return {**self.firm.bank_withdrawal(), "division": {"id": "2", "name": "Second"}}

    def draft(self) -> Document:
        return {**self.spoiled(self.firm.supplier_invoice), "status": "draft", "posted_at": None}

    def linked(self) -> Document:
        return {**self.firm.bank_deposit(), "linked_payment_id": "T-0000001"}

    def locked_period(self) -> Document:
        return {**self.firm.bank_withdrawal(), "date": date(2026, 3, 15).isoformat()}

    def too_old(self) -> Document:
        return {**self.spoiled(self.firm.supplier_invoice), "posted_at": "2026-04-02T02:20:00Z"}

    def malformed(self) -> Document:
        return {**self.firm.bank_withdrawal(), "totals": {"net": 12.5}}

    def repeated(self) -> Document:
        if not self.last:
            return self.foreign()
        again: Document = orjson.loads(self.last)
        return again
