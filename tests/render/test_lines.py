"""Aggregation: no cent is lost or made, whatever the lines are."""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from pm2xero.firm.chart import tax_side

from .firm import ENVELOPE, Raw, firm, lines_of, read

ACCOUNTS = ("4000", "4010", "4100", "4110", "4200", "5000", "5010", "6000")
CENT = Decimal("0.01")
ZERO = Decimal(0)

amounts = st.integers(-500_000, 500_000).map(lambda cents: Decimal(cents) / 100)
Line = tuple[str, str, Decimal, Decimal]


def rows(codes: tuple[str, ...]) -> st.SearchStrategy[list[Line]]:
    taxes = st.one_of(amounts, st.just(ZERO))
    line = st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(codes), amounts, taxes)
    return st.lists(line, min_size=1, max_size=12)


def raw(kind: str, lines: list[Line]) -> Raw:
    net = sum((n for _, _, n, _ in lines), ZERO)
    tax = sum((t for _, _, _, t in lines), ZERO)
    return ENVELOPE | {
        "id": "PM-1",
        "kind": kind,
        "number": "N-1",
        "due_date": "2026-06-12",
        "bank_account": "BA-OFFICE",
        "participant": {"id": "C-1", "display_name": "Ada"},
        "lines": [
            {"gl_account": a, "tax_code": c, "net": f"{n:.2f}", "tax": f"{t:.2f}"}
            for a, c, n, t in lines
        ],
        "totals": {"net": f"{net:.2f}", "tax": f"{tax:.2f}", "gross": f"{net + tax:.2f}"},
    }


def xero_key(line: Line, side: str) -> tuple[str, str]:
    """The Xero account and tax type of a line, looked up in the firm's own files."""
    code = firm().organisation.accounts[line[0]]
    declared = firm().pack.tax_codes[line[1]]
    account = firm().organisation.xero.accounts[code]
    tax_type = declared.types[tax_side(side, account.account_class)]
    assert isinstance(tax_type, str)
    return code, tax_type


@given(rows(("GST", "FRE", "ITS", "NT")))
def test_a_bill_keeps_net_and_tax_of_every_account_and_tax_type(lines: list[Line]) -> None:
    made = lines_of(read(raw("client_bill", lines)), "sales_invoice").lines
    expected: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for line in lines:
        sums = expected[xero_key(line, "sales_unless_cost")]
        sums[0] += line[2]
        sums[1] += line[3]
    got = {(r["account"], r["tax_type"]): [r["net"], r["tax"]] for r in made}
    assert len(got) == len(made), "two lines of one account and tax type"
    whole = {k: v for k, v in expected.items() if any(v)}
    # What comes to nothing is still a document, and Xero wants a line on it.
    assert got == whole or (not whole and [*got.values()] == [[ZERO, ZERO]])
    assert all(-r["net"].as_tuple().exponent == 2 for r in made)


@given(rows(("GST", "NT")))
@example([("4000", "GST", Decimal("10.00"), Decimal("1.00"))] * 2)
def test_lines_that_cancel_out_are_left_out_but_for_one(lines: list[Line]) -> None:
    cancelled = lines + [(a, c, -n, -t) for a, c, n, t in lines]
    (left,) = lines_of(read(raw("client_bill", cancelled)), "sales_invoice").lines
    assert (left["net"], left["tax"]) == (ZERO, ZERO)


@given(rows(("GST", "NT")), st.randoms(use_true_random=False))
def test_the_order_of_the_lines_changes_no_sum(lines: list[Line], random: object) -> None:
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis hands out a Random
    one = lines_of(read(raw("client_bill", lines)), "sales_invoice").lines
    other = lines_of(read(raw("client_bill", shuffled)), "sales_invoice").lines

    def sums(made: list[dict[str, object]]) -> set[tuple[object, ...]]:
        return {(r["account"], r["tax_type"], r["net"], r["tax"]) for r in made}

    assert sums(one) == sums(other)


@given(rows(("GST", "NT")), st.sampled_from(["bank_deposit", "bank_withdrawal"]))
@example([("4000", "GST", Decimal("0.05"), Decimal("0.01"))], "bank_deposit")
@example([("4000", "GST", Decimal("0.04"), Decimal("0.01"))], "bank_deposit")
@example([("4000", "GST", Decimal("-0.05"), Decimal("0.00"))], "bank_withdrawal")
def test_a_bank_entry_comes_to_the_gross_of_practice_management(
    lines: list[Line], kind: str
) -> None:
    """Xero calculates the tax of bank entries: per line, half up; a last line takes the rest."""
    made = lines_of(read(raw(kind, lines)), kind)
    rates = firm().organisation.xero.tax_rates
    total = ZERO
    for row in made.lines:
        tax = (row["net"] * rates[row["tax_type"]].rate / 100).quantize(CENT, ROUND_HALF_UP)
        assert row["tax"] == tax, "the line carries another tax than Xero will calculate"
        total += row["net"] + tax
    gross = sum((n + t for _, _, n, t in lines), ZERO)
    assert total == abs(gross) == made.total
    forward = kind == "bank_deposit"
    assert made.money_in == (forward if gross >= 0 else not forward)
    keys = [(r["account"], r["tax_type"]) for r in made.lines]
    assert len(set(keys)) == len(keys)


def test_there_is_no_rounding_line_where_xero_calculates_the_same() -> None:
    lines = [("4000", "GST", Decimal("100.00"), Decimal("10.00"))]
    made = lines_of(read(raw("bank_deposit", lines)), "bank_deposit")
    assert [(r["account"], r["net"], r["sources"]) for r in made.lines] == [
        ("200", Decimal("100.00"), ["lines[0]"])
    ]


def test_the_rounding_line_takes_the_cent_between() -> None:
    lines = [("4000", "GST", Decimal("33.33"), Decimal("3.34"))]
    made = lines_of(read(raw("bank_deposit", lines)), "bank_deposit")
    rounding = firm().organisation.xero.by_system["ROUNDING"].code
    assert [(r["account"], r["net"], r["tax"]) for r in made.lines] == [
        ("200", Decimal("33.33"), Decimal("3.33")),
        (rounding, Decimal("0.01"), Decimal(0)),
    ]


def test_descriptions_of_one_group_are_joined_once_each_and_cut_to_length() -> None:
    raw_bill = raw("client_bill", [("4000", "GST", Decimal(1), ZERO)] * 4)
    for line, text in zip(raw_bill["lines"], ("Letter", "Call", "Letter", "x" * 5000), strict=True):
        line["description"] = text
    (made,) = lines_of(read(raw_bill), "sales_invoice").lines
    assert made["description"].startswith("Letter; Call; xxx")
    assert len(made["description"]) == 4000
    assert made["sources"] == ["lines[0]", "lines[1]", "lines[2]", "lines[3]"]
