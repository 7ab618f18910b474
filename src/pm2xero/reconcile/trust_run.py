"""Fetches both sides of the trust proof: by itself, or as a part of a reconciliation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from pm2xero.connection import Connection
from pm2xero.history.requests import alive, taken_back
from pm2xero.reconcile.balance_day import balance_day
from pm2xero.reconcile.documents import Live
from pm2xero.reconcile.kept_lists import kept_lists
from pm2xero.reconcile.missing import is_missing
from pm2xero.reconcile.opening import accounts_of, opening_of, xero_as_at
from pm2xero.reconcile.pm_side import Booked, books_of
from pm2xero.reconcile.trust_ledger import trust_proof
from pm2xero.reconcile.trust_proof import TrustProof
from pm2xero.reconcile.xero_journal import Bookkeeper
from pm2xero.xero.contracts import contract
from pm2xero.xero.drift import check_same

ZERO = Decimal("0.00")


def prove_trust(connection: Connection, as_at: date | None) -> TrustProof | None:
    """The trust proof of a firm; None when it has no trust bank.

    Args:
        as_at: the day of all balances; when None, the same as a reconciliation takes.

    Raises:
        UsageError: PU904 when Xero refuses a report or a list, PU915 when another organisation is
            connected, PU918 when `as_at` lies before the opening.
        OrganisationError, InputError: the opening trial balance cannot be used.
    """
    firm = connection.pipeline.organisation
    check_same(connection.ask, firm)
    live = Live(kept_lists(connection), firm.xero.tax_rates)
    accounts = accounts_of(connection, live)
    booked = books_of(connection.outbox, connection.outbox.requests(), accounts)
    opening = opening_of(firm)
    day = balance_day(connection.clock().date(), as_at, booked, opening)
    if as_at is not None:
        booked = [b for b in booked if b.date <= as_at]
    xero = xero_as_at(connection, day, accounts)
    keeper = Bookkeeper(accounts, live, firm.base_currency)
    return trust_proof(
        booked, connection.pipeline.decider.chart, opening, xero, day,
        is_missing=is_missing, partly=there_of(booked, live, keeper),
    )  # fmt: skip


def counts_in_ledger(item: Booked) -> bool:
    """Whether a document is booked in Practice Management, wherever else it is."""
    return item.standing == "in_xero" or is_missing(item)


def there_of(
    booked: list[Booked], live: Live, keeper: Bookkeeper
) -> Callable[[Booked], Mapping[str, Decimal]]:
    """What the part books, by account, that Xero has of a document that is partly there."""
    gone = taken_back(r for item in booked for r in item.requests)

    def there(item: Booked) -> Mapping[str, Decimal]:
        sums: dict[str, Decimal] = {}
        for request in alive(item.requests, gone):
            found = live.made_by(request)
            if found is None:
                continue
            endpoint = contract(request.contract).path.lstrip("/")
            for account, amount in keeper.booking(endpoint, found).postings:
                sums[account] = sums.get(account, ZERO) + amount
        return sums

    return there
