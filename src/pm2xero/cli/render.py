"""`pm2xero render`: the exact request bodies of everything that is posted."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pm2xero.cli import common


@click.command(
    "render",
    epilog="""\b
Examples:
  pm2xero render month.jsonl --org firm/organisation.yaml --out bodies/
  pm2xero render month.jsonl --org firm/organisation.yaml --format json | jq .requests""",
)
@common.input_argument
@common.firm_options
@common.format_option
@click.option(
    "--out", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write each body to a file of its own in this folder.",
)  # fmt: skip
@click.option("--all", "show_all", is_flag=True, help="List what is posted, too.")
@common.reports_faults
def command(
    inputs: tuple[str, ...], organisation: Path, region: str | None, packs: tuple[Path, ...],
    form: str, folder: Path | None, show_all: bool,
) -> None:  # fmt: skip
    """Make the exact request bodies of everything that is posted.

    Ids that Xero has not given yet stand in paths and bodies as <InvoiceID of AU-0007>.
    """
    from pm2xero.cli.output import write_results

    pipeline = common.load(organisation, region, packs)
    with common.opened(inputs) as sources:
        code = write_results(
            pipeline, sources, form=form, show_all=show_all, with_requests=True, folder=folder
        )
    sys.exit(code)
