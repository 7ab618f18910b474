"""`pm2xero push`: take documents in and send them, exactly once."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from pm2xero.cli import common
from pm2xero.cli.target import calling_options, target

# What a shell makes of a command that was stopped by Ctrl-C.
STOPPED = 130


@click.command(
    "push",
    epilog="""\b
Examples:
  pm2xero push month.jsonl --org firm/organisation.yaml
  pm2xero push --org firm/organisation.yaml           (goes on with what is left)
  pm2xero push month.jsonl --org firm/organisation.yaml --plan plan.json

A push that was cut off, however it ended, is continued by the next one: what may have reached
Xero is looked up there before anything is sent again.""",
)
@click.argument("inputs", nargs=-1, metavar="[INPUT]...")
@calling_options
@common.format_option
@click.option("--plan", "saved", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              metavar="FILE", help="Do exactly this saved plan, or refuse.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="The same as `pm2xero plan`: send nothing.")
@click.option("--locks", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Write what Practice Management must lock, as JSON.")  # fmt: skip
@common.reports_faults
def command(
    inputs: tuple[str, ...], form: str, saved: Path | None, dry_run: bool, locks: Path | None,
    **options: Any,
) -> None:  # fmt: skip
    """Take documents in, decide them, and send what is posted to Xero, each exactly once."""
    from pm2xero.cli.progress import PushProgress
    from pm2xero.connection import connect
    from pm2xero.push.as_planned import plan_only, push_as_planned
    from pm2xero.push.lock_list import locks_of
    from pm2xero.push.run import push
    from pm2xero.report.plan import print_plan, print_push
    from pm2xero.report.text import console
    from pm2xero.sentences import counted

    shown = console(sys.stdout, common.use_colour(sys.stdout))
    place = target(**options)
    with connect(place, reading=dry_run) as connection, common.opened(inputs) as sources:
        firm = connection.pipeline.organisation
        titles = {n: k.title for n, k in connection.pipeline.pack.kinds.items()}
        if dry_run:
            plan = plan_only(connection, sources)
            print_plan(shown, plan, titles, firm.base_currency)
            sys.exit(common.FINDINGS if plan.needs_attention else common.OK)
        try:
            with PushProgress() as progress:
                if saved is None:
                    report, sent = push(connection, sources, progress)
                else:
                    report, sent = push_as_planned(connection, sources, saved, progress)
        except KeyboardInterrupt:
            click.echo("stopped; nothing is lost: push again to go on with what is left", err=True)
            sys.exit(STOPPED)
        if locks is not None:
            value = locks_of(connection.outbox, firm.id)
            common.write_file(locks, json.dumps(value, indent=1) + "\n")
            click.echo(f"{counted(len(value['lock']), 'document')} to lock: see {locks}", err=True)
        if form == "json":
            click.echo(json.dumps(_as_json(report, sent), default=str))
        else:
            print_push(shown, report, sent, titles, firm.base_currency)
        broken = tuple(s.broken for s in sources if s.broken is not None)
    if broken:
        common.say_findings(broken)
        sys.exit(common.BROKEN)
    stuck = sent.rejected or sent.failed or sent.aside or sent.unknown or sent.left
    noted = sent.notes.refused or sent.notes.unknown
    bad = report.summary.attention or stuck or noted or sent.stopped
    sys.exit(common.FINDINGS if bad else common.OK)


def _as_json(report: Any, sent: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "taken_in": sum(c.count for c in report.summary.cells.values()),
        "known": report.known,
        "older": report.older,
        "needs_attention": report.summary.attention,
        "attention": [d.as_json() for d in (*report.malformed, *report.attention)],
        "sent": {**asdict(sent), "outlook": sent.outlook.as_json()},
    }
