"""What a sign-in asks for: `mappings/xero/sign_in.yaml`, and what the firm says of its app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pm2xero.errors import Finding, UsageError
from pm2xero.pack.yaml.table import read_table
from pm2xero.resources import root
from pm2xero.signin.grant import App
from pm2xero.xero.identity import Credentials


@dataclass(frozen=True, slots=True)
class Settings:
    """The table of the pack.

    Attributes:
        ports: of localhost, to which Xero sends a browser back.
        rehearsal_classes: of organisations that only a rehearsal may use.
    """

    scopes: tuple[str, ...]
    ports: tuple[int, ...]
    rehearsal_classes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Registration:
    """The app as Xero knows it, and what it asks for.

    Attributes:
        client_secret: empty for an app without one; from the environment, and never kept.
    """

    app: App
    client_id: str
    client_secret: str = field(repr=False)
    scopes: tuple[str, ...]

    @property
    def credentials(self) -> Credentials:
        """Who the program is to Xero."""
        return Credentials(self.client_id, self.client_secret)


def load_settings(path: Path | None = None) -> Settings:
    """The table of the pack, or of another file.

    Raises:
        PackError: with everything that is wrong in the file.
    """
    return _loaded(path or root() / "mappings" / "xero" / "sign_in.yaml")


@cache
def _loaded(path: Path) -> Settings:
    tree = read_table(path, "xero_sign_in.schema")
    return Settings(
        tuple(str(scope) for scope in tree["scopes"]),
        tuple(int(port) for port in tree["ports"]),
        frozenset(str(name) for name in tree["rehearsal_classes"]),
    )


def registration(
    said: Mapping[str, Any], client_id: str | None, app: str | None, secret: str
) -> Registration:
    """The app that a firm signs in with.

    Args:
        said: `xero.sign_in` of the firm's file.
        client_id, app: of the command line or the environment, before what the file says.
        secret: of the environment.

    Raises:
        UsageError: PU951, what the app needs is not said.
    """
    kind = App(app or str(said.get("app", App.PKCE)))
    known = client_id or str(said.get("client_id", ""))
    if not known:
        raise UsageError(
            Finding(
                "PU951",
                "nothing says which app of Xero signs in",
                hint="it has a client id at developer.xero.com; any text for an emulated Xero",
                should_be="--client-id ID, or `client_id: ID` under `xero.sign_in` of the firm",
            )
        )
    if kind.has_secret and not secret:
        message = f"an app of kind {kind.value} has a secret, and PM2XERO_CLIENT_SECRET is empty"
        raise UsageError(Finding("PU951", message, should_be="the secret in the environment"))
    scopes = tuple(str(s) for s in said.get("scopes") or load_settings().scopes)
    if kind is App.CUSTOM:
        # It has no user, so nothing of these is known to it.
        scopes = tuple(s for s in scopes if s not in ("openid", "offline_access"))
    return Registration(kind, known, secret if kind.has_secret else "", scopes)
