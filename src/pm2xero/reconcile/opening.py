"""What there was before the integration began, and whether Xero had just that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pm2xero.connection import Connection
from pm2xero.errors import Finding, UsageError
from pm2xero.firm.organisation import Organisation
from pm2xero.firm.trial_balance import balances_of, opening_rows
from pm2xero.firm.trust_holders import is_matter
from pm2xero.history.requests import alive, taken_back
from pm2xero.outbox.records import StoredRequest
from pm2xero.reconcile import trial_balance
from pm2xero.reconcile.accounts import Accounts, Balances, YearToDate, year_start
from pm2xero.reconcile.documents import Live
from pm2xero.reconcile.kept_lists import kept_lists
from pm2xero.reconcile.xero_journal import Bookkeeper
from pm2xero.xero.contracts import contract
from pm2xero.xero.drift import check_same
from pm2xero.xero.natural_key import as_date
from pm2xero.xero.purpose import GONE

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Opening:
    """Where the PM side begins; debits are positive, amounts in the base currency.

    Attributes:
        day: the day before the integration began.
        balances: by account, from opening.trial_balance; None when the firm gives none.
        matters: trust money by matter, from opening.trust_balances; None when it is not known.
    """

    day: date
    balances: Mapping[str, Decimal] | None
    matters: Mapping[str, Decimal] | None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to begin with."""
        return not any((*(self.balances or {}).values(), *(self.matters or {}).values()))


@dataclass(frozen=True, slots=True)
class OpeningDiffers:
    """A cause of differing accounts: Xero had something else when the integration began.

    Attributes:
        declared: whether the firm declares an opening trial balance.
        accounts: those that Xero had otherwise on that day, without what was sent.
    """

    day: date
    declared: bool
    accounts: tuple[str, ...]


def opening_of(firm: Organisation) -> Opening:
    """What the firm's file says was there.

    Raises:
        OrganisationError, InputError: the opening trial balance cannot be used.
    """
    rows = opening_rows(firm)
    matters: Balances | None = None
    if firm.trust_balances is not None:
        matters = {}
        for (holder, _), amount in firm.trust_balances.items():
            if is_matter(holder):
                matters[holder] = matters.get(holder, ZERO) + amount
    return Opening(opening_day(firm), balances_of(rows) if rows is not None else None, matters)


def opening_day(firm: Organisation) -> date:
    """The day before the integration began, by the date as `integration_start` is written."""
    return firm.opening_day


def accounts_of(connection: Connection, live: Live) -> Accounts:
    """The accounts as the firm's files call them, and those that came to Xero later."""
    known = connection.pipeline.organisation.xero.raw["Accounts"]
    return Accounts(known, live.objects("Accounts").values())


def year_to_date(connection: Connection, accounts: Accounts, day: date) -> YearToDate:
    """How balances add up as at a day."""
    raw = connection.pipeline.organisation.xero.raw
    return YearToDate(accounts, year_start(raw["Organisation"], day))


def xero_as_at(connection: Connection, day: date, accounts: Accounts) -> Balances:
    """Xero's trial balance.

    Raises:
        UsageError: PU904 when Xero refuses the report.
    """
    answer = connection.ask("/Reports/TrialBalance", {"date": day.isoformat()})
    if answer.status != 200 or answer.json is None:
        message = f"Xero gives no trial balance (HTTP {answer.status})"
        raise UsageError(Finding("PU904", message))
    return trial_balance.xero_balances(answer.json, accounts)


def xero_without_ours(
    connection: Connection, day: date, accounts: Accounts, live: Live
) -> Balances:
    """Xero's balances as at a day without anything that was sent from here.

    A document may be dated before the integration began although it was posted later.

    Raises:
        UsageError: PU904 when Xero refuses a report or a list.
    """
    balances = xero_as_at(connection, day, accounts)
    year = year_to_date(connection, accounts, day)
    books = Bookkeeper(accounts, live, connection.pipeline.organisation.base_currency)
    for endpoint, found in _sent_by(connection.outbox.requests(), live):
        made = as_date(str(found.get("Date") or ""))
        if made is not None and made <= day and str(found.get("Status") or "") not in GONE:
            for account, amount in books.booking(endpoint, found).postings:
                year.add(balances, account, -amount, made)
    return {account: amount for account, amount in balances.items() if amount}


def opening_in_xero(connection: Connection, day: date) -> tuple[Balances, Accounts]:
    """What Xero would have as its opening at the end of a day, and the names of the accounts.

    Lists are asked for only where something was sent; of those that were read before, only what has
    changed is read, and a reading that was cut off is gone on with.

    Raises:
        UsageError: PU904 when Xero refuses a report or a list; the pages that came are kept.
    """
    check_same(connection.ask, connection.pipeline.organisation)
    live = Live(kept_lists(connection), connection.pipeline.organisation.xero.tax_rates)
    accounts = accounts_of(connection, live)
    return xero_without_ours(connection, day, accounts, live), accounts


def opening_differs(
    connection: Connection, opening: Opening, accounts: Accounts, live: Live
) -> OpeningDiffers | None:
    """Whether Xero had other balances when the integration began than the firm declares."""
    there = xero_without_ours(connection, opening.day, accounts, live)
    declared = opening.balances or {}
    differing = tuple(
        account
        for account in sorted({*there, *declared})
        if there.get(account, ZERO) != declared.get(account, ZERO)
    )
    if not differing:
        return None
    return OpeningDiffers(opening.day, opening.balances is not None, differing)


def _sent_by(
    requests: Iterable[StoredRequest], live: Live
) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """What was sent from here and still stands, by endpoint."""
    rows = list(requests)
    for row in alive(rows, taken_back(rows)):
        found = live.made_by(row)
        if found is not None:
            yield contract(row.contract).path.lstrip("/"), found
