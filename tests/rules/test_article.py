"""Every row of the article's tables, and every limitation, has its rules with the right outcome."""

from __future__ import annotations

import pytest

from pm2xero.pack.load import load_pack
from pm2xero.pack.model import Pack

YES, NO = "post", "reject"

# section, row, answer, kinds of the row
ROWS = [
    ("Client Billing", "Posting a client bill to your accounting", YES, ["client_bill"]),
    ("Client Billing", "Paying a client bill", YES, ["client_payment"]),
    ("Client Billing", "Creating a credit note", YES, ["client_credit_note"]),
    (
        "Client Billing",
        "Applying a credit note to an invoice",
        YES,
        ["client_credit_note_allocation"],
    ),
    (
        "Client Billing",
        "Refunding an outstanding credit note back to the client",
        NO,
        ["client_credit_note_refund"],
    ),
    (
        "Client Billing",
        "Refund an overpayment from a client",
        NO,
        ["client_overpayment_refund"],
    ),
    ("Client Billing", "General retainers (regionally specific)", NO, ["general_retainer"]),
    (
        "Trust Accounting",
        "Trust receipts, payments, journals, and transfers",
        YES,
        ["trust_receipt", "trust_payment", "trust_journal", "trust_transfer"],
    ),
    ("Trust Accounting", "Interest", YES, ["trust_interest"]),
    ("Trust Accounting", "Invoice payments", YES, ["trust_invoice_payment"]),
    (
        "Trust Accounting",
        "Statutory funds (regionally specific)",
        YES,
        ["trust_statutory_deposit"],
    ),
    ("Trust Accounting", "Trust bank reconciliations", NO, ["trust_bank_reconciliation"]),
    (
        "Supplier / Vendor Transactions",
        "Posting a supplier or vendor invoice to your accounting",
        YES,
        ["supplier_invoice"],
    ),
    (
        "Supplier / Vendor Transactions",
        "Paying a supplier or vendor invoice",
        YES,
        ["supplier_payment"],
    ),
    (
        "Supplier / Vendor Transactions",
        "Applying a supplier or vendor credit invoice to a supplier or vendor invoice",
        YES,
        ["supplier_credit_note", "supplier_credit_allocation"],
    ),
    ("Supplier / Vendor Transactions", "Purchase orders", NO, ["purchase_order"]),
    ("Supplier / Vendor Transactions", "Purchase credit orders", NO, ["purchase_credit_order"]),
    (
        "Supplier / Vendor Transactions",
        "Pre-entered supplier or vendor",
        NO,
        ["pre_entered_supplier_invoice"],
    ),
    (
        "Banking Transactions",
        "A bank deposit (when not linked to a client payment)",
        YES,
        ["bank_deposit"],
    ),
    (
        "Banking Transactions",
        "A bank withdrawal (when not linked to a supplier payment)",
        YES,
        ["bank_withdrawal"],
    ),
    ("Banking Transactions", "Bank to bank transfer", NO, ["bank_transfer"]),
    ("Banking Transactions", "Electronic batching of payments", NO, ["electronic_payment_batch"]),
    ("Banking Transactions", "Bank reconciliations", NO, ["bank_reconciliation"]),
    ("Banking Transactions", "Printed checks", NO, ["printed_check"]),
    ("Banking Transactions", "Deposit slips", NO, ["deposit_slip"]),
    ("Banking Transactions", "Bank feeds", NO, ["bank_feed_transaction"]),
    ("Other Accounting Functions", "General journals", NO, ["general_journal"]),
    ("Other Accounting Functions", "Sales/VAT Returns", NO, ["tax_return"]),
    (
        "Other Accounting Functions",
        "Accounting reports based on matter or participant",
        NO,
        ["matter_participant_report"],
    ),
]
# Rows that are no kind of transaction, and limitations: the rule that stands for each.
RULES = {
    "Other Accounting Functions / Divisions": "division_not_supported",
    "Other Accounting Functions / Multi-currency accounting": "multi_currency_not_supported",
    "Limitations of the Integration / multiple currencies": "base_currency_differs",
    "Limitations of the Integration / Accrual Accounting method": "accrual_method_required",
    "Limitations of the Integration / automatic bank feed": "bank_feed_with_payments",
    "Limitations of the Integration / trial account": "trial_organisation",
    "Pre-Integration Transactions / only new transactions": "pre_integration",
    "Pre-Integration Transactions / partially paid invoices": "document_not_in_xero",
    "Locking Transactions / marked as locked": "already_posted",
}


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack("au")


@pytest.mark.parametrize(("section", "row", "answer", "kinds"), ROWS, ids=[r[1] for r in ROWS])
def test_row_has_rules_with_the_right_outcome(
    pack: Pack, section: str, row: str, answer: str, kinds: list[str]
) -> None:
    for kind in kinds:
        sources = {r.source for r in pack.rules_of(kind)}
        assert f"{section} / {row}" in sources
        outcomes = {
            r.outcome
            for r in pack.rules_of(kind)
            if r.source == f"{section} / {row}" and r.kinds == (kind,) and r.outcome
        }
        assert (answer in outcomes) and (answer == YES or YES not in outcomes)


def test_advanced_funds_are_regional() -> None:
    row = "Trust Accounting / Advanced funds transactions (regionally specific)"

    def outcome(region: str) -> str | None:
        rules = load_pack(region).rules_of("trust_advance")
        return next(r.outcome for r in rules if r.id == "trust_advance" and r.source == row)

    assert outcome("au") == "reject"
    assert outcome("nz") == "post"


@pytest.mark.parametrize(("source", "rule"), RULES.items())
def test_limitation_has_its_rule(pack: Pack, source: str, rule: str) -> None:
    assert source in {r.source for r in pack.rules if r.id == rule}


def test_every_kind_stands_in_the_table(pack: Pack) -> None:
    named = {k for _, _, _, kinds in ROWS for k in kinds} | {"trust_advance"}
    assert set(pack.kinds) == named
    assert len(named) == 34


def test_titles_are_the_rows_words(pack: Pack) -> None:
    for _, row, _, kinds in ROWS:
        for kind in kinds:
            assert pack.kinds[kind].title == row


def test_every_rule_names_its_source_and_every_rejection_its_remedy(pack: Pack) -> None:
    for rule in pack.rules:
        assert rule.source, rule.id
        if rule.outcome in ("reject", "hold"):
            assert all("remedy" in texts for texts in rule.texts.values()), rule.id


def test_bank_transfers_are_one_line_away() -> None:
    from pm2xero.pack.yaml.read import parse_yaml

    firm = "spec: 1\nrules:\n  - { id: bank_transfer, outcome: post }\n"
    pack = load_pack("au", overlay=("firm.yaml", parse_yaml(firm, "firm.yaml")))
    rule = next(r for r in pack.rules if r.id == "bank_transfer")
    assert (rule.outcome, rule.mapping) == ("post", "bank_transfer")
    assert rule.origins["outcome"].replaced[0].layer == "base"
