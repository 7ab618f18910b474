"""`pm2xero schema`: what a document of a kind looks like, for whoever writes an export."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pm2xero.cli import common

if TYPE_CHECKING:
    from pm2xero.firm.organisation import Organisation
    from pm2xero.pack.model import Kind, Pack


@click.command(
    "schema",
    epilog="""\b
Examples:
  pm2xero schema
  pm2xero schema client_bill
  pm2xero schema client_bill --example --org firm/organisation.yaml
  pm2xero schema client_bill --format json > client_bill.schema.json
  pm2xero schema --format json > transaction.schema.json""",
)
@click.argument("kind", required=False, metavar="[KIND]")
@click.option("--example", is_flag=True, help="A whole document of this kind instead.")
@common.pack_options
@common.format_option
@common.reports_faults
def command(
    kind: str | None, example: bool, organisation: Path | None, region: str | None,
    packs: tuple[Path, ...], form: str,
) -> None:  # fmt: skip
    """Say which fields a document of KIND has; without one, list the kinds.

    With --format json it is a JSON Schema, which any validator takes. With --org the firm's own
    kinds are known, too, and an example names its accounts.
    """
    from pm2xero.errors import Finding, UsageError
    from pm2xero.pack.yaml.suggest import did_you_mean
    from pm2xero.read.schema import kind_schema, transaction_schema

    pack, firm = _pack(organisation, region, packs)
    if kind is None:
        if example:
            raise UsageError(
                Finding(
                    "PU928",
                    "an example is of one kind",
                    hint="name it: `pm2xero schema` lists them",
                )
            )
        if form == "json":
            click.echo(_json(transaction_schema(dict(pack.kinds))))
        else:
            _list(pack)
        return
    found = pack.kinds.get(kind)
    if found is None:
        hint = did_you_mean(kind, pack.kinds) or "`pm2xero schema` lists them"
        raise UsageError(Finding("PU911", f'the pack has no kind "{kind}"', hint=hint))
    if example:
        _example(pack, firm, found)
    elif form == "json":
        draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        click.echo(_json(draft | kind_schema(found)))
    else:
        _table(found)


def _pack(
    organisation: Path | None, region: str | None, packs: tuple[Path, ...]
) -> tuple[Pack, Organisation | None]:  # fmt: skip
    """The pack of the firm or region, or of no region at all, and the firm for examples."""
    from pm2xero.firm.organisation import load_organisation
    from pm2xero.validate.subject import example_for

    if organisation is None and region is None:
        region = "base"
    pack = common.examined(organisation, region, packs).sound()
    if organisation is not None:
        return pack, load_organisation(organisation, region)
    return pack, example_for(pack)


def _example(pack: Pack, firm: Organisation | None, kind: Kind) -> None:
    from pm2xero.scaffold.example_document import example_document
    from pm2xero.validate.subject import shown_example

    if firm is None:
        # The base has no taxes and no firm: those of a region show how a document is filled.
        pack, firm = shown_example()
    click.echo(_json(example_document(pack, firm, kind)))


def _list(pack: Pack) -> None:
    from pm2xero.report.width import wrapped

    width = max(map(len, pack.kinds), default=0)
    for name, kind in pack.kinds.items():
        click.echo(wrapped(f"{name:<{width}}  {kind.title}", sys.stdout, " " * (width + 2)))


def _table(kind: Kind) -> None:
    from rich.table import Table

    from pm2xero.read.contract import rows
    from pm2xero.report.text import console

    out = console(sys.stdout, common.use_colour(sys.stdout))
    out.print(f"{kind.name}: {kind.title}\n")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("field", "", "holds"):
        table.add_column(head, overflow="fold")
    for row in rows(kind):
        table.add_row(row.path, "needed" if row.required else "", row.type)
    out.print(table)


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)
