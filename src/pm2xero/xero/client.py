"""Calls to the Accounting API, one at a time; what they mean is decided elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from pm2xero.xero.auth import Bearer, TokenSource
from pm2xero.xero.reading import AnswerTooLarge, Patience, read_answer, read_object

# How httpcore names the moment in which a request is about to be written to its connection.
SENDING = "send_request_headers.started"
BASE_URL = "https://api.xero.com/api.xro/2.0"
_HIDDEN = "(hidden)"
_MISSING_SCOPE = "AuthorizationUnsuccessful"
# Shorter than any token; a text would lose its words otherwise.
_SECRET = 8


class CallError(Exception):
    """A call that has no answer; `cause` is an id of `mappings/xero/errors.yaml`."""

    cause = "no_answer"


class UnknownOutcome(CallError):
    """The call left, and nobody knows whether Xero acted on it: time-out, lost connection."""


class Unreachable(CallError):
    """The call never left: there was no connection to send it on."""

    cause = "unreachable"


@dataclass(frozen=True, slots=True)
class Response:
    """An answer of Xero.

    Attributes:
        headers: names in lower case.
        json: the body with its fractions as Decimal; None where it is no JSON object, as in
            Xero's answers 404, 429 and 503.
    """

    status: int
    headers: Mapping[str, str]
    json: dict[str, Any] | None
    text: str


class XeroClient:
    """One organisation's Accounting API."""

    def __init__(
        self,
        tokens: TokenSource,
        *,
        tenant: str = "",
        base_url: str = BASE_URL,
        transport: httpx.BaseTransport | None = None,
        timeout: float = 60.0,
        patience: Patience | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """A client.

        Args:
            timeout: seconds, for each of connecting, writing, and reading a piece.
            patience: how long and how large a whole answer may be.
            ticks: seconds of a clock that never goes back.
        """
        self._tokens = tokens
        self._patience = patience or Patience()
        self._ticks = ticks
        self._base = base_url.rstrip("/")
        self._standing = {"Accept": "application/json"}
        if tenant:
            self._standing["xero-tenant-id"] = tenant
        self._http = httpx.Client(transport=transport, timeout=timeout)

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        leaving: Callable[[], None] | None = None,
    ) -> Response:
        """Make one call; a token that is refused is renewed and the call repeated once.

        Args:
            path: below the base, such as `/Invoices`, already quoted where it needs to be.
            leaving: called with the connection open and nothing sent yet; what it raises keeps
                the call from being sent.

        Raises:
            UnknownOutcome: no answer came, and Xero may have acted.
            Unreachable: no answer came, and Xero cannot have acted.
            SignInError: there is no token.
        """
        response = self._send(method, path, query, headers, body, leaving)
        # A call whose token Xero does not know (any more) is refused before anything is done, so it
        # may be repeated; a scope that is missing is missing in every token of the connection.
        if response.status == 401 and _MISSING_SCOPE not in response.text and self._tokens.renew():
            response = self._send(method, path, query, headers, body, leaving)
        return response

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        body: bytes | None,
        leaving: Callable[[], None] | None,
    ) -> Response:
        token = self._tokens.token()
        sent = {**self._standing, **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        began = self._ticks()
        try:
            with self._http.stream(
                method, self._base + path, params=query or None, headers=sent, content=body,
                auth=Bearer(token),
                extensions={"trace": _at_leaving(leaving)} if leaving else None,
            ) as answer:  # fmt: skip
                content = read_answer(answer, self._patience, lambda: self._ticks() - began)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unreachable(f"Xero cannot be reached ({_said(error, token)})") from None
        except httpx.InvalidURL as error:
            raise Unreachable(f"the address cannot be used ({_said(error, token)})") from None
        except (httpx.HTTPError, httpx.StreamError, AnswerTooLarge) as error:
            raise UnknownOutcome(f"no answer came ({_said(error, token)})") from None
        # Whoever repeats what was sent must not make us say it.
        if len(token) >= _SECRET:
            content = content.replace(token.encode(), _HIDDEN.encode())
        return Response(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            json=read_object(content),
            text=content.decode("utf-8", "replace"),
        )


def _at_leaving(check: Callable[[], None]) -> Callable[[str, Any], None]:
    """A trace of httpcore that calls the check just before the first byte of a request is sent."""

    def trace(event: str, _info: Any) -> None:
        if event.endswith(SENDING):
            check()

    return trace


def _said(error: Exception, token: str) -> str:
    # The library quotes a header that it cannot send.
    said = str(error) or type(error).__name__
    return said.replace(token, _HIDDEN) if len(token) >= _SECRET else said
