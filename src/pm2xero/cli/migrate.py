"""`pm2xero migrate`: bring the YAML of a pack forward to the form that this program reads."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path

import click

from pm2xero.cli import common


@click.command(
    "migrate",
    epilog="""\b
Examples:
  pm2xero migrate firm/
  pm2xero migrate firm/ --write

Exit codes: 0 nothing to do, or written; 1 files would change; 2 a file is of a newer form.""",
)
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True),
    metavar="PATH...",
)  # fmt: skip
@click.option("--write", is_flag=True, help="Write the changes, instead of showing them.")
@common.reports_faults
def command(paths: tuple[Path, ...], write: bool) -> None:
    """Show what brings older files of a pack or firm (their `spec:`) to the present form."""
    from pm2xero.files import write_edited
    from pm2xero.pack.migrate import SPEC, migrations

    found = list(migrations(paths))
    for one in found:
        if write:
            write_edited(one.path, one.after)
            click.echo(f"wrote {one.path} (spec {one.spec} → {SPEC})")
            continue
        lines = difflib.unified_diff(
            one.before.splitlines(keepends=True), one.after.splitlines(keepends=True),
            str(one.path), f"{one.path} (spec {SPEC})",
        )  # fmt: skip
        click.echo("".join(lines), nl=False)
    if not found:
        click.echo(f"every file is of the present form (spec {SPEC})")
    sys.exit(common.FINDINGS if found and not write else common.OK)
