"""`pm2xero connect`: a person signs a firm in to Xero, once."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pm2xero.cli import common
from pm2xero.cli.call_log import call_log, log_options

if TYPE_CHECKING:
    from pm2xero.signin.connections import Connected
    from pm2xero.signin.grant import Enrolment
    from pm2xero.xero.call_log import Watch


@click.command(
    "connect",
    epilog="""\b
Examples:
  pm2xero connect --org firm/organisation.yaml --client-id 4F0A…
  pm2xero connect --org firm/organisation.yaml --no-browser      (shows the address instead)
  PM2XERO_CLIENT_SECRET=… pm2xero connect --org firm/organisation.yaml --app custom
  pm2xero connect --snapshot xero.json --client-id 4F0A…         (before there is a firm)

The app needs http://localhost:8741/callback, and the same with 8742 and 8743, among its redirect
URIs. PM2XERO_GRANTS says where the sign-in is kept: keyring, file, or the URL of a database, where
it is encrypted with PM2XERO_GRANT_KEY. The secret of an app is read from PM2XERO_CLIENT_SECRET and
never kept.""",
)
@click.option(
    "--org", "organisation", type=click.Path(path_type=Path), metavar="ORG.yaml", help="The firm.",
)  # fmt: skip
@click.option(
    "--snapshot", "out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Without a firm: write a first snapshot of the organisation, and keep no sign-in.",
)  # fmt: skip
@click.option(
    "--client-id", metavar="ID", envvar="PM2XERO_CLIENT_ID", help="The app, before the firm's file."
)
@click.option(
    "--app", type=click.Choice(["pkce", "web", "custom"]),
    help="How the app is registered: without a secret, with one, or as a custom connection.  "
    "[default: the firm's file, else pkce]",
)  # fmt: skip
@click.option("--tenant", metavar="ID", help="Which organisation, when several are reached.")
@click.option(
    "--xero-url", metavar="URL", envvar="PM2XERO_URL", help="Base URL of the API.  [default: Xero]"
)
@click.option("--browser/--no-browser", default=True, help="Open a browser (default).")
@click.option(
    "--wait", type=click.IntRange(1, 3600), default=300, show_default=True, metavar="SECONDS",
    help="How long to wait for the person.",
)  # fmt: skip
@log_options
@common.format_option
@common.reports_faults
def command(
    organisation: Path | None, out: Path | None, client_id: str | None, app: str | None,
    tenant: str | None, xero_url: str | None, browser: bool, wait: int, form: str,
    log: Path | None, log_format: str | None,
) -> None:  # fmt: skip
    """Sign a firm in to Xero, and pin it to its organisation for good.

    The organisation must be the one that the firm's file names. A trial organisation or a demo
    company is taken only for a firm that says `sandbox: true`.
    """
    import os

    from pm2xero.connection import check_url, now
    from pm2xero.errors import Finding, UsageError
    from pm2xero.firm.organisation import load_organisation
    from pm2xero.signin.authorisation import sign_in
    from pm2xero.signin.connections import with_token
    from pm2xero.signin.enrol import enrol, reached
    from pm2xero.signin.settings import load_settings, registration
    from pm2xero.signin.vaults import open_vault
    from pm2xero.xero.client import BASE_URL
    from pm2xero.xero.identity import Addresses, IdentityServer

    if (organisation is None) == (out is None):
        hint = "name the firm with --org, or a file with --snapshot"
        raise UsageError(Finding("PU917", "nothing says what is connected", hint=hint))
    base_url = xero_url or BASE_URL
    check_url(base_url)
    firm = load_organisation(organisation) if organisation is not None else None
    secret = os.environ.get("PM2XERO_CLIENT_SECRET", "")
    asked = registration(firm.sign_in if firm else {}, client_id, app, secret)
    settings, addresses = load_settings(), Addresses.of(base_url)
    with ExitStack() as stack:
        vault = None
        if organisation is not None and firm is not None:
            # Before the person is sent anywhere: what cannot be kept need not be asked for.
            vault = open_vault(organisation.parent, firm.id)
            stack.callback(vault.close)
        watch = call_log(log, log_format)
        server = IdentityServer(addresses)
        server.watch(watch)
        stack.callback(server.close)
        tokens = sign_in(asked, addresses, server, settings.ports, _opener(browser), wait)
        api = with_token(addresses, base_url, tokens.access_token)
        stack.callback(api.close)
        api.watch(watch)
        wanted = firm.xero_organisation_id if firm else ""
        found = reached(tokens, api, asked, wanted, tenant, _choice)
        if firm is None or vault is None:
            assert out is not None, "one of both is given"
            _write_snapshot(out, tokens.access_token, found.tenant, base_url, watch)
            sys.exit(common.OK)
        kept = enrol(vault, firm, settings, asked, base_url, tokens, found, now())
        shown = as_json(firm.id, kept, vault.place)
    if form == "json":
        click.echo(json.dumps(shown))
    else:
        name = shown["organisation"]["name"]
        common.say(f'{firm.id} is connected to "{name}" ({shown["organisation"]["id"]}).')
        common.say(f"The sign-in is kept in {shown['kept_in']}.")
        click.echo("Every command uses it from now on; --sandbox FILE rehearses without Xero.")
    sys.exit(common.OK)


def _write_snapshot(
    out: Path, token: str, tenant: str, base_url: str, watch: Watch | None
) -> None:  # fmt: skip
    """What `init firm` begins with; the sign-in itself is not kept."""
    from pm2xero.connection import asking
    from pm2xero.xero.auth import StaticToken
    from pm2xero.xero.client import XeroClient
    from pm2xero.xero.drift import read_snapshot, take_snapshot

    client = XeroClient(StaticToken(token), tenant=tenant, base_url=base_url)
    client.watch(watch)
    try:
        text = take_snapshot(asking(client), catalogue=True)
    finally:
        client.close()
    common.write_file(out, text.decode())
    live = read_snapshot(text)
    common.say(f"{out}: {live.name} ({live.organisation_id}), as it is in Xero now", err=True)


def as_json(firm: str, kept: Enrolment, place: str) -> dict[str, Any]:
    """What is known of a sign-in, without any token."""
    grant, pin = kept.grant, kept.pin
    return {
        "firm": firm,
        "organisation": {"id": pin.organisation_id, "name": pin.name} if pin else None,
        "pinned": pin.pinned.isoformat() if pin else None,
        "connected": grant.connected.isoformat() if grant else None,
        "app": grant.app.value if grant else None,
        "client_id": grant.client_id if grant else None,
        "api": grant.base_url if grant else None,
        "tenant": grant.tenant if grant else None,
        "scopes": grant.scopes.split() if grant else [],
        "refreshed": grant.obtained.isoformat() if grant and grant.refresh_token else None,
        "unused_until": grant.unused_until.isoformat() if grant and grant.unused_until else None,
        "kept_in": place if grant else None,
    }


def _opener(browser: bool) -> Callable[[str], None]:
    """Shows an address, and opens it where there is a screen to open it on."""

    def show(address: str) -> None:
        import os
        import webbrowser

        has_screen = sys.platform == "darwin" or any(
            os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
        )
        opened = browser and has_screen and webbrowser.open(address)
        said = "if no browser has opened, open" if opened else "open this address in a browser:"
        click.echo(f"{said} {address}", err=True)

    return show


def _choice(found: Sequence[Connected]) -> Connected | None:
    """Ask which organisation is meant, where somebody can answer."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    for number, connection in enumerate(found, 1):
        common.say(f"{number}  {connection.tenant_name} ({connection.tenant_id})", err=True)
    numbers = click.IntRange(1, len(found))
    return found[click.prompt("Which organisation", type=numbers, err=True) - 1]
