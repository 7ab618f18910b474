"""Looks in Xero for what a person entered of the documents that wait for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from pm2xero.connection import Connection
from pm2xero.reconcile.accounts import added
from pm2xero.reconcile.clients import Clients
from pm2xero.reconcile.documents import Live
from pm2xero.reconcile.foreign_entries import Others, Period
from pm2xero.reconcile.hand_entries import Matcher
from pm2xero.reconcile.kept_lists import kept_lists
from pm2xero.reconcile.matching import Candidate, Matched, match
from pm2xero.reconcile.missing import is_missing
from pm2xero.reconcile.opening import accounts_of
from pm2xero.reconcile.payments_there import batch_of, hand_made, reversed_of
from pm2xero.reconcile.pm_side import Booked, books_of, is_put_off
from pm2xero.reconcile.xero_journal import Bookkeeper
from pm2xero.xero.drift import check_same

_ALWAYS = Period(date.min, date.max)
# Lists of Xero in which an entry is found again by its id.
_LISTS = ("Invoices", "CreditNotes", "BankTransactions", "BankTransfers", "ManualJournals",
          "Payments", "BatchPayments")  # fmt: skip


def find_entered(connection: Connection) -> Matched:
    """Pairs of documents that are not in Xero and entries there that are just theirs.

    Raises:
        UsageError: PU904 when Xero refuses a list, PU915 when another organisation is connected.
    """
    outbox, firm = connection.outbox, connection.pipeline.organisation
    check_same(connection.ask, firm)
    requests = outbox.requests()
    live = Live(kept_lists(connection), firm.xero.tax_rates)
    accounts = accounts_of(connection, live)
    booked = books_of(outbox, requests, accounts)
    keeper = Bookkeeper(accounts, live, firm.base_currency)
    former = outbox.former_ids()
    matcher = Matcher(booked, outbox.actions(), live, keeper, former)
    linked = matcher.named.union(outbox.links().values(), *former.values())
    others = Others(requests, linked, live, keeper, frozenset())
    found = [
        Candidate(
            e.endpoint, e.xero_id, e.day, e.accounts, _contact(live, e.endpoint, e.xero_id), e.what
        )
        for e in matcher.told(others.entries(_ALWAYS))
        if e.double_of is None
    ]
    # Somebody may have paid a document of ours, as is done for a refund.
    batches: dict[str, list[Candidate]] = {}
    for paid in hand_made(requests, linked, live, None, reversed_of(outbox, requests)):
        made = live.objects("Payments").get(paid.xero_id)
        if made is not None and paid.day is not None:
            postings = keeper.booking("Payments", made).postings
            sums = added(*({account: amount} for account, amount in postings))
            contact = _contact(live, "Payments", paid.xero_id)
            what = f"payment on {paid.transaction}"
            one = Candidate("Payments", paid.xero_id, paid.day, sums, contact, what)
            if (batch := batch_of(made)) is not None:
                batches.setdefault(batch, []).append(one)
            else:
                found.append(one)
    found += _together(batches, live)
    work = [b for b in booked if waits_for_a_person(b)]
    clients = Clients(outbox.contacts(), connection.get_one)
    return match(work, found, accounts, clients, firm.base_currency)


def _together(batches: Mapping[str, list[Candidate]], live: Live) -> Iterator[Candidate]:
    """What was paid together moved the bank once; a batch that pays other things, too, is none."""
    for batch, parts in batches.items():
        whole = live.objects("BatchPayments").get(batch, {}).get("TotalAmount")
        paid = sum((live.objects("Payments")[part.xero_id]["Amount"] for part in parts), Decimal(0))
        if whole is not None and Decimal(str(whole)) == Decimal(str(paid)):
            sums = added(*(part.accounts for part in parts))
            yield replace(parts[0], endpoint="BatchPayments", xero_id=batch, accounts=sums)


def waits_for_a_person(item: Booked) -> bool:
    """Whether a document is work for a person: refused for good, or a correction that waits."""
    if item.standing == "in_xero":
        return item.is_behind and item.by_hand
    stopped = item.standing in ("unsupported", "held", "refused", "skipped", "left_over")
    return is_missing(item) and (stopped or is_put_off(item))


def _contact(live: Live, endpoint: str, xero_id: str) -> Mapping[str, Any] | None:
    found = live.objects(endpoint).get(xero_id) if endpoint in _LISTS else None
    for holder in _holders(found):
        contact = holder.get("Contact")
        if isinstance(contact, Mapping):
            return contact
    return None


def _holders(found: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    if found is not None:
        yield found
        for name in ("Invoice", "CreditNote", "Overpayment", "Prepayment"):
            inner = found.get(name)
            if isinstance(inner, Mapping):
                yield inner
