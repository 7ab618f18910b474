"""The same decisions written by hand in Python: what one would write without a rule engine.

Every condition of the pack that can differ from document to document is here, in exact Decimal,
and every reason is collected; the sentences for people are left out. What holds for a whole run
(accrual, base currency, trial organisation, roles) was looked at once, before the run.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pm2xero.firm.organisation import Organisation
from pm2xero.firm.snapshot import XeroAccount
from pm2xero.pack.model import Pack
from pm2xero.read.transaction import Malformed, Transaction

Answer = tuple[str, tuple[str, ...], tuple[str, ...]]
Fields = dict[str, Any]

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
SALES = frozenset(("client_bill", "client_credit_note"))
WITH_LINES = SALES | {"supplier_invoice", "supplier_credit_note", "bank_deposit", "bank_withdrawal"}
OPENS = SALES | {"supplier_invoice", "supplier_credit_note"}
PAYS = frozenset(
    ("client_payment", "supplier_payment", "trust_invoice_payment", "client_credit_note_allocation",
     "supplier_credit_allocation")
)  # fmt: skip
CREDITS = frozenset(("client_credit_note_allocation", "supplier_credit_allocation"))
PAYMENTS = frozenset(("client_payment", "supplier_payment", "trust_invoice_payment"))
TRUST = frozenset(
    ("trust_receipt", "trust_payment", "trust_journal", "trust_transfer", "trust_invoice_payment",
     "trust_interest")
)  # fmt: skip
OFFICE_BANK = frozenset(("client_payment", "supplier_payment", "bank_deposit", "bank_withdrawal"))
POSTING = WITH_LINES | PAYS | TRUST
REFUSED = {
    "bank_transfer": "not_supported.bank_transfer",
    "printed_check": "instrument_only.printed_check",
    "deposit_slip": "instrument_only.deposit_slip",
    "electronic_payment_batch": "not_supported.electronic_payment_batch",
    "bank_feed_transaction": "one_way.bank_feed",
    "client_overpayment_refund": "not_supported.client_overpayment_refund",
    "tax_return": "not_supported.tax_return",
}
SKIPS = ("already_posted", "superseded", "draft", "voided_before_sending")
HOLDS = ("waiting_for_document", "changed_after_posting")


class Books:
    """The firm's set-up, and what earlier decisions left behind."""

    def __init__(self, pack: Pack, firm: Organisation) -> None:
        self.firm = firm
        self.lock = firm.xero.lock_date
        self.start = firm.integration_start
        self.feed = firm.bank_feed and firm.payments_in_practice_management
        accounts = firm.xero.accounts
        self.codes = firm.accounts
        self.ledger = {k: accounts.get(c) for k, c in firm.accounts.items()}
        self.banks = {
            k: (accounts.get(b.code), b.purpose, b.code) for k, b in firm.bank_accounts.items()
        }
        self.rates = firm.xero.tax_rates
        self.taxes = {
            code: {side: name for side, name in tax.types.items() if isinstance(name, str)}
            for code, tax in pack.tax_codes.items()
        }
        self.no_tax = pack.no_tax
        self.trust_liability = firm.roles["trust_liability"]
        self.rounding = firm.xero.by_system["ROUNDING"].code
        self.seen: dict[str, tuple[int, bytes, str]] = {}
        self.documents: dict[str, list[Any]] = {}  # state, kind, what is due, contact, request
        self.trust: dict[tuple[str, str], Decimal] = {}


def side_of(kind: str, account: XeroAccount) -> str:
    """Which tax type a tax code means on a line."""
    if kind == "bank_deposit":
        return "purchases" if account.account_class == "EXPENSE" else "sales"
    if kind == "bank_withdrawal":
        return "sales" if account.account_class == "REVENUE" else "purchases"
    return "sales" if kind in SALES else "purchases"


def decide(tx: Transaction | Malformed, books: Books) -> Answer:
    """Outcome, codes of the reasons and codes of the warnings; notes what was decided."""
    if isinstance(tx, Malformed):
        return "reject", ("malformed_document",), ()
    f, kind, found = tx.fields, tx.kind, list[str]()
    earlier = books.seen.get(tx.id)
    _every_kind(tx, f, earlier, books, found)
    if kind in REFUSED:
        found.append(REFUSED[kind])
    elif kind in POSTING:
        _posting(kind, f, books, found)
    else:
        return "reject", ("no_rule",), ()
    warnings = ("bank_feed_with_payments",) if books.feed and kind in PAYMENTS else ()
    outcome = outcome_of(found)
    note(tx, f, outcome, found, earlier, books)
    return outcome, tuple(found), warnings


def outcome_of(found: list[str]) -> str:
    """What the codes of all reasons come to."""
    if not found:
        return "post"
    if any(c in SKIPS for c in found):
        return "skip"
    return "hold" if all(c in HOLDS for c in found) else "reject"


