"""What the rules post, the templates can write: whatever a document of any kind holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from pm2xero.decide.decider import Decider
from pm2xero.decide.memory_state import MemoryState
from pm2xero.errors import OrganisationError
from pm2xero.firm.organisation import load_organisation
from pm2xero.firm.role_checks import account_faults
from pm2xero.pack.language.types import FieldType, RecordType, ScalarType
from pm2xero.pack.load import load_pack
from pm2xero.pack.model import Kind
from pm2xero.read.reader import Reader
from pm2xero.read.transaction import Transaction
from pm2xero.render.mapper import Mapper
from pm2xero.validate.soundness.generate import Generator
from pm2xero.validate.soundness.trial import negated
from tests.regions.firms import EXAMPLES
from tests.render.wishes import HEAD, bill, firm, rendered

REGIONS = sorted(p.parent.name for p in EXAMPLES.glob("*/organisation.yaml"))
# PM2XERO_FUZZ=4000 makes that many documents of each kind.
ROUNDS = int(os.environ.get("PM2XERO_FUZZ", "30"))
SEED = int(os.environ.get("PM2XERO_FUZZ_SEED", "7"))
ODD: dict[str, tuple[str, ...]] = {
    "text": ("", " ", "x" * 300, "x" * 5_000, 'a "quoted" \\ text', "<b>&amp;", "a\nb\tc", "漢😀",
             "{{ id }}", "None", "\u202ex", "\u00a0", "a  b"),
    "identifier": ("x" * 190, 'a "quoted" \\ id', "<b>", "漢", "a/b?c#d", "\u00a0"),
    "money": ("0.00", "0.01", "-0.01", "-100.05", "9999999999.99", "10000000000.00",
              "-10000000000.00", "3333333333.33"),
    "date": ("0001-01-01", "9999-12-31", "1899-12-31", "2099-12-31", "2100-01-01"),
}  # fmt: skip


class OddDocuments(Generator):
    """Documents as no other test has them: every account of Xero, odd values in every field."""

    def __init__(self, decider: Decider, state: MemoryState, seed: int) -> None:
        super().__init__(decider, state, seed)
        self._accounts = [*sorted(decider.organisation.accounts), "unmapped"]

    def _wanted(self, name: str) -> bool:
        seldom = name in ("voided_at", "locked", "source", "division", "reversal_of")
        return self._random.random() < (0.02 if seldom else 0.4)

    def _scalar(self, name: str, of: ScalarType) -> Any:
        odd = ODD.get(of.name, ())
        if odd and not of.values and self._random.random() < 0.15:
            return self._random.choice(odd)
        return super()._scalar(name, of)

    def _pair(self, kind: Kind, account: str, code: str) -> tuple[str, str]:
        if self._random.random() < 0.15:
            return account, code
        return super()._pair(kind, account, code)

    def _record(self, of: RecordType, context: Any) -> dict[str, Any]:
        record = super()._record(of, context)
        optional: dict[str, FieldType] = dict(of.optional)
        for name, kind in optional.items():
            if self._wanted(name):
                record[name] = self._value(name, kind, context)
        if of.name == "participant" and self._random.random() < 0.3:
            record["display_name"] = self._random.choice(ODD["text"])
        return record


@pytest.mark.parametrize("region", REGIONS)
def test_what_is_posted_can_be_rendered(region: str) -> None:
    """Mapping, templates and the schemas of bodies refuse nothing that the rules let through."""
    own = load_organisation(EXAMPLES / region / "organisation.yaml")
    every = {f"X{code}": code for code in own.xero.accounts}
    decider = Decider(load_pack(own.region), replace(own, accounts={**every, **own.accounts}))
    mapper, reader, state = Mapper(decider), Reader(decider.pack.kinds), MemoryState(None)
    documents = OddDocuments(decider, state, SEED)
    opened: list[str] = []
    posted: dict[str, int] = {}

    def post(raw: dict[str, Any]) -> bool:
        tx = reader.read(raw, "made", 1)
        if not isinstance(tx, Transaction):
            return False
        decision = decider.decide(tx, state)
        if decision.outcome != "post":
            return False
        mapper.requests(tx, decision.mapping or "", state)
        decider.apply(tx, decision, state)
        posted[tx.kind] = posted.get(tx.kind, 0) + 1
        if decider.pack.kinds[tx.kind].opens is not None:
            opened.append(tx.id)
        return True

    kinds = sorted(decider.pack.kinds.values(), key=lambda k: k.opens is None)
    for _ in range(ROUNDS):
        for kind in kinds:
            raw = documents.document(kind, 3, opened[-30:])
            if post(raw):
                back = {"id": f"{raw['id']}R", "reversal_of": raw["id"]}
                post(negated(raw) | back | {"posted_at": raw["posted_at"]})
    posting = {k for r in decider.pack.rules if r.outcome == "post" for k in r.kinds}
    # Some are posted only when much comes together; most of them must have been here.
    assert len(posted) > len(posting) * 0.7, sorted(posting - set(posted))


def test_the_generator_is_as_odd_as_it_says() -> None:
    """Each odd value comes up, and so does each field that may be left out."""
    own = load_organisation(EXAMPLES / "au" / "organisation.yaml")
    decider = Decider(load_pack(own.region), own)
    documents = OddDocuments(decider, MemoryState(None), SEED)
    kind = decider.pack.kinds["client_bill"]
    made = [documents.document(kind, 3, ()) for _ in range(400)]
    seen = {v for raw in made for v in leaves(raw)}
    assert {*ODD["text"], *ODD["date"], *ODD["money"]} <= seen
    assert {f for raw in made for f in raw} >= {*kind.record.required, *kind.record.optional}


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from leaves(inner)
    else:
        yield value


BANK = {"\naccounts:\n": '\naccounts:\n  "BANK": "090"\n'}
PARTS = """records:
  fee: { required: { gl_account: ledger_account, amount: money } }
  share: { required: { fee: { record: fee } } }
