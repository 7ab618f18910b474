"""Trial balances of both sides, and their comparison account by account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pm2xero.reconcile.accounts import Accounts, Balances, YearToDate
from pm2xero.reconcile.books import Booked

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account on both sides; debits are positive, currency units.

    Attributes:
        pm: by the postings of everything that is in Xero.
        rounding: the cents that Xero's tax calculation moves, declared by the mapping.
        xero: by Xero's trial balance.
    """

    code: str
    name: str
    pm: Decimal
    rounding: Decimal
    xero: Decimal

    @property
    def difference(self) -> Decimal:
        """What is in Xero beyond what must be there."""
        return self.xero - self.pm - self.rounding


def pm_balances(booked: Iterable[Booked], year: YearToDate) -> tuple[Balances, Balances]:
    """Balances by account of all that is in Xero, and the rounding beside it."""
    balances: Balances = {}
    rounding: Balances = {}
    for item in booked:
        if item.standing != "in_xero":
            continue
        for entry in item.entries:
            year.add(balances, entry.account.called, entry.amount, item.date)
        for account, cents in item.rounding.items():
            year.add(rounding, account, cents, item.date)
    return balances, rounding


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
    pm: Balances, rounding: Balances, xero: Balances, accounts: Accounts
) -> list[AccountLine]:
    """All sides by account; accounts of which none has anything are left out."""
    lines = [
        AccountLine(
            code, accounts.name(code), pm.get(code, ZERO), rounding.get(code, ZERO),
            xero.get(code, ZERO),
        )
        for code in sorted({*pm, *xero, *rounding})
    ]  # fmt: skip
    return [line for line in lines if line.pm or line.xero or line.rounding]


def _amount(cell: Mapping[str, Any]) -> Decimal:
    return Decimal(str(cell.get("Value") or "0"))
