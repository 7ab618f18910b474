"""The PM side: every stored document with its journal, and how far it has come in Xero.

All of it was written down when the documents were decided; nothing is decided or read anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Protocol

from pm2xero.decide.cents import amount_of
from pm2xero.history.requests import taken_back
from pm2xero.history.standing import correction_waits, standing_of
from pm2xero.history.taxes import Tax
from pm2xero.outbox.past_records import Booking, EntryRow
from pm2xero.outbox.records import StoredDecision, StoredRequest
from pm2xero.outbox.states import RequestState
from pm2xero.pack.counts import Counts
from pm2xero.reconcile.accounts import Accounts
from pm2xero.records import record
from pm2xero.sentences import closed
from pm2xero.xero.errors import load_errors

ZERO = Decimal("0.00")


class Kept(Protocol):
    """What is read of an outbox."""

    def bookings(self) -> Iterator[Booking]:
        """What every decided revision is in Practice Management, by document and revision."""

    def decisions(self) -> Iterator[StoredDecision]:
        """The decision about every revision, in the order of posting."""

    def requests(self) -> Sequence[StoredRequest]:
        """The requests that count now."""


@record
class BookedEntry:
    """One debit (positive) or credit (negative), in currency units.

    Attributes:
        name: the account as Practice Management calls it.
        account: what a trial balance of Xero calls it now, whatever its code was then.
        account_id: its AccountID in Xero; code and title: as they were then.
        matter, bank: set where trust money of a matter moves.
        tax_type: Xero's, of a line of a document that was not sent; empty where there is none.
    """

    name: str
    account: str
    account_id: str | None
    code: str
    title: str
    amount: Decimal
    matter: str | None
    bank: str | None
    tax_type: str = ""


@record
class Booked:
    """A document of Practice Management and where it stands.

    Of one that is in Xero but for what a person is to enter, there are two: what is there, and what
    is left over.

    Attributes:
        revision: the latest one; all amounts are those of this revision.
        is_behind: Xero has an earlier revision, because a correction waits or was refused.
        standing: in_xero, partial (some of its requests are), pending, refused, skipped,
            unsupported (a rule rejects it), held, voided, left_over (a person is to enter it).
        cause: the reason code or the cause of the refusal.
        contact: the participant's id in Practice Management.
        counts: how its money counts while it is not in Xero.
        codes: what the accounts are called now, by the codes that they had when it was decided.
        in_xero: the journal of the revision that Xero has, where that is not this one.
        money_in_xero: its amount.
        left_over: the part of the journal that a person enters while the rest is sent.
        rounding: by account code, what Xero's own tax calculation moves (see `rounding_line`).
        taxes: by Xero's tax type.
    """

    id: str
    revision: int
    is_behind: bool
    kind: str
    date: date
    number: str
    participant: str
    contact: str | None
    currency: str
    money: Decimal
    standing: str
    cause: str
    by_hand: bool
    is_voided: bool
    message: str
    remedy: str
    entries: tuple[BookedEntry, ...]
    rounding: Mapping[str, Decimal]
    taxes: Mapping[str, Tax]
    requests: tuple[StoredRequest, ...]
    counts: Counts
    codes: Mapping[str, str]
    in_xero: tuple[BookedEntry, ...] = ()
    money_in_xero: Decimal | None = None
    left_over: tuple[BookedEntry, ...] = ()


def is_put_off(item: Booked) -> bool:
    """Whether a push does not send it as Xero would refuse it now, and a person may enter it."""
    return item.standing == "pending" and load_errors().by_hand(item.cause) is not None


def books_of(kept: Kept, requests: Sequence[StoredRequest], accounts: Accounts) -> list[Booked]:
    """Every document once, in the order of posting; unreadable ones are left out.

    Args:
        requests: all that count now.
        accounts: what Xero's accounts are called now.
    """
    gone = taken_back(requests)
    by_transaction: dict[str, list[StoredRequest]] = {}
    for request in requests:
        by_transaction.setdefault(request.transaction, []).append(request)
    decisions: dict[str, list[StoredDecision]] = {}
    for decision in kept.decisions():
        decisions.setdefault(decision.id, []).append(decision)
    bookings: dict[str, dict[int, Booking]] = {}
    for booking in kept.bookings():
        bookings.setdefault(booking.id, {})[booking.revision] = booking
    result = []
    for id, decided in decisions.items():
        decided.sort(key=lambda d: d.revision)
        made = by_transaction.get(id, [])
        found = _booked(decided, bookings.get(id, {}), made, gone, accounts)
        if found is not None:
            entered = list(_still_entered(found, decided, bookings.get(id, {}), accounts))
            if found.is_voided or not entered:
                result += _with_left_over(found, decided)
            result += entered
    return result


def _with_left_over(item: Booked, decided: Sequence[StoredDecision]) -> list[Booked]:
    """A document, and what of it a person is still to enter, once the rest is in Xero."""
    left = next((r for r in item.requests if r.state is RequestState.LEFT), None)
    if left is None or left.target is not None or item.standing != "in_xero":
        return [item]
    entries = item.left_over
    taken = tuple(replace(e, amount=-e.amount) for e in entries)
    money = left.money if item.money >= 0 else -left.money
    if item.is_behind:
        # What a person corrects to a later revision has no part of its own.
        there = (item.money_in_xero or ZERO) - money
        in_xero = tuple(_netted((*item.in_xero, *taken)))
        return [replace(item, in_xero=in_xero, money_in_xero=there)]
    decision = next(d for d in decided if d.revision == left.revision)
    reason = next((r for r in decision.reasons if r.get("code") == left.cause), {})
    rest = replace(
        item,
        revision=left.revision,
        money=money,
        standing="left_over",
        cause=left.cause or "",
        by_hand=True,
        message=left.message or "",
        remedy=str(reason.get("remedy", "")),
        entries=entries,
        rounding={},
        taxes={},
        requests=(),
    )
    sent = tuple(_netted((*item.entries, *taken)))
    return [replace(item, entries=sent, money=item.money - money), rest]


def _still_entered(
    item: Booked, decided: Sequence[StoredDecision], bookings: Mapping[int, Booking],
    accounts: Accounts,
) -> Iterator[Booked]:  # fmt: skip
    """What a person entered of a document that was voided, and is to take back.

    Where it is to be there again, that counts for it.
    """
    by_id = {r.id: r for r in item.requests}
    posted = max((d.revision for d in decided if d.outcome == "post"), default=0)
    for back in item.requests:
        entered = by_id.get(back.target or "")
        if back.state is not RequestState.LEFT or entered is None or back.revision < posted:
            continue
        decision = next(d for d in decided if d.revision == back.revision)
        yield replace(
            item,
            standing="in_xero",
            is_behind=True,
            cause=back.cause or "",
            by_hand=True,
            message=back.message or "",
            remedy=str((decision.reasons or [{}])[0].get("remedy", "")),
            in_xero=tuple(_journal(bookings[entered.revision], accounts, "left_over")),
            money_in_xero=entered.money if item.money >= 0 else -entered.money,
        )


def _netted(entries: Iterable[BookedEntry]) -> Iterator[BookedEntry]:
    """One entry for each account, and for each matter and bank of it."""
    sums: dict[tuple[str, str | None, str | None], BookedEntry] = {}
    for entry in entries:
        key = (entry.account, entry.matter, entry.bank)
        before = sums.get(key)
        amount = entry.amount + (before.amount if before is not None else ZERO)
        sums[key] = replace(before or entry, amount=amount)
    return (entry for entry in sums.values() if entry.amount)


def _booked(
    decided: Sequence[StoredDecision], bookings: Mapping[int, Booking],
    requests: Sequence[StoredRequest], gone: set[str], accounts: Accounts,
) -> Booked | None:  # fmt: skip
    last = decided[-1]
    decision = next((d for d in reversed(decided) if d.outcome == "post"), last)
    newest, sent = bookings.get(last.revision), bookings.get(decision.revision)
    if newest is None or sent is None or newest.date is None:
        return None
    standing, cause, message = standing_of(decision, requests, is_voided=sent.voided)
    if standing == "voided" and not newest.voided:
        # It was taken back, and is to be there again: what was decided of that says how far it is.
        standing, cause, message = standing_of(last, requests, is_voided=False)
    is_behind = standing == "in_xero" and decision.revision < last.revision
    if standing in ("partial", "pending") and correction_waits(requests, gone):
        standing, is_behind = "in_xero", True
    told = sent if newest.voided and standing == "voided" else newest
    first = (last.reasons or decision.reasons or [{}])[0]
    remedy = str(first.get("remedy", ""))
    to_enter = load_errors().by_hand(cause) if standing in ("refused", "pending") else None
    if to_enter is not None:
        remedy = closed(to_enter)
        # What is stored of one that waits ends with the remedy, which stands by itself here.
        message = message.removesuffix(f" {remedy}")
    counts = decision.outcome == "post" and not newest.voided
    return Booked(
        id=told.id,
        revision=last.revision,
        is_behind=is_behind,
        kind=told.kind,
        date=told.date or newest.date,
        number=told.number,
        participant=told.contact_name,
        contact=told.contact,
        currency=told.currency,
        money=amount_of(told.cents),
        standing=standing,
        cause=cause,
        by_hand=last.by_hand or to_enter is not None,
        is_voided=newest.voided,
        message=message or str(first.get("message", "")),
        remedy=remedy,
        entries=() if newest.voided else tuple(_journal(newest, accounts)),
        rounding=_rounding(newest, accounts) if counts else {},
        taxes=_taxes(newest) if counts else {},
        requests=tuple(requests),
        counts=Counts(newest.counts),
        codes=_codes((newest,) if newest is sent else (newest, sent), accounts),
        in_xero=tuple(_journal(sent, accounts)) if is_behind else (),
        money_in_xero=amount_of(sent.cents) if is_behind else None,
        left_over=tuple(_journal(sent, accounts, "left_over")),
    )


def _journal(
    booking: Booking, accounts: Accounts, part: str = "journal"
) -> Iterator[BookedEntry]:  # fmt: skip
    for e in _part(booking, part):
        account = accounts.of(e.account_id, e.account_code or e.account_name or e.name)
        yield BookedEntry(
            e.name, account, e.account_id, e.account_code, e.account_name, amount_of(e.cents),
            e.matter, e.bank, e.tax_type or "",
        )  # fmt: skip


def _codes(bookings: Iterable[Booking], accounts: Accounts) -> dict[str, str]:
    return {
        e.account_code: accounts.of(e.account_id, e.account_code)
        for booking in bookings
        for e in booking.entries
        if e.account_code
    }


def _rounding(booking: Booking, accounts: Accounts) -> dict[str, Decimal]:
    return {
        accounts.of(e.account_id, e.account_code): amount_of(e.cents)
        for e in _part(booking, "rounding")
    }


def _taxes(booking: Booking) -> dict[str, Tax]:
    return {
        str(e.tax_type): Tax(amount_of(e.cents), amount_of(e.rounding))
        for e in _part(booking, "tax")
    }


def _part(booking: Booking, part: str) -> Iterator[EntryRow]:
    return (e for e in booking.entries if e.part == part)
