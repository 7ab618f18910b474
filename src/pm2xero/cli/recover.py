"""`pm2xero recover`: find in Xero what a lost or restored outbox does not know."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from pm2xero.cli import common
from pm2xero.cli.target import calling_options, target


@click.command(
    "recover",
    epilog="""\b
Examples:
  pm2xero recover april.jsonl may.jsonl --org firm/organisation.yaml
  pm2xero recover --org firm/organisation.yaml --format json    (what is in the outbox already)
  pm2xero push --org firm/organisation.yaml                     (then sends what Xero has not got)

A push does the same by itself when it finds that its outbox is new or is an older copy. Run it by
hand after the whole folder of a firm was restored from a copy, as then nothing shows that the
outbox is older than Xero. Exit code: 0 when all is clear, 1 when a person must look at something
or not all could be looked up, 2 when something is broken.""",
)
@click.argument("inputs", nargs=-1, metavar="[INPUT]...")
@calling_options
@common.format_option
@common.reports_faults
def command(inputs: tuple[str, ...], form: str, **options: Any) -> None:
    """Look up in Xero all that waits to be sent, take over what is there, and send nothing.

    INPUT is what Practice Management exports, as for push; nothing of it is sent twice, whatever
    the outbox has forgotten.
    """
    from pm2xero.cli.progress import PushProgress
    from pm2xero.connection import connect
    from pm2xero.push.recover import recover
    from pm2xero.report.recovery import print_recovery
    from pm2xero.report.text import console

    place = target(**options)
    with connect(place) as connection, common.opened(inputs) as sources:
        with PushProgress() as progress:
            found = recover(connection, sources, progress)
        if form == "json":
            click.echo(json.dumps(found.as_json()))
        else:
            print_recovery(console(sys.stdout, common.use_colour(sys.stdout)), found)
        broken = tuple(s.broken for s in sources if s.broken is not None)
    if broken:
        common.say_findings(broken)
        sys.exit(common.BROKEN)
    sys.exit(common.FINDINGS if found.needs_attention else common.OK)
