"""Disconnects a firm: its connection in Xero first, then what is kept here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pm2xero.signin.connections import Connected, ConnectionsApi
from pm2xero.signin.grant import Grant
from pm2xero.signin.vault import Vault
from pm2xero.xero.identity import Credentials, IdentityServer


@dataclass(frozen=True, slots=True)
class Released:
    """What became of a sign-in.

    Attributes:
        ended: Xero had the connection, and ended it.
        revoked: the refresh token was taken back.
        others: organisations that the same user still has connected to the app.
    """

    ended: bool
    revoked: bool
    others: tuple[Connected, ...]


def release(
    grant: Grant, api: ConnectionsApi, server: IdentityServer, vault: Vault, secret: str
) -> Released:
    """End the connection in Xero, take the token back where that harms nobody else, forget it.

    Xero's page on revocation says that it ends every connection of the user with the app
    (unverified), so that other firms of the same user would be cut off: where there are others,
    the token is forgotten here and dies by itself, unused, after 60 days.

    Raises:
        UsageError: PU904, Xero does not say; then everything is as it was.
    """
    ended = api.remove(grant.connection) if grant.connection else False
    others = tuple(api.listed()) if grant.refresh_token else ()
    revoked = False
    if grant.refresh_token and not others:
        kept = vault.read().grant or grant
        who = Credentials(kept.client_id, secret if kept.app.has_secret else "")
        server.revoke(who, kept.refresh_token)
        revoked = True
    forget(vault)
    return Released(ended, revoked, others)


def forget(vault: Vault) -> None:
    """Forget the grant; the pin stays.

    Raises:
        UsageError: PU953.
    """
    with vault.locked() as shelf:
        shelf.write(replace(shelf.read(), grant=None))
