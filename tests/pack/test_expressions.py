"""Paths and texts: what a name means, and what is said when it means nothing."""

from __future__ import annotations

import pytest

from pm2xero.errors import Position
from pm2xero.pack.language.paths import PathError, PathExpr, Scope, parse_text, resolve
from pm2xero.pack.language.types import ListType, ReferenceType
from tests.support.pack_reading import base, scope


def item_scope(kind: str, field: str) -> Scope:
    record = base().kinds[kind].record
    listed = record.field(field)
    assert isinstance(listed, ListType)
    return Scope(kind, record, listed.of)


@pytest.mark.parametrize(
    ("text", "base_", "steps", "attribute", "type_"),
    [
        ("number", "transaction", ("number",), None, "text"),
        ("totals.gross", "transaction", ("totals", "gross"), None, "money"),
        ("transaction.number", "transaction", ("number",), None, "text"),
        ("organisation.region", "organisation", ("region",), None, "text"),
        ("xero.lock_date", "xero", ("lock_date",), None, "date"),
        ("trust.shortfall", "trust", ("shortfall",), None, "money"),
        ("submission", "submission", (), None, "text"),
        ("reversal_of.state", "transaction", ("reversal_of",), "state", "text"),
        ("lines.net", "transaction", ("lines", "net"), None, "list"),
        ("lines.count", "transaction", ("lines",), "count", "count"),
        ("documents", "transaction", ("documents",), None, "list"),
    ],
)
def test_paths(
    text: str, base_: str, steps: tuple[str, ...], attribute: str | None, type_: str
) -> None:
    path = resolve(text, scope())
    assert (path.base, path.steps, path.attribute, path.type.name) == (
        base_, steps, attribute, type_,
    )  # fmt: skip


def test_inside_a_list_the_item_comes_first() -> None:
    inner = item_scope("client_bill", "lines")
    assert resolve("net", inner).base == "item"
    assert resolve("gl_account.status", inner).attribute == "status"
    assert resolve("tax_code.suits_account", inner).type.name == "flag"
    assert resolve("number", inner).base == "transaction"


def test_a_document_id_is_followed_by_its_short_name() -> None:
    path = resolve("document.amount_due", item_scope("client_payment", "allocations"))
    assert (path.base, path.steps, path.attribute) == ("item", ("document_id",), "amount_due")
    assert isinstance(path.holder, ReferenceType)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("numbr", 'client_bill has no field "numbr"', 'did you mean "number"?'),
        ("totals.gros", '"totals" has no field "gros"', 'did you mean "totals.gross"?'),
        (
            "transaction.totals.gros", '"transaction.totals" has no field "gros"',
            'did you mean "transaction.totals.gross"?',
        ),
        (
            "reversal_of.stat", 'a document has no "stat"', 'did you mean "reversal_of.state"?',
        ),
        (
            "organisation.regoin", 'organisation has no "regoin"',
            'did you mean "organisation.region"?',
        ),
        ("organisation", 'organisation has no "nothing"', None),
        (
            "transaction", '"transaction" must be followed by a field, as in transaction.amount',
            None,
        ),
        ("totals..gross", '"totals..gross" is not a path', None),
        ("", '"" is not a path', None),
        ("number.length", '"number" has nothing below it named "length"', None),
        ("lines.nett", '"lines" has nothing below it named "nett"', None),
    ],
)  # fmt: skip
def test_what_names_nothing(text: str, message: str, hint: str | None) -> None:
    with pytest.raises(PathError) as caught:
        resolve(text, scope())
    assert caught.value.message == message
    assert caught.value.hint == hint


def test_texts_are_literals_and_paths_in_turn() -> None:
    text = parse_text("Bill {number} of {totals.gross}.", scope())
    shown = [p.text if isinstance(p, PathExpr) else p for p in text.parts]
    assert shown == ["Bill ", "number", " of ", "totals.gross", "."]
    assert parse_text("no braces", scope()).parts == ("no braces",)


@pytest.mark.parametrize(
    ("text", "message", "column", "width"),
    [
        ("Bill {numbr}.", 'client_bill has no field "numbr"', 17, 5),
        ("Bill {number} of {totals.gros}.", '"totals" has no field "gros"', 29, 11),
        ("Bill {number", "a brace is opened and never closed", 16, 1),
        ("Bill {number} of } it", "a brace is closed and was never opened", 28, 1),
        ("Bill {}.", '"" is not a path', 17, 1),
        ("{found.net} is wrong", "{found.…} needs a condition with `any`", 12, 9),
    ],
)
def test_a_fault_in_a_text_stands_at_its_own_place(
    text: str, message: str, column: int, width: int
) -> None:
    begins = Position("x.yaml", 3, 11)
    with pytest.raises(PathError) as caught:
        parse_text(text, scope())
    finding = caught.value.finding("PX310", Position("x.yaml", 3, 9), 1, begins)
    assert finding.message.startswith(message)
    assert finding.at == Position("x.yaml", 3, column)
    assert finding.width == width


def test_found_names_a_field_of_the_item_that_was_found() -> None:
    extra = {"found": item_scope("client_bill", "lines")}
    text = parse_text("{found.gl_account} is archived", scope(), extra)
    assert isinstance(text.parts[0], PathExpr)
    assert text.parts[0].base == "item"
    with pytest.raises(PathError, match="must name a field of the item that was found"):
        parse_text("{found.number} is archived", scope(), extra)
