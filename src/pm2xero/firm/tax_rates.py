"""Which Xero tax type a tax code means for this firm, looked up in the firm's own tax rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from pm2xero.firm.snapshot import XeroTaxRate
from pm2xero.pack.model import TaxCode, TaxRateSearch

CENT = Decimal("0.01")

TaxState = Literal[
    "mapped", "undeclared", "not_in_xero", "inactive", "other_rate", "no_rate", "several_rates"
]


@dataclass(frozen=True, slots=True)
class TaxFact:
    """A tax code on one side and account: its Xero type, rate in per cent, and whether it fits.

    Attributes:
        state: `mapped`, or why it is not: `undeclared` (nothing is said for this side),
            `not_in_xero` or `inactive` (the named type), `other_rate` (Xero's rate is not the
            expected one), `no_rate` or `several_rates` (the search found none, or more than one).
        expected: the rate that the declaration asks for, in per cent.
        choices: active tax types of the expected rate that can apply to the account.
    """

    state: TaxState = "undeclared"
    type: str | None = None
    rate: Decimal | None = None
    suits_account: bool | None = None
    expected: Decimal | None = None
    choices: tuple[str, ...] = ()
    factor: Decimal | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.rate is not None and self.state == "mapped":
            object.__setattr__(self, "factor", self.rate.scaleb(-2))

    @property
    def mapped(self) -> bool:
        """Whether the tax code can be sent."""
        return self.state == "mapped"

    @property
    def xero_rate(self) -> str | None:
        """Xero's rate of the type in per cent, without needless zeros."""
        return None if self.rate is None else _plain(self.rate)

    @property
    def expected_rate(self) -> str | None:
        """The expected rate in per cent, without needless zeros."""
        return None if self.expected is None else _plain(self.expected)

    @property
    def right_types(self) -> str | None:
        """The tax types that would be right, for a message."""
        return ", ".join(self.choices) or None

    def calculated(self, net: Decimal | None) -> Decimal | None:
        """The tax on a net amount as Xero calculates it: per line, half up to the cent.

        None when the tax code is not mapped: its rate would be the wrong one.
        """
        if self.factor is None or net is None:
            return None
        return (net * self.factor).quantize(CENT, ROUND_HALF_UP)

    def off_by(self, net: Decimal | None, tax: Decimal | None) -> Decimal | None:
        """How far a tax amount is from the calculated one, in currency units."""
        calculated = self.calculated(net)
        if calculated is None or tax is None:
            return None
        return abs(calculated - tax)


def resolve_tax(
    declared: TaxCode | None,
    side: str,
    account_class: str | None,
    rates: Mapping[str, XeroTaxRate],
) -> TaxFact:
    """The Xero side of a tax code on `side` (sales or purchases) of an account of a class."""
    wanted = declared.types.get(side) if declared is not None else None
    if declared is None or wanted is None:
        return TaxFact()
    if isinstance(wanted, TaxRateSearch):
        return _search(wanted, account_class, rates)
    rate = rates.get(wanted)
    expected = declared.rate
    if rate is None or rate.status != "ACTIVE":
        choices = () if expected is None else _types(_fitting(expected, account_class, rates))
        state: TaxState = "not_in_xero" if rate is None else "inactive"
        return TaxFact(state, wanted, expected=expected, choices=choices)
    if expected is not None and rate.rate != expected:
        choices = _types(_fitting(expected, account_class, rates))
        return TaxFact("other_rate", wanted, rate.rate, expected=expected, choices=choices)
    return _mapped(rate, account_class, expected)


def _search(
    wanted: TaxRateSearch, account_class: str | None, rates: Mapping[str, XeroTaxRate]
) -> TaxFact:
    fitting = _fitting(wanted.rate, wanted.account_class, rates)
    chosen = fitting if len(fitting) == 1 else _named(wanted.names, fitting)
    if len(chosen) == 1:
        return _mapped(chosen[0], account_class, wanted.rate)
    state: TaxState = "several_rates" if fitting else "no_rate"
    return TaxFact(state, expected=wanted.rate, choices=_types(fitting))


def _named(names: tuple[str, ...], rates: list[XeroTaxRate]) -> list[XeroTaxRate]:
    """The rate that the first telling name picks out: one of just that name, else one with it."""
    for name in (n.casefold() for n in names):
        for hits in (
            [r for r in rates if r.name.casefold() == name],
            [r for r in rates if name in r.name.casefold()],
        ):
            if len(hits) == 1:
                return hits
    return []


def _fitting(
    rate: Decimal, account_class: str | None, rates: Mapping[str, XeroTaxRate]
) -> list[XeroTaxRate]:
    return [
        r
        for r in rates.values()
        if r.status == "ACTIVE"
        and r.rate == rate
        and (account_class is None or account_class in r.classes)
    ]


def _types(rates: list[XeroTaxRate]) -> tuple[str, ...]:
    return tuple(r.type for r in rates)


def _mapped(rate: XeroTaxRate, account_class: str | None, expected: Decimal | None) -> TaxFact:
    suits = account_class in rate.classes if account_class else None
    return TaxFact("mapped", rate.type, rate.rate, suits, expected)


def _plain(rate: Decimal) -> str:
    return f"{rate.normalize():f}"
