"""What Xero's accounts are called in a reconciliation, and in which year their balances count."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

ZERO = Decimal("0.00")
RETAINED_EARNINGS = "RETAINEDEARNINGS"
# What an account that Xero keeps itself is called when neither list of accounts has it.
_SYSTEM_NAMES = {RETAINED_EARNINGS: "Retained Earnings"}
# Classes whose balances begin anew with each financial year.
_OF_A_YEAR = frozenset(("REVENUE", "EXPENSE"))

Balances = dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Account:
    """An account of Xero; `called` is its code, or its name when it has no code."""

    called: str
    name: str
    account_class: str
    system: str
    currency: str
    type: str


class Accounts:
    """The accounts of one Xero organisation by id, code and Xero's own mark.

    Args:
        known: accounts in the shape of GET /Accounts; what the firm's files call them counts.
        live: the same as Xero lists them now, for those that came later.
    """

    def __init__(
        self, known: Iterable[Mapping[str, Any]], live: Iterable[Mapping[str, Any]] = ()
    ) -> None:
        self._by_id: dict[str, Account] = {}
        self._by_name: dict[str, Account] = {}
        self._systems: dict[str, Account] = {}
        now = list(live)
        for raw in (*known, *now):
            self._add(raw)
        # A code may be another account's by now: what Xero shows goes by the codes of today.
        self._codes_now = {
            str(raw["Code"]): str(raw["AccountID"]).lower()
            for raw in now
            if raw.get("Code") and raw.get("AccountID")
        }

    def called(self, named: Mapping[str, Any], prefix: str = "") -> str:
        """What the account is called that an element of Xero names by AccountID or by code.

        Args:
            prefix: "Account" for lines, whose field is AccountCode.
        """
        code = str(named.get(f"{prefix}Code") or "")
        account_id = str(named.get("AccountID") or self._codes_now.get(code) or "").lower()
        found = self._by_id.get(account_id)
        if found is not None:
            return found.called
        return code or str(named.get("Name") or named.get("AccountID") or "")

    def of(self, account_id: str | None, otherwise: str) -> str:
        """What the account is called that had an AccountID when a document was decided.

        Args:
            otherwise: what it was called then, for one of which no id was known.
        """
        if not account_id:
            return otherwise
        # Most are written as they are kept.
        found = self._by_id.get(account_id) or self._by_id.get(account_id.lower())
        return found.called if found is not None else otherwise

    def coded(self, code: str) -> str:
        """What the account is called that had a code when the firm's snapshot was read."""
        found = self._by_name.get(code)
        return found.called if found is not None else code

    def by_id(self, account_id: str) -> Account | None:
        """The account with an AccountID."""
        return self._by_id.get(account_id.lower())

    def system(self, mark: str) -> str:
        """What the account is called that Xero keeps itself, by its SystemAccount."""
        found = self._systems.get(mark)
        return found.called if found is not None else _SYSTEM_NAMES.get(mark, mark)

    def name(self, called: str) -> str:
        """The name of an account in Xero; what it is called when it is not known."""
        found = self._by_name.get(called)
        return found.name if found is not None else called

    def currency(self, called: str) -> str:
        """The currency of a bank account; empty for all others."""
        found = self._by_name.get(called)
        return found.currency if found is not None else ""

    def is_bank(self, called: str) -> bool:
        """Whether it is a bank account."""
        found = self._by_name.get(called)
        return found is not None and found.type == "BANK"

    def is_of_a_year(self, called: str) -> bool:
        """Whether it is income or expense, which a new financial year begins at zero."""
        found = self._by_name.get(called)
        return found is not None and found.account_class in _OF_A_YEAR

    def _add(self, raw: Mapping[str, Any]) -> None:
        account_id = str(raw.get("AccountID") or "").lower()
        if account_id and account_id in self._by_id:
            return
        name, code = str(raw.get("Name") or ""), str(raw.get("Code") or "")
        # A code that moved to another account since the firm's snapshot stays with the first one.
        called = code if code and code not in self._by_name else name
        account = Account(
            called=called,
            name=name,
            account_class=str(raw.get("Class") or ""),
            system=str(raw.get("SystemAccount") or ""),
            currency=str(raw.get("CurrencyCode") or ""),
            type=str(raw.get("Type") or ""),
        )
        if account_id:
            self._by_id[account_id] = account
        self._by_name.setdefault(called, account)
        if account.system:
            self._systems.setdefault(account.system, account)


def added(*columns: Mapping[str, Decimal]) -> Balances:
    """The sums of several columns by account."""
    sums: Balances = {}
    for column in columns:
        for account, amount in column.items():
            sums[account] = sums.get(account, ZERO) + amount
    return sums


@dataclass(frozen=True, slots=True)
class YearToDate:
    """Adds up balances as Xero's trial balance shows them: income and expenses of this year only.

    Attributes:
        start: the first day of the financial year of the report; None when the organisation does
            not say when its year ends, and then nothing is carried forward.
    """

    accounts: Accounts
    start: date | None

    def add(self, sums: Balances, called: str, amount: Decimal, day: date) -> None:
        """Add what was booked on a day; of an earlier year it may stand in retained earnings."""
        if self.start is not None and day < self.start and self.accounts.is_of_a_year(called):
            called = self.accounts.system(RETAINED_EARNINGS)
        sums[called] = sums.get(called, ZERO) + amount


def year_start(organisation: Mapping[str, Any], as_at: date) -> date | None:
    """The first day of the financial year in which a day lies.

    Args:
        organisation: FinancialYearEndMonth and FinancialYearEndDay as GET /Organisation gives
            them; a day beyond the end of its month, or none, means the last one.

    Returns:
        None when no month is given.
    """
    month = int(organisation.get("FinancialYearEndMonth") or 0)
    day = int(organisation.get("FinancialYearEndDay") or 31)
    if not 1 <= month <= 12:
        return None
    ends = (
        date(year, month, min(day, monthrange(year, month)[1]))
        for year in (as_at.year, as_at.year - 1)
    )
    return next(end for end in ends if end < as_at) + timedelta(days=1)
