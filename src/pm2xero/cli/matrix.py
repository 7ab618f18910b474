"""`pm2xero matrix`: what is supported in each region, from the rules."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pm2xero.cli import common


@click.command(
    "matrix",
    epilog="""\b
Examples:
  pm2xero matrix > docs/support-matrix.md
  pm2xero matrix --region au --region nz --format html > matrix.html
  pm2xero matrix --format json > v1.json
  pm2xero matrix --diff v1.json""",
)
@click.option(
    "--region", "names", multiple=True, metavar="NAME", help="Only this one (repeatable)."
)
@click.option(
    "--pack", "packs", type=click.Path(path_type=Path, exists=True, file_okay=False),
    multiple=True, metavar="DIR", help="A pack that extends the built-in one (repeatable).",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["markdown", "html", "csv", "json"]),
    default="markdown", show_default=True, help="json is what --diff compares with.",
)  # fmt: skip
@click.option(
    "--diff", "old", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="OLD.json", help="Tell only what has changed since this matrix was made.",
)  # fmt: skip
@common.reports_faults
def command(names: tuple[str, ...], packs: tuple[Path, ...], form: str, old: Path | None) -> None:
    """The support matrix: yes, no with the reason, partial, or needs set-up.

    Rows stand in the order and words of the article's tables. A region that is just as the one it
    extends is told together with it.
    """
    from pm2xero.compare.matrix import matrix
    from pm2xero.errors import Finding, InputError, Position
    from pm2xero.pack.load import builtin, extension, load_pack, regions
    from pm2xero.report.matrix import FORMS, changes

    roots = tuple(extension(p) for p in packs)
    chosen = names or tuple(regions((builtin(), *roots)))
    made = matrix(load_pack(name, extensions=roots) for name in chosen)
    if old is None:
        click.echo(FORMS[form](made).rstrip("\n"))
        return
    try:
        text = changes(json.loads(old.read_text(encoding="utf-8")), made)
    except (ValueError, KeyError, TypeError, AttributeError):
        message = "this file is no matrix"
        hint = "make it with `pm2xero matrix --format json`"
        raise InputError(Finding("PI805", message, Position(str(old)), hint=hint)) from None
    click.echo(text)
