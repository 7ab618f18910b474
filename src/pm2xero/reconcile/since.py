"""What later documents did to Xero's books of a day, so that a closed month goes on to agree.

Xero forgets a deleted payment in all its reports, also in those of days on which it stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pm2xero.history.requests import alive, is_creation
from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.states import RequestState
from pm2xero.reconcile.accounts import Balances, YearToDate
from pm2xero.reconcile.documents import Live
from pm2xero.reconcile.pm_side import Booked
from pm2xero.reconcile.xero_journal import Bookkeeper
from pm2xero.xero.contracts import contract
from pm2xero.xero.natural_key import as_date, is_gone, is_standing
from pm2xero.xero.purpose import Purpose

ZERO = Decimal("0.00")


class Change(StrEnum):
    """What a later document did to the books of an earlier day."""

    TAKEN_BACK = "taken_back"
    ENTERED = "entered"


@dataclass(frozen=True, slots=True)
class Since:
    """A part of Xero's books of a day that a document dated later took away, or put there.

    Attributes:
        transaction: whose entry in Xero it is; by: the later document, of the date `day`.
        accounts: what Xero's books of the day lack by it; debits positive, in the base currency.
    """

    change: Change
    transaction: str
    xero_id: str
    by: str
    day: date
    amount: Decimal
    accounts: Mapping[str, Decimal]


def changed_since(
    booked: Iterable[Booked], day: date, live: Live, books: Bookkeeper
) -> Iterator[Since]:
    """What documents dated after a day did to Xero's books of it.

    A dishonoured payment is deleted, and what the bank shows of it is entered in its place, on the
    day of the payment.

    Args:
        booked: all documents, whatever their date.
    """
    items = list(booked)
    coming = [item for item in items if item.date > day]
    if not coming:
        return
    later = {
        str(request.xero_id): item
        for item in coming
        for request in item.requests
        if request.purpose is Purpose.UNDO and request.state is RequestState.CONFIRMED
    }
    for item in items:
        if item.date <= day and item.standing == "in_xero" and later:
            for request in item.requests:
                by = later.get(str(request.xero_id))
                found = live.made_by(request) if by is not None and is_creation(request) else None
                if by is not None and found is not None and is_gone(found):
                    yield _since(Change.TAKEN_BACK, item, request, found, by, books)
    for item in coming:
        for request in alive(item.requests, later):
            found = live.made_by(request)
            there = as_date(str(found.get("Date") or "")) if found is not None else None
            if found is None or there is None or there > day or not is_standing(found):
                continue
            yield _since(Change.ENTERED, item, request, found, item, books)


def _since(
    change: Change, item: Booked, request: StoredRequest, found: Mapping[str, Any], by: Booked,
    books: Bookkeeper,
) -> Since:  # fmt: skip
    made = books.booking(contract(request.contract).path.lstrip("/"), found)
    sign = 1 if change is Change.TAKEN_BACK else -1
    accounts: Balances = {}
    for account, amount in made.postings:
        accounts[account] = accounts.get(account, ZERO) + sign * amount
    return Since(change, item.id, str(request.xero_id), by.id, by.date, made.amount, accounts)


def since_by_account(found: Iterable[Since], year: YearToDate, day: date) -> Balances:
    """What the books of a day lack, by account as its trial balance would show it."""
    sums: Balances = {}
    for part in found:
        for account, amount in part.accounts.items():
            year.add(sums, account, amount, day)
    return sums
