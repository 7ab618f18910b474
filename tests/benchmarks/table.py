"""The same decisions by zen-engine: one decision table per kind, every hit collected.

zen-engine cannot look anything up, so what a user of it has to prepare is prepared here in Python:
the Xero side of accounts and taxes, sums, and what is known of other documents. That is handed
over flat, with a table of few columns, as JSON: of several ways the quickest that was found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import ROUND_HALF_UP
from typing import Any

import orjson
import zen

from pm2xero.read.transaction import Malformed, Transaction
from tests.benchmarks.straight import (
    CENT,
    CREDITS,
    OFFICE_BANK,
    OPENS,
    PAYMENTS,
    PAYS,
    POSTING,
    REFUSED,
    TRUST,
    WITH_LINES,
    ZERO,
    Answer,
    Books,
    Fields,
    moves,
    note,
    outcome_of,
    purpose,
    side_of,
)

Facts = dict[str, Any]
Row = tuple[str, Mapping[str, str]]

_EVERY: tuple[Row, ...] = (
    ("conflicting_content", {"submission": "'conflicting'"}),
    ("already_posted", {"submission": "'repeated'", "earlier": "'post'"}),
    ("superseded", {"submission": "'older'"}),
    ("changed_after_posting", {"submission": "'newer'", "earlier": "'post'"}),
    ("draft", {"status": "'draft'"}),
    ("voided_before_sending", {"voided": "true", "earlier": "!= 'post'"}),
    ("posting_time_missing", {"status": "'posted'", "posted_at": "null"}),
)
_POSTING: tuple[Row, ...] = (
    ("account_not_mapped", {"bank_known": "false"}),
    ("account_archived", {"bank_active": "false"}),
)
_AMOUNT: tuple[Row, ...] = (
    ("amount_not_positive", {"amount": "<= 0", "reverses": "false"}),
    ("reversal_not_negative", {"amount": "> 0", "reverses": "true"}),
)
_LINES: tuple[Row, ...] = (
    ("account_not_mapped", {"account_known": "false"}),
    ("account_archived", {"account_active": "false"}),
    ("account_not_for_lines", {"account_takes_lines": "false"}),
    ("tax_code_not_mapped", {"tax_known": "false"}),
    ("tax_type_unsuitable", {"tax_suits": "false"}),
    ("tax_amount_off", {"tax_off": "> 0.01"}),
    ("totals_mismatch", {"net_differs": "!= 0"}),
    ("totals_mismatch", {"tax_differs": "!= 0"}),
    ("totals_mismatch", {"gross_differs": "!= 0"}),
    ("total_not_positive", {"gross": "<= 0", "reverses": "false"}),
)
_BANK_ENTRY: tuple[Row, ...] = (
    ("covered_by_linked_payment", {"linked": "true"}),
    ("contact_missing", {"contact_known": "false"}),
)
_PAYS: tuple[Row, ...] = (
    ("document_not_in_xero", {"missing": "true"}),
    ("waiting_for_document", {"waiting": "true"}),
    ("exceeds_amount_due", {"over": "> 0"}),
    ("allocation_not_positive", {"smallest": "<= 0", "reverses": "false"}),
    ("wrong_document_kind", {"right_kind": "false"}),
    ("unallocated_remainder", {"remainder": "!= 0"}),
    ("document_allocated_twice", {"twice": "true"}),
)


def _rows(kind: str, books: Books) -> list[Row]:
    rows: list[Row] = [
        *_EVERY,
        ("division_not_supported", {"division": f"!= '{books.firm.division}'"}),
        ("multi_currency_not_supported", {"currency": f"!= '{books.firm.base_currency}'"}),
        ("pre_integration", {"posted_at": f"< {books.start.timestamp():.0f}"}),
    ]
    if kind in REFUSED:
        return [*rows, (REFUSED[kind], {})]
    rows += _POSTING
    if books.lock is not None:
        rows.append(("locked_period", {"date": f"<= {books.lock.toordinal()}"}))
    if kind in PAYS or kind in TRUST:
        rows += _AMOUNT
    if kind in WITH_LINES:
        rows += _LINES
    if kind in ("bank_deposit", "bank_withdrawal"):
        rows += _BANK_ENTRY
    if kind in OFFICE_BANK:
        rows.append(("office_bank_expected", {"purpose": "'trust'"}))
    if kind in PAYS:
        rows += _PAYS
    if kind in CREDITS:
        rows.append(("credit_of_another_contact", {"same_contact": "false"}))
    if kind in OPENS or kind in CREDITS:
        rows.append(("reversal_not_supported", {"reverses": "true"}))
    if kind in TRUST:
        rows.append(("trust_bank_expected", {"purpose": "'office'"}))
        rows.append(("trust_overdraw", {"shortfall": "> 0"}))
        rows += _TRUST.get(kind, ())
    return rows


_TRUST: dict[str, tuple[Row, ...]] = {
    "trust_receipt": (("totals_mismatch", {"split_differs": "!= 0"}),),
    "trust_transfer": (
        ("not_available_in_region", {"why": "'firm_funds'"}),
        ("trust_to_office_without_bill",
         {"purpose": "'trust'", "target_purpose": "'office'", "why": "!= 'firm_funds'"}),
    ),
    "trust_interest": (
        ("trust_interest_without_matter", {"beneficiary": "'client'", "matter_known": "false"}),
    ),
    "trust_invoice_payment": (
        ("not_available_in_region", {"transfer": "'deferred'"}),
        ("office_bank_expected", {"transfer": "'immediate'", "target_known": "false"}),
        ("office_bank_expected", {"target_purpose": "'trust'"}),
    ),
}  # fmt: skip


class Tables:
    """The decision tables, compiled by zen-engine when a kind is first met."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.engine = zen.ZenEngine()
        self.compiled: dict[str, zen.ZenDecision] = {}

    def decide(self, tx: Transaction | Malformed) -> Answer:
        """Outcome, codes of the reasons and codes of the warnings; notes what was decided."""
        if isinstance(tx, Malformed):
            return "reject", ("malformed_document",), ()
        kind, books = tx.kind, self.books
        table = self.compiled.get(kind)
        if table is None:
            table = self.engine.create_decision(_document(_rows(kind, books)))
            self.compiled[kind] = table
        earlier = books.seen.get(tx.id)
        facts = facts_of(tx, earlier, books)
        hits: Any = table.evaluate(orjson.dumps(facts))["result"]
        found = [hit["code"] for hit in hits]
        outcome = outcome_of(found)
        note(tx, tx.fields, outcome, found, earlier, books)
        warned = books.feed and kind in PAYMENTS
        return outcome, tuple(found), ("bank_feed_with_payments",) if warned else ()


