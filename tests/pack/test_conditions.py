"""Conditions: every operator on every type, and the sentence for each way to get it wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from pm2xero.pack.language.conditions import (
    OPERATORS,
    AllOf,
    AnyOf,
    Compare,
    Not,
    Quantified,
    Repeated,
    Sum,
    atoms,
)
from pm2xero.pack.language.paths import PathExpr
from tests.support.pack_reading import condition

# A field of each type in a client payment or bill, and a value it can be compared with.
FIELDS = {
    "money": ("client_payment", "amount", '"10.00"', "amount"),
    "count": ("client_payment", "revision", "3", "revision"),
    "date": ("client_payment", "date", "2026-05-31", "due_date"),
    "instant": ("client_payment", "posted_at", "2026-05-31T00:00:00Z", "created_at"),
    "flag": ("client_payment", "locked", "true", "organisation.sandbox"),
    "word": ("client_payment", "status", "posted", "number"),
    "text": ("client_payment", "number", "B-1", "reference"),
    "bank": ("client_payment", "bank_account", "BA-1", "number"),
    "document": ("client_payment", "reversal_of", "PM-1", "number"),
    "list": ("client_bill", "lines", "x", "lines"),
    "record": ("client_bill", "totals", "x", "totals"),
}
EQUALITY = {"present", "is", "is_not", "in", "not_in", "same_as", "differs_from"}
ALLOWED = {
    "money": EQUALITY | {"above", "at_least", "below", "at_most"},
    "count": EQUALITY | {"above", "at_least", "below", "at_most"},
    "date": EQUALITY | {"before", "on_or_before", "after", "on_or_after"},
    "instant": EQUALITY | {"before", "on_or_before", "after", "on_or_after"},
    "flag": {"present", "is", "is_not", "same_as", "differs_from"},
    "word": EQUALITY | {"matches", "longer_than"},
    "text": EQUALITY | {"matches", "longer_than"},
    "bank": EQUALITY,
    "document": EQUALITY,
    "list": {"present"},
    "record": {"present"},
}


def written(op: str, value: str, other: str) -> str:
    if op == "present":
        return "true"
    if op in ("in", "not_in"):
        return f"[{value}]"
    if op in ("same_as", "differs_from"):
        return other
    return {"longer_than": "10", "matches": "'^A'"}.get(op, value)


@pytest.mark.parametrize("op", OPERATORS)
@pytest.mark.parametrize("kind", FIELDS)
def test_an_operator_is_taken_or_refused_by_type(kind: str, op: str) -> None:
    of, field, value, other = FIELDS[kind]
    tree, faults = condition(f"{field}: {{ {op}: {written(op, value, other)} }}", of)
    if op in ALLOWED[kind]:
        assert faults == []
        assert isinstance(tree, Compare)
        assert (tree.path.text, tree.op) == (field, op)
        return
    assert tree is None
    assert [(f.code, f.at and f.at.column, f.width) for f in faults] == [
        ("PX302", len(field) + 5, len(op))
    ]
    assert faults[0].message.startswith(f'"{op}" cannot test "{field}", which is ')
    for word in ALLOWED[kind]:
        assert word in (faults[0].should_be or "")


@pytest.mark.parametrize(
    ("text", "operand"),
    [
        ('totals.gross: { above: "10.5" }', Decimal("10.5")),
        ("totals.gross: { above: 10.50 }", Decimal("10.50")),
        ("totals.gross: { above: 10 }", Decimal(10)),
        ("date: { before: 2026-05-31 }", date(2026, 5, 31)),
        ("posted_at: { before: 2026-05-31T00:00:00Z }", datetime(2026, 5, 31, tzinfo=UTC)),
        ("locked: true", True),
        ("revision: 2", 2),
        ("number: NO", "NO"),
        ("status: [posted, voided]", ("posted", "voided")),
    ],
)
def test_literals_become_exact_values(text: str, operand: object) -> None:
    tree, faults = condition(text)
    assert faults == []
    assert isinstance(tree, Compare)
    assert tree.operand == operand
    assert type(tree.operand) is type(operand)


def test_an_ordering_may_name_another_field() -> None:
    tree, faults = condition("{ date: { on_or_before: xero.lock_date } }")
    assert faults == []
    assert isinstance(tree, Compare)
    assert isinstance(tree.operand, PathExpr)
    assert tree.operand.base == "xero"


@pytest.mark.parametrize(
    ("text", "code", "message", "hint"),
    [
        ('totals.gross: { above: "1.005" }', "PX305", '"1.005" has more than two decimals', None),
        (
            'totals.gross: { above: "1,000" }', "PX305",
            '"1,000" is not an amount; write it as "0.01"', None,
        ),
        ("totals.gross: { above: true }", "PX305", '"True" is not an amount', None),
        (
            'totals.gross: { is: "NaN" }', "PX305", '"NaN" is not an amount; write it as "0.01"',
            None,
        ),
        (
            "date: { before: 31/05/2026 }", "PX305",
            '"31/05/2026" is not a date; write it as 2026-05-31', None,
        ),
        (
            "date: { before: 2026-02-30 }", "PX305",
            '"2026-02-30" is not a date; write it as 2026-05-31', None,
        ),
        (
            "posted_at: { before: 2026-05-31T00:00:00 }", "PX305",
            '"2026-05-31T00:00:00" needs a time zone, as in 2026-05-31T00:00:00Z', None,
        ),
        ("locked: yes", "PX305", '"yes" is not true or false', None),
        ('revision: "2"', "PX305", '"2" is not a whole number', None),
        (
            "status: poste", "PX305", '"poste" is not a value that this field can have',
            'did you mean "posted"?',
        ),
        ("number: 12", "PX305", '"12" must be text here; put it in quotes', None),
        ("number: { present: yes }", "PX305", "`present` is true or false", None),
        ("status: { in: posted }", "PX305", "`in` takes a list of values", None),
        ("status: { in: [] }", "PX305", "`in` takes a list of values", None),
        (
            "number: { matches: '(' }", "PX305",
            "this is not a pattern: missing ), unterminated subpattern", None,
        ),
        (
            "number: { same_as: date }", "PX302",
            '"date" is a date and cannot be compared with text', None,
        ),
        ("number: { equals: x }", "PX304", 'unknown operator "equals"', 'did you mean "is"?'),
        (
            "date: { greater_than: 2026-05-31 }", "PX304", 'unknown operator "greater_than"',
            'did you mean "after"?',
        ),
        (
            'totals.gross: { abov: "1.00" }', "PX304", 'unknown operator "abov"',
            'did you mean "above"?',
        ),
        (
            "curency: AUD", "PX303", 'client_bill has no field "curency"',
            'did you mean "currency"?',
        ),
        (
            "alof: []", "PX303", 'client_bill has no field "alof"', 'did you mean "all_of"?',
        ),
        ("any: lines", "PX301", "`any` needs `where:` beside it", None),
        ("where: { net: '1.00' }", "PX301", "`where` needs `any: LIST` or `every: LIST`", None),
        ("{ any: totals, where: { net: '1.00' } }", "PX302", '"totals" is a group of fields', None),
        ("all_of: { number: x }", "PX301", "`all_of` takes a list of conditions", None),
        ("any_of: []", "PX301", "`any_of` takes a list of conditions", None),
        ("{ sum: lines.net }", "PX301", "`sum` needs something to compare with", None),
        (
            "{ sum: lines.tax_code, is: '1.00' }", "PX302", '"lines.tax_code" is a tax code, not',
            None,
        ),
        (
            "repeated: number", "PX302", '"number" is text, not the field of a list', None,
        ),
        ("{}", "PX301", "an empty condition tests nothing", "leave `when` out"),
        ("[number]", "PX301", "a condition is written as `field: test`", None),
        (
            "{ any: lines, where: { any: lines, where: { net: '1.00' } } }", "PX301",
            "`any` inside `any` is not supported", None,
        ),
    ],
)  # fmt: skip
def test_faults(text: str, code: str, message: str, hint: str | None) -> None:
    tree, faults = condition(text)
    assert tree is None
    assert [f.code for f in faults] == [code]
    assert faults[0].message.startswith(message)
    assert faults[0].hint == hint


def test_several_faults_of_one_condition_are_told_together() -> None:
    _, faults = condition("status: poste\ncurency: AUD\ntotals.gross: { above: x.y }\n")
    assert [(f.code, f.at and f.at.line) for f in faults] == [
        ("PX305", 1),
        ("PX303", 2),
        ("PX303", 3),
    ]


def test_structure() -> None:
    tree, faults = condition(
        "any_of:\n"
        "  - { any: lines, where: { gl_account.status: ARCHIVED, net: { above: 0 } } }\n"
        "  - { sum: [lines.net, lines.tax], differs_from: totals.gross }\n"
        "  - not: { repeated: lines.gl_account }\n"
        "currency: AUD\n"
    )
    assert faults == []
    assert isinstance(tree, AllOf)
    choice, last = tree.parts
    assert isinstance(choice, AnyOf)
    assert isinstance(last, Compare)
    first, second, third = choice.parts
    assert isinstance(first, Quantified)
    assert isinstance(first.where, AllOf)
    assert isinstance(second, Sum)
    assert [p.text for p in second.paths] == ["lines.net", "lines.tax"]
    assert isinstance(third, Not)
    assert isinstance(third.part, Repeated)
    assert len(atoms(tree)) == 4
    assert str(tree) == (
        "(any lines where gl_account.status is ARCHIVED and net above 0"
        " or sum of lines.net + lines.tax differs_from totals.gross"
        " or not (lines.gl_account holds a value twice)) and currency is AUD"
    )


def test_the_same_test_has_the_same_key_wherever_it_stands() -> None:
    one, _ = condition("currency: { is: AUD }")
    other, _ = condition("any_of: [ { currency: AUD }, { number: x } ]")
    assert one is not None
    assert isinstance(other, AnyOf)
    assert one.key == other.parts[0].key != other.parts[1].key
