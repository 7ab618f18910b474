"""What others entered in Xero: documents, payments, transfers and journals that are not ours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from pm2xero.history.requests import is_creation
from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.states import UNSETTLED
from pm2xero.reconcile.accounts import Balances, YearToDate
from pm2xero.reconcile.documents import Live
from pm2xero.reconcile.doubles import NaturalKeys
from pm2xero.reconcile.payments_there import batch_of, owners_of, settles
from pm2xero.reconcile.xero_journal import Booking, Bookkeeper, Object
from pm2xero.send.lookup import load_lookups
from pm2xero.xero.contracts import contract
from pm2xero.xero.natural_key import as_date

ZERO = Decimal("0.00")
ENDPOINTS = ("Invoices", "CreditNotes", "BankTransactions", "BankTransfers", "ManualJournals")
# What has one of these statuses stands in the ledger; a transfer need not have any.
_STANDS = frozenset(("AUTHORISED", "PAID", "POSTED", ""))
# A call with such a request may have made an object whose id only Xero knows.
_MAYBE_THERE = UNSETTLED
# Parts of a stored body that do not bear an id of Xero yet, so that nothing can be compared.
_NAMED_BY_OUR_ID = frozenset(("Contact", "Invoice", "CreditNote"))


@dataclass(frozen=True, slots=True)
class ByOthers:
    """One entry in Xero that was not sent from here, in base currency; debits are positive.

    Attributes:
        amount: the money that stands on it.
        what: its type, whose it is, its number, reference or narration.
        accounts: what it booked, by account; empty when the API does not say enough.
        trust: the trust accounts that it touched, also where they come to zero.
        document: a document that waits in Practice Management and would book just the same.
        double_of: a document that is in Xero already under the same natural key, and its id there.
    """

    endpoint: str
    xero_id: str
    day: date
    amount: Decimal
    what: str
    accounts: Mapping[str, Decimal]
    trust: tuple[str, ...]
    document: str | None = None
    double_of: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """The days that count, both ends included."""

    first: date
    last: date

    def covers(self, day: date) -> bool:
        """Whether a day counts."""
        return self.first <= day <= self.last


class Others:
    """Finds the entries of others in one organisation.

    Args:
        requests: all that were ever made; what they have an id of is ours.
        also_ours: further ids in Xero that belong to a document.
        trust: the accounts that trust money may stand on.
    """

    def __init__(
        self, requests: Iterable[StoredRequest], also_ours: frozenset[str], live: Live,
        books: Bookkeeper, trust: frozenset[str],
    ) -> None:  # fmt: skip
        rows = list(requests)
        self._live = live
        self._books = books
        self._trust = trust
        self._owners = owners_of(rows, live)
        ours = {str(r.xero_id) for r in rows if r.xero_id} | also_ours
        self._ours = ours | set(_perhaps_ours(rows, live, ours))
        self._sent = NaturalKeys(rows, live)

    def entries(self, period: Period) -> tuple[ByOthers, ...]:
        """All entries of a period, by day.

        A payment of, or a credit on, a document that was sent is none: it changes that document.
        """
        found = [*self._documents(period), *self._allocations(period), *self._payments(period)]
        return tuple(sorted(found, key=lambda e: (e.day, e.endpoint, e.what, e.xero_id)))

    def _documents(self, period: Period) -> Iterator[ByOthers]:
        for endpoint in ENDPOINTS:
            for id, found in self._live.objects(endpoint).items():
                # Both halves of a transfer are listed as bank transactions as well.
                is_half = str(found.get("Type") or "").endswith("-TRANSFER")
                if id not in self._ours and not is_half and _counts(found, period):
                    made = self._books.booking(endpoint, found)
                    entry = self._entry(endpoint, id, _day(found), made, _what(found))
                    yield replace(entry, double_of=self._sent.owner_of(endpoint, found))

    def _allocations(self, period: Period) -> Iterator[ByOthers]:
        """Uses of prepayments; those of overpayments and credit notes book nothing."""
        bank = self._live.objects("BankTransactions").values()
        if not any(str(t.get("Type") or "").endswith("-PREPAYMENT") for t in bank):
            return
        for prepayment, use, made in self._books.allocations():
            if use.document not in self._owners and period.covers(use.day):
                what = f"allocation of {_what(prepayment)}"
                yield self._entry("Prepayments", use.xero_id, use.day, made, what)

    def _payments(self, period: Period) -> Iterator[ByOthers]:
        """Payments one by one; those of a batch together, as on the bank's statement."""
        batches: dict[str, list[tuple[Object, Booking]]] = {}
        for id, found in self._live.objects("Payments").items():
            batch = batch_of(found)
            if id in self._ours or batch in self._ours or settles(found) in self._owners:
                continue
            if not _counts(found, period):
                continue
            made = self._books.booking("Payments", found)
            if batch is None:
                yield self._entry("Payments", id, _day(found), made, _what(found))
            else:
                batches.setdefault(batch, []).append((found, made))
        for batch, parts in batches.items():
            whole = Booking(
                sum((made.amount for _, made in parts), ZERO),
                tuple(posting for _, made in parts for posting in made.postings),
            )
            first, _ = parts[0]
            what = f"{_what(first)} and others" if len(parts) > 1 else _what(first)
            yield self._entry("BatchPayments", batch, _day(first), whole, what)

    def _entry(self, endpoint: str, id: str, day: date, made: Booking, what: str) -> ByOthers:
        accounts: Balances = {}
        for account, amount in made.postings:
            accounts[account] = accounts.get(account, ZERO) + amount
        trust = tuple(account for account in accounts if account in self._trust)
        booked = {account: amount for account, amount in accounts.items() if amount}
        return ByOthers(endpoint, id, day, made.amount, what, booked, trust)