def _document(rows: list[Row]) -> str:
    columns = list(dict.fromkeys(name for _, tests in rows for name in tests))
    content = {
        "hitPolicy": "collect",
        "inputs": [{"id": f"i-{n}", "name": n, "field": n} for n in columns],
        "outputs": [{"id": "o-code", "name": "code", "field": "code"}],
        "rules": [
            {
                "_id": f"row-{number}",
                **{f"i-{n}": tests.get(n, "") for n in columns},
                "o-code": json.dumps(code),
            }
            for number, (code, tests) in enumerate(rows)
        ],
    }
    place = {"x": 0, "y": 0}
    return json.dumps(
        {
            "nodes": [
                {"id": "in", "type": "inputNode", "name": "in", "position": place},
                {"id": "table", "type": "decisionTableNode", "name": "table", "position": place,
                 "content": content},
                {"id": "out", "type": "outputNode", "name": "out", "position": place},
            ],
            "edges": [
                {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
                {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
            ],
        }
    )  # fmt: skip


def facts_of(tx: Transaction, earlier: tuple[int, bytes, str] | None, books: Books) -> Facts:
    """What the table of the transaction's kind asks, flat."""
    f, kind = tx.fields, tx.kind
    posted_at, division = f["posted_at"], f["division"]
    facts: Facts = {
        "submission": "first" if earlier is None else _submission(tx, earlier),
        "earlier": "" if earlier is None else earlier[2],
        "status": f["status"],
        "voided": f["status"] == "voided" or f["voided_at"] is not None,
        "division": books.firm.division if division is None else division["id"],
        "currency": f["currency"],
        "posted_at": None if posted_at is None else posted_at.timestamp(),
    }
    if facts["posted_at"] is None and facts["status"] != "posted":
        facts["posted_at"] = books.start.timestamp()
    if kind not in POSTING:
        return facts
    facts["date"] = f["date"].toordinal()
    facts["reverses"] = f["reversal_of"] is not None
    if "amount" in f:
        facts["amount"] = float(f["amount"])
    _banks(f, facts, books)
    if kind in WITH_LINES:
        _lines(kind, f, facts, books)
    if kind in PAYS:
        _pays(kind, f, facts, books)
    if kind in TRUST:
        _trust(kind, f, facts, books)
    return facts


def _submission(tx: Transaction, earlier: tuple[int, bytes, str]) -> str:
    if tx.revision == earlier[0]:
        return "repeated" if tx.fingerprint == earlier[1] else "conflicting"
    return "newer" if tx.revision > earlier[0] else "older"


def _banks(f: Fields, facts: Facts, books: Books) -> None:
    known = active = True
    for name in ("bank_account", "from_bank_account", "to_bank_account"):
        if name in f and f[name] is not None:
            entry = books.banks.get(f[name])
            account = entry[0] if entry else None
            known = known and account is not None and account.type == "BANK"
            active = active and (account is None or account.status == "ACTIVE")
    facts["bank_known"], facts["bank_active"] = known, active
    source = f.get("from_bank_account") or f.get("bank_account")
    facts["purpose"] = purpose(source, books) if source else None


def _lines(kind: str, f: Fields, facts: Facts, books: Books) -> None:
    net_sum, tax_sum, off = ZERO, ZERO, ZERO
    known = active = takes = tax_known = suits = True
    for line in f["lines"]:
        net, tax = line["net"], line["tax"]
        net_sum += net
        tax_sum += tax
        account = books.ledger.get(line["gl_account"])
        if account is None:
            known = False
            continue
        active = active and account.status == "ACTIVE"
        if account.type == "BANK" or account.system in ("DEBTORS", "CREDITORS", "RETAINEDEARNINGS"):
            takes = False
        types = books.taxes.get(line["tax_code"], {})
        rate = books.rates.get(types.get(side_of(kind, account)) or "")
        if rate is None or rate.status != "ACTIVE":
            tax_known = False
            continue
        suits = suits and account.account_class in rate.classes
        off = max(off, abs((net * rate.rate / 100).quantize(CENT, ROUND_HALF_UP) - tax))
    totals = f["totals"]
    facts.update(
        account_known=known, account_active=active, account_takes_lines=takes,
        tax_known=tax_known, tax_suits=suits, tax_off=float(off),
        net_differs=float(net_sum - totals["net"]), tax_differs=float(tax_sum - totals["tax"]),
        gross_differs=float(totals["net"] + totals["tax"] - totals["gross"]),
        gross=float(totals["gross"]),
    )  # fmt: skip
    if kind in ("bank_deposit", "bank_withdrawal"):
        facts["linked"] = f["linked_payment_id"] is not None
        facts["contact_known"] = f["participant"] is not None or bool(books.firm.default_contact)


def _pays(kind: str, f: Fields, facts: Facts, books: Books) -> None:
    wanted = "supplier_invoice" if kind.startswith("supplier") else "client_bill"
    missing = waiting = False
    right = same = True
    total, over, smallest = ZERO, ZERO, None
    credit = books.documents.get(f["credit_note_id"]) if kind in CREDITS else None
    amounts = [(p["amount"], books.documents.get(p["document_id"])) for p in f["allocations"]]
    for amount, document in amounts:
        total += amount
        smallest = amount if smallest is None or amount < smallest else smallest
        if document is not None and document[0] == "in_xero":
            if kind != "client_credit_note_allocation" and document[1] != wanted:
                right = False
            if credit is not None and credit[3] is not None and document[3] != credit[3]:
                same = False
    if kind in CREDITS:
        amounts.append((f["amount"], credit))
    for amount, document in amounts:
        if document is None or document[0] in ("rejected", "before_integration"):
            missing = True
        elif document[0] == "waiting":
            waiting = True
        if document is not None and document[2] is not None:
            over = max(over, amount - document[2])
    facts.update(
        missing=missing, waiting=waiting, over=float(over), smallest=float(smallest or ZERO),
        right_kind=right, same_contact=same, remainder=float(total - f["amount"]),
        twice=len({p["document_id"] for p in f["allocations"]}) != len(f["allocations"]),
    )  # fmt: skip


def _trust(kind: str, f: Fields, facts: Facts, books: Books) -> None:
    needed: dict[tuple[str, str], Any] = {}
    for key, amount in moves(kind, f):
        needed[key] = needed.get(key, ZERO) + amount
    short = ZERO
    for key, amount in needed.items():
        if amount < 0:
            short = max(short, -(books.trust.get(key, ZERO) + amount))
    facts["shortfall"] = float(short)
    if kind == "trust_receipt":
        split = sum((i["amount"] for i in f["trust_lines"]), ZERO)
        facts["split_differs"] = float(split - f["amount"])
    elif kind == "trust_transfer":
        facts["why"] = f["purpose"]
        facts["target_purpose"] = purpose(f["to_bank_account"], books)
    elif kind == "trust_interest":
        facts["beneficiary"], facts["matter_known"] = f["beneficiary"], f["matter"] is not None
    elif kind == "trust_invoice_payment":
        target = f["to_bank_account"]
        facts["transfer"], facts["target_known"] = f["transfer"], target is not None
        facts["target_purpose"] = purpose(target, books) if target else None
