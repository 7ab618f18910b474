"""`pm2xero trust`: is all trust money where the ledgers say, and whose is it?"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import click

from pm2xero.cli import common
from pm2xero.cli.target import calling_options, target


@click.command(
    "trust",
    epilog="""\b
Examples:
  pm2xero trust --org firm/organisation.yaml
  pm2xero trust --org firm/organisation.yaml --as-at 2026-05-31 --format csv > trust.csv
  pm2xero trust --org firm/organisation.yaml --matter 2001""",
)
@calling_options
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="text for people, json for programs, csv for a spreadsheet.",
)
@click.option("--as-at", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
              help="The day of all balances.  [default: the last document's]")  # fmt: skip
@click.option(
    "--matter",
    metavar="ID",
    help="The statement of this matter: all movements, with the running balance.",
)
@common.reports_faults
def command(form: str, as_at: datetime | None, matter: str | None, **options: Any) -> None:
    """Prove the trust money: trust banks in Xero, trust liability in Xero, matters' ledgers.

    Of each trust bank: bank + statutory deposits = matters' ledgers + trust interest payable +
    the firm's funds. The exit code is 0 when that holds to the cent and all trust money that
    Practice Management booked is in Xero; with --matter, when all of the matter's movements are in
    Xero and it is not overdrawn.
    """
    place = target(**options)
    place.require_outbox()
    day = as_at.date() if as_at else None
    if matter is not None:
        _statement(place, matter, day, form)
    else:
        _proof(place, day, form)


def _proof(place: Any, day: date | None, form: str) -> None:
    from pm2xero.connection import connect
    from pm2xero.reconcile.trust_proof import ProofValue
    from pm2xero.reconcile.trust_run import prove_trust
    from pm2xero.report.text import console
    from pm2xero.report.trust import print_proof, write_proof

    with connect(place) as connection:
        proof = prove_trust(connection, day)
        currency = connection.pipeline.organisation.base_currency
    if form == "json":
        click.echo(json.dumps(proof.as_json() if proof else None, default=str))
    elif proof is None:
        click.echo("no trust bank in organisation.yaml, so there is nothing to prove", err=True)
    elif form == "csv":
        write_proof(sys.stdout, proof)
    else:
        print_proof(console(sys.stdout, common.use_colour(sys.stdout)), proof, currency)
    proved = proof is None or proof.value is ProofValue.PROVED
    sys.exit(common.OK if proved else common.FINDINGS)


def _statement(place: Any, matter: str, day: date | None, form: str) -> None:
    from pm2xero.connection import now
    from pm2xero.errors import Finding, UsageError
    from pm2xero.history.opening import open_past
    from pm2xero.reconcile.accounts import Accounts
    from pm2xero.reconcile.matter_statement import statement_of
    from pm2xero.reconcile.pm_side import books_of
    from pm2xero.reconcile.trust_run import counts_in_ledger
    from pm2xero.report.text import console
    from pm2xero.report.trust import print_statement, write_statement

    pipeline = common.load(place.organisation, place.region, place.packs)
    url = place.require_outbox()
    with open_past(pipeline, place.organisation, place.packs, url, now) as past:
        booked = books_of(
            past.outbox,
            past.outbox.requests(),
            Accounts(pipeline.organisation.xero.raw["Accounts"]),
        )
    firm = pipeline.organisation
    counted = [b for b in booked if counts_in_ledger(b) and b.currency == firm.base_currency]
    until = day or max((b.date for b in counted), default=now().date())
    statement = statement_of(matter, counted, firm.trust_balances, until)
    if not statement.is_known:
        message = f'no trust money of a matter "{matter}" up to {until}'
        raise UsageError(Finding("PU940", message, should_be="the id of a matter, as exported"))
    if form == "json":
        found = asdict(statement) | {"balance": statement.balance, "overdrawn": statement.overdrawn}
        click.echo(json.dumps(found, default=str))
    elif form == "csv":
        write_statement(sys.stdout, statement)
    else:
        shown = console(sys.stdout, common.use_colour(sys.stdout))
        print_statement(shown, statement, firm.base_currency)
    clean = not (statement.missing or statement.overdrawn)
    sys.exit(common.OK if clean else common.FINDINGS)
