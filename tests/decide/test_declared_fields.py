"""What a field says of itself is asked in every kind that has it, also in kinds of a firm's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pm2xero.decide.decider import Decider
from pm2xero.decide.memory_state import MemoryState
from pm2xero.decide.state import DocumentFact
from pm2xero.errors import Finding
from pm2xero.firm.organisation import load_organisation
from pm2xero.pack.load import examine, extension, load_pack
from pm2xero.prove import prove
from pm2xero.read.reader import Reader
from tests.regions.firms import EXAMPLES
from tests.support.pack_reading import write
from tests.support.packs import at

RULES = """spec: 1
section: Levies
records:
  share:
    required: { account: ledger_account, amount: money }
    optional: { held: trust_bank, bill: { type: document, refers_to: client_bill } }
kinds:
  levy:
    title: A levy
    fields:
      required: [amount, { paid_from: office_bank }, participant, { shares: { list_of: share } }]
    postings:
      - { each: shares, debit: { account: account }, amount: amount }
      - { credit: { bank: paid_from }, amount: amount }
rules:
  - { id: levy, kinds: [levy], outcome: post, mapping: levy }
  - id: wrong_bill
    code: wrong_document_kind
    kinds: [levy]
    when: { any: shares, where: { bill.suits: false } }
    outcome: reject
    reason: "{found.bill} is not a {found.bill.wanted}."
    remedy: Choose another.
"""
MAPPINGS = """spec: 1
section: Levies
mappings:
  levy:
    requests:
      - id: payment
        put: BankTransactions
        template: bank_transaction.json.j2
        movement: spend
        with: { bank: { bank: paid_from }, amounts: NoTax }
        contact: participant
        lines: [{ each: shares, account: { account: account }, net: amount, describe: Levy }]
"""


@pytest.fixture(scope="module")
def decider(tmp_path_factory: pytest.TempPathFactory) -> Decider:
    files = {"rules/levy.yaml": RULES, "mappings/levy.yaml": MAPPINGS}
    pack = load_pack("au", extensions=(extension(write(tmp_path_factory.mktemp("p"), files)),))
    return Decider(pack, load_organisation(EXAMPLES / "au" / "organisation.yaml"))


def codes(decider: Decider, **changed: Any) -> set[str]:
    firm = decider.organisation
    bank = next(b for b in firm.bank_accounts if decider.chart.bank(b).purpose == "office")
    account = next(a for a in firm.accounts if decider.chart.ledger(a).account_class == "EXPENSE")
    share = {"account": account, "amount": "10.00", **changed.pop("share", {})}
    document = {
        "id": "L-1", "kind": "levy", "revision": 1, "status": "posted", "date": "2026-05-12",
        "posted_at": "2026-05-12T09:00:00+10:00", "currency": firm.base_currency,
        "amount": "10.00", "paid_from": bank, "participant": {"id": "P", "display_name": "P"},
        "shares": [share], **changed,
    }  # fmt: skip
    tx = Reader(decider.pack.kinds).read(document, "in", 1)
    state = MemoryState(None)
    for name, kind in (("B-1", "client_bill"), ("S-1", "supplier_invoice")):
        state.add_open(DocumentFact(name, "in_xero", kind, None, "P"))
    return {r.code for r in decider.decide(tx, state).reasons}


def bank_for(decider: Decider, purpose: str) -> str:
    banks = decider.organisation.bank_accounts
    return next(b for b in banks if decider.chart.bank(b).purpose == purpose)


def test_a_kind_of_the_firms_own_is_posted(decider: Decider) -> None:
    assert codes(decider) == set()


def test_a_bank_account_of_another_purpose_is_refused(decider: Decider) -> None:
    assert codes(decider, paid_from=bank_for(decider, "trust")) == {"office_bank_expected"}


def test_a_bank_account_in_a_list_is_asked_too(decider: Decider) -> None:
    office = bank_for(decider, "office")
    assert codes(decider, share={"held": office}) == {"trust_bank_expected"}
    assert codes(decider, share={"held": bank_for(decider, "trust")}) == set()
    assert codes(decider, share={"held": "NOWHERE"}) == {"account_not_mapped"}


def test_an_account_in_a_list_of_the_firms_own_is_asked(decider: Decider) -> None:
    assert codes(decider, share={"account": "NOWHERE"}) == {"account_not_mapped"}


def test_a_document_of_another_kind_is_refused(decider: Decider) -> None:
    assert codes(decider, share={"bill": "B-1"}) == set()
    assert codes(decider, share={"bill": "S-1"}) == {"wrong_document_kind"}


def test_the_proofs_know_what_fields_say(decider: Decider) -> None:
    report = prove(decider.pack, decider.organisation)
    assert [f.message for f in report.findings] == []
    assert report.clean


@pytest.mark.parametrize(
    ("field", "place", "words"),
    [
        ("{ type: document, purpose: trust }", "x.yaml:4:40", "is said of a bank account"),
        ("{ type: document, refers_to: client_bil }", "x.yaml:4:42", "no kind"),
        ("{ type: bank_account, refers_to: client_bill }", "x.yaml:4:46", "said of a document"),
    ],
)
def test_what_a_field_cannot_say(tmp_path: Path, field: str, place: str, words: str) -> None:
    rules = f"spec: 1\nsection: X\nfields:\n  held: {field}\n"
    extra = extension(write(tmp_path, {"rules/x.yaml": rules}))
    found: tuple[Finding, ...] = examine("au", extensions=(extra,)).findings
    assert [(at(f)[:8], words in f.message) for f in found] == [(place[:8], True)]
