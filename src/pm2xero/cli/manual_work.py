"""`pm2xero manual-work`: what the bookkeeper must enter in Xero by hand."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from pm2xero.cli import common
from pm2xero.cli.target import target, target_options


@click.command(
    "manual-work",
    epilog="""\b
Examples:
  pm2xero manual-work --org firm/organisation.yaml
  pm2xero manual-work --org firm/organisation.yaml --format csv > by_hand.csv""",
)
@target_options
@click.option("--format", "form", type=click.Choice(["text", "csv", "json"]), default="text",
              show_default=True, help="For people, a spreadsheet, or programs.")  # fmt: skip
@common.reports_faults
def command(form: str, **options: Any) -> None:
    """List every transaction that moved money but is not copied, with what to enter in Xero."""
    from pm2xero.connection import now
    from pm2xero.history.half_sent import half_sent
    from pm2xero.history.opening import open_past
    from pm2xero.outbox.states import UNSETTLED
    from pm2xero.reconcile.accounts import Accounts
    from pm2xero.reconcile.details import NO_DETAIL, details_of
    from pm2xero.reconcile.pm_side import books_of
    from pm2xero.reconcile.to_enter import to_enter
    from pm2xero.report.manual_work import (
        is_work,
        manual_work_json,
        print_manual_work,
        work_of,
        write_manual_work,
    )
    from pm2xero.report.status import print_half_sent
    from pm2xero.report.text import console

    place = target(**options)
    pipeline = common.load(place.organisation, place.region, place.packs)
    url = place.require_outbox()
    accounts = Accounts(pipeline.organisation.xero.raw["Accounts"])
    with open_past(pipeline, place.organisation, place.packs, url, now) as past:
        requests = past.outbox.requests()
        booked = books_of(past.outbox, requests, accounts)
        items = [b for b in booked if is_work(b)]
        sought = past.outbox.only_looked_for([r.id for r in requests if r.state in UNSETTLED])
        details = details_of(past, [b.id for b in items])
    work = [work_of(b, to_enter(b, accounts, details.get(b.id, NO_DETAIL))) for b in items]
    if form == "csv":
        write_manual_work(sys.stdout, work)
    elif form == "json":
        click.echo(json.dumps(manual_work_json(work), default=str))
    else:
        shown = console(sys.stdout, common.use_colour(sys.stdout))
        print_manual_work(shown, work)
        print_half_sent(shown, half_sent(requests, sought))
