"""`pm2xero reconcile`: do both ledgers agree?"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from pm2xero.cli import common
from pm2xero.cli.target import calling_options, target


@click.command(
    "reconcile",
    epilog="""\b
Examples:
  pm2xero reconcile --org firm/organisation.yaml
  pm2xero reconcile --org firm/organisation.yaml --full
  pm2xero reconcile --org firm/organisation.yaml --pm-trial-balance may.csv""",
)
@calling_options
@common.format_option
@click.option("--as-at", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
              help="Date of both trial balances.  [default: that of the last document in Xero, "
              "today at most]")  # fmt: skip
@click.option("--pm-trial-balance", "given", type=click.Path(path_type=Path), metavar="FILE.csv",
              help="A trial balance of Practice Management (columns code, debit, credit; codes "
              "of Xero) instead of the opening and the declared postings.")  # fmt: skip
@click.option(
    "--full",
    is_flag=True,
    help="Read all of Xero's lists, not only what has changed since the last time.",
)
@common.reports_faults
def command(
    form: str, as_at: datetime | None, given: Path | None, full: bool, **options: Any
) -> None:
    """Compare both ledgers: every account, debtors, creditors, tax, trust, every document.

    The PM side begins with the firm's opening trial balance, if it declares one, and goes on with
    the postings that each kind declares, never with what was sent. Entries of others in Xero are
    listed and set aside, account by account; on trust accounts they are a fault.

    Of Xero's lists only what has changed is read, and how long each is; the rest is kept in the
    outbox. Every finished page is kept, so that a run that was cut off, or ran out of the calls of
    a day, is gone on with by the next one. What Xero does not count as a change is found by --full.

    The last line is the verdict: "agrees" (exit code 0), when all that Practice Management booked
    is in Xero, sent or entered by hand; "agrees for what is in Xero" (1), when something is not,
    with what that is by cause, account and matter; "does not agree" (1).
    """
    from pm2xero.connection import connect
    from pm2xero.reconcile.kept_lists import kept_lists
    from pm2xero.reconcile.run import run
    from pm2xero.reconcile.verdict import Verdict
    from pm2xero.report.reconciliation import print_reconciliation
    from pm2xero.report.text import console

    place = target(**options)
    place.require_outbox()
    with connect(place) as connection:
        lists = kept_lists(connection, whole=full)
        result = run(connection, as_at.date() if as_at else None, given, lists)
        currency = connection.pipeline.organisation.base_currency
        counts = connection.client.counts
    if form == "json":
        read = {**lists.reading.as_json(), "calls": counts.attempts, "bytes": counts.received}
        click.echo(json.dumps({**result.as_json(), "read": read}, default=str))
    else:
        shown = console(sys.stdout, common.use_colour(sys.stdout))
        print_reconciliation(shown, result, currency, str(place.organisation))
        say_reading(lists.reading, counts)
    sys.exit(common.OK if result.verdict is Verdict.AGREES else common.FINDINGS)


def say_reading(reading: Any, counts: Any) -> None:
    """How much was asked of Xero, and how old the last reading of all is."""
    from pm2xero.sentences import counted

    told = (
        f"read {reading.read:,} of {reading.kept:,} objects in {counted(counts.attempts, 'call')}, "
        f"{counts.received:,} bytes"
    )
    if reading.oldest is not None:
        told += f"; all of them were last read on {reading.oldest:%Y-%m-%d} (--full reads them now)"
    click.echo(told, err=True)