def _every_kind(
    tx: Transaction, f: Fields, earlier: tuple[int, bytes, str] | None, books: Books,
    found: list[str],
) -> None:  # fmt: skip
    posted = False
    if earlier is not None:
        posted = earlier[2] == "post"
        if tx.revision == earlier[0]:
            if tx.fingerprint != earlier[1]:
                found.append("conflicting_content")
            elif posted:
                found.append("already_posted")
        elif tx.revision < earlier[0]:
            found.append("superseded")
        elif posted:
            found.append("changed_after_posting")
    status, posted_at, division = f["status"], f["posted_at"], f["division"]
    if status == "draft":
        found.append("draft")
    if (status == "voided" or f["voided_at"] is not None) and not posted:
        found.append("voided_before_sending")
    if division is not None and division["id"] != books.firm.division:
        found.append("division_not_supported")
    if f["currency"] != books.firm.base_currency:
        found.append("multi_currency_not_supported")
    if posted_at is None:
        if status == "posted":
            found.append("posting_time_missing")
    elif posted_at < books.start:
        found.append("pre_integration")


def _posting(kind: str, f: Fields, books: Books, found: list[str]) -> None:
    if books.lock is not None and f["date"] <= books.lock:
        found.append("locked_period")
    reverses = f["reversal_of"] is not None
    if "amount" in f:
        if reverses:
            if f["amount"] > 0:
                found.append("reversal_not_negative")
        elif f["amount"] <= 0:
            found.append("amount_not_positive")
    for name in ("bank_account", "from_bank_account", "to_bank_account"):
        if name in f and f[name] is not None:
            _bank(f[name], books, found)
    if kind in WITH_LINES:
        _lines(kind, f, reverses, books, found)
    if kind in OFFICE_BANK and purpose(f["bank_account"], books) not in (None, "office"):
        found.append("office_bank_expected")
    if kind in PAYS:
        _pays(kind, f, reverses, books, found)
    if kind in TRUST:
        _trust(kind, f, books, found)
    if (kind in OPENS or kind in CREDITS) and reverses:
        found.append("reversal_not_supported")


def _bank(name: str, books: Books, found: list[str]) -> None:
    known = books.banks.get(name)
    account = known[0] if known else None
    if account is None or account.type != "BANK":
        found.append("account_not_mapped")
    if account is not None and account.status != "ACTIVE":
        found.append("account_archived")


def purpose(name: str, books: Books) -> str | None:
    """Office or trust; None for a bank account that is not known."""
    known = books.banks.get(name)
    return known[1] if known else None


def _lines(kind: str, f: Fields, reverses: bool, books: Books, found: list[str]) -> None:
    totals, net_sum, tax_sum, codes = f["totals"], ZERO, ZERO, set[str]()
    for line in f["lines"]:
        net, tax = line["net"], line["tax"]
        net_sum += net
        tax_sum += tax
        account = books.ledger.get(line["gl_account"])
        if account is None:
            codes.add("account_not_mapped")
            continue
        if account.status != "ACTIVE":
            codes.add("account_archived")
        if account.type == "BANK" or account.system in ("DEBTORS", "CREDITORS", "RETAINEDEARNINGS"):
            codes.add("account_not_for_lines")
        types = books.taxes.get(line["tax_code"], {})
        rate = books.rates.get(types.get(side_of(kind, account)) or "")
        if rate is None or rate.status != "ACTIVE":
            codes.add("tax_code_not_mapped")
            continue
        if account.account_class not in rate.classes:
            codes.add("tax_type_unsuitable")
        if abs((net * rate.rate / 100).quantize(CENT, ROUND_HALF_UP) - tax) > CENT:
            codes.add("tax_amount_off")
    found.extend(codes)
    gross = totals["gross"]
    if (
        net_sum != totals["net"]
        or tax_sum != totals["tax"]
        or totals["net"] + totals["tax"] != gross
    ):
        found.append("totals_mismatch")
    if gross <= 0 and not reverses:
        found.append("total_not_positive")
    if kind in ("bank_deposit", "bank_withdrawal"):
        if f["linked_payment_id"] is not None:
            found.append("covered_by_linked_payment")
        if f["participant"] is None and books.firm.default_contact is None:
            found.append("contact_missing")


def _pays(kind: str, f: Fields, reverses: bool, books: Books, found: list[str]) -> None:
    allocations, codes, total = f["allocations"], set[str](), ZERO
    wanted = "supplier_invoice" if kind.startswith("supplier") else "client_bill"
    credit = books.documents.get(f["credit_note_id"]) if kind in CREDITS else None
    if kind in CREDITS:
        codes |= _state(credit)
        if credit is not None and credit[2] is not None and f["amount"] > credit[2]:
            codes.add("exceeds_amount_due")
    for part in allocations:
        amount = part["amount"]
        total += amount
        document = books.documents.get(part["document_id"])
        codes |= _state(document)
        if amount <= 0 and not reverses:
            codes.add("allocation_not_positive")
        if document is None:
            continue
        if document[2] is not None and amount > document[2]:
            codes.add("exceeds_amount_due")
        if document[0] == "in_xero":
            if kind != "client_credit_note_allocation" and document[1] != wanted:
                codes.add("wrong_document_kind")
            if credit is not None and credit[3] is not None and document[3] != credit[3]:
                codes.add("credit_of_another_contact")
    if total != f["amount"]:
        codes.add("unallocated_remainder")
    if len({p["document_id"] for p in allocations}) != len(allocations):
        codes.add("document_allocated_twice")
    found.extend(codes)


