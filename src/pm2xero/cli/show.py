"""`pm2xero show`: what is in force under an id, and where each value is written."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pm2xero.cli import common


@click.command(
    "show",
    epilog="""\b
Examples:
  pm2xero show bank_transfer --region nz --origin
  pm2xero show trust_overdraw --org firm/organisation.yaml --origin
  pm2xero show 4000 --org firm/organisation.yaml""",
)
@click.argument("id", metavar="ID")
@common.pack_options
@common.format_option
@click.option(
    "--origin", is_flag=True, help="With the file and line of each value, and what it replaced."
)
@common.reports_faults
def command(
    id: str, organisation: Path | None, region: str | None, packs: tuple[Path, ...], form: str,
    origin: bool,
) -> None:  # fmt: skip
    """Show a rule, kind, mapping, field, role, tax code, word or value of the firm as it holds.

    A pack with faults is shown as far as it can be read.
    """
    from pm2xero.errors import Finding, UsageError
    from pm2xero.pack.provenance import find, known
    from pm2xero.pack.yaml.suggest import did_you_mean
    from pm2xero.report.origins import as_json, as_text
    from pm2xero.report.sources import read_source

    examined = common.examined(organisation, region, packs)
    found = find(id, examined.merged, organisation)
    if not found:
        hint = did_you_mean(id, known(examined.merged, organisation))
        raise UsageError(Finding("PU922", f'nothing has the id "{id}" here', hint=hint))
    if form == "json":
        for value in as_json(found):
            click.echo(json.dumps(value, ensure_ascii=False, default=str))
    else:
        click.echo(as_text(found, read_source, origin=origin))
