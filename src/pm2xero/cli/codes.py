"""`pm2xero codes`: the page of a code, or the list of all."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from pm2xero.cli import common


@click.command(
    "codes",
    epilog="""\b
Examples:
  pm2xero codes
  pm2xero codes PX104
  pm2xero codes locked_period
  pm2xero codes --format json""",
)
@click.argument("code", required=False, metavar="[CODE]")
@common.format_option
@common.reports_faults
def command(code: str | None, form: str) -> None:
    """Print what a code of a message or a reason means; or list all codes.

    PX104 and its like are faults of files and commands, each with what fails and what passes; names
    such as locked_period are reasons of rules, or causes of what Xero refuses.
    """
    from pm2xero.errors import Finding, UsageError
    from pm2xero.pack.yaml.suggest import did_you_mean
    from pm2xero.report.width import wrapped
    from pm2xero.validate.codes import pages
    from pm2xero.validate.reasons import reasons

    known = pages()
    if code is None:
        chosen = list(known.values())
    elif code.upper() in known:
        chosen = [known[code.upper()]]
    else:
        if (reason := reasons().get(code)) is None:
            names = [*known, *reasons()]
            hint = did_you_mean(code, names) or did_you_mean(code.upper(), names)
            hint = hint or "`pm2xero codes` lists all"
            raise UsageError(Finding("PU921", f'there is no code "{code}"', hint=hint))
        click.echo(
            json.dumps(asdict(reason), ensure_ascii=False)
            if form == "json"
            else wrapped(reason.text(), sys.stdout, "")
        )
        return
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
        for reason in reasons().values() if code is None else ():
            click.echo(json.dumps(asdict(reason), ensure_ascii=False))
    elif code is None:
        for page in chosen:
            click.echo(wrapped(f"{page.code}  {page.title}", sys.stdout))
        for reason in reasons().values():
            more = f" (or {len(reason.also)} more)" if reason.also else ""
            click.echo(wrapped(f"{reason.code}  {reason.sentence}{more}", sys.stdout))
    else:
        click.echo(wrapped(chosen[0].text(), sys.stdout, ""))
