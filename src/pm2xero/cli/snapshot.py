"""`pm2xero snapshot`: take down what Xero says of itself, for decisions that need no network."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pm2xero.cli import common
from pm2xero.cli.call_log import call_log, log_options


@click.command(
    "snapshot",
    epilog="""\b
Examples:
  pm2xero snapshot --out firm/xero.json               (before there is a firm)
  pm2xero snapshot --org firm/organisation.yaml       (anew, into the firm's own file)

PM2XERO_CLIENT_ID, PM2XERO_CLIENT_SECRET and PM2XERO_TENANT sign in.""",
)
@click.option(
    "--org", "organisation", type=click.Path(path_type=Path), metavar="ORG.yaml",
    help="The firm; its snapshot is replaced, and what has changed is told.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write here instead.",
)  # fmt: skip
@click.option(
    "--xero-url", metavar="URL", envvar="PM2XERO_URL", help="Base URL of the API.  [default: Xero]"
)
@log_options
@common.reports_faults
def command(
    organisation: Path | None, out: Path | None, xero_url: str | None, log: Path | None,
    log_format: str | None,
) -> None:  # fmt: skip
    """Write what decisions need of the connected Xero organisation to a file.

    Organisation, Accounts and TaxRates; TrackingCategories and Items, by which packs are checked.

    Everything is decided by this file, so that nothing but sending needs the network.
    """
    from pm2xero.connection import asking, signed_in
    from pm2xero.errors import Finding, OrganisationError, UsageError
    from pm2xero.firm.organisation import load_organisation
    from pm2xero.xero.client import BASE_URL
    from pm2xero.xero.drift import check_same_id, differences, read_snapshot, take_snapshot

    if organisation is None and out is None:
        hint = "name the firm with --org, or a file with --out"
        raise UsageError(Finding("PU917", "nothing says where the snapshot goes", hint=hint))
    firm = None
    file = out
    if organisation is not None:
        try:
            firm = load_organisation(organisation)
        except OrganisationError:
            if out is None:
                raise
        else:
            file = out or firm.snapshot_file
    watcher = call_log(log, log_format)
    with signed_in(xero_url or BASE_URL) as client:
        if watcher is not None:
            client.log_to(*watcher)
        text = take_snapshot(asking(client), catalogue=True)
    live = read_snapshot(text)
    if firm is not None:
        check_same_id(live, firm)
    assert file is not None, "one of both is given"
    common.write_file(file, text.decode())
    changes = list(differences(firm.xero, live)) if firm is not None else []
    for change in changes:
        common.say(f"changed: {change}")
    common.say(f"{file}: {live.name} ({live.organisation_id}), as it is in Xero now", err=True)
    sys.exit(common.OK)
