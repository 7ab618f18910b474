"""A tax type that Xero does not have, or that does not fit

The tax codes of a region name Xero's tax types. Each must be in the tax rates of the firm (of the
region's example firm when none is named), be active, have the rate that is declared, and not be one
that Xero keeps for accounts of the other side (cost on a sale, income on a purchase). `no_tax` must
be there, too.

FAIL
    tax_codes:
      GST: { rate: "15", sales: OUTPUT }            # OUTPUT is the old rate in this country

PASS
    tax_codes:
      GST: { rate: "15", sales: SALES-15 }
"""

from __future__ import annotations

from collections.abc import Iterator

from pm2xero.errors import Finding, Position
from pm2xero.firm.snapshot import XeroSnapshot
from pm2xero.firm.tax_rates import resolve_tax
from pm2xero.pack.model import TaxCode, TaxRateSearch
from pm2xero.pack.yaml.suggest import did_you_mean, one_of
from pm2xero.validate.subject import Subject

CODE = "PX505"


def check(subject: Subject) -> Iterator[Finding]:
    """Tax types against the tax rates of the firm or of the region's example."""
    if subject.example is None:
        return
    xero = subject.example.xero
    for code, tax in subject.pack.tax_codes.items():
        entry = subject.merged.entries["tax_codes"][code].values
        for side, wanted in tax.types.items():
            at = entry.value_at.get(side, tax.at)
            if isinstance(wanted, TaxRateSearch):
                if subject.firm is not None:
                    yield from _searched(tax, side, wanted, xero, at)
            else:
                yield from _named(tax, side, wanted, xero, at, subject.pack.no_tax)
    no_tax = subject.pack.no_tax
    at = subject.merged.setting_at.get("no_tax", Position(""))
    if no_tax and no_tax not in xero.tax_rates:
        yield _missing("no_tax", no_tax, xero, at)


def _named(
    tax: TaxCode, side: str, wanted: str, xero: XeroSnapshot, at: Position, no_tax: str
) -> Iterator[Finding]:
    rate = xero.tax_rates.get(wanted)
    if rate is None:
        yield _missing(f'the {side} side of tax code "{tax.code}"', wanted, xero, at)
        return
    right = [
        r.type
        for r in xero.tax_rates.values()
        if r.status == "ACTIVE"
        and not _of_the_other_side(r.classes, side)
        and (tax.rate is None or r.rate == tax.rate)
    ]
    should = one_of(right, 30) if right else None
    fault = None
    if rate.status != "ACTIVE":
        fault = f"is {rate.status.lower()} in Xero"
    elif tax.rate is not None and rate.rate != tax.rate:
        fault = f"is {_plain(rate.rate)} % in Xero, not {_plain(tax.rate)} %"
    elif _of_the_other_side(rate.classes, side):
        # One type may serve both sides where Xero has no other for this one, such as zero rated.
        is_both = len(set(map(str, tax.types.values()))) == 1
        own = "REVENUE" if side == "sales" else "EXPENSE"
        better = [r for r in right if r != no_tax and own in xero.tax_rates[r].classes]
        if not is_both or better:
            fault = f"is one of {'costs' if side == 'sales' else 'income'}"
    if fault is not None:
        message = f'the tax type "{wanted}" (tax code "{tax.code}", {side}) {fault}'
        yield Finding(CODE, message, at, should_be=should, width=len(wanted))


def _of_the_other_side(classes: frozenset[str], side: str) -> bool:
    if side == "sales":
        return "EXPENSE" in classes and "REVENUE" not in classes
    return "REVENUE" in classes and "EXPENSE" not in classes


def _searched(
    tax: TaxCode, side: str, wanted: TaxRateSearch, xero: XeroSnapshot, at: Position
) -> Iterator[Finding]:
    fact = resolve_tax(tax, side, wanted.account_class, xero.tax_rates)
    if fact.state == "mapped":
        return
    found = {
        "no_rate": "there is none",
        "several_rates": f"there are several: {', '.join(fact.choices)}",
    }.get(fact.state, fact.state)
    message = (
        f'tax code "{tax.code}" looks for one active rate of {_plain(wanted.rate)} % for {side} '
        f"in this firm's Xero, and {found}"
    )
    yield Finding(
        CODE, message, at, hint=f"name the tax type of {tax.code} in organisation.yaml",
        severity="warning",
    )  # fmt: skip


def _missing(what: str, wanted: str, xero: XeroSnapshot, at: Position) -> Finding:
    return Finding(
        CODE,
        f'Xero has no tax type "{wanted}" ({what})',
        at,
        hint=did_you_mean(wanted, xero.tax_rates),
        should_be=one_of(xero.tax_rates, 30),
        width=len(wanted),
    )


def _plain(rate: object) -> str:
    text = str(rate)
    return text.rstrip("0").rstrip(".") if "." in text else text
