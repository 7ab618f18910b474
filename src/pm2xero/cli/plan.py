"""`pm2xero plan`: what a push would do."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from pm2xero.cli import common
from pm2xero.cli.target import calling_options, target


@click.command(
    "plan",
    epilog="""\b
Examples:
  pm2xero plan month.jsonl --org firm/organisation.yaml
  pm2xero plan month.jsonl --org firm/organisation.yaml --out plan.json
  pm2xero push month.jsonl --org firm/organisation.yaml --plan plan.json""",
)
@click.argument("inputs", nargs=-1, metavar="[INPUT]...")
@calling_options
@common.format_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Save the plan; push takes exactly it, or refuses.")  # fmt: skip
@click.option("--per-day", type=click.IntRange(min=1), default=5000, show_default=True,
              help="Calls that Xero allows a day (1000 on its lowest tier).")  # fmt: skip
@common.reports_faults
def command(
    inputs: tuple[str, ...], form: str, out: Path | None, per_day: int, **options: Any
) -> None:
    """Say what a push would do: documents, money, calls needed, and what blocks what.

    Nothing is sent and nothing is written to the outbox.
    """
    from pm2xero.connection import connect
    from pm2xero.push.as_planned import plan_only
    from pm2xero.report.plan import print_plan
    from pm2xero.report.text import console

    with connect(target(**options), reading=True) as connection, common.opened(inputs) as sources:
        plan = plan_only(connection, sources, per_day)
        if out is not None:
            common.write_file(out, json.dumps(plan.as_json(), indent=1) + "\n")
        if form == "json":
            click.echo(json.dumps(plan.as_json()))
        else:
            shown = console(sys.stdout, common.use_colour(sys.stdout))
            titles = {n: k.title for n, k in connection.pipeline.pack.kinds.items()}
            currency = connection.pipeline.organisation.base_currency
            print_plan(shown, plan, titles, currency)
        if out is not None:
            click.echo(f"the plan is saved in {out}", err=True)
    sys.exit(common.FINDINGS if plan.needs_attention else common.OK)
