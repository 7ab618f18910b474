"""`pm2xero disconnect`: end a firm's connection to Xero."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from pm2xero.cli import common
from pm2xero.cli.call_log import call_log, log_options


@click.command(
    "disconnect",
    epilog="""\b
Examples:
  pm2xero disconnect --org firm/organisation.yaml
  pm2xero disconnect --org firm/organisation.yaml --forget     (when Xero cannot be asked)""",
)
@click.option(
    "--org", "organisation", type=click.Path(path_type=Path), metavar="ORG.yaml", required=True,
    help="The firm.",
)  # fmt: skip
@click.option("--forget", "only_here", is_flag=True, help="Forget the sign-in; do not ask Xero.")
@log_options
@common.format_option
@common.reports_faults
def command(
    organisation: Path, only_here: bool, form: str, log: Path | None, log_format: str | None
) -> None:  # fmt: skip
    """End a firm's connection in Xero and forget its sign-in.

    The firm stays pinned to its organisation: it can be connected again, and to no other one.
    """
    import os

    from pm2xero.connection import now
    from pm2xero.errors import UsageError
    from pm2xero.firm.organisation import load_organisation
    from pm2xero.signin.connections import ConnectionsApi, SignInLost
    from pm2xero.signin.release import Released, forget, release
    from pm2xero.signin.session import tokens_of
    from pm2xero.signin.vaults import open_vault
    from pm2xero.xero.identity import Addresses, IdentityServer, SignInError

    firm = load_organisation(organisation)
    watch = call_log(log, log_format)
    vault = open_vault(organisation.parent, firm.id)
    told: dict[str, Any] = {
        "firm": firm.id, "honoured": True, "ended": False, "revoked": False, "others": [],
    }  # fmt: skip
    try:
        grant = vault.read().grant
        if grant is not None and only_here:
            forget(vault)
        elif grant is not None:
            addresses = Addresses.of(grant.base_url)
            server = IdentityServer(addresses)
            tokens = tokens_of(grant, vault, server, now, firm)
            api = ConnectionsApi(addresses, grant.base_url, tokens)
            server.watch(watch)
            api.watch(watch)
            secret = os.environ.get("PM2XERO_CLIENT_SECRET", "")
            done: Released | None
            try:
                done = release(grant, api, server, vault, secret)
            except SignInLost:
                # With nothing that Xero would take, nothing can be ended there.
                forget(vault)
                done = None
            except (UsageError, SignInError) as error:
                raise _still_connected(error) from None
            finally:
                api.close()
                server.close()
            if done is None:
                told |= {"honoured": False}
            else:
                others = [{"tenant": c.tenant_id, "name": c.tenant_name} for c in done.others]
                told |= {"ended": done.ended, "revoked": done.revoked, "others": others}
    finally:
        vault.close()
    if form == "json":
        click.echo(json.dumps(told))
    elif grant is None:
        common.say(f"{firm.id} was not connected.")
    elif only_here:
        common.say(f"The sign-in of {firm.id} is forgotten. In Xero the app is still connected: a")
        common.say("user of the organisation can end that under Settings, Connected apps.")
    elif not told["honoured"]:
        common.say(f"Xero no longer honours the sign-in of {firm.id}: it is forgotten here. Should")
        common.say("Xero still list the app under Settings, Connected apps, it can be ended there.")
    else:
        common.say(f"{firm.id} is disconnected from Xero, and its sign-in is forgotten.")
        if not grant.connection:
            common.say("A custom connection ends in Xero itself, under Settings, Connected apps.")
        for other in told["others"]:
            common.say(f"The same user's app still reaches {other['name']} ({other['tenant']}).")
    sys.exit(common.OK)


def _still_connected(error: Any) -> Exception:
    from pm2xero.errors import Finding, UsageError

    if isinstance(error, UsageError):
        code, said = error.findings[0].code, error.findings[0].message
    else:
        code, said = error.code, str(error)
    hint = "--forget forgets the sign-in here, and leaves the connection in Xero"
    return UsageError(Finding(code, f"still connected: {said}", hint=hint))
