"""A run's client of the Accounting API: the firm's own grant, or credentials of the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from pm2xero.errors import Finding, UsageError
from pm2xero.firm.organisation import Organisation
from pm2xero.signin.grant import App, Grant
from pm2xero.signin.pin import check_pin
from pm2xero.signin.refresh import GrantTokens
from pm2xero.signin.vault import Vault
from pm2xero.signin.vaults import WHERE, is_enrolled, open_vault
from pm2xero.xero.auth import GrantedToken, TokenSource
from pm2xero.xero.call_log import Watch
from pm2xero.xero.client import XeroClient
from pm2xero.xero.identity import Addresses, Credentials, IdentityServer, SignInError, is_xero


def connected_url(firm: Organisation, folder: Path) -> str | None:
    """The API that a firm is connected to; None when it is not connected.

    Raises:
        UsageError: PU953, PU955.
    """
    if not is_enrolled(folder, firm.id):
        return None
    vault = open_vault(folder, firm.id)
    try:
        enrolment = vault.read()
    finally:
        vault.close()
    check_pin(enrolment.pin, firm)
    return enrolment.grant.base_url if enrolment.grant else None


@contextmanager
def signed_in(
    base_url: str, firm: Organisation | None, folder: Path, clock: Callable[[], datetime],
    watch: Watch | None = None,
) -> Iterator[XeroClient]:  # fmt: skip
    """A client of the API at a base URL.

    Args:
        firm: whose grant is used; None before there is a firm.
        folder: of the firm.
        watch: who is told of each attempt of a call, those for tokens included.

    Raises:
        UsageError: PU905 when nobody is signed in; PU953, PU955.
    """
    with ExitStack() as stack:
        server = IdentityServer(Addresses.of(base_url))
        stack.callback(server.close)
        server.watch(watch)
        tokens, tenant = _access(base_url, firm, folder, server, clock, stack)
        client = XeroClient(tokens, tenant=tenant, base_url=base_url)
        stack.callback(client.close)
        client.watch(watch)
        yield client


def _access(
    base_url: str,
    firm: Organisation | None,
    folder: Path,
    server: IdentityServer,
    clock: Callable[[], datetime],
    stack: ExitStack,
) -> tuple[TokenSource, str]:
    if firm is not None and is_enrolled(folder, firm.id):
        vault = open_vault(folder, firm.id)
        stack.callback(vault.close)
        enrolment = vault.read()
        check_pin(enrolment.pin, firm)
        if enrolment.grant is not None:
            grant = enrolment.grant
            check_address(grant, base_url, firm)
            return tokens_of(grant, vault, server, clock, firm), grant.tenant
    try:
        credentials = Credentials.from_environment()
    except SignInError as error:
        if firm is None:
            raise UsageError(Finding("PU905", str(error))) from None
        raise UsageError(
            Finding(
                "PU905",
                f"{firm.id} is not signed in to Xero",
                hint=f"run `{how_to_connect(firm, base_url)}`; or, for a custom connection, "
                f"{error}",
            )
        ) from None
    return GrantedToken(credentials, server, clock=clock), credentials.tenant


def tokens_of(
    grant: Grant,
    vault: Vault,
    server: IdentityServer,
    clock: Callable[[], datetime],
    firm: Organisation,
    environment: Mapping[str, str] | None = None,
) -> TokenSource:
    """The access tokens of a grant.

    Raises:
        UsageError: PU905, its app has a secret and the environment does not.
    """
    values = os.environ if environment is None else environment
    secret = values.get("PM2XERO_CLIENT_SECRET", "")
    if grant.app.has_secret and not secret:
        message = f"the app {grant.client_id} has a secret, and PM2XERO_CLIENT_SECRET is empty"
        raise UsageError(Finding("PU905", message))
    if grant.app is App.CUSTOM:
        credentials = Credentials(grant.client_id, secret, grant.tenant)
        return GrantedToken(credentials, server, clock=clock, scopes=grant.scopes)
    again = how_to_connect(firm, grant.base_url)
    return GrantTokens(vault, server, clock=clock, secret=secret, again=again)


def check_address(grant: Grant, base_url: str, firm: Organisation) -> None:
    """Make sure that a grant's tokens go only to the Xero that gave them; raises PU905."""
    if grant.base_url.rstrip("/") != base_url.rstrip("/"):
        raise UsageError(
            Finding(
                "PU905",
                f"{firm.id} is signed in at {grant.base_url}, and this run is for {base_url}",
                hint=f"leave --xero-url out, or run `{how_to_connect(firm, base_url)}`",
            )
        )


def how_to_connect(firm: Organisation, base_url: str) -> str:
    """The command that signs a firm in."""
    where = "" if is_xero(base_url) else f" --xero-url {base_url}"
    kept = f"{WHERE}=… " if "://" in os.environ.get(WHERE, "") else ""
    return f"{kept}pm2xero connect --org {firm.file}{where}"
