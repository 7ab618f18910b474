"""What was taken back in Xero after the day of a reconciliation, so that a closed month agrees.

Xero forgets a deleted payment in all its reports, also in those of days on which it stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pm2xero.history.requests import is_creation
from pm2xero.outbox.states import RequestState
from pm2xero.reconcile.accounts import Balances, YearToDate
from pm2xero.reconcile.documents import Live
from pm2xero.reconcile.pm_side import Booked
from pm2xero.reconcile.xero_journal import Bookkeeper
from pm2xero.xero.contracts import contract
from pm2xero.xero.natural_key import is_gone
from pm2xero.xero.purpose import Purpose

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A part of a document that stood in Xero on the day and was taken back by a later one.

    Attributes:
        by: the later document, such as a reversal, of the date `day`.
        accounts: what it booked, by account; debits positive, in the base currency.
    """

    transaction: str
    xero_id: str
    by: str
    day: date
    amount: Decimal
    accounts: Mapping[str, Decimal]


def taken_back_since(
    booked: Iterable[Booked], day: date, live: Live, books: Bookkeeper
) -> Iterator[TakenBack]:
    """What documents dated after a day took back of those that count on it.

    Args:
        booked: all documents, whatever their date.
    """
    items = list(booked)
    later = {
        str(request.xero_id): item
        for item in items
        if item.date > day
        for request in item.requests
        if request.purpose is Purpose.UNDO and request.state is RequestState.CONFIRMED
    }
    if not later:
        return
    for item in items:
        if item.standing != "in_xero" or item.date > day:
            continue
        for request in item.requests:
            by = later.get(str(request.xero_id))
            found = live.made_by(request) if by is not None and is_creation(request) else None
            if by is None or found is None or not is_gone(found):
                continue
            made = books.booking(contract(request.contract).path.lstrip("/"), found)
            accounts: Balances = {}
            for account, amount in made.postings:
                accounts[account] = accounts.get(account, ZERO) + amount
            yield TakenBack(
                item.id, str(request.xero_id), by.id, by.date, made.amount, accounts
            )  # fmt: skip


def since_by_account(found: Iterable[TakenBack], year: YearToDate, day: date) -> Balances:
    """What was taken back, by account as the trial balance of a day would show it."""
    sums: Balances = {}
    for part in found:
        for account, amount in part.accounts.items():
            year.add(sums, account, amount, day)
    return sums
