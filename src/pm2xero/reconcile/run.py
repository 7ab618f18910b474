"""Fetches both sides of a reconciliation and compares them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from pm2xero.connection import Connection
from pm2xero.errors import InputError
from pm2xero.firm.chart import Chart
from pm2xero.firm.trial_balance import (
    balances_of,
    codes_of_practice_management,
    read_trial_balance,
)
from pm2xero.history.requests import alive, taken_back
from pm2xero.history.taxes import Tax
from pm2xero.outbox.records import StoredRequest
from pm2xero.reconcile import trial_balance
from pm2xero.reconcile.accounts import added
from pm2xero.reconcile.balance_day import balance_day
from pm2xero.reconcile.clients import Clients
from pm2xero.reconcile.documents import Comparer, Live
from pm2xero.reconcile.foreign_entries import Others, Period, others_by_account
from pm2xero.reconcile.hand_entries import Matcher
from pm2xero.reconcile.kept_lists import KeptLists
from pm2xero.reconcile.missing import is_missing, missing_of
from pm2xero.reconcile.opening import (
    accounts_of,
    opening_differs,
    opening_of,
    xero_as_at,
    year_to_date,
)
from pm2xero.reconcile.payments_there import HandMade, hand_made, reversed_of
from pm2xero.reconcile.pm_side import Booked, books_of
from pm2xero.reconcile.result import Findings, Reconciliation, TaxRateLine, reconcile
from pm2xero.reconcile.since import Change, Since, changed_since, since_by_account
from pm2xero.reconcile.tampering import tampered
from pm2xero.reconcile.trust_ledger import trust_proof
from pm2xero.reconcile.trust_run import there_of
from pm2xero.reconcile.unsettled import unsettled
from pm2xero.reconcile.xero_journal import Bookkeeper
from pm2xero.xero.drift import check_same

ZERO = Decimal("0.00")


def run(
    connection: Connection, as_at: date | None, given: Path | None, lists: KeptLists | None = None
) -> Reconciliation:
    """The reconciliation of everything in the outbox.

    Args:
        as_at: date of both trial balances, without what is dated later; when None, that of the last
            document in Xero (of the opening, when that is later), but today at most.
        given: a PM trial balance as CSV, in place of the opening and the declared postings.
        lists: Xero's lists, of which only changes are read; without, all is read.

    Raises:
        UsageError: PU904 when Xero refuses a report or a list, PU918 when `as_at` lies before what
            the firm declares as its opening, PU915 when another organisation is connected.
        InputError: when a CSV cannot be read.
        OrganisationError: when the opening trial balance cannot be used.
    """
    outbox, pipeline = connection.outbox, connection.pipeline
    firm = pipeline.organisation
    check_same(connection.ask, firm)
    opening = opening_of(firm)
    requests = outbox.requests()
    live = Live(lists or connection.get_all, firm.xero.tax_rates)
    accounts = accounts_of(connection, live)
    booked = books_of(outbox, requests, accounts)
    day = balance_day(connection.clock().date(), as_at, booked, opening)
    everything = booked
    if as_at is not None:
        booked = [b for b in booked if b.date <= as_at]
    year = year_to_date(connection, accounts, day)
    keeper = Bookkeeper(accounts, live, firm.base_currency)
    former = outbox.former_ids()
    matcher = Matcher(booked, outbox.actions(), live, keeper, former)
    trust = trust_accounts(pipeline.decider.chart)
    linked = matcher.named.union(outbox.links().values(), *former.values())
    others = Others(requests, linked, live, keeper, trust)
    entries = matcher.told(others.entries(Period(firm.integration_start.date(), day)))
    clients = Clients(outbox.contacts(), lists.look if lists is not None else connection.get_one)
    comparer = Comparer(live, accounts, clients, taken_back(requests))
    missing = missing_of(booked, year, day, firm.base_currency)
    since = tuple(changed_since(everything, day, live, keeper))
    not_there = dict(missing.accounts or {})
    gone_since = since_by_account(since, year, day)
    counted = [b for b in booked if b.date <= day]
    sides = trial_balance.pm_sides(counted, year, opening.day, opening.balances or {}, not_there)
    if given is not None:
        rows = read_trial_balance(given)
        wrong = codes_of_practice_management(rows, firm)
        if wrong:
            raise InputError(*wrong)
        sides = replace(sides, pm=balances_of(rows))
    xero = xero_as_at(connection, day, accounts)
    lines = trial_balance.compare(
        sides,
        others_by_account(entries, year),
        xero,
        added(not_there, gone_since),
        accounts,
    )
    differs = given is None and any(line.difference for line in lines)
    found = Findings(
        compared=tuple(map(matcher.judged, comparer.all(booked))),
        by_hand=tuple(
            sorted(
                hand_made(requests, linked, live, as_at, reversed_of(outbox, requests)),
                key=_by_day_and_document,
            )
        ),
        tampered=tuple(tampered(outbox.stored_documents())),
        taxes=tuple(_taxes(counted, requests, live, _gone_since(since))),
        since=since,
        unreadable=tuple(outbox.unreadable()),
        unsettled=tuple(
            unsettled(booked, requests, {b.id for b in everything} - {b.id for b in booked})
        ),
        others=entries,
        opening=opening_differs(connection, opening, accounts, live) if differs else None,
        trust=trust_proof(
            booked, pipeline.decider.chart, opening, xero, day,
            is_missing=is_missing, partly=there_of(booked, live, keeper),
        ),
    )  # fmt: skip
    return reconcile(booked, lines, pipeline.decider.chart, found, opening, missing, day)


def _by_day_and_document(paid: HandMade) -> tuple[date, str, str]:
    return paid.day or date.max, paid.transaction, paid.xero_id


def trust_accounts(chart: Chart) -> frozenset[str]:
    """The accounts that hold trust money or say whose it is: it must move through PM alone."""
    firm = chart.organisation
    banks = (chart.bank(k) for k, bank in firm.bank_accounts.items() if bank.purpose == "trust")
    roles = (chart.role(name) for name, role in chart.pack.roles.items() if role.is_trust)
    return frozenset(fact.called for fact in (*banks, *roles) if fact.mapped)


def _gone_since(since: Iterable[Since]) -> set[str]:
    return {part.xero_id for part in since if part.change is Change.TAKEN_BACK}


def _taxes(
    booked: list[Booked], requests: Iterable[StoredRequest], live: Live, since: Collection[str]
) -> Iterator[TaxRateLine]:
    """Tax by rate: of the documents that are in Xero, and of what they became there.

    Args:
        since: ids of what was taken back later, and stood on the day.
    """
    told: dict[str, Tax] = {}
    counted = {b.id for b in booked if b.standing == "in_xero"}
    for item in booked:
        if item.id in counted:
            for type, tax in item.taxes.items():
                told[type] = told.get(type, Tax()) + tax
    there: dict[str, Decimal] = {}
    rows = list(requests)
    for request in alive(rows, taken_back(rows) - {*since}):
        if request.transaction not in counted:
            continue
        found = live.contents(request, even_gone=request.xero_id in since)
        for type, share in found.taxes.items() if found else ():
            there[type] = there.get(type, ZERO) + share.tax
    for type in sorted({*told, *there}):
        rate = live.rates.get(type)
        tax, xero = told.get(type, Tax()), there.get(type, ZERO)
        if tax.amount or tax.rounding or xero:
            name = rate.name if rate else type
            yield TaxRateLine(type, name, tax.amount, tax.rounding, xero)
