"""Xero's identity server: what it is asked for tokens, and what its answers prove."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec

from pm2xero.xero.call_log import Attempt, Told, Watch, correlation_of
from pm2xero.xero.deadline import Deadline, keep_to
from pm2xero.xero.reading import AnswerTooLarge, Patience, read_answer, read_object

# What may stand in a header; anything else would break the call that carries it.
_SENDABLE = re.compile(r"[\x21-\x7e]{1,16384}")
_PATIENCE = Patience(size=1_000_000, seconds=60)
_LONGEST_LIFE = 86_400
# Shorter than any secret; a sentence would lose its words otherwise.
_SECRET = 8
_TOLD = 300


class SignInError(Exception):
    """Xero gives no token; the text is a sentence for the operator.

    Attributes:
        code: PU905 where there is no sign-in that Xero takes, else of what stands in the way.
    """

    def __init__(self, sentence: str, code: str = "PU905") -> None:
        super().__init__(sentence)
        self.code = code


class SignInGone(SignInError):
    """Xero no longer honours the sign-in: only a new one helps."""


class SignInRefused(SignInError):
    """Xero said no, by an error of OAuth (RFC 6749, 5.2).

    Attributes:
        error: such as `invalid_grant`.
    """

    def __init__(self, sentence: str, error: str) -> None:
        super().__init__(sentence)
        self.error = error


class SignInUnanswered(SignInError):
    """There is no answer that can be used, and Xero may have changed the tokens all the same."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "PU904")


def is_xero(base_url: str) -> bool:
    """Whether an address is Xero's own, and no emulated one."""
    return httpx.URL(base_url).host.endswith(".xero.com")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where one Xero is signed in to.

    Attributes:
        root: below which `/connections` stands.
        issuer: what its identity tokens name.
    """

    authorise: str
    token: str
    revocation: str
    root: str
    issuer: str

    @classmethod
    def of(cls, base_url: str, environment: Mapping[str, str] | None = None) -> Addresses:
        """Those of the API at a base URL: Xero's own, or paths of the same host.

        PM2XERO_TOKEN_URL puts the token endpoint elsewhere.
        """
        values = os.environ if environment is None else environment
        api = httpx.URL(base_url)
        root = api.copy_with(path="/", query=None)
        if is_xero(base_url):
            found = cls(
                "https://login.xero.com/identity/connect/authorize",
                "https://identity.xero.com/connect/token",
                "https://identity.xero.com/connect/revocation",
                f"https://{api.host}",
                "https://identity.xero.com",
            )
        else:
            found = cls(
                str(root.join("/identity/connect/authorize")),
                str(root.join("/connect/token")),
                str(root.join("/connect/revocation")),
                str(root).rstrip("/"),
                str(root).rstrip("/"),
            )
        token = values.get("PM2XERO_TOKEN_URL") or found.token
        return replace(found, token=token)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who the program is to Xero.

    Attributes:
        client_secret: empty for an app that has none, as on a laptop (PKCE).
        tenant: the organisation's id in Xero; empty for a custom connection, which has only one.
    """

    client_id: str
    client_secret: str = field(default="", repr=False)
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


class TokenAnswer(msgspec.Struct, frozen=True):
    """What the token endpoint answers, as far as it is used; `repr` tells no token."""

    access_token: str
    expires_in: int = 1800
    refresh_token: str | None = None
    id_token: str | None = None
    scope: str = ""

    def __repr__(self) -> str:
        return f"TokenAnswer(expires_in={self.expires_in}, scope={self.scope!r})"

    @property
    def life(self) -> int:
        """Seconds that the access token lives, within what can be believed."""
        return min(max(self.expires_in, 0), _LONGEST_LIFE)


