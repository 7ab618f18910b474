"""`pm2xero effective`: the whole pack of a region as one YAML."""

from __future__ import annotations

from pathlib import Path

import click

from pm2xero.cli import common


@click.command(
    "effective",
    epilog="""\b
Examples:
  pm2xero effective --region au > au.yaml
  pm2xero effective --org firm/organisation.yaml
  pm2xero diff au.yaml firm/pack --region au""",
)
@common.pack_options
@common.reports_faults
def command(organisation: Path | None, region: str | None, packs: tuple[Path, ...]) -> None:
    """Print the pack after merging all layers; it loads again to the same pack.

    Templates are not in it: it names them, as the layers do.
    """
    from pm2xero.errors import PackError
    from pm2xero.pack.effective import to_yaml, whole

    examined = common.examined(organisation, region, packs)
    if examined.faults or examined.merged is None or examined.pack is None:
        raise PackError(*examined.faults)
    tree = whole(examined.merged, examined.pack.region, examined.pack.layers)
    click.echo("# yaml-language-server: $schema=schema/effective.schema.json")
    click.echo(to_yaml(tree).rstrip("\n"))