def others_by_account(entries: Iterable[ByOthers], year: YearToDate) -> Balances:
    """What the entries of others booked, by account as the trial balance shows it."""
    sums: Balances = {}
    for entry in entries:
        for account, amount in entry.accounts.items():
            year.add(sums, account, amount, entry.day)
    return sums


def _perhaps_ours(rows: Iterable[StoredRequest], live: Live, ours: set[str]) -> Iterator[str]:
    """Objects without a link that a request of unknown outcome may have made.

    They are nobody else's until the next push has looked them up.
    """
    for row in rows:
        key = load_lookups().key(row.contract) if row.state in _MAYBE_THERE else None
        # A part of another document, such as an allocation, is in no list of its own.
        if key is None or not is_creation(row):
            continue
        try:
            sent = json.loads(row.element, parse_float=Decimal)
        except ValueError:
            continue
        known = {name: value for name, value in sent.items() if name not in _NAMED_BY_OUR_ID}
        for id, found in live.objects(contract(row.contract).path.lstrip("/")).items():
            if id not in ours and key.matches(known, found):
                yield id


def _counts(found: Object, period: Period) -> bool:
    return str(found.get("Status") or "") in _STANDS and period.covers(_day(found))


def _day(found: Object) -> date:
    day = as_date(str(found.get("Date") or ""))
    # Xero dates everything; without a date nothing lies in any period.
    return day if day is not None else date.max


def _what(found: Mapping[str, Any]) -> str:
    """Type, contact, number, reference or narration, as far as there are any."""
    target = next(
        (v for k in ("Invoice", "CreditNote") if isinstance(v := found.get(k), Mapping)), {}
    )
    words = (
        str(found.get("Type") or found.get("PaymentType") or ""),
        _contact(found) or _contact(target),
        *(
            str(holder.get(name) or "")
            for holder in (found, target)
            for name in ("InvoiceNumber", "CreditNoteNumber", "Reference", "Narration")
        ),
    )
    return ", ".join(dict.fromkeys(w for w in words if w))


def _contact(found: Mapping[str, Any]) -> str:
    contact = found.get("Contact")
    return str(contact.get("Name") or "") if isinstance(contact, Mapping) else ""
