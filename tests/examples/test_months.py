"""The example months are sound by themselves: shapes, double entry, trust balances and ids.

Nothing of the product is imported: the books are rebuilt here from the documents alone, so that a
month which agrees with the product cannot be wrong in the same way.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from .books import MONEY, Books, Doc, money, total

EXAMPLES = Path(__file__).parents[2] / "examples"
FOLDERS = sorted(path.parent.name for path in EXAMPLES.glob("*/month.jsonl"))
COMPLETE = {"au": 70, "nz": 62, "uk": 62, "us": 62}
SHORT_MONTH = 25
NOT_SUPPORTED = {
    "bank_transfer",
    "general_journal",
    "general_retainer",
    "client_credit_note_refund",
    "client_overpayment_refund",
    "purchase_order",
    "purchase_credit_order",
    "pre_entered_supplier_invoice",
    "electronic_payment_batch",
    "bank_reconciliation",
    "trust_bank_reconciliation",
    "tax_return",
    "matter_participant_report",
}
KINDS = NOT_SUPPORTED | {
    "client_bill",
    "client_payment",
    "client_credit_note",
    "client_credit_note_allocation",
    "trust_receipt",
    "trust_payment",
    "trust_journal",
    "trust_transfer",
    "trust_interest",
    "trust_invoice_payment",
    "trust_statutory_deposit",
    "trust_advance",
    "supplier_invoice",
    "supplier_payment",
    "supplier_credit_note",
    "supplier_credit_allocation",
    "bank_deposit",
    "bank_withdrawal",
    "printed_check",
    "deposit_slip",
    "bank_feed_transaction",
}
MONEY_FIELDS = {
    "amount",
    "net",
    "tax",
    "gross",
    "debit",
    "credit",
    "statement_balance",
    "gross_interest",
    "withholding_tax",
}
CENT = Decimal("0.01")
LATEST_OFFSET = timedelta(hours=14)  # the earliest time zone is that far ahead of UTC


@dataclass(frozen=True)
class Month:
    """One example firm: its documents in order, what is expected of each, and its set-up."""

    name: str
    docs: list[Doc]
    expected: list[Doc]
    firm: Doc
    xero: Doc

    def pairs(self) -> Iterator[tuple[Doc, Doc]]:
        return zip(self.docs, self.expected, strict=True)

    def posted(self) -> list[Doc]:
        return [doc for doc, want in self.pairs() if want["outcome"] == "post"]

    def refused_for(self, code: str) -> list[Doc]:
        return [doc for doc, want in self.pairs() if code in want["codes"]]


def _json_lines(path: Path) -> list[Doc]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(params=FOLDERS)
def month(request: pytest.FixtureRequest) -> Month:
    folder = EXAMPLES / request.param
    firm = yaml.safe_load((folder / "organisation.yaml").read_text(encoding="utf-8"))
    snapshot = folder / firm["xero"]["snapshot"]
    return Month(
        request.param,
        _json_lines(folder / "month.jsonl"),
        _json_lines(folder / "expected.jsonl"),
        firm,
        json.loads(snapshot.read_text(encoding="utf-8")),
    )


def _books_before(month: Month, stop: Doc | None = None) -> Books:
    books = Books()
    for doc, want in month.pairs():
        if doc is stop:
            break
        if want["outcome"] == "post":
            books.post(doc)
    return books


def test_all_regions_are_there() -> None:
    assert set(COMPLETE) <= set(FOLDERS)


def test_month_covers_the_kinds(month: Month) -> None:
    kinds = {doc["kind"] for doc in month.docs}
    assert len(month.docs) >= COMPLETE.get(month.name, SHORT_MONTH)
    assert kinds <= KINDS
    if month.name in COMPLETE:
        assert kinds == KINDS


def test_money_is_text_with_two_decimals(month: Month) -> None:
    def walk(value: Any, key: str = "") -> None:
        if key in MONEY_FIELDS:
            assert isinstance(value, str) and MONEY.fullmatch(value), (key, value)
        assert not isinstance(value, float), (key, value)
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(inner, name)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    for doc in month.docs:
        walk(doc)


def test_ids_and_order(month: Month) -> None:
    prefix = month.name.upper()
    assert all(re.fullmatch(rf"{prefix}-\d{{4}}", doc["id"]) for doc in month.docs)
    repeated = month.refused_for("already_posted") + month.refused_for("conflicting_content")
    seen = Counter((doc["id"], doc["revision"]) for doc in month.docs)
    assert {key for key, n in seen.items() if n > 1} == {(d["id"], d["revision"]) for d in repeated}
    for doc in repeated:
        first = next(other for other in month.docs if other["id"] == doc["id"])
        assert (first == doc) == (doc in month.refused_for("already_posted"))
    assert [doc["posted_at"] for doc in month.docs] == sorted(d["posted_at"] for d in month.docs)


def test_no_date_lies_in_the_future(month: Month) -> None:
    for doc in month.docs:
        posted = datetime.fromisoformat(doc["posted_at"].replace("Z", "+00:00"))
        assert date.fromisoformat(doc["date"]) <= (posted + LATEST_OFFSET).date(), doc["id"]
        assert doc["created_at"] <= doc["posted_at"], doc["id"]


def test_expectations_follow_the_documents(month: Month) -> None:
    for doc, want in month.pairs():
        assert doc["id"] == want["id"]
        assert want["outcome"] in ("post", "reject", "hold", "skip")
        assert (want["outcome"] == "post") == (want["codes"] == ["posted"]) and want["codes"]


def _lock_date(month: Month) -> str:
    milliseconds = re.findall(r"\d+", month.xero["Organisation"]["PeriodLockDate"])[0]
    return datetime.fromtimestamp(int(milliseconds) / 1000, tz=UTC).date().isoformat()


def test_refusals_that_one_field_tells(month: Month) -> None:
    firm, lock = month.firm, _lock_date(month)
    tests: dict[str, Callable[[Doc], bool]] = {
        "draft": lambda d: d["status"] == "draft",
        "pre_integration": lambda d: d["posted_at"] < firm["integration_start"],
        "locked_period": lambda d: d["date"] <= lock,
        "multi_currency_not_supported": lambda d: d["currency"] != firm["base_currency"],
        "division_not_supported": lambda d: d["division"]["id"] != firm["division"],
        "covered_by_linked_payment": lambda d: "linked_payment_id" in d,
        "instrument_only.printed_check": lambda d: d["kind"] == "printed_check",
        "instrument_only.deposit_slip": lambda d: d["kind"] == "deposit_slip",
        "one_way.bank_feed": lambda d: d["kind"] == "bank_feed_transaction",
    }
    for kind in NOT_SUPPORTED:
        tests[f"not_supported.{kind}"] = lambda d, kind=kind: d["kind"] == kind  # type: ignore[misc]  # a default binds the loop's kind
    for code, test in tests.items():
        wanted = [doc["id"] for doc in month.refused_for(code)]
        assert [doc["id"] for doc in month.docs if test(doc)] == wanted, code


def test_lines_add_up_to_totals(month: Month) -> None:
    rates = {Decimal(str(rate["EffectiveRate"])) / 100 for rate in month.xero["TaxRates"]} | {
        Decimal(0)
    }
    wrong = []
    for doc in month.docs:
        for line in doc.get("lines", []):
            net, tax = money(line["net"]), money(line["tax"])
            assert tax in {(net * rate).quantize(CENT, ROUND_HALF_UP) for rate in rates}, line
        if totals := doc.get("totals"):
            sums = {key: total(doc["lines"], key) for key in ("net", "tax")}
            sums["gross"] = sums["net"] + sums["tax"]
            if sums != {key: money(value) for key, value in totals.items()}:
                wrong.append(doc)
    assert wrong == month.refused_for("totals_mismatch")


def test_allocations_add_up_to_the_amount(month: Month) -> None:
    wrong = [
        doc
        for doc in month.docs
        if "allocations" in doc and total(doc["allocations"], "amount") != money(doc["amount"])
    ]
    assert wrong == month.refused_for("unallocated_remainder")


def test_allocations_name_documents_that_were_posted_before(month: Month) -> None:
    posted: set[str] = set()
    missing = []
    for doc, want in month.pairs():
        parts = [part["document_id"] for part in doc.get("allocations", [])]
        if want["outcome"] in ("post", "reject", "hold") and not posted.issuperset(parts):
            missing.append(doc)
        if want["outcome"] == "post":
            posted.add(doc["id"])
    assert missing == month.refused_for("document_not_in_xero")


def test_double_entry_and_the_trust_equation(month: Month) -> None:
    books = _books_before(month)
    assert sum(books.ledger.values()) == 0
    kinds = {doc["id"]: doc["kind"] for doc in month.posted()}
    for control, kind in (("ar", "client"), ("ap", "supplier")):
        due = [v for k, v in books.due.items() if kinds[k].startswith(kind)]
        due += [-v for k, v in books.credit.items() if kinds[k].startswith(kind)]
        assert books.ledger[control] == (sum(due) if kind == "client" else -sum(due))
    banks = month.firm["bank_accounts"]
    trust = {name for name, bank in banks.items() if bank["purpose"] == "trust"}
    held = sum(books.ledger[name] for name in trust) + books.ledger["statutory"]
    owed = -books.ledger["trust_liability"] - books.ledger["interest_payable"]
    surplus = held - owed
    assert sum(books.matters.values()) == -books.ledger["trust_liability"]
    assert surplus >= 0 and all(books.ledger[name] >= 0 for name in trust)
    if not any(doc.get("transfer") == "deferred" for doc in month.posted()):
        assert surplus == 0


def test_refusals_that_the_books_tell(month: Month) -> None:
    for doc in month.refused_for("exceeds_amount_due"):
        due = _books_before(month, doc).due
        assert any(money(p["amount"]) > due[p["document_id"]] for p in doc["allocations"])
    for doc in month.refused_for("trust_overdraw"):
        key = (doc["matter"]["id"], doc["bank_account"])
        assert _books_before(month, doc).matters[key] < money(doc["amount"])


def test_accounts_are_mapped_to_active_accounts(month: Month) -> None:
    codes = {a["Code"]: a for a in month.xero["Accounts"] if "Code" in a}
    mapped = month.firm["accounts"]
    unmapped, archived = [], []
    for doc in month.docs:
        rows: list[Doc] = doc.get("lines") or doc.get("journal_lines") or []
        used = {line["gl_account"] for line in rows}
        if not used <= set(mapped):
            unmapped.append(doc)
        elif any(codes[mapped[name]]["Status"] == "ARCHIVED" for name in used):
            archived.append(doc)
    assert unmapped == month.refused_for("account_not_mapped")
    assert archived == month.refused_for("account_archived")


def test_the_firm_fits_its_xero_organisation(month: Month) -> None:
    firm, organisation = month.firm, month.xero["Organisation"]
    assert firm["xero"]["organisation_id"] == organisation["OrganisationID"]
    assert firm["base_currency"] == organisation["BaseCurrency"]
    accounts = {a["Code"]: a for a in month.xero["Accounts"] if "Code" in a}
    systems = Counter(a.get("SystemAccount") for a in month.xero["Accounts"])
    for name in ("DEBTORS", "CREDITORS", "GST", "ROUNDING", "RETAINEDEARNINGS"):
        assert systems[name] == 1, name
    assert len({a["AccountID"] for a in month.xero["Accounts"]}) == len(month.xero["Accounts"])
    assert all(accounts[b["xero"]]["Type"] == "BANK" for b in firm["bank_accounts"].values())
    assert all(accounts[code]["Type"] != "BANK" for code in firm["roles"].values())
    rates = {rate["TaxType"] for rate in month.xero["TaxRates"]}
    assert {a["TaxType"] for a in month.xero["Accounts"]} <= rates


def test_trust_money_stays_in_trust_banks(month: Month) -> None:
    purpose = {name: bank["purpose"] for name, bank in month.firm["bank_accounts"].items()}
    office_kinds = ("client_payment", "supplier_payment", "bank_deposit", "bank_withdrawal")
    for doc in month.posted():
        if doc["kind"] in office_kinds:
            assert purpose[doc["bank_account"]] == "office", doc["id"]
        elif doc["kind"].startswith("trust_") and "bank_account" in doc:
            assert purpose[doc["bank_account"]] == "trust", doc["id"]
    for code, wanted in (("office_bank_expected", "trust"), ("trust_bank_expected", "office")):
        for doc in month.refused_for(code):
            assert purpose[doc.get("to_bank_account") or doc["bank_account"]] == wanted, doc["id"]


def test_some_rounding_is_awkward(month: Month) -> None:
    """Taxing the sum of a group must differ from summing the taxes, on bills and bank entries."""
    if month.name == "us":
        return
    awkward = set()
    for doc in month.posted():
        groups: defaultdict[tuple[str, str], list[Doc]] = defaultdict(list)
        for line in doc.get("lines", []):
            groups[month.firm["accounts"][line["gl_account"]], line["tax_code"]].append(line)
        for lines in groups.values():
            net, tax = total(lines, "net"), total(lines, "tax")
            if net and tax:
                rate = (tax / net).quantize(Decimal("0.01"), ROUND_HALF_UP)
                if (net * rate).quantize(CENT, ROUND_HALF_UP) != tax:
                    awkward.add(doc["kind"])
    assert {"client_bill", "bank_withdrawal"} <= awkward
