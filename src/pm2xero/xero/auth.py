"""Access tokens: where a client gets them from, and how a call carries one."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import Protocol

import httpx

from pm2xero.xero.identity import Credentials, IdentityServer, SignInError

__all__ = ["MARGIN", "Bearer", "GrantedToken", "SignInError", "StaticToken", "TokenSource"]

# A token that dies within this time is not begun with.
MARGIN = timedelta(seconds=60)


class TokenSource(Protocol):
    """Gives access tokens."""

    def token(self) -> str:
        """A token that should still be good. Raises SignInError."""

    def renew(self) -> bool:
        """Throw the present token away; False when there can be no other."""


class Bearer(httpx.Auth):
    """Puts one access token on one call.

    The token is no header of the call until httpx sends it, so nothing that shows a call shows it.
    Whether it is to be renewed is decided by the client, which reads answers within limits.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the call with the token."""
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


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
    """Tokens of a custom connection (client_credentials), each kept until shortly before its end.

    There is no refresh token: whoever has the secret asks for another access token.
    """

    def __init__(
        self,
        credentials: Credentials,
        server: IdentityServer,
        *,
        clock: Callable[[], datetime],
        scopes: str = "",
    ) -> None:
        self._credentials = credentials
        self._server = server
        self._clock = clock
        self._scopes = scopes
        self._token = ""
        self._expires: datetime | None = None

    def token(self) -> str:
        """A token that is good for at least a minute.

        Raises:
            SignInError: the token endpoint refuses, or cannot be reached.
        """
        if self._expires is None or self._clock() >= self._expires - MARGIN:
            form = {"grant_type": "client_credentials"}
            if self._scopes:
                form["scope"] = self._scopes
            answer = self._server.ask(self._credentials, form)
            self._token = answer.access_token
            self._expires = self._clock() + timedelta(seconds=answer.life)
        return self._token

    def renew(self) -> bool:
        """Forget the token, so that the next one is asked for."""
        self._expires = None
        return True
