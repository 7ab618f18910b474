"""`pm2xero whoami`: which organisation a firm is connected to."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from pm2xero.cli import common
from pm2xero.cli.call_log import call_log, log_options


@click.command(
    "whoami",
    epilog="""\b
Examples:
  pm2xero whoami --org firm/organisation.yaml
  pm2xero whoami --org firm/organisation.yaml --offline --format json

Exit codes: 0 connected, 1 not connected (any more).""",
)
@click.option(
    "--org", "organisation", type=click.Path(path_type=Path), metavar="ORG.yaml", required=True,
    help="The firm.",
)  # fmt: skip
@click.option("--offline", is_flag=True, help="Tell what is kept; do not ask Xero.")
@log_options
@common.format_option
@common.reports_faults
def command(
    organisation: Path, offline: bool, form: str, log: Path | None, log_format: str | None
) -> None:  # fmt: skip
    """Say which organisation a firm is connected to, by which app, and whether Xero agrees."""
    from pm2xero.cli.connect import as_json
    from pm2xero.connection import now
    from pm2xero.errors import UsageError
    from pm2xero.firm.organisation import load_organisation
    from pm2xero.signin.connections import ConnectionsApi
    from pm2xero.signin.pin import check_pin
    from pm2xero.signin.session import how_to_connect, tokens_of
    from pm2xero.signin.vaults import open_vault
    from pm2xero.xero.client import BASE_URL
    from pm2xero.xero.identity import Addresses, IdentityServer
    from pm2xero.xero.unanswered import NOT_SIGNED_IN

    firm = load_organisation(organisation)
    watch = call_log(log, log_format)
    vault = open_vault(organisation.parent, firm.id)
    try:
        kept = vault.read()
        check_pin(kept.pin, firm)
        # Whether nothing is known to be wrong with the sign-in itself.
        is_taken = True
        live: dict[str, object] = {"asked": False, "answer": None}
        if kept.grant is not None and not offline:
            addresses = Addresses.of(kept.grant.base_url)
            server = IdentityServer(addresses)
            tokens = tokens_of(kept.grant, vault, server, now, firm)
            api = ConnectionsApi(addresses, kept.grant.base_url, tokens)
            server.watch(watch)
            api.watch(watch)
            try:
                found = api.organisation(kept.grant.tenant)
                live = {"asked": True, "answer": str(found.get("Name", ""))}
            except UsageError as error:
                live = {"asked": True, "answer": None, "said": error.findings[0].message}
                is_taken = error.findings[0].code != NOT_SIGNED_IN
            finally:
                api.close()
                server.close()
            kept = vault.read()
        shown = as_json(firm.id, kept, vault.place) | {"live": live}
    finally:
        vault.close()
    again = how_to_connect(firm, kept.grant.base_url if kept.grant else BASE_URL)
    is_connected = kept.grant is not None and (offline or live["answer"] is not None)
    if form == "json":
        click.echo(json.dumps(shown))
    elif kept.grant is None:
        common.say(f"{firm.id} is not connected to Xero.")
        if kept.pin is not None:
            common.say(f'It was connected to "{kept.pin.name}" ({kept.pin.organisation_id}).')
        common.say(f"Sign in with: {again}")
    else:
        grant = kept.grant
        name = kept.pin.name if kept.pin else ""
        _row("Organisation", f"{name} ({firm.xero_organisation_id})")
        _row("API", f"{grant.base_url}")
        _row("Tenant", f"{grant.tenant or '(a custom connection names none)'}")
        _row("App", f"{grant.client_id} ({grant.app.value})")
        _row("Connected", f"{grant.connected:%Y-%m-%d %H:%M} UTC")
        if grant.unused_until is not None and is_taken:
            _row("Lives until", f"{grant.unused_until:%Y-%m-%d}, longer with every use")
        _row("Scopes", f"{grant.scopes}")
        _row("Kept in", f"{shown['kept_in']}")
        if not offline and live["answer"] is not None:
            _row("Xero answers", f"{live['answer']}")
        elif not offline:
            _row("Xero answers", f"{live.get('said')}")
            if not is_taken:
                common.say(f"Sign in anew with: {again}")
    sys.exit(common.OK if is_connected else common.FINDINGS)


def _row(name: str, value: str) -> None:
    """What is known, with its name before it; long ones go on below their beginning."""
    from pm2xero.report.width import wrapped

    common.say(wrapped(f"{name:<14}{value}", sys.stdout, " " * 14))
