"""Signing in to Xero: who the program is, and where its access token comes from."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import httpx

TOKEN_URL = "https://identity.xero.com/connect/token"

# A token that dies within this time is not begun with.
_MARGIN = timedelta(seconds=60)


def token_url(base_url: str, environment: Mapping[str, str] | None = None) -> str:
    """Where tokens come from: PM2XERO_TOKEN_URL, else Xero's, or the same host as another API."""
    values = os.environ if environment is None else environment
    if values.get("PM2XERO_TOKEN_URL"):
        return values["PM2XERO_TOKEN_URL"]
    api = httpx.URL(base_url)
    if api.host.endswith(".xero.com"):
        return TOKEN_URL
    return str(api.copy_with(path="/connect/token", query=None))


class SignInError(Exception):
    """Xero gives no token; the text is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the operator keeps secret.

    Attributes:
        tenant: the organisation's id in Xero; empty for a custom connection, which has only one.
    """

    client_id: str
    client_secret: str = field(repr=False)
    tenant: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Credentials:
        """From PM2XERO_CLIENT_ID, PM2XERO_CLIENT_SECRET and PM2XERO_TENANT, which may be left out.

        Raises:
            SignInError: the id or the secret is missing.
        """
        values = os.environ if environment is None else environment
        wanted = ("PM2XERO_CLIENT_ID", "PM2XERO_CLIENT_SECRET")
        missing = [name for name in wanted if not values.get(name)]
        if missing:
            raise SignInError(f"set {' and '.join(missing)} in the environment to sign in to Xero")
        client_id, client_secret = (values[name] for name in wanted)
        return cls(client_id, client_secret, values.get("PM2XERO_TENANT", ""))


class TokenSource(Protocol):
    """Gives access tokens."""

    def token(self) -> str:
        """A token that should still be good. Raises SignInError."""

    def renew(self) -> bool:
        """Throw the present token away; False when there can be no other."""


class StaticToken:
    """One token, such as the sandbox gives."""

    def __init__(self, token: str) -> None:
        self._token = token

    def token(self) -> str:
        """The token."""
        return self._token

    def renew(self) -> bool:
        """There is no other."""
        return False


class GrantedToken:
    """Tokens from the token endpoint, kept until shortly before they expire (30 minutes)."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        clock: Callable[[], datetime],
        scopes: str = "",
        url: str = TOKEN_URL,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._credentials = credentials
        self._clock = clock
        self._scopes = scopes
        self._url = url
        self._http = httpx.Client(transport=transport, timeout=30)
        self._token = ""
        self._expires: datetime | None = None

    def token(self) -> str:
        """A token that is good for at least a minute.

        Raises:
            SignInError: the token endpoint refuses, or cannot be reached.
        """
        if self._expires is None or self._clock() >= self._expires - _MARGIN:
            answer = self._ask(self._form())
            self._token = str(answer["access_token"])
            self._expires = self._clock() + timedelta(seconds=int(answer.get("expires_in", 1800)))
        return self._token

    def renew(self) -> bool:
        """Forget the token, so that the next one is asked for."""
        self._expires = None
        return True

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _form(self) -> dict[str, str]:
        form = {"grant_type": "client_credentials"}
        return form | {"scope": self._scopes} if self._scopes else form

    def _ask(self, form: dict[str, str]) -> dict[str, str]:
        credentials = self._credentials
        try:
            response = self._http.post(
                self._url, data=form, auth=(credentials.client_id, credentials.client_secret)
            )
        except httpx.HTTPError as error:
            raise SignInError(f"the sign-in of Xero cannot be reached: {error}") from error
        try:
            answer = response.json()
        except ValueError:
            answer = {}
        if response.status_code != 200 or "access_token" not in answer:
            said = answer.get("error_description") or answer.get("error") or response.status_code
            raise SignInError(f"Xero refuses the sign-in: {said}")
        return dict(answer)


class RefreshedToken(GrantedToken):
    """Tokens from a refresh token, which changes with every use.

    Args:
        load: reads the present refresh token.
        save: keeps the next one; called before the new access token is used, because Xero
            forgets the old one.
    """

    def __init__(
        self,
        credentials: Credentials,
        load: Callable[[], str],
        save: Callable[[str], None],
        *,
        clock: Callable[[], datetime],
        url: str = TOKEN_URL,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(credentials, clock=clock, url=url, transport=transport)
        self._load = load
        self._save = save

    def _form(self) -> dict[str, str]:
        return {"grant_type": "refresh_token", "refresh_token": self._load()}

    def _ask(self, form: dict[str, str]) -> dict[str, str]:
        answer = super()._ask(form)
        if following := answer.get("refresh_token"):
            self._save(following)
        return answer
