"""Calls to the Accounting API, one at a time; what they mean is decided elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from pm2xero.xero.auth import Bearer, TokenSource
from pm2xero.xero.call_log import (
    Attempt,
    CallLog,
    Told,
    Watch,
    correlation_of,
    key_hash,
    plain_path,
    plain_query,
)
from pm2xero.xero.deadline import Deadline, keep_to
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
            Xero's answers 404, 429 and 503, and where a good answer says that it is something else.
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
            patience: how long a whole call may take, and how large its answer may be.
            ticks: seconds of a clock that never goes back.
        """
        self._tokens = tokens
        self._patience = patience or Patience()
        self._ticks = ticks
        self._base = base_url.rstrip("/")
        self._standing = {"Accept": "application/json"}
        if tenant:
            self._standing["xero-tenant-id"] = tenant
        self.counts = Counts()
        self._watch: Watch | None = None
        self._call = 0
        self._attempt = 0
        self._deadline = Deadline(ticks)
        # A redirect would take the token to wherever it points.
        self._http = httpx.Client(transport=transport, timeout=timeout, follow_redirects=False)
        keep_to(self._http, self._deadline)

    def log_to(self, log: CallLog, run: str) -> None:
        """Tell of each attempt from now on, as a part of this run."""
        self.watch(Watch(log, run))

    def watch(self, watch: Watch | None) -> None:
        """The same, where others of the run tell of theirs; None tells nobody."""
        self._watch = watch

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        leaving: Callable[[], None] | None = None,
        *,
        again: bool = False,
    ) -> Response:
        """Make one call; a token that is refused is renewed and the call repeated once.

        Args:
            path: below the base, such as `/Invoices`, already quoted where it needs to be.
            leaving: called with the connection open and nothing sent yet; what it raises keeps
                the call from being sent.
            again: it is the call before, tried once more; only the log asks.

        Raises:
            UnknownOutcome: no answer came, or none of Xero's, and Xero may have acted.
            Unreachable: no answer came, and Xero cannot have acted.
            SignInError: there is no token.
        """
        if not again:
            self.counts.calls += 1
            self._call = 0
            self._attempt = 0
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
        if self._watch is not None and not self._call:
            # After those for the token, so that numbers are in the order of the calls.
            self._call = next(self._watch.numbers)
        self._attempt += 1
        self.counts.attempts += 1
        at, began = datetime.now(UTC), self._ticks()
        told = Told()
        try:
            return self._exchange(method, path, query, headers, body, leaving, token, told)
        finally:
            self.counts.sent += len(body or b"")
            self.counts.received += told.received
            if self._watch is not None:
                self._watch.log(
                    Attempt(
                        at=at,
                        run=self._watch.run,
                        call=self._call,
                        attempt=self._attempt,
                        method=method,
                        path=plain_path(path),
                        query=plain_query(query),
                        outcome=told.outcome,
                        status=told.status,
                        ms=round((self._ticks() - began) * 1000),
                        sent=len(body or b""),
                        received=told.received,
                        xero=told.xero,
                        key=key_hash((headers or {}).get("Idempotency-Key")),
                        fault=told.fault,
                    )
                )

    def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        body: bytes | None,
        leaving: Callable[[], None] | None,
        token: str,
        told: Told,
    ) -> Response:
        sent = {**self._standing, **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        began = self._ticks()
        self._deadline.begin(self._patience.seconds)
        try:
            with self._http.stream(
                method, self._base + path, params=query or None, headers=sent, content=body,
                auth=Bearer(token),
                extensions={"trace": _at_leaving(leaving)} if leaving else None,
            ) as answer:  # fmt: skip
                told.status = answer.status_code
                told.xero = correlation_of(answer.headers)
                try:
                    content = read_answer(answer, self._patience, lambda: self._ticks() - began)
                    told.received = len(content)
                finally:
                    # As they came over the line; within the process there is none.
                    told.received = answer.num_bytes_downloaded or told.received
        # A proxy that lets nobody through is asked before the call itself is sent.
        except (
            httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError,
        ) as error:  # fmt: skip
            told.failed("unreachable", error)
            raise Unreachable(f"Xero cannot be reached ({_said(error, token)})") from None
        except httpx.InvalidURL as error:
            told.failed("unreachable", error)
            raise Unreachable(f"the address cannot be used ({_said(error, token)})") from None
        except (httpx.HTTPError, httpx.StreamError, AnswerTooLarge) as error:
            told.failed("unknown", error)
            raise UnknownOutcome(f"no answer came ({_said(error, token)})") from None
        except BaseException as error:
            told.failed("stopped", error)
            raise
        if answer.is_redirect and answer.status_code != 304:
            # Whoever answers so is not Xero's API, and the token goes nowhere else.
            told.failed("unknown", None)
            raise UnknownOutcome(
                f"no answer came (it was sent elsewhere, HTTP {answer.status_code}, which is not "
                "followed)"
            )
        told.outcome = "answered"
        # Whoever repeats what was sent must not make us say it.
        if len(token) >= _SECRET:
            content = content.replace(token.encode(), _HIDDEN.encode())
        return Response(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            json=read_object(content) if _may_be_json(answer) else None,
            text=content.decode("utf-8", "replace"),
        )


@dataclass(slots=True)
class Counts:
    """What a client has done: calls, attempts of them, and bytes of bodies both ways."""

    calls: int = 0
    attempts: int = 0
    sent: int = 0
    received: int = 0


def _may_be_json(answer: httpx.Response) -> bool:
    """Whether a body may be read as Xero's; only the type of an error cannot be trusted."""
    said = answer.headers.get("content-type", "").lower()
    return not answer.is_success or not said or "json" in said


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
