"""A made-up firm that writes documents which post: bills, payments, trust money, bank entries.

It remembers only what is still open: matters with money, bills that nothing paid yet.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.benchmarks.words import ACCOUNTS_IN, ACCOUNTS_OUT, CLIENTS, MATTERS, SUPPLIERS, WORK

Document = dict[str, Any]

START = datetime(2026, 5, 4, 0, 0, tzinfo=UTC)
STEP = timedelta(seconds=25)
MATTERS_AT_ONCE = 400
OPEN_AT_ONCE = 2_000


@dataclass(slots=True)
class Matter:
    """A matter and its money, in cents: in the trust bank and in controlled money."""

    number: str
    name: str
    client: Document
    trust: int = 0
    controlled: int = 0


@dataclass(slots=True)
class Bill:
    """A bill, supplier invoice or credit that was sent, and what is left of it, in cents."""

    id: str
    left: int
    party: Document
    matter: str = ""


class Firm:
    """Makes one document of a kind each time that it is asked; `step` says which one it is."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.number = 0
        self.day = START.date()
        self.moment = START
        self.matters: deque[Matter] = deque(maxlen=MATTERS_AT_ONCE)
        self.bills: deque[Bill] = deque(maxlen=OPEN_AT_ONCE)
        self.invoices: deque[Bill] = deque(maxlen=OPEN_AT_ONCE)
        self.credits: deque[tuple[Bill, Bill]] = deque(maxlen=OPEN_AT_ONCE)
        self.supplier_credits: deque[tuple[Bill, Bill]] = deque(maxlen=OPEN_AT_ONCE)
        self.matter_number = 2_100
        for _ in range(20):
            self.new_matter()

    def step(self, number: int) -> None:
        """Go on to the next document."""
        self.number = number
        self.moment = START + number * STEP
        self.day = self.moment.date()

    # What all documents have.

    def new_matter(self) -> Matter:
        self.matter_number += 1
        number = str(self.matter_number)
        client = {
            "id": f"C{number}",
            "display_name": f"{self.random.choice(CLIENTS)} {number}",
            "is_company": self.random.random() < 0.4,
            "role": "client",
        }
        matter = Matter(number, self.random.choice(MATTERS), client)
        self.matters.append(matter)
        return matter

    def matter(self) -> Matter:
        if self.random.random() < 0.1:
            return self.new_matter()
        return self.random.choice(self.matters)

    def funded(self) -> Matter | None:
        for _ in range(8):
            matter = self.random.choice(self.matters)
            if matter.trust > 10_000:
                return matter
        return None

    def document(self, kind: str, **fields: Any) -> Document:
        moment = self.moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "id": f"T-{self.number:07}",
            "kind": kind,
            "revision": 1,
            "status": "posted",
            "date": self.day.isoformat(),
            "created_at": moment,
            "posted_at": moment,
            "locked": False,
            "source": "manual",
            "division": {"id": "1", "name": "Main"},
            "currency": "AUD",
            **fields,
        }

    def written(
        self, accounts: tuple[tuple[str, str, str], ...], fewest: int, most: int
    ) -> tuple[list[Document], Document, int]:
        """Lines, their totals, and what is to be paid in cents."""
        lines, net_sum, tax_sum = [], 0, 0
        for _ in range(self.random.randint(fewest, most)):
            account, kind, code = self.random.choice(accounts)
            net = self.random.randint(2_000, 400_000)
            tax = (net + 5) // 10 if code == "GST" else 0
            net_sum += net
            tax_sum += tax
            lines.append(
                {
                    "gl_account": account,
                    "description": self.random.choice(WORK),
                    "type": kind,
                    "net": money(net),
                    "tax_code": code,
                    "tax": money(tax),
                }
            )
        gross = net_sum + tax_sum
        totals = {"net": money(net_sum), "tax": money(tax_sum), "gross": money(gross)}
        return lines, totals, gross

    def due(self, days: int) -> str:
        return (self.day + timedelta(days=days)).isoformat()

    # Client billing.

    def client_bill(self) -> Document:
        matter = self.matter()
        lines, totals, gross = self.written(ACCOUNTS_IN, 3, 6)
        made = self.document(
            "client_bill",
            number=f"INV-{self.number}",
            matter={"id": matter.number, "name": matter.name},
            participant=matter.client,
            due_date=self.due(30),
            lines=lines,
            totals=totals,
        )
        self.bills.append(Bill(made["id"], gross, matter.client, matter.number))
        return made

    def client_payment(self) -> Document:
        return self.payment("client_payment", self.bills) or self.trust_receipt()

    def payment(self, kind: str, open_: deque[Bill]) -> Document | None:
        """Pays one document in full (mostly), in part, or several at once."""
        if len(open_) < 4:
            return None
        dice = self.random.random()
        if dice < 0.15:
            bill = open_.popleft()
            part = bill.left // 2
            bill.left -= part
            open_.append(bill)
            paid = [(bill, part)]
        else:
            many = 1 if dice < 0.8 else self.random.randint(2, 3)
            paid = [(b, b.left) for b in (open_.popleft() for _ in range(many))]
        allocations = [{"document_id": b.id, "amount": money(a)} for b, a in paid]
        return self.document(
            kind,
            amount=money(sum(a for _, a in paid)),
            bank_account="BA-OFFICE",
            participant=paid[0][0].party if len(paid) == 1 else None,
            payment_method="eft",
            allocations=allocations,
        )

    def client_credit_note(self) -> Document:
        if len(self.bills) < 4:
            return self.trust_receipt()
        bill = self.bills.popleft()
        lines, totals, gross = self.small_credit("4000", "fee", bill)
        made = self.document(
            "client_credit_note",
            number=f"CN-{self.number}",
            matter={"id": bill.matter, "name": "Reduction of fees"},
            participant=bill.party,
            lines=lines,
            totals=totals,
        )
        self.credits.append((Bill(made["id"], gross, bill.party), bill))
        return made

    def small_credit(
        self, account: str, kind: str, bill: Bill
    ) -> tuple[list[Document], Document, int]:
        net = max(bill.left // 4, 10)
        tax = (net + 5) // 10
        line = {
            "gl_account": account,
            "description": "Reduction agreed",
            "type": kind,
            "net": money(net),
            "tax_code": "GST",
            "tax": money(tax),
        }
        totals = {"net": money(net), "tax": money(tax), "gross": money(net + tax)}
        return [line], totals, net + tax

    def client_credit_note_allocation(self) -> Document:
        return self.allocation("client_credit_note_allocation", self.credits)

    def allocation(self, kind: str, credits: deque[tuple[Bill, Bill]]) -> Document:
        if not credits:
            return self.trust_receipt()
        credit, bill = credits.popleft()
        return self.document(
            kind,
            credit_note_id=credit.id,
            participant=bill.party,
            amount=money(credit.left),
            allocations=[{"document_id": bill.id, "amount": money(credit.left)}],
        )

    # Trust accounting.

    def trust_receipt(self) -> Document:
        matter = self.matter()
        amounts = [
            self.random.randint(50_000, 3_000_000) for _ in range(self.random.choice((1, 1, 2)))
        ]
        matter.trust += sum(amounts)
        return self.document(
            "trust_receipt",
            number=f"TR-{self.number}",
            amount=money(sum(amounts)),
            bank_account="BA-TRUST",
            participant=matter.client,
            trust_lines=[{"matter": matter.number, "amount": money(a)} for a in amounts],
            payment_method="eft",
            reason_text="Funds in anticipation of fees",
        )

    def trust_payment(self) -> Document:
        matter = self.funded()
        if matter is None:
            return self.trust_receipt()
        amount = matter.trust // 3
        matter.trust -= amount
        return self.document(
            "trust_payment",
            number=f"TP-{self.number}",
            amount=money(amount),
            bank_account="BA-TRUST",
            matter={"id": matter.number, "name": matter.name},
            payee=self.random.choice(SUPPLIERS),
            payment_method="eft",
            reason_text="Stamp duty",
        )

    def trust_invoice_payment(self) -> Document:
        known = {m.number: m for m in self.matters}
        for index in range(min(len(self.bills), 40)):
            bill = self.bills[index]
            matter = known.get(bill.matter)
            if matter is not None and matter.trust >= bill.left:
                del self.bills[index]
                matter.trust -= bill.left
                part = {"document_id": bill.id, "amount": money(bill.left), "matter": bill.matter}
                return self.document(
                    "trust_invoice_payment",
                    number=f"TIP-{self.number}",
                    amount=money(bill.left),
                    bank_account="BA-TRUST",
                    to_bank_account="BA-OFFICE",
                    transfer="immediate",
                    matter={"id": matter.number, "name": matter.name},
                    participant=matter.client,
                    allocations=[part],
                )
        return self.trust_receipt()

    def trust_journal(self) -> Document:
        source = self.funded()
        target = self.random.choice(self.matters)
        if source is None or target is source:
            return self.trust_receipt()
        amount = source.trust // 4
        source.trust -= amount
        target.trust += amount
        return self.document(
            "trust_journal",
            number=f"TJ-{self.number}",
            amount=money(amount),
            bank_account="BA-TRUST",
            from_matter=source.number,
            to_matter=target.number,
            reason_text="Client authority",
        )

    def trust_transfer(self) -> Document:
        matter = self.funded()
        if matter is None:
            return self.trust_receipt()
        amount = matter.trust // 2
        matter.trust -= amount
        matter.controlled += amount
        return self.document(
            "trust_transfer",
            number=f"TT-{self.number}",
            amount=money(amount),
            from_bank_account="BA-TRUST",
            to_bank_account="BA-TRUST-INV",
            from_matter=matter.number,
            to_matter=matter.number,
            reason_text="Controlled money",
        )

    def trust_interest(self) -> Document:
        matter = self.random.choice(self.matters)
        amount = self.random.randint(500, 20_000)
        matter.controlled += amount
        return self.document(
            "trust_interest",
            beneficiary="client",
            amount=money(amount),
            bank_account="BA-TRUST-INV",
            matter={"id": matter.number, "name": matter.name},
            participant=matter.client,
        )

    # Suppliers and banking.

    def supplier_invoice(self) -> Document:
        supplier = self.random.choice(SUPPLIERS)
        lines, totals, gross = self.written(ACCOUNTS_OUT, 1, 4)
        made = self.document(
            "supplier_invoice",
            number=f"S-{self.number}",
            participant=supplier,
            due_date=self.due(21),
            lines=lines,
            totals=totals,
        )
        self.invoices.append(Bill(made["id"], gross, supplier))
        return made

    def supplier_payment(self) -> Document:
        return self.payment("supplier_payment", self.invoices) or self.supplier_invoice()

    def supplier_credit_note(self) -> Document:
        if len(self.invoices) < 4:
            return self.supplier_invoice()
        bill = self.invoices.popleft()
        lines, totals, gross = self.small_credit("6000", "expense", bill)
        made = self.document(
            "supplier_credit_note",
            number=f"SC-{self.number}",
            participant=bill.party,
            lines=lines,
            totals=totals,
        )
        self.supplier_credits.append((Bill(made["id"], gross, bill.party), bill))
        return made

    def supplier_credit_allocation(self) -> Document:
        return self.allocation("supplier_credit_allocation", self.supplier_credits)

    def bank_deposit(self) -> Document:
        accounts = (("4200", "other", "ITS"), ("4300", "other", "GST"))
        return self.bank_entry("bank_deposit", accounts)

    def bank_withdrawal(self) -> Document:
        return self.bank_entry("bank_withdrawal", ACCOUNTS_OUT)

    def bank_entry(self, kind: str, accounts: tuple[tuple[str, str, str], ...]) -> Document:
        lines, totals, _ = self.written(accounts, 1, 3)
        return self.document(
            kind,
            bank_account="BA-OFFICE",
            participant=self.random.choice(SUPPLIERS),
            lines=lines,
            totals=totals,
        )


def money(cents: int) -> str:
    """Cents as an amount with two decimals."""
    return f"{cents // 100}.{cents % 100:02}"
