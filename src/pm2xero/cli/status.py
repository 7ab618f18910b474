"""`pm2xero status`: the outbox by state, and what is stuck, grouped by cause."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from pm2xero.cli import common
from pm2xero.cli.target import target, target_options


@click.command(
    "status",
    epilog="""\b
Examples:
  pm2xero status --org firm/organisation.yaml
  pm2xero status --org firm/organisation.yaml --format json""",
)
@target_options
@common.format_option
@common.reports_faults
def command(form: str, **options: Any) -> None:
    """Show the outbox by state; what is stuck is grouped by cause with the money at stake.

    Then records that could not be read, what rules refused, by reason and by where its money is,
    and what people decided, with who and why.
    """
    from pm2xero.connection import now
    from pm2xero.firm.organisation import load_organisation
    from pm2xero.history.own_outbox import open_outbox
    from pm2xero.report.status import gather, print_status
    from pm2xero.report.text import console

    place = target(**options)
    firm = load_organisation(place.organisation, place.region)
    with open_outbox(firm, place.require_outbox(), now) as outbox:
        status = gather(outbox, firm.base_currency)
    if form == "json":
        click.echo(json.dumps(status.as_json()))
    else:
        shown = console(sys.stdout, common.use_colour(sys.stdout))
        print_status(shown, status, firm.base_currency, str(place.organisation))
    sys.exit(common.FINDINGS if status.needs_attention else common.OK)
