"""`pm2xero show`: what is in force under an id, and where each value is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pm2xero.cli import common

if TYPE_CHECKING:
    from pm2xero.pack.layers import Merged
    from pm2xero.pack.template_use import TemplateUse


@click.command(
    "show",
    epilog="""\b
Examples:
  pm2xero show --region nz
  pm2xero show invoice.json.j2 --region nz
  pm2xero show bank_transfer --region nz --origin
  pm2xero show trust_overdraw --org firm/organisation.yaml --origin
  pm2xero show 4000 --org firm/organisation.yaml""",
)
@click.argument("id", required=False, metavar="[ID]")
@common.pack_options
@common.format_option
@click.option(
    "--origin", is_flag=True, help="With the file and line of each value, and what it replaced."
)
@common.reports_faults
def command(
    id: str | None, organisation: Path | None, region: str | None, packs: tuple[Path, ...],
    form: str, origin: bool,
) -> None:  # fmt: skip
    """Show a rule, kind, mapping, template, tax code, word or value of the firm as it holds.

    Without ID, all that can be shown is listed. A pack with faults is shown as far as it can be
    read.
    """
    from pm2xero.errors import Finding, UsageError
    from pm2xero.pack.provenance import find, known
    from pm2xero.pack.template_use import templates
    from pm2xero.pack.yaml.suggest import did_you_mean
    from pm2xero.report.origins import as_json, as_text
    from pm2xero.report.sources import read_source

    examined = common.examined(organisation, region, packs)
    used = templates(examined.pack) if examined.pack is not None else {}
    if id is None:
        _list(examined.merged, used, form)
        return
    if id in used:
        _template(used[id], form)
        return
    found = find(id, examined.merged, organisation)
    if not found:
        hint = did_you_mean(id, [*known(examined.merged, organisation), *used])
        raise UsageError(Finding("PU922", f'nothing has the id "{id}" here', hint=hint))
    if form == "json":
        for value in as_json(found):
            click.echo(json.dumps(value, ensure_ascii=False, default=str))
    else:
        click.echo(as_text(found, read_source, origin=origin))


def _list(merged: Merged | None, used: dict[str, TemplateUse], form: str) -> None:
    """Every id that can be shown, under the word for what it is."""
    from pm2xero.pack.layers import BY_ID

    groups = {}
    if merged is not None:
        groups = {word: list(merged.entries[group]) for group, word in BY_ID.items()}
        groups |= {"setting": list(merged.settings), "word": list(merged.settings.get("words", {}))}
    groups["template"] = list(used)
    for word, names in groups.items():
        if form == "json":
            click.echo(json.dumps({"what": word, "ids": names}, ensure_ascii=False))
        else:
            click.echo("\n".join([f"# {word} ({len(names)})", *names, ""]))


def _template(use: TemplateUse, form: str) -> None:
    users = [{"request": name, "at": str(at)} for name, at in use.used_by]
    if form == "json":
        value = {"what": "template", "id": use.name, "at": str(use.file), "used_by": users}
        click.echo(json.dumps(value | {"text": use.text}, ensure_ascii=False))
        return
    click.echo(f"# template {use.name}\n# {use.file}")
    for file in use.hides:
        click.echo(f"# instead of: {file}")
    for user in users or [{"request": "no request", "at": ""}]:
        click.echo(f"# used by: {user['request']}  {user['at']}".rstrip())
    click.echo(use.text, nl=False)
