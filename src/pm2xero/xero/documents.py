"""What a body or an object of Xero says in money: its total, day, accounts and taxes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Protocol

import msgspec

from pm2xero.firm.snapshot import XeroTaxRate
from pm2xero.records import record
from pm2xero.xero.natural_key import as_date, same_number

CENT = Decimal("0.01")
ZERO = Decimal("0.00")

# On which side of the ledger the lines of a document stand; debits are positive.
_SIDES = {
    "ACCREC": -1, "ACCRECCREDIT": 1, "ACCPAY": 1, "ACCPAYCREDIT": -1, "RECEIVE": -1, "SPEND": 1,
}  # fmt: skip

# The fields that name the account that money moves on.
_BANKS = ("BankAccount", "Account", "FromBankAccount", "ToBankAccount")

_BODY = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)

Rates = Mapping[str, XeroTaxRate]
Named = Mapping[str, Any]


class Called(Protocol):
    """What an account is called that an element names by id or by code."""

    def __call__(self, named: Named, prefix: str = "") -> str:
        """The account; `prefix` is "Account" for lines, whose field is AccountCode."""


@record
class TaxShare:
    """What stands under one tax type, in currency units; debits are positive."""

    net: Decimal
    tax: Decimal

    def __add__(self, other: TaxShare) -> TaxShare:
        return TaxShare(self.net + other.net, self.tax + other.tax)


@dataclass(frozen=True, slots=True)
class Contents:
    """A document in money, however it is written down.

    Attributes:
        total: with tax, in currency units, as it stands on the document.
        accounts: net amount by account, as it stands on the document.
        tax: all tax of the lines.
        taxes: by tax type, debits positive.
        banks: the accounts that money moves on, by the field that names them.
        number: of an invoice or a credit note; empty where there is none.
    """

    total: Decimal
    day: date | None
    accounts: Mapping[str, Decimal]
    tax: Decimal
    taxes: Mapping[str, TaxShare]
    banks: Mapping[str, str] = field(default_factory=dict)
    number: str = ""

    def differences(self, other: Contents) -> list[str]:
        """Where the other one says something else, in words."""
        found = []
        if self.day and other.day and self.day != other.day:
            found.append(f"date {self.day}, there {other.day}")
        ours, theirs = self.number, other.number
        if ours != theirs and ours and theirs and not same_number(ours, theirs):
            found.append(f"number {self.number}, there {other.number}")
        for name, bank in self.banks.items():
            if other.banks.get(name, bank) != bank:
                found.append(f"bank account {bank}, there {other.banks[name]}")
        if self.accounts and other.accounts:
            for code in sorted({*self.accounts, *other.accounts}):
                here, there = self.accounts.get(code, ZERO), other.accounts.get(code, ZERO)
                if here != there:
                    found.append(f"account {code} {here:,.2f}, there {there:,.2f}")
        if self.tax != other.tax:
            found.append(f"tax {self.tax:,.2f}, there {other.tax:,.2f}")
        elif self.taxes and other.taxes:
            found += _other_taxes(self.taxes, other.taxes)
        return found

    def same(self, other: Contents) -> bool:
        """Whether both say the same."""
        return self.total == other.total and not self.differences(other)


def by_code(named: Named, prefix: str = "") -> str:
    """An account as an element names it: by its code."""
    return str(named.get(f"{prefix}Code"))


def contents_of_body(element: str, rates: Rates, called: Called = by_code) -> Contents | None:
    """What a body says, with the tax that Xero makes of its lines; None when it is no body.

    Args:
        called: what an account is called that a line or a bank account names.
    """
    try:
        body = body_of(element)
        return _contents(body, _amount_of(body), rates, called)
    except (msgspec.MsgspecError, TypeError, KeyError, AttributeError, InvalidOperation):
        return None


def body_of(element: str) -> Named:
    """A body as it was planned, with its fractions as Decimal.

    Raises:
        msgspec.MsgspecError: when it is no JSON object.
    """
    found: Named = _BODY.decode(element)
    return found


def contents_of_object(found: Named, rates: Rates, called: Called = by_code) -> Contents:
    """What an object of Xero says."""
    total = next(
        (_money(found[k]) for k in ("Total", "TotalAmount", "Amount") if found.get(k) is not None),
        None,
    )
    return _contents(found, total, rates, called)


def line_tax(line: Mapping[str, Any], how: object, rates: Rates) -> Decimal:
    """The tax of a line: as it says, else as Xero calculates it, in currency units.

    Args:
        how: LineAmountTypes of the document.
    """
    if how == "NoTax":
        return ZERO
    given = line.get("TaxAmount")
    if given is not None:
        return _money(given)
    rate = rates.get(str(line.get("TaxType") or ""))
    if rate is None:
        return ZERO
    whole = 100 + rate.rate if how == "Inclusive" else 100
    return (_money(line["LineAmount"]) * rate.rate / whole).quantize(CENT, ROUND_HALF_UP)


def _amount_of(body: Mapping[str, Any]) -> Decimal | None:
    if "Amount" in body:
        return _money(body["Amount"])
    if "Payments" in body:
        return sum((_money(p["Amount"]) for p in body["Payments"]), ZERO)
    if "Allocations" in body:
        return sum((_money(a["Amount"]) for a in body["Allocations"]), ZERO)
    return None


def _contents(body: Named, total: Decimal | None, rates: Rates, called: Called) -> Contents:
    day = as_date(str(body.get("Date") or ""))
    banks = {name: called(body[name]) for name in _BANKS if type(body.get(name)) is dict}
    number = str(body.get("InvoiceNumber") or body.get("CreditNoteNumber") or "")
    journal: Iterable[Mapping[str, Any]] = body.get("JournalLines") or ()
    if journal:
        amounts = [_money(line["LineAmount"]) for line in journal]
        debits = sum((a for a in amounts if a > 0), ZERO)
        codes = [called(line, "Account") for line in journal]
        return Contents(debits, day, _summed(zip(codes, amounts, strict=True)), ZERO, {})
    nets: list[tuple[str, Decimal]] = []
    taxes: dict[str, TaxShare] = {}
    all_tax = ZERO
    side = _SIDES.get(str(body.get("Type", "")), 1)
    how = body.get("LineAmountTypes")
    is_inclusive = how == "Inclusive"
    for line in body.get("LineItems") or ():
        tax, net = line_tax(line, how, rates), _money(line["LineAmount"])
        if is_inclusive:
            net -= tax
        nets.append((called(line, "Account") if _is_coded(line) else "", net))
        all_tax += tax
        kind = str(line.get("TaxType") or "")
        share, known = TaxShare(side * net, side * tax), taxes.get(kind)
        taxes[kind] = share if known is None else known + share
    if total is None:
        total = sum((net for _, net in nets), ZERO) + all_tax
    coded = [(account, net) for account, net in nets if account]
    return Contents(total, day, _summed(coded), all_tax, taxes, banks, number)


def _is_coded(line: Named) -> bool:
    """Whether a line names its account; Xero codes that of an overpayment itself."""
    return bool(line.get("AccountCode") or line.get("AccountID"))


def _other_taxes(here: Mapping[str, TaxShare], there: Mapping[str, TaxShare]) -> list[str]:
    """Where the same tax in all stands under other types."""
    none = TaxShare(ZERO, ZERO)
    return [
        f"tax under {type} {abs(a):,.2f}, there {abs(b):,.2f}"
        for type in sorted({*here, *there})
        if (a := here.get(type, none).tax) != (b := there.get(type, none).tax)
    ]


def _summed(pairs: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for code, amount in pairs:
        sums[code] = sums.get(code, ZERO) + amount
    return {code: amount for code, amount in sums.items() if amount}


def _money(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))