def _state(document: list[Any] | None) -> set[str]:
    if document is None or document[0] in ("rejected", "before_integration"):
        return {"document_not_in_xero"}
    return {"waiting_for_document"} if document[0] == "waiting" else set()


def _trust(kind: str, f: Fields, books: Books, found: list[str]) -> None:
    source = f["from_bank_account"] if kind == "trust_transfer" else f["bank_account"]
    if purpose(source, books) not in (None, "trust"):
        found.append("trust_bank_expected")
    if kind == "trust_receipt":
        if sum((i["amount"] for i in f["trust_lines"]), ZERO) != f["amount"]:
            found.append("totals_mismatch")
    elif kind == "trust_transfer":
        office = purpose(f["to_bank_account"], books) not in (None, "trust")
        if f["purpose"] == "firm_funds":
            found.append("not_available_in_region")
        elif office and purpose(source, books) == "trust":
            found.append("trust_to_office_without_bill")
    elif kind == "trust_interest":
        matter = f["matter"]
        if f["beneficiary"] == "client" and matter is None:
            found.append("trust_interest_without_matter")
    elif kind == "trust_invoice_payment":
        target = f["to_bank_account"]
        if f["transfer"] == "deferred":
            found.append("not_available_in_region")
        if (target is None and f["transfer"] == "immediate") or (
            target is not None and purpose(target, books) not in (None, "office")
        ):
            found.append("office_bank_expected")
    needed: dict[tuple[str, str], Decimal] = {}
    for matter_bank, amount in moves(kind, f):
        needed[matter_bank] = needed.get(matter_bank, ZERO) + amount
    for matter_bank, amount in needed.items():
        if amount < 0 and books.trust.get(matter_bank, ZERO) + amount < 0:
            found.append("trust_overdraw")
            break


def moves(kind: str, f: Fields) -> list[tuple[tuple[str, str], Decimal]]:
    """What a trust document does to the money of matters: (matter, bank) and amount."""
    if kind == "trust_receipt":
        bank = f["bank_account"]
        return [((i["matter"], bank), i["amount"]) for i in f["trust_lines"]]
    amount = f["amount"]
    if kind == "trust_payment":
        return [((f["matter"]["id"], f["bank_account"]), -amount)]
    if kind == "trust_journal":
        bank = f["bank_account"]
        return [((f["from_matter"], bank), -amount), ((f["to_matter"], bank), amount)]
    if kind == "trust_transfer":
        source = f["from_matter"]
        if source is None:
            return []
        target = f["to_matter"] or source
        return [
            ((source, f["from_bank_account"]), -amount), ((target, f["to_bank_account"]), amount),
        ]  # fmt: skip
    if kind == "trust_interest":
        matter = f["matter"]
        if f["beneficiary"] != "client" or matter is None:
            return []
        return [((matter["id"], f["bank_account"]), amount)]
    if kind == "trust_invoice_payment":
        bank, matter = f["bank_account"], f["matter"]
        of = matter["id"] if matter else None
        return [
            ((m, bank), -p["amount"])
            for p in f["allocations"]
            if (m := p["matter"] or of) is not None
        ]
    return []


def note(
    tx: Transaction, f: Fields, outcome: str, found: list[str],
    earlier: tuple[int, bytes, str] | None, books: Books,
) -> None:  # fmt: skip
    """Let all that follow see what was decided, and what a posted transaction did."""
    if earlier is not None:
        same = tx.revision == earlier[0] and tx.fingerprint == earlier[1]
        if earlier[2] == "post" or not (same or tx.revision > earlier[0]):
            return
    kind, documents = tx.kind, books.documents
    books.seen[tx.id] = (tx.revision, tx.fingerprint, outcome)
    if outcome != "post":
        state = "waiting" if outcome == "hold" or "draft" in found else "rejected"
        documents[tx.id] = [state, None, None, None, None]
        return
    if kind in OPENS:
        step = "credit_note" if kind.endswith("credit_note") else "invoice"
        documents[tx.id] = [
            "in_xero", kind, f["totals"]["gross"], f["participant"]["id"], f"{tx.id}/{step}",
        ]  # fmt: skip
    else:
        documents[tx.id] = ["in_xero", None, None, None, None]
        if kind in PAYS:
            if kind in CREDITS:
                documents[f["credit_note_id"]][2] -= f["amount"]
            for part in f["allocations"]:
                documents[part["document_id"]][2] -= part["amount"]
        if kind in TRUST:
            for key, amount in moves(kind, f):
                books.trust[key] = books.trust.get(key, ZERO) + amount
