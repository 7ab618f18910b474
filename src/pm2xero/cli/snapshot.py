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

A firm that is connected (`pm2xero connect`) is signed in. Before there is a firm,
PM2XERO_CLIENT_ID, PM2XERO_CLIENT_SECRET and PM2XERO_TENANT sign in, or a person does:
`pm2xero connect --snapshot FILE`.""",
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

    Organisation, Accounts and TaxRates; TrackingCategories and Items, by which packs are checked;
    what the plan and the user's rights allow.

    Everything is decided by this file, so that nothing but sending needs the network. What has
    changed is told with what to do; the exit code is 1 where the firm's file must be corrected.
    """
    from pm2xero.check.run import drift_of
    from pm2xero.check.words import load_words
    from pm2xero.connection import asking, check_url, now
    from pm2xero.errors import Finding, OrganisationError, UsageError
    from pm2xero.firm.changes import NEEDS_EDIT
    from pm2xero.firm.organisation import load_organisation
    from pm2xero.signin.session import connected_url, signed_in
    from pm2xero.xero.client import BASE_URL
    from pm2xero.xero.drift import check_same_id, read_snapshot, take_snapshot

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
    if xero_url is not None:
        check_url(xero_url)
    folder = organisation.parent if organisation is not None else Path()
    if xero_url is None and firm is not None:
        xero_url = connected_url(firm, folder)
    with signed_in(xero_url or BASE_URL, firm, folder, now, watcher) as client:
        text = take_snapshot(asking(client), catalogue=True)
    live = read_snapshot(text)
    if firm is not None:
        check_same_id(live, firm)
    assert file is not None, "one of both is given"
    common.write_file(file, text.decode())
    drift = list(drift_of(firm, live, load_words())) if firm is not None else []
    for found in drift:
        common.say(f"changed: {found.change.text}")
        for at in found.at:
            common.say(f"    {at}")
        common.say(f"    {found.who}: {found.do}")
    common.say(f"{file}: {live.name} ({live.organisation_id}), as it is in Xero now", err=True)
    # The firm's own file is to be corrected before anything is decided by the new snapshot.
    edits = any(found.change.kind in NEEDS_EDIT and found.at for found in drift)
    sys.exit(common.FINDINGS if edits else common.OK)
