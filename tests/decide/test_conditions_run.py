"""Compiled conditions against a plain evaluation of the same tree, over random documents."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pm2xero.decide.compile import compile_item_test, compile_truths
from pm2xero.decide.decider import Decider
from pm2xero.decide.memory_state import MemoryState
from pm2xero.decide.program import Program, items_getter
from pm2xero.decide.state import DocumentFact, Effect
from pm2xero.decide.values import getter
from pm2xero.errors import Position
from pm2xero.firm.organisation import load_organisation
from pm2xero.pack.language.condition_parser import parse_condition
from pm2xero.pack.language.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Not,
    Quantified,
    Repeated,
    Sum,
)
from pm2xero.pack.language.paths import PathExpr, Scope
from pm2xero.pack.load import load_pack
from pm2xero.pack.yaml.read import parse_yaml
from pm2xero.read.reader import Reader
from pm2xero.read.transaction import Transaction

EXAMPLES = Path(__file__).parents[2] / "examples"
FIRM = load_organisation(EXAMPLES / "au" / "organisation.yaml")
PACK = load_pack("au")
DECIDER = Decider(PACK, FIRM)
BILL: Program = DECIDER.program("client_bill")
PAYMENT: Program = DECIDER.program("client_payment")

BILL_CONDITIONS = [
    "{ every: lines, where: { gl_account.status: ACTIVE } }",
    "{ every: lines, where: { net: { above: '0.00' } } }",
    "{ every: lines, where: { tax_code: GST, gl_account.class: REVENUE } }",
    "{ any: lines, where: { gl_account.mapped: false } }",
    "{ any: lines, where: { any_of: [{ tax_code: NT }, { not: { net: { below: '5.00' } } }] } }",
    "{ any: lines, where: { tax_code.off_by: { above: '0.01' } } }",
    "{ any: lines, where: { description: { present: false } } }",
    "{ any: lines, where: { net: { above: totals.net } } }",
    "{ sum: lines.net, differs_from: totals.net }",
    "{ sum: [totals.net, totals.tax], at_least: totals.gross }",
    "{ matter.id: { present: true, differs_from: number } }",
    "{ matter: { present: false } }",
    "{ due_date: { after: date } }",
    "{ number: { matches: '^INV' } }",
    "{ number: { longer_than: 3 } }",
    "{ currency: [AUD, NZD] }",
    "{ repeated: lines.gl_account }",
    "{ repeated: lines.description }",
    "{ lines.count: { above: 1 } }",
    "{ not: { all_of: [{ currency: AUD }, { status: posted }] } }",
    "{ any: roles, where: { mapped: false } }",
    "{ xero.lock_date: { on_or_after: date } }",
    "{ organisation.accounting_method: accrual, memo: { present: true } }",
    "{ division.id: { differs_from: organisation.division } }",
]
PAYMENT_CONDITIONS = [
    "{ any: documents, where: { state: { in: [unknown, waiting] } } }",
    "{ every: documents, where: { state: in_xero } }",
    "{ any: allocations, where: { amount: { above: document.amount_due } } }",
    "{ any: allocations, where: { document.contact: { differs_from: participant.id } } }",
    "{ documents.count: { above: 2 } }",
    "{ banks.count: 1, roles.count: { above: 0 } }",
    "{ any: banks, where: { purpose: { is_not: office } } }",
    "{ bank_account.purpose: trust }",
    "{ repeated: allocations.document_id }",
    "{ reversal_of: { present: true } }",
    "{ reversal_of.to_reverse: { present: true } }",
    "{ amount: { differs_from: reversal_of.to_reverse } }",
    "{ amount: { same_as: reversal_of.to_reverse } }",
    '{ reversal_of.to_put_back: { below: "0.00" } }',
    "{ sum: allocations.amount, differs_from: reversal_of.to_put_back }",
    "{ participant.display_name: { present: true, is_not: Someone } }",
]


def parsed(text: str, program: Program) -> Condition:
    findings: list[Any] = []
    scope = Scope(program.kind.name, program.kind.record)
    tree = parse_condition(parse_yaml(text, "t"), scope, Position("t"), findings)
    assert tree is not None, findings
    return tree


def plain(
    tree: Condition, program: Program, tx: Transaction, item: Any, state: MemoryState
) -> bool:
    """What a condition means, read off its tree with the path readers used for texts."""
    facts = program.facts

    def value(path: PathExpr) -> Any:
        return getter(path, facts)(tx, item, state)

    if isinstance(tree, AllOf):
        return all(plain(p, program, tx, item, state) for p in tree.parts)
    if isinstance(tree, AnyOf):
        return any(plain(p, program, tx, item, state) for p in tree.parts)
    if isinstance(tree, Not):
        return not plain(tree.part, program, tx, item, state)
    if isinstance(tree, Quantified):
        items = items_getter(tree, facts)(tx, None, state) or []
        found = [plain(tree.where, program, tx, i, state) for i in items]
        return any(found) if tree.which == "any" else all(found)
    if isinstance(tree, Repeated):
        values = value(tree.path)
        return len(set(values)) < len(values)
    if isinstance(tree, Sum):
        total = Decimal(0)
        for path in tree.paths:
            found_ = value(path)
            total += sum(found_) if isinstance(found_, list) else found_
        other = value(tree.operand) if isinstance(tree.operand, PathExpr) else tree.operand
        return other is not None and compare(tree.op, total, other)
    left = value(tree.path)
    if tree.op == "present":
        return (left is not None) == tree.operand
    right = value(tree.operand) if isinstance(tree.operand, PathExpr) else tree.operand
    return left is not None and right is not None and compare(tree.op, left, right)


def compare(op: str, left: Any, right: Any) -> bool:
    import re

    return bool(
        {
            "is": lambda: left == right,
            "same_as": lambda: left == right,
            "is_not": lambda: left != right,
            "differs_from": lambda: left != right,
            "in": lambda: left in right,
            "not_in": lambda: left not in right,
            "above": lambda: left > right,
            "after": lambda: left > right,
            "at_least": lambda: left >= right,
            "on_or_after": lambda: left >= right,
            "below": lambda: left < right,
            "before": lambda: left < right,
            "at_most": lambda: left <= right,
            "on_or_before": lambda: left <= right,
            "matches": lambda: re.search(right, left) is not None,
            "longer_than": lambda: len(left) > right,
        }[op]()
    )


MONEY = st.integers(-500, 2000).map(lambda cents: f"{Decimal(cents) / 100:.2f}")
ACCOUNTS = st.sampled_from([*sorted(FIRM.accounts), "9999"])
CODES = st.sampled_from(["GST", "NT", "FRE", "ZZ"])
LINES = st.lists(
    st.fixed_dictionaries(
        {"gl_account": ACCOUNTS, "net": MONEY, "tax_code": CODES, "tax": MONEY},
        optional={"description": st.sampled_from([None, "x"])},
    ),
    min_size=1, max_size=4,
)  # fmt: skip


def envelope(kind: str) -> dict[str, Any]:
    return {
        "id": "T-1",
        "kind": kind,
        "revision": 1,
        "status": "posted",
        "date": "2026-05-04",
        "posted_at": "2026-05-04T00:00:00Z",
    }


BILLS = st.fixed_dictionaries(
    {
        "currency": st.sampled_from(["AUD", "USD"]),
        "number": st.sampled_from(["INV-1", "X", "1001"]),
        "due_date": st.sampled_from(["2026-05-04", "2026-06-04"]),
        "participant": st.just({"id": "1", "display_name": "Someone"}),
        "lines": LINES,
        "totals": st.fixed_dictionaries({"net": MONEY, "tax": MONEY, "gross": MONEY}),
    },
    optional={
        "matter": st.sampled_from([None, {"id": "X"}, {"id": "1001", "name": "M"}]),
        "memo": st.sampled_from([None, "m"]),
        "division": st.sampled_from([None, {"id": "1"}, {"id": "2"}]),
    },
).map(lambda d: envelope("client_bill") | d)
PAYMENTS = st.fixed_dictionaries(
    {
        "currency": st.just("AUD"),
        "amount": MONEY,
        "bank_account": st.sampled_from([*FIRM.bank_accounts, "BA-NONE"]),
        "allocations": st.lists(
            st.fixed_dictionaries(
                {"document_id": st.sampled_from(["B-1", "B-2", "B-9"]), "amount": MONEY}
            ),
            min_size=1,
            max_size=3,
        ),
    },
    optional={
        "reversal_of": st.sampled_from([None, "P-1", "P-2"]),
        "participant": st.sampled_from(
            [None, {"id": "1", "display_name": "Someone"}, {"id": "2", "display_name": "Else"}]
        ),
    },
).map(lambda d: envelope("client_payment") | d)


def state() -> MemoryState:
    past = MemoryState({})
    past.add_open(
        DocumentFact("B-1", "in_xero", "client_bill", Decimal("5.00"), "1", "B-1/invoice")
    )
    past.add_open(
        DocumentFact("B-2", "in_xero", "client_bill", Decimal("0.00"), "2", "B-2/invoice")
    )
    past.remember("P-1", 1, b"x" * 16, "hold")
    settled = (("B-1", Decimal("0.01")),)
    past.remember("P-2", 1, b"x" * 16, "post", Effect(reversible=Decimal("0.01"), settled=settled))
    return past


def read(document: dict[str, Any]) -> Transaction:
    tx = Reader(PACK.kinds).read(document, "t", 1)
    assert isinstance(tx, Transaction), tx
    return tx


def check(program: Program, texts: list[str], tx: Transaction) -> None:
    trees = [parsed(t, program) for t in texts]
    single = [t for t in trees if not isinstance(t, AllOf | AnyOf | Not)]
    past = state()
    mask = compile_truths(list(single), program.facts)(tx, past)  # type: ignore[arg-type]  # atoms only
    for bit, tree in enumerate(single):
        assert bool(mask >> bit & 1) == plain(tree, program, tx, None, past), str(tree)
    for tree in trees:
        if not isinstance(tree, Quantified) and "any" not in str(tree):
            test = compile_item_test(tree, program.facts)
            assert test(tx, None, past) == plain(tree, program, tx, None, past), str(tree)


@settings(max_examples=120, deadline=None)
@given(BILLS)
def test_bills(document: dict[str, Any]) -> None:
    check(BILL, BILL_CONDITIONS, read(document))


@settings(max_examples=120, deadline=None)
@given(PAYMENTS)
def test_payments(document: dict[str, Any]) -> None:
    check(PAYMENT, PAYMENT_CONDITIONS, read(document))


@settings(max_examples=150, deadline=None)
@given(st.one_of(BILLS, PAYMENTS))
def test_every_test_of_the_built_in_rules(document: dict[str, Any]) -> None:
    program = DECIDER.program(document["kind"])
    tx, past = read(document), state()
    mask = program.truths(tx, past)
    for bit, atom in enumerate(program.atoms):
        assert bool(mask >> bit & 1) == plain(atom, program, tx, None, past), str(atom)


def test_every_holds_until_one_item_fails() -> None:
    """Answers that are remembered for an account must not let one line speak for another."""
    tree = parsed("{ every: lines, where: { gl_account.class: REVENUE } }", BILL)
    truths = compile_truths([tree], BILL.facts)  # type: ignore[list-item]  # a single test
    document = envelope("client_bill") | {
        "currency": "AUD",
        "number": "1",
        "due_date": "2026-06-01",
        "participant": {"id": "1", "display_name": "S"},
        "totals": {"net": "1.00", "tax": "0.00", "gross": "1.00"},
    }

    def line(account: str) -> dict[str, str]:
        return {"gl_account": account, "net": "1.00", "tax_code": "GST", "tax": "0.10"}

    for accounts, expected in (
        (["4000"], 1), (["6000"], 0), (["4000", "6000"], 0), (["6000", "4000"], 0),
        (["4000", "4010"], 1), (["4000", "6000", "4000"], 0),
    ):  # fmt: skip
        tx = read(document | {"lines": [line(a) for a in accounts]})
        assert truths(tx, state()) == expected, accounts


@pytest.mark.parametrize("text", ["__import__('os')", "'; raise SystemExit", '"""', "\\", "\n"])
def test_text_of_a_pack_is_never_executed(text: str) -> None:
    tree = Compare(
        PathExpr(
            "number", "transaction", ("number",), None, None, BILL.kind.record.required["number"]
        ),
        "is",
        text,
        Position("t"),
    )
    tx = read(
        envelope("client_bill")
        | {
            "currency": "AUD",
            "number": text,
            "due_date": "2026-06-01",
            "participant": {"id": "1", "display_name": "S"},
            "lines": [{"gl_account": "4000", "net": "1.00", "tax_code": "GST", "tax": "0.10"}],
            "totals": {"net": "1.00", "tax": "0.10", "gross": "1.10"},
        }
    )
    assert compile_truths([tree], BILL.facts)(tx, state()) == 1
