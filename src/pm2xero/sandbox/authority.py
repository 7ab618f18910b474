"""The identity server: consent, codes, and tokens that change with every use.

Any client with an id is let in; one without a secret must prove itself by PKCE.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from pm2xero.sandbox.access import ACCESS_LIFETIME, ALL_SCOPES, KNOWN_SCOPES, text_of_moment
from pm2xero.sandbox.connections import Connections
from pm2xero.sandbox.mishaps import Mishaps
from pm2xero.sandbox.problems import Problem
from pm2xero.sandbox.store import Store
from pm2xero.sandbox.wire import Wire

REFRESH_LIFETIME = timedelta(days=60)
# An old refresh token may be retried for so long, as its answer may have been lost.
GRACE = timedelta(minutes=30)
# A code and an identity token live so long (unverified: one secondary source).
_CODE_LIFETIME = timedelta(minutes=5)
_USER = "7b1f6d3a-0000-4000-8000-5a6e0b0c0d0e"


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """What an app asks a user for."""

    client: str
    redirect: str
    scopes: str
    state: str
    challenge: str
    nonce: str

    def answered(self, **told: str) -> str:
        """Where the browser is sent."""
        joint = "&" if urlsplit(self.redirect).query else "?"
        return f"{self.redirect}{joint}{urlencode({**told, 'state': self.state})}"


class Authority:
    """Issues tokens; whoever uses it brings the lock and the transaction."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        new_id: Callable[[], str],
        connections: Connections,
        mishaps: Mishaps,
    ) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._connections = connections
        self._mishaps = mishaps

    def request(self, query: Mapping[str, str]) -> ConsentRequest:
        """What stands in the address that an app sends a browser to.

        Raises:
            Problem: 400, in words for a page, as nobody can be sent back.
        """
        wanted = ConsentRequest(
            client=query.get("client_id", ""),
            redirect=query.get("redirect_uri", ""),
            scopes=query.get("scope", ""),
            state=query.get("state", ""),
            challenge=query.get("code_challenge", ""),
            nonce=query.get("nonce", ""),
        )
        method = query.get("code_challenge_method", "S256")
        if query.get("response_type") != "code" or not wanted.client:
            raise Problem(400, {"error": "unauthorized_client"})
        if not _is_redirect(wanted.redirect) or (wanted.challenge and method != "S256"):
            raise Problem(400, {"error": "invalid_request"})
        if not wanted.scopes or set(wanted.scopes.split()) - KNOWN_SCOPES:
            raise Problem(400, {"error": "invalid_scope"})
        return wanted

    def consented(self, wanted: ConsentRequest, tenant: str) -> str:
        """A code for an app that a user lets into an organisation."""
        event, code = self._new_id(), f"code-{self._new_id()}"
        self._connections.connect(wanted.client, tenant, event)
        self._store.execute(
            "INSERT INTO code (code, client, redirect, challenge, scopes, nonce, event, expires)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (code, wanted.client, wanted.redirect, wanted.challenge, wanted.scopes, wanted.nonce,
             event, text_of_moment(self._clock() + _CODE_LIFETIME)),
        )  # fmt: skip
        return code

    def token(self, form_body: bytes, authorization: str | None, issuer: str) -> Wire:
        """The answer of the token endpoint.

        Raises:
            Problem: 400 with an OAuth error.
        """
        form = dict(parse_qsl(form_body.decode("utf-8", "replace")))
        client, secret = _client(form, authorization)
        grant_type = form.get("grant_type")
        if not client or (not secret and grant_type not in ("authorization_code", "refresh_token")):
            raise Problem(400, {"error": "invalid_client"})
        if grant_type == "client_credentials":
            scopes = _checked(form.get("scope") or ALL_SCOPES)
            return self._answer(self.issue("access", scopes, bound=True, client=client), scopes)
        if grant_type == "authorization_code":
            return self._exchange(form, client, secret, issuer)
        if grant_type == "refresh_token":
            return self._refresh(form.get("refresh_token") or "", client)
        raise Problem(400, {"error": "unsupported_grant_type"})

    def issue(
        self, kind: str, scopes: str, *, bound: bool, client: str = "", event: str = ""
    ) -> str:
        """A new token of kind access or refresh."""
        token = f"{kind}-{self._new_id()}"
        lifetime = ACCESS_LIFETIME if kind == "access" else REFRESH_LIFETIME
        expires = self._clock() + lifetime
        if kind == "access" and event:
            # One of a user is a JWT that names the consent.
            claims = {"authentication_event_id": event, "client_id": client, "jti": token,
                      "exp": int(expires.timestamp()), "scope": scopes.split()}  # fmt: skip
            token = _jwt(claims)
        self._store.execute(
            "INSERT INTO token (token, kind, bound, scopes, expires, client, event)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (token, kind, bound, scopes, text_of_moment(expires), client, event),
        )
        return token

    def revoke(self, form_body: bytes, authorization: str | None) -> None:
        """Take a refresh token back, and with it what came of it and the app's connections.

        That it ends every connection of the user with the app is what Xero's page on revocation
        says (unverified).
        """
        form = dict(parse_qsl(form_body.decode("utf-8", "replace")))
        row = self._store.find(
            "SELECT client, event FROM token WHERE token = ?", (form.get("token", ""),)
        )
        client, _ = _client(form, authorization)
        if row is None or row[0] not in ("", client):
            return
        self._store.execute("DELETE FROM token WHERE token = ?", (form["token"],))
        if row[1]:
            self._store.execute("DELETE FROM token WHERE event = ?", (row[1],))
            self._connections.forget(row[0])

    def _exchange(self, form: Mapping[str, str], client: str, secret: str, issuer: str) -> Wire:
        code = form.get("code", "")
        row = self._store.find(
            "SELECT client, redirect, challenge, scopes, nonce, event, expires FROM code"
            " WHERE code = ?",
            (code,),
        )
        if row is None or row[0] != client or row[6] <= text_of_moment(self._clock()):
            raise Problem(400, {"error": "invalid_grant"})
        self._store.execute("DELETE FROM code WHERE code = ?", (code,))
        _, redirect, challenge, scopes, nonce, event, _ = row
        is_proven = _fits(challenge, form.get("code_verifier", "")) if challenge else bool(secret)
        if redirect != form.get("redirect_uri") or not is_proven:
            raise Problem(400, {"error": "invalid_grant"})
        answer = self._pair(scopes, client, event)
        if "openid" in scopes.split():
            until = int((self._clock() + _CODE_LIFETIME).timestamp())
            answer["id_token"] = _jwt(
                {"iss": issuer, "aud": client, "sub": _USER, "nonce": nonce, "exp": until,
                 "iat": int(self._clock().timestamp())}
            )  # fmt: skip
        return answer

    def _pair(self, scopes: str, client: str, event: str, *, bound: bool = False) -> Wire:
        answer = self._answer(
            self.issue("access", scopes, bound=bound, client=client, event=event), scopes
        )
        if bound or not event or "offline_access" in scopes.split():
            more = self.issue("refresh", scopes, bound=bound, client=client, event=event)
            answer["refresh_token"] = more
        return answer

    def _refresh(self, token: str, client: str) -> Wire:
        now = self._clock()
        row = self._store.find(
            "SELECT scopes, bound, expires, client, event, replaced, successor FROM token"
            " WHERE token = ? AND kind = 'refresh'",
            (token,),
        )
        dead = Problem(400, {"error": "invalid_grant"})
        if row is None or row[2] <= text_of_moment(now) or row[3] not in ("", client):
            raise dead
        scopes, bound, _, owner, event, replaced, successor = row
        if self._mishaps.happens("refused_grants"):
            raise dead
        if replaced is not None:
            is_late = replaced <= text_of_moment(now - GRACE)
            # Whoever has used what came after it has had the answer.
            used = self._store.find("SELECT replaced FROM token WHERE token = ?", (successor,))
            if is_late or not self._mishaps.rules.refresh_grace or used is None or used[0]:
                raise dead
            self._store.execute("DELETE FROM token WHERE token = ?", (successor,))
        answer = self._pair(scopes, owner, event, bound=bool(bound))
        self._store.execute(
            "UPDATE token SET replaced = ?, successor = ? WHERE token = ?",
            (replaced or text_of_moment(now), answer["refresh_token"], token),
        )
        return answer

    def _answer(self, token: str, scopes: str) -> Wire:
        return {
            "access_token": token,
            "expires_in": int(ACCESS_LIFETIME.total_seconds()),
            "token_type": "Bearer",
            "scope": scopes,
        }


def _client(form: Mapping[str, str], authorization: str | None) -> tuple[str, str]:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return client_id, secret
    return form.get("client_id", ""), form.get("client_secret", "")


def _checked(scopes: str) -> str:
    if set(scopes.split()) - KNOWN_SCOPES:
        raise Problem(
            400,
            {
                "error": "invalid_scope",
                "error_description": "Client credentials scope validation failed",
            },
        )
    return " ".join(scopes.split())


def _is_redirect(address: str) -> bool:
    """https, or http on localhost by that name (127.0.0.1 is said to be refused)."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == "localhost")


def _fits(challenge: str, verifier: str) -> bool:
    """Whether a verifier is that of the challenge (RFC 7636, S256)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return hmac.compare_digest(challenge.rstrip("="), _base64(digest))


def _jwt(claims: Mapping[str, object]) -> str:
    """A token with readable claims; nobody checks its signature, the store knows it as a whole."""
    head = _base64(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
    signed = f"{head}.{_base64(json.dumps(claims).encode())}"
    return f"{signed}.{_base64(hmac.digest(b'sandbox', signed.encode(), 'sha256'))}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
