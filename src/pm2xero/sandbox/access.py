"""Signing in: the token endpoint, access by token, tenant and scope."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from pm2xero.sandbox.problems import Problem, forbidden, unauthorised
from pm2xero.sandbox.store import Store
from pm2xero.sandbox.wire import Wire

ACCESS_LIFETIME = timedelta(minutes=30)
REFRESH_LIFETIME = timedelta(days=60)

_SCOPES = {
    "accounting.invoices": ("Invoices", "CreditNotes"),
    "accounting.payments": ("Payments", "BatchPayments", "Overpayments", "Prepayments"),
    "accounting.banktransactions": ("BankTransactions", "BankTransfers"),
    "accounting.manualjournals": ("ManualJournals",),
    "accounting.contacts": ("Contacts",),
    "accounting.settings": (
        "Organisation",
        "Accounts",
        "TaxRates",
        "Items",
        "TrackingCategories",
        "Currencies",
        "BrandingThemes",
    ),
    "accounting.reports.trialbalance": ("Reports",),
}
_SCOPE_OF = {name: scope for scope, names in _SCOPES.items() for name in names}
_OTHER_SCOPES = {"openid", "profile", "email", "offline_access"}
_KNOWN = {*_SCOPES, *(f"{scope}.read" for scope in _SCOPES), *_OTHER_SCOPES}
ALL_SCOPES = " ".join(sorted(_KNOWN))


@dataclass(frozen=True, slots=True)
class Grant:
    """What an access token allows.

    Attributes:
        is_bound: the token belongs to a custom connection, so that no tenant need be named.
    """

    scopes: frozenset[str]
    is_bound: bool

    def allows(self, endpoint: str, *, writes: bool) -> bool:
        """Whether an endpoint may be read, or written."""
        scope = _SCOPE_OF.get(endpoint, "")
        return scope in self.scopes or (not writes and f"{scope}.read" in self.scopes)


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Issues tokens and looks at them; any client with an id and a secret is let in."""

    store: Store
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    organisation_id: str

    def token(self, form_body: bytes, authorization: str | None) -> Wire:
        """The answer of the token endpoint, within the caller's transaction.

        Raises:
            Problem: 400 with an OAuth error.
        """
        form = dict(parse_qsl(form_body.decode("utf-8", "replace")))
        client_id, secret = _client(form, authorization)
        if not client_id or not secret:
            raise Problem(400, {"error": "invalid_client"})
        grant_type = form.get("grant_type")
        if grant_type == "client_credentials":
            scopes = _checked(form.get("scope") or ALL_SCOPES)
            return self._answer(self.issue("access", scopes, bound=True), scopes)
        if grant_type == "refresh_token":
            return self._refresh(form.get("refresh_token") or "")
        raise Problem(400, {"error": "unsupported_grant_type"})

    def issue(self, kind: str, scopes: str, *, bound: bool) -> str:
        """A new token of kind access or refresh, within the caller's transaction."""
        token = f"{kind}-{self.new_id()}"
        lifetime = ACCESS_LIFETIME if kind == "access" else REFRESH_LIFETIME
        self.store.execute(
            "INSERT INTO token (token, kind, bound, scopes, expires) VALUES (?, ?, ?, ?, ?)",
            (token, kind, bound, scopes, _text(self.clock() + lifetime)),
        )
        return token

    def identify(self, authorization: str | None) -> Grant:
        """What the bearer may do.

        Raises:
            Problem: 401 without a token, with an unknown one, or with one that has expired.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorised("AuthenticationUnsuccessful", self.new_id())
        row = self.store.find(
            "SELECT scopes, bound, expires FROM token WHERE token = ? AND kind = 'access'",
            (token,),
        )
        if row is None:
            raise unauthorised("AuthenticationUnsuccessful", self.new_id())
        if row[2] <= _text(self.clock()):
            raise unauthorised(f"TokenExpired: token expired at {row[2]}", self.new_id())
        return Grant(frozenset(row[0].split()), bool(row[1]))

    def authorise(self, headers: Mapping[str, str], endpoint: str, *, writes: bool) -> None:
        """Let a request to the Accounting API in.

        Args:
            headers: with lower-case names.

        Raises:
            Problem: 401 for token or scope, 403 for the tenant.
        """
        grant = self.identify(headers.get("authorization"))
        tenant = headers.get("xero-tenant-id", "").lower()
        if tenant != self.organisation_id and (tenant or not grant.is_bound):
            raise forbidden(self.new_id())
        if endpoint in _SCOPE_OF and not grant.allows(endpoint, writes=writes):
            raise unauthorised("AuthorizationUnsuccessful", self.new_id())

    def _refresh(self, token: str) -> Wire:
        row = self.store.find(
            "SELECT scopes, bound, expires FROM token WHERE token = ? AND kind = 'refresh'",
            (token,),
        )
        if row is None or row[2] <= _text(self.clock()):
            raise Problem(400, {"error": "invalid_grant"})
        # The sources disagree on a period of grace for the old token; none is the strict reading.
        self.store.execute("DELETE FROM token WHERE token = ?", (token,))
        answer = self._answer(self.issue("access", row[0], bound=bool(row[1])), row[0])
        return {**answer, "refresh_token": self.issue("refresh", row[0], bound=bool(row[1]))}

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
    if set(scopes.split()) - _KNOWN:
        raise Problem(
            400,
            {
                "error": "invalid_scope",
                "error_description": "Client credentials scope validation failed",
            },
        )
    return " ".join(scopes.split())


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
