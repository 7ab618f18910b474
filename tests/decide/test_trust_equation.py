"""Whatever is decided, the trust equation of every trust bank is no worse than before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pm2xero.decide.decider import Decider
from pm2xero.decide.journal import JournalOf, compile_journal
from pm2xero.decide.memory_state import MemoryState
from pm2xero.decide.state import DocumentFact, State
from pm2xero.firm.organisation import load_organisation
from pm2xero.firm.trust_holders import FIRM_FUNDS, held_as
from pm2xero.pack.load import extension, load_pack
from pm2xero.pack.surplus import Surplus
from pm2xero.read.reader import Reader
from pm2xero.read.transaction import Transaction
from tests.support.packs import write

FIRMS = Path(__file__).parents[2] / "rules" / "cases" / "firms"
REGIONS = ("au", "nz", "uk", "ie", "us", "ca", "sg", "za")
ZERO = Decimal("0.00")
BANKS, OFFICE = ("TRUST", "TRUST-2"), "OFFICE"
HELD = ("trust_interest_payable", "trust_statutory_deposits")
D = Decimal

amounts = st.integers(1, 30_000).map(lambda cents: f"{D(cents) / 100:.2f}")
matters = st.sampled_from(("M-1", "M-2"))
banks = st.sampled_from((*BANKS, OFFICE))
client = {"id": "C-1", "display_name": "A Client", "is_company": False}


def fields(**more: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({"amount": amounts, **more})


def sometimes(some: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(st.none(), some)


def person(name: str) -> st.SearchStrategy[object]:
    return st.just({**client, "id": name})


matter = matters.map(lambda id: {"id": id, "name": "Matter"})
DOCUMENTS: dict[str, st.SearchStrategy[dict[str, object]]] = {
    "trust_receipt": fields(
        bank_account=banks, participant=person("C-1"),
        trust_lines=st.lists(
            st.fixed_dictionaries({"matter": matters, "amount": amounts}), min_size=1, max_size=2
        ),
    ),
    "trust_payment": fields(bank_account=banks, matter=matter, payee=person("P-1")),
    "trust_journal": fields(bank_account=banks, from_matter=matters, to_matter=matters),
    "trust_transfer": fields(
        from_bank_account=banks, to_bank_account=banks, from_matter=sometimes(matters),
        to_matter=sometimes(matters),
        purpose=sometimes(st.sampled_from(("client_funds", "firm_funds", "reimbursement"))),
    ),
    "trust_invoice_payment": fields(
        bank_account=banks, transfer=st.sampled_from(("immediate", "deferred")),
        to_bank_account=sometimes(banks), matter=matter, participant=person("C-1"),
    ),
    "trust_interest": fields(
        bank_account=banks, beneficiary=st.sampled_from(("client", "statutory_body")),
        direction=sometimes(st.sampled_from(("received", "paid_over", "charge"))),
        matter=sometimes(matter), participant=person("S-1"),
    ),
    "trust_statutory_deposit": fields(
        bank_account=banks, direction=st.sampled_from(("deposit", "withdrawal")),
        participant=person("S-1"),
    ),
    "trust_advance": fields(
        bank_account=banks, office_bank_account=banks, matter=matter,
        direction=st.sampled_from(("advance", "recovery")), participant=person("C-1"),
    ),
}  # fmt: skip


@st.composite
def ledgers(draw: st.DrawFn) -> list[dict[str, object]]:
    """A few documents in a row; a later one may take an earlier one back, correct it or void it."""
    made: list[dict[str, object]] = []
    for number in range(draw(st.integers(1, 8))):
        day = "2026-05-12"
        common = {
            "id": f"T-{number}", "revision": 1, "status": "posted", "date": day,
            "posted_at": f"{day}T00:00:00Z", "number": f"N-{number}",
        }  # fmt: skip
        earlier = [d for d in made if "reversal_of" not in d]
        if earlier and draw(st.integers(0, 3)) == 0:
            of = draw(st.sampled_from(earlier))
            made.append({**_negative(of), **common, "kind": of["kind"], "reversal_of": of["id"]})
            continue
        changed = draw(st.sampled_from(earlier)) if earlier and draw(st.booleans()) else None
        if changed is not None:
            common |= {"id": changed["id"], "revision": number + 1}
            if draw(st.booleans()):
                made.append({**changed, **common, "status": "voided"})
                continue
        kind = str(changed["kind"]) if changed else draw(st.sampled_from(sorted(DOCUMENTS)))
        found = {k: v for k, v in draw(DOCUMENTS[kind]).items() if v is not None}
        if kind == "trust_receipt" and draw(st.booleans()):
            lines = found["trust_lines"]
            assert isinstance(lines, list)
            found["amount"] = f"{sum((D(x['amount']) for x in lines), ZERO):.2f}"
        if kind == "trust_invoice_payment":
            found["allocations"] = [{"document_id": "B-1", "amount": found["amount"]}]
        made.append({**common, "kind": kind, **found})
    return made


def _negative(value: dict[str, object]) -> dict[str, object]:
    def turned(name: str, v: object) -> object:
        if name == "amount":
            return f"{-D(str(v)):.2f}"
        return [_negative(x) for x in v] if isinstance(v, list) else v

    return {name: turned(name, v) for name, v in value.items()}


@cache
def decider(region: str, change: str = "") -> Decider:
    extensions = ()
    if change:
        folder = Path("build") / "trust-equation" / region
        extensions = (extension(write(folder, {"rules/firm.yaml": change})),)
    firm = load_organisation(FIRMS / region / "organisation.yaml")
    return Decider(load_pack(region, extensions=extensions), replace(firm, trust_balances={}))


@cache
def journal(region: str, kind: str) -> JournalOf:
    program = decider(region).program(kind)
    return compile_journal(program.kind, program.facts)


class Books:
    """A trust ledger kept by hand from the journals alone: what each bank holds, and for whom."""

    def __init__(self, opening: Mapping[tuple[str, str], Decimal]) -> None:
        self.surplus = {b: opening.get((held_as(FIRM_FUNDS), b), ZERO) for b in BANKS}
        self._booked: dict[str, list[tuple[str, Decimal]]] = {}

    def book(self, tx: Transaction, entries: JournalOf, state: State) -> None:
        """Book a document in place of its earlier revision."""
        self.take_back(tx.id)
        # Debits of what is placed, and credits of what is owed, belong to somebody.
        places = ((e.name if e.name in BANKS else e.bank, e.amount) for e in entries(tx, state))
        self._booked[tx.id] = [(str(bank), amount) for bank, amount in places if bank in BANKS]
        for bank, amount in self._booked[tx.id]:
            self.surplus[bank] += amount

    def take_back(self, id: str) -> None:
        """Forget a document."""
        for bank, amount in self._booked.pop(id, ()):
            self.surplus[bank] -= amount


openings = st.dictionaries(
    st.tuples(
        st.sampled_from(("M-1", "M-2", *(held_as(h) for h in (FIRM_FUNDS, *HELD)))),
        st.sampled_from(BANKS),
    ),
    st.integers(-5_000, 40_000).map(lambda cents: D(cents) / 100),
    max_size=5,
)


@pytest.mark.parametrize("region", REGIONS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(ledger=ledgers(), opening=openings)
def test_the_equation_is_never_made_worse(
    region: str, ledger: list[dict[str, object]], opening: dict[tuple[str, str], Decimal]
) -> None:
    holds(region, decider(region), ledger, opening)


WITHOUT_THE_RULE = "spec: 1\nrules:\n  - { id: trust_equation, remove: true }\n"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(ledger=ledgers(), opening=openings)
def test_nor_by_a_pack_that_takes_the_rule_away(
    ledger: list[dict[str, object]], opening: dict[tuple[str, str], Decimal]
) -> None:
    holds("au", decider("au", WITHOUT_THE_RULE), ledger, opening)


def holds(
    region: str, deciding: Decider, ledger: list[dict[str, object]],
    opening: dict[tuple[str, str], Decimal],
) -> None:  # fmt: skip
    state, books = MemoryState(opening), Books(opening)
    state.add_open(_bill())
    policy: Surplus = deciding.pack.trust_surplus
    reader = Reader(deciding.pack.kinds)
    base = deciding.organisation.base_currency
    for document in ledger:
        tx = reader.read({**document, "currency": base}, "ledger", 1)
        assert isinstance(tx, Transaction), tx
        decision = deciding.decide(tx, state)
        before = dict(books.surplus)
        had = dict(state.trust_balances or {})
        counts = decision.correction if decision.revises is not None else decision
        if counts is not None and counts.takes_back:
            books.take_back(tx.id)
        elif counts is not None and counts.outcome == "post":
            seen = state if decision.revises is None else state.without(tx.id)
            books.book(tx, journal(region, tx.kind), seen)
        deciding.apply(tx, decision, state)
        for bank, surplus in books.surplus.items():
            now, was = policy.outside(surplus), policy.outside(before[bank])
            assert now <= was, (bank, surplus, before[bank], document)
            # What the state keeps is what the journals say.
            assert state.trust_balance(held_as(FIRM_FUNDS), bank) == surplus
        for (holder, bank), amount in (state.trust_balances or {}).items():
            if holder != held_as(FIRM_FUNDS) and bank in BANKS:
                assert amount >= min(had.get((holder, bank), ZERO), ZERO), (holder, bank, document)


def _bill() -> DocumentFact:
    return DocumentFact("B-1", "in_xero", "client_bill", D("500.00"), "C-1")