kinds:
  shared_fee:
    title: A fee that is shared
    side: sales
    fields:
      required: [participant, amount, bank_account: office_bank, FIELD]
    ignores: { whole: the parts are booked, parts: the parts are booked }
    postings:
      - { debit: { bank: bank_account }, amount: amount }
      - { credit: payments_clearing, amount: amount }
rules:
  - { id: shared_fee, kinds: [shared_fee], outcome: post, mapping: shared_fee }
  - { id: reversal_not_supported, kinds: { add: [shared_fee] } }
"""
RECEIPT = """mappings:
  shared_fee:
    requests:
      - id: receipt
        put: BankTransactions
        template: bank_transaction.json.j2
        movement: receive
        with: { bank: { bank: bank_account }, amounts: NoTax }
        contact: participant
        lines: [{ account: { role: payments_clearing }, net: amount }]
"""
FEE = {"gl_account": "ACCOUNT", "amount": "5.00"}
DEEP: dict[str, tuple[str, Any]] = {
    "a field": ("whole: ledger_account", FEE["gl_account"]),
    "a group of fields": ("whole: { record: fee }", FEE),
    "a list": ("parts: { list_of: ledger_account }", [FEE["gl_account"]]),
    "a list of groups": ("parts: { list_of: fee }", [FEE]),
    "a group in a list of groups": ("parts: { list_of: share }", [{"fee": FEE}]),
}
ACCOUNTS = {
    "4000": [], "9999": ["account_not_mapped"], "6190": ["account_archived"],
    "BANK": ["account_not_for_lines"],
}  # fmt: skip


@pytest.mark.parametrize("place", DEEP)
def test_an_account_is_checked_wherever_a_field_holds_one(tmp_path: Any, place: str) -> None:
    field, value = DEEP[place]
    files = {
        "rules/x.yaml": HEAD + PARTS.replace("FIELD", field),
        "mappings/x.yaml": HEAD + RECEIPT,
    }
    pipeline = firm(tmp_path, files, changed=BANK)
    name = field.partition(":")[0]
    for account, codes in ACCOUNTS.items():
        given = _put(value, account)
        raw = bill(kind="shared_fee", id=f"F-{account}", amount="5.00", bank_account="BA-OFFICE")
        raw = {k: v for k, v in raw.items() if k not in ("number", "due_date", "lines", "totals")}
        tx = pipeline.reader.read(raw | {name: given}, "in.jsonl", 1)
        decision = pipeline.decider.decide(tx, MemoryState(None))
        assert [r.code for r in decision.reasons] == codes


def _put(value: Any, account: str) -> Any:
    if isinstance(value, dict):
        return {k: _put(v, account) for k, v in value.items()}
    if isinstance(value, list):
        return [_put(v, account) for v in value]
    return account if value == "ACCOUNT" else value


TABLE = """settings:
  work_accounts: { type: { table_of: ledger_account }, default: {} }
"""


@pytest.mark.parametrize(("account", "why"), [("6190", "archived"), ("BANK", "bank or control")])
def test_an_account_of_a_table_takes_lines(tmp_path: Any, account: str, why: str) -> None:
    with pytest.raises(OrganisationError) as told:
        firm(
            tmp_path,
            {"rules/x.yaml": HEAD + TABLE},
            f'settings: {{ work_accounts: {{ family: "{account}" }} }}\n',
            changed=BANK,
        )
    (finding,) = told.value.findings
    assert (finding.code, why in finding.message) == ("PO512", True)
    assert finding.at is not None


def test_a_role_that_lines_stand_on_takes_them() -> None:
    own = load_organisation(EXAMPLES / "au" / "organisation.yaml")
    pack = load_pack("au")
    for code, told in (("090", ["PO513"]), ("855", [])):
        wrong = replace(own, roles={**own.roles, "payments_clearing": code})
        assert [f.code for f in account_faults(pack, wrong)] == told


def test_a_line_without_words_says_so(tmp_path: Any) -> None:
    pipeline = firm(tmp_path, {"rules/x.yaml": HEAD})
    raw = bill()
    for line in raw["lines"]:
        line["description"] = "\u00a0"
    (request,) = rendered(pipeline, raw)
    assert {i["Description"] for i in request["body"]["LineItems"]} == {"(no description)"}