class IdentityServer:
    """The token and revocation endpoints, over connections of their own."""

    def __init__(
        self,
        addresses: Addresses,
        *,
        transport: httpx.BaseTransport | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._addresses = addresses
        self._ticks = ticks
        self._watch: Watch | None = None
        self._deadline = Deadline(ticks)
        # A redirect would take the secret to wherever it points.
        self._http = httpx.Client(transport=transport, timeout=30, follow_redirects=False)
        keep_to(self._http, self._deadline)

    def ask(self, who: Credentials, form: Mapping[str, str]) -> TokenAnswer:
        """Ask for tokens.

        Raises:
            SignInRefused: Xero says no.
            SignInUnanswered: no usable answer; a refresh token may have been used up.
        """
        try:
            status, answer = self._post(self._addresses.token, who, form)
        except (httpx.HTTPError, httpx.InvalidURL, AnswerTooLarge) as error:
            said = _hidden(str(error) or type(error).__name__, who, form)
            raise SignInUnanswered(f"the sign-in of Xero cannot be reached: {said}") from None
        tokens = _tokens_of(answer) if status == 200 else None
        if tokens is not None:
            return tokens
        named = [answer.get(name) for name in ("error_description", "error")]
        told = next((text for text in named if isinstance(text, str) and text), str(status))
        told = _hidden(told, who, form)[:_TOLD]
        code = answer.get("error")
        if 400 <= status < 500 and status not in (408, 429) and isinstance(code, str):
            raise SignInRefused(f"Xero refuses the sign-in: {told}", code)
        raise SignInUnanswered(f"the sign-in of Xero gives no usable answer: {told}")

    def revoke(self, who: Credentials, refresh_token: str) -> None:
        """Take a refresh token back.

        Raises:
            SignInError: Xero does not confirm it.
        """
        form = {"token": refresh_token, "token_type_hint": "refresh_token"}
        try:
            status, _ = self._post(self._addresses.revocation, who, form)
        except (httpx.HTTPError, httpx.InvalidURL, AnswerTooLarge) as error:
            said = _hidden(str(error) or type(error).__name__, who, form)
            raise SignInUnanswered(f"the sign-in of Xero cannot be reached: {said}") from None
        if status != 200:
            raise SignInUnanswered(f"Xero does not confirm the revocation (HTTP {status})")

    def watch(self, watch: Watch | None) -> None:
        """Tell of each attempt from now on, without anything that signs in; None tells nobody."""
        self._watch = watch

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _post(
        self, url: str, who: Credentials, form: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        at, began, told = datetime.now(UTC), self._ticks(), Told()
        try:
            return self._exchange(url, who, form, told)
        # A proxy that lets nobody through is asked before the call itself is sent.
        except (
            httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError,
            httpx.InvalidURL,
        ) as error:  # fmt: skip
            told.failed("unreachable", error)
            raise
        except BaseException as error:
            is_lost = isinstance(error, httpx.HTTPError | AnswerTooLarge)
            told.failed("unknown" if is_lost else "stopped", error)
            raise
        finally:
            if self._watch is not None:
                name = "revocation" if url == self._addresses.revocation else "token"
                self._watch.log(
                    Attempt(
                        at=at, run=self._watch.run, call=next(self._watch.numbers), attempt=1,
                        method="POST", path=f"/connect/{name}", query={}, outcome=told.outcome,
                        status=told.status, ms=round((self._ticks() - began) * 1000),
                        sent=len(urlencode(form)), received=told.received, xero=told.xero,
                        key=None, fault=told.fault,
                    )
                )  # fmt: skip

    def _exchange(
        self, url: str, who: Credentials, form: Mapping[str, str], told: Told
    ) -> tuple[int, dict[str, Any]]:
        # An app without a secret names itself in the form (RFC 6749, 2.3.1 and 3.2.1).
        secrets = (who.client_id, who.client_secret) if who.client_secret else None
        sent = dict(form) if secrets else {**form, "client_id": who.client_id}
        began = self._ticks()
        self._deadline.begin(_PATIENCE.seconds)
        with self._http.stream("POST", url, data=sent, auth=secrets) as response:
            told.status, told.xero = response.status_code, correlation_of(response.headers)
            content = read_answer(response, _PATIENCE, lambda: self._ticks() - began)
            told.received = len(content)
        told.outcome = "answered"
        return response.status_code, read_object(content) or {}


def _tokens_of(answer: Mapping[str, Any]) -> TokenAnswer | None:
    """Tokens that can be used, or None."""
    try:
        found = msgspec.convert(answer, TokenAnswer, strict=False)
    except (msgspec.ValidationError, OverflowError):
        return None
    tokens = [t for t in (found.access_token, found.refresh_token) if t is not None]
    return found if all(_SENDABLE.fullmatch(token) for token in tokens) else None


def _hidden(text: str, who: Credentials, form: Mapping[str, str]) -> str:
    """A text without what must stay secret, should the other side repeat it."""
    private = ("refresh_token", "token", "code", "code_verifier")
    for secret in (who.client_secret, *(form.get(name, "") for name in private)):
        if len(secret) >= _SECRET:
            text = text.replace(secret, "(hidden)")
    return " ".join(text.split())
