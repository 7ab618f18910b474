"""`pm2xero manual-work`: what the bookkeeper must enter in Xero by hand."""

from __future__ import annotations

import csv
import sys
from decimal import Decimal
from typing import Any

import click

from pm2xero.cli import common
from pm2xero.cli.target import target, target_options

COLUMNS = ("id", "date", "kind", "amount", "currency", "code", "why", "what_to_do")


@click.command(
    "manual-work",
    epilog="""\b
Examples:
  pm2xero manual-work --org firm/organisation.yaml
  pm2xero manual-work --org firm/organisation.yaml --format csv > by_hand.csv""",
)
@target_options
@click.option("--format", "form", type=click.Choice(["text", "csv"]), default="text",
              show_default=True, help="text for people, csv for a spreadsheet.")  # fmt: skip
@common.reports_faults
def command(form: str, **options: Any) -> None:
    """List every transaction that moved money but is not copied, with what to enter in Xero."""
    from pm2xero.outbox.store import Outbox
    from pm2xero.pipeline import Pipeline
    from pm2xero.push.connection import now
    from pm2xero.reconcile.books import Books
    from pm2xero.report.text import console, money

    place = target(**options)
    pipeline = Pipeline.load(place.organisation, place.region, place.packs)
    with Outbox.open(place.require_outbox(), pipeline.organisation.id, now) as outbox:
        booked = Books(pipeline).booked(
            outbox.transactions(), outbox.decisions(), outbox.requests()
        )
    currency = pipeline.organisation.base_currency
    work = [b for b in booked if b.by_hand and b.standing in ("unsupported", "held")]
    if form == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow(COLUMNS)
        for item in work:
            amount = str(item.money)
            writer.writerow(
                [item.id, item.date.isoformat(), item.kind, amount, currency, item.cause]
                + [item.message, item.remedy]
            )
        return
    shown = console(sys.stdout, common.use_colour(sys.stdout))
    for item in work:
        shown.print(f"{item.date.isoformat()}  {item.id}  {item.kind}  {money(item.money)}")
        shown.print(f"    {item.message}", style="dim")
        shown.print(f"    → {item.remedy}")
    total = sum((b.money for b in work), Decimal("0.00"))
    amount = f", {money(total)} {currency} in all" if total else ""
    shown.print(f"{len(work)} transactions to enter in Xero by hand{amount}")
