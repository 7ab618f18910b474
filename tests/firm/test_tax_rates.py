"""A tax code becomes a Xero tax type: named, or found in the firm's own tax rates."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from pm2xero.errors import Position
from pm2xero.firm.snapshot import XeroTaxRate
from pm2xero.firm.tax_rates import TaxFact, resolve_tax
from pm2xero.pack.model import TaxCode, TaxRateSearch

INCOME = frozenset({"REVENUE", "LIABILITY"})
COST = frozenset({"EXPENSE", "ASSET"})


def rate(
    type_: str, name: str, per_cent: str, classes: frozenset[str], status: str = "ACTIVE"
) -> XeroTaxRate:
    return XeroTaxRate(type_, name, Decimal(per_cent), status, classes)


RATES: Mapping[str, XeroTaxRate] = {
    r.type: r
    for r in (
        rate("S", "Sales 20%", "20.0", INCOME),
        rate("P", "Purchases 20%", "20.0", COST),
        rate("OLD", "Sales 15%", "15.0", INCOME),
        rate("GONE", "Sales 17%", "17.0", INCOME, "ARCHIVED"),
        rate("Z1", "Zero rated", "0.0", INCOME),
        rate("Z2", "Zero rated goods", "0.0", INCOME),
        rate("Z3", "Exempt", "0.0", INCOME | COST),
    )
}


def code(wanted: str | TaxRateSearch | None, expected: str | None = None) -> TaxCode:
    types = {} if wanted is None else {"sales": wanted}
    return TaxCode("T", "T", types, Decimal(expected) if expected else None, Position("x.yaml"))


def search(per_cent: str, *names: str, on: str = "REVENUE") -> TaxRateSearch:
    return TaxRateSearch(Decimal(per_cent), names, on)


def sales(declared: TaxCode | None, account_class: str | None = "REVENUE") -> TaxFact:
    return resolve_tax(declared, "sales", account_class, RATES)


@pytest.mark.parametrize(
    ("declared", "state", "type_"),
    [
        (None, "undeclared", None),
        (code(None), "undeclared", None),
        (code("S"), "mapped", "S"),
        (code("S", "20"), "mapped", "S"),
        (code("S", "20.00"), "mapped", "S"),
        (code("OLD", "20"), "other_rate", "OLD"),
        (code("GONE"), "inactive", "GONE"),
        (code("NONSENSE"), "not_in_xero", "NONSENSE"),
        (code(search("20")), "mapped", "S"),
        (code(search("20", on="EXPENSE")), "mapped", "P"),
        (code(search("20", "another name")), "mapped", "S"),
        (code(search("17")), "no_rate", None),
        (code(search("20", on="EQUITY")), "no_rate", None),
        (code(search("0")), "several_rates", None),
        (code(search("0", "nothing of the kind")), "several_rates", None),
        (code(search("0", "zero")), "several_rates", None),
        (code(search("0", "zero rated")), "mapped", "Z1"),
        (code(search("0", "GOODS")), "mapped", "Z2"),
        (code(search("0", "zero", "exempt")), "mapped", "Z3"),
    ],
)
def test_state_and_type(declared: TaxCode | None, state: str, type_: str | None) -> None:
    fact = sales(declared)
    assert (fact.state, fact.type) == (state, type_)
    assert fact.mapped == (state == "mapped")


def test_another_rate_names_the_right_types() -> None:
    fact = sales(code("OLD", "20"))
    assert (fact.xero_rate, fact.expected_rate, fact.right_types) == ("15", "20", "S")
    assert sales(code("OLD", "25")).right_types is None


def test_several_rates_are_named() -> None:
    fact = sales(code(search("0")))
    assert (fact.expected_rate, fact.right_types) == ("0", "Z1, Z2, Z3")


def test_a_rate_may_not_suit_the_account() -> None:
    assert sales(code("S")).suits_account is True
    assert sales(code("S"), "EXPENSE").suits_account is False
    assert sales(code("S"), None).suits_account is None


def test_tax_is_rounded_half_up_and_only_known_for_a_mapped_code() -> None:
    fact = sales(code("S"))
    assert fact.calculated(Decimal("0.13")) == Decimal("0.03")
    assert fact.calculated(Decimal("0.125")) == Decimal("0.03")
    assert fact.off_by(Decimal("100.00"), Decimal("19.98")) == Decimal("0.02")
    assert fact.off_by(Decimal("100.00"), None) is None
    assert sales(code("OLD", "20")).calculated(Decimal("100.00")) is None
