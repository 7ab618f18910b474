"""`pm2xero codes`: the page of a code, or the list of all."""

from __future__ import annotations

import json

import click

from pm2xero.cli import common


@click.command(
    "codes",
    epilog="""\b
Examples:
  pm2xero codes
  pm2xero codes PX104
  pm2xero codes --format json""",
)
@click.argument("code", required=False, metavar="[CODE]")
@common.format_option
@common.reports_faults
def command(code: str | None, form: str) -> None:
    """Print what a code of a message means, what fails and what passes; or list all codes."""
    from pm2xero.errors import Finding, UsageError
    from pm2xero.pack.yaml.suggest import did_you_mean
    from pm2xero.validate.codes import pages

    known = pages()
    if code is None:
        chosen = list(known.values())
    elif code.upper() in known:
        chosen = [known[code.upper()]]
    else:
        hint = did_you_mean(code.upper(), known) or "`pm2xero codes` lists all"
        raise UsageError(Finding("PU921", f'there is no code "{code}"', hint=hint))
    if form == "json":
        for page in chosen:
            value = {
                "code": page.code,
                "title": page.title,
                "meaning": page.meaning,
                "fails": page.fails,
                "passes": page.passes,
            }
            click.echo(json.dumps(value, ensure_ascii=False))
    elif code is None:
        for page in chosen:
            click.echo(f"{page.code}  {page.title}")
    else:
        click.echo(chosen[0].text())
