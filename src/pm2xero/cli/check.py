"""`pm2xero check`: whether a firm and its Xero organisation are set up for what is sent."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from pm2xero.cli import common
from pm2xero.cli.target import calling_options, target


@click.command(
    "check",
    epilog="""\b
Examples:
  pm2xero check --org firm/organisation.yaml             (by the snapshot, without network)
  pm2xero check --org firm/organisation.yaml --live      (Xero as it is now, and what changed)
  pm2xero check --org firm/organisation.yaml --format json

Exit codes: 0 nothing is lacking, 1 something is not met or has changed, 2 wrong usage.""",
)
@calling_options
@common.format_option
@click.option("--live", is_flag=True,
              help="Ask Xero, and tell what changed there since the snapshot.")  # fmt: skip
@common.reports_faults
def command(form: str, live: bool, **options: Any) -> None:
    """Say what the rules and mappings in use lack in Xero, who can mend it, and how.

    Accounts by role and type, tax rates, lock dates, currency, tracking, rights and plan; each
    limitation of the integration has its line. Nothing is sent and nothing is written.
    """
    from pm2xero.check.run import check_firm
    from pm2xero.check.words import load_words
    from pm2xero.connection import connect
    from pm2xero.pipeline import Pipeline
    from pm2xero.report.checklist import print_checklist
    from pm2xero.report.text import console

    place = target(**options)
    words = load_words()
    if live:
        with connect(place, reading=True) as connection:
            pipeline = connection.pipeline
            firm = pipeline.organisation
            now, contacts = _as_it_is_now(connection)
            found = check_firm(pipeline.pack, firm, words, now, contacts)
    else:
        pipeline = Pipeline.load(place.organisation, place.region, place.packs)
        found = check_firm(pipeline.pack, pipeline.organisation, words)
    if form == "json":
        click.echo(json.dumps(found.as_json()))
    else:
        shown = console(sys.stdout, common.use_colour(sys.stdout))
        print_checklist(shown, found, {n: k.title for n, k in pipeline.pack.kinds.items()})
    sys.exit(common.FINDINGS if found.needs_attention else common.OK)


def _as_it_is_now(connection: Any) -> tuple[Any, list[Any]]:
    """Xero's own snapshot of this moment, and what became of the contacts that are in use."""
    from pm2xero.check.contacts import contact_changes
    from pm2xero.errors import Finding, UsageError
    from pm2xero.xero.answers import Unproven, complete_list
    from pm2xero.xero.drift import check_same_id, read_snapshot, take_snapshot

    now = read_snapshot(take_snapshot(connection.ask, catalogue=True))
    check_same_id(now, connection.pipeline.organisation)
    known = connection.outbox.contacts()
    if not known:
        return now, []
    try:
        there = complete_list(connection.ask, "Contacts", {"includeArchived": "true"})
    except Unproven as fault:
        raise UsageError(Finding("PU904", str(fault))) from None
    return now, list(contact_changes(known, there))
