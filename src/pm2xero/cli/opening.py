"""`pm2xero opening`: the trial balance that a reconciliation begins with, as Xero has it."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from pm2xero.cli import common
from pm2xero.cli.target import calling_options, target


@click.command(
    "opening",
    epilog="""\b
Examples:
  pm2xero opening --org firm/organisation.yaml
  pm2xero opening --org firm/organisation.yaml --out firm/opening.csv""",
)
@calling_options
@click.option("--as-at", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
              help="Date of the balances.  [default: that before integration_start]")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.csv",
              help="Write this file instead of standard output.")  # fmt: skip
@common.reports_faults
def command(as_at: datetime | None, out: Path | None, **options: Any) -> None:
    """Write Xero's balances from before the integration began, as CSV.

    What was sent from here is left out, also where it is dated earlier. Once an accountant has
    compared the file with Practice Management's own trial balance, the organisation file names it
    as `opening: { trial_balance: FILE.csv }`, and `reconcile` begins with it.
    """
    from pm2xero.connection import connect
    from pm2xero.firm.trial_balance import trial_balance_csv
    from pm2xero.reconcile.opening import opening_in_xero

    place = target(**options)
    with connect(place, reading=True) as connection:
        day = as_at.date() if as_at else connection.pipeline.organisation.opening_day
        balances, accounts = opening_in_xero(connection, day)
    text = trial_balance_csv(balances, accounts.name)
    if out is not None:
        common.write_file(out, text)
    else:
        click.echo(text, nl=False)
    if balances:
        said = (
            f"These are Xero's balances as at {day}: compare them with Practice Management's own "
            f"trial balance of that day before you name the file as opening.trial_balance in "
            f"{place.organisation}."
        )
    else:
        said = f"Xero had no balances as at {day}: there is nothing to begin with."
    click.echo(said, err=True)
    sys.exit(common.OK)
