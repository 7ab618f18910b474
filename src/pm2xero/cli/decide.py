"""`pm2xero decide`: what happens to each transaction, and why."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pm2xero.cli import common


@click.command(
    "decide",
    epilog="""\b
Examples:
  pm2xero decide month.jsonl --org firm/organisation.yaml
  pm2xero decide - --org firm/organisation.yaml --format json < month.jsonl
  pm2xero decide month.jsonl --org firm/organisation.yaml --all""",
)
@common.input_argument
@common.firm_options
@common.format_option
@click.option("--all", "show_all", is_flag=True, help="List what is posted, too.")
@common.reports_faults
def command(
    inputs: tuple[str, ...], organisation: Path, region: str | None, packs: tuple[Path, ...],
    form: str, show_all: bool,
) -> None:  # fmt: skip
    """Say what happens to each transaction, and why.

    INPUT is JSON Lines or a JSON array of Practice Management documents, or - for standard input.
    They are decided in the order in which they were posted and listed in the order of the input,
    as if nothing had been sent before: `plan` knows what was.
    """
    from pm2xero.cli.output import write_results

    pipeline = common.load(organisation, region, packs)
    with common.opened(inputs) as sources:
        code = write_results(
            pipeline, sources, form=form, show_all=show_all, with_requests=False, folder=None
        )
    common.say_without_outbox(organisation)
    sys.exit(code)
