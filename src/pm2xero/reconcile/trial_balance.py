"""Trial balances of both sides, and their comparison account by account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pm2xero.reconcile.accounts import Accounts, Balances, YearToDate
from pm2xero.reconcile.pm_side import Booked

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account on both sides; debits are positive, currency units.

    Attributes:
        pm: by the opening and the postings of everything that is booked in Practice Management.
        rounding: the cents that Xero's tax calculation moves, declared by the mapping.
        xero: by Xero's trial balance.
        others: what others entered in Xero.
        missing: what of `pm` is not in Xero.
    """

    code: str
    name: str
    pm: Decimal
    rounding: Decimal
    xero: Decimal
    others: Decimal = ZERO
    missing: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        """What is in Xero beyond what must be there."""
        return self.xero - (self.pm - self.missing) - self.rounding - self.others


@dataclass(frozen=True, slots=True)
class PmSides:
    """Balances by account as Practice Management has them, and the rounding beside them."""

    pm: Mapping[str, Decimal]
    rounding: Mapping[str, Decimal]


def pm_sides(
    booked: Iterable[Booked], year: YearToDate, day: date, opening: Mapping[str, Decimal],
    missing: Mapping[str, Decimal],
) -> PmSides:  # fmt: skip
    """The balances of all that is booked, on top of what there was.

    Args:
        opening: balances by account at the end of `day`.
        missing: what of it is not in Xero, by account.
    """
    pm: Balances = dict(missing)
    rounding: Balances = {}
    for account, amount in opening.items():
        year.add(pm, account, amount, day)
    for item in booked:
        if item.standing != "in_xero":
            continue
        for entry in item.entries:
            year.add(pm, entry.account, entry.amount, item.date)
        for account, cents in item.rounding.items():
            year.add(rounding, account, cents, item.date)
    return PmSides(pm, rounding)


def xero_balances(report: Mapping[str, Any], accounts: Accounts) -> Balances:
    """Balances by account from `GET Reports/TrialBalance`: its last two columns.

    Those are the year to date; the first two are the movement of the month.
    """
    balances: Balances = {}
    for section in report["Reports"][0]["Rows"]:
        for row in section.get("Rows", ()):
            cells = row.get("Cells", ())
            if row.get("RowType") != "Row" or len(cells) < 5:
                continue
            attributes = cells[0].get("Attributes") or ()
            identity = next((a["Value"] for a in attributes if a.get("Id") == "account"), None)
            if identity is None:
                continue
            amount = _amount(cells[3]) - _amount(cells[4])
            known = accounts.by_id(identity)
            account = known.called if known else str(cells[0].get("Value", identity))
            balances[account] = balances.get(account, ZERO) + amount
    return balances


def compare(
    sides: PmSides, others: Mapping[str, Decimal], xero: Mapping[str, Decimal],
    missing: Mapping[str, Decimal], accounts: Accounts,
) -> list[AccountLine]:  # fmt: skip
    """All sides by account; accounts of which none has anything are left out."""
    columns = (sides.pm, sides.rounding, xero, others, missing)
    codes = sorted({code for column in columns for code in column})
    return [
        AccountLine(code, accounts.name(code), *(column.get(code, ZERO) for column in columns))
        for code in codes
        if any(column.get(code) for column in columns)
    ]


def _amount(cell: Mapping[str, Any]) -> Decimal:
    return Decimal(str(cell.get("Value") or "0"))
