"""Fetches both sides of a reconciliation and compares them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import orjson

from pm2xero.errors import Finding, RenderError, UsageError
from pm2xero.push.connection import Connection
from pm2xero.read.transaction import Transaction
from pm2xero.reconcile import live, trial
from pm2xero.reconcile.books import Booked, Books
from pm2xero.reconcile.result import Reconciliation, reconcile


def run(connection: Connection, as_at: date | None, given: Path | None) -> Reconciliation:
    """The reconciliation of everything in the outbox.

    Args:
        as_at: date of Xero's trial balance; that of the last document when None.
        given: a PM trial balance as CSV, in place of the declared postings.

    Raises:
        UsageError: PU904 when Xero refuses a report or a list.
        InputError: when the CSV cannot be read.
    """
    outbox, pipeline = connection.outbox, connection.pipeline
    stored = list(outbox.transactions())
    requests = outbox.requests()
    booked = Books(pipeline).booked(stored, outbox.decisions(), requests)
    day = as_at or max((b.date for b in booked), default=None)
    balances = trial.xero_balances(_report(connection, day), pipeline.organisation.xero)
    lines = trial.compare(
        booked,
        balances,
        pipeline.organisation.xero,
        trial.read_trial_balance(given) if given is not None else None,
    )
    bodies = _Remade(connection)
    compared = live.compare(
        booked, outbox.links(), connection.get_all, bodies, pipeline.organisation.xero.tax_rates
    )
    return reconcile(booked, compared, lines, pipeline.decider.chart, _notes(connection))


def _report(connection: Connection, day: date | None) -> dict[str, object]:
    query = {"date": day.isoformat()} if day is not None else {}
    answer = connection.ask("/Reports/TrialBalance", query)
    if answer.status != 200 or answer.json is None:
        message = f"Xero gives no trial balance (HTTP {answer.status})"
        raise UsageError(Finding("PU904", message))
    return answer.json


def _notes(connection: Connection) -> list[str]:
    """Stored documents whose content no longer fits the hash they were stored with."""
    notes = []
    for stored in connection.outbox.transactions():
        tx = connection.pipeline.reader.read(orjson.loads(stored.document), "outbox", 0)
        if not isinstance(tx, Transaction) or tx.fingerprint.hex() != stored.digest:
            notes.append(f"{stored.id}: the document in the outbox was changed after it was stored")
    return notes


class _Remade:
    """The bodies that stored documents make with today's pack."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stored = {(s.id, s.revision): s for s in connection.outbox.transactions()}
        self._mappings = {(d.id, d.revision): d.mapping for d in connection.outbox.decisions()}

    def __call__(self, booked: Booked) -> dict[str, str]:
        key = (booked.id, booked.revision)
        pipeline = self._connection.pipeline
        mapping = self._mappings.get(key)
        tx = pipeline.reader.read(orjson.loads(self._stored[key].document), "outbox", 0)
        if mapping is None or not isinstance(tx, Transaction):
            return {}
        try:
            made = pipeline.mapper.requests(tx, mapping, pipeline.state)
        except RenderError:
            return {}
        bodies = {r.id: r.element for r in made}
        return bodies | {f"{r.id}@{booked.revision}": r.element for r in made}
