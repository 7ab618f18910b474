"""Signing in to Xero: who the program is, and where its access token comes from."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import httpx
import msgspec

from pm2xero.xero.reading import AnswerTooLarge, Patience, read_answer, read_object

TOKEN_URL = "https://identity.xero.com/connect/token"

# A token that dies within this time is not begun with.
_MARGIN = timedelta(seconds=60)
# What may stand in a header; anything else would break the call that carries it.
_SENDABLE = re.compile(r"[\x21-\x7e]{1,16384}")
_PATIENCE = Patience(size=1_000_000, seconds=60)
_LONGEST_LIFE = 86_400
# Shorter than any secret; a sentence would lose its words otherwise.
_SECRET = 8


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


class _Grant(msgspec.Struct):
    """What the token endpoint answers, as far as it is used."""

    access_token: str
    expires_in: int = 1800
    refresh_token: str | None = None


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
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._credentials = credentials
        self._clock = clock
        self._ticks = ticks
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
            grant = self._ask(self._form())
            self._token = grant.access_token
            life = min(max(grant.expires_in, 0), _LONGEST_LIFE)
            self._expires = self._clock() + timedelta(seconds=life)
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

    def _ask(self, form: dict[str, str]) -> _Grant:
        try:
            status, answer = self._post(form)
        except (httpx.HTTPError, httpx.InvalidURL, AnswerTooLarge) as error:
            said = self._hidden(str(error) or type(error).__name__, form)
            raise SignInError(f"the sign-in of Xero cannot be reached: {said}") from None
        grant = _grant_of(answer) if status == 200 else None
        if grant is None:
            named = (answer.get(name) for name in ("error_description", "error"))
            told = next((text for text in named if isinstance(text, str) and text), str(status))
            raise SignInError(f"Xero refuses the sign-in: {self._hidden(told, form)[:300]}")
        return grant

    def _post(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        secrets = (self._credentials.client_id, self._credentials.client_secret)
        began = self._ticks()
        with self._http.stream("POST", self._url, data=form, auth=secrets) as response:
            content = read_answer(response, _PATIENCE, lambda: self._ticks() - began)
        return response.status_code, read_object(content) or {}

    def _hidden(self, text: str, form: Mapping[str, str]) -> str:
        """A text without what must stay secret, should the other side repeat it."""
        secrets = (self._credentials.client_secret, self._token, form.get("refresh_token", ""))
        for secret in secrets:
            if len(secret) >= _SECRET:
                text = text.replace(secret, "(hidden)")
        return " ".join(text.split())


def _grant_of(answer: Mapping[str, Any]) -> _Grant | None:
    """A grant that can be used, or None."""
    try:
        grant = msgspec.convert(answer, _Grant, strict=False)
    except (msgspec.ValidationError, OverflowError):
        return None
    tokens = [t for t in (grant.access_token, grant.refresh_token) if t is not None]
    return grant if all(_SENDABLE.fullmatch(token) for token in tokens) else None


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

    def _ask(self, form: dict[str, str]) -> _Grant:
        grant = super()._ask(form)
        if grant.refresh_token:
            self._save(grant.refresh_token)
        return grant
