"""Access to the Accounting API by token, tenant and scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pm2xero.sandbox.connections import Connections
from pm2xero.sandbox.mishaps import Mishaps
from pm2xero.sandbox.problems import forbidden, unauthorised
from pm2xero.sandbox.store import Store

ACCESS_LIFETIME = timedelta(minutes=30)

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
KNOWN_SCOPES = {*_SCOPES, *(f"{scope}.read" for scope in _SCOPES), *_OTHER_SCOPES}
ALL_SCOPES = " ".join(sorted(KNOWN_SCOPES))


@dataclass(frozen=True, slots=True)
class Grant:
    """What an access token allows.

    Attributes:
        is_bound: the token belongs to a custom connection, so that no tenant need be named.
        client: the app; empty where none is named.
        event: the consent that it comes from; empty for a custom connection.
    """

    scopes: frozenset[str]
    is_bound: bool
    client: str
    event: str

    def allows(self, endpoint: str, *, writes: bool) -> bool:
        """Whether an endpoint may be read, or written."""
        scope = _SCOPE_OF.get(endpoint, "")
        return scope in self.scopes or (not writes and f"{scope}.read" in self.scopes)


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Looks at tokens."""

    store: Store
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    organisation_id: str
    connections: Connections
    mishaps: Mishaps

    def identify(self, authorization: str | None) -> Grant:
        """What the bearer may do.

        Raises:
            Problem: 401 without a token, with an unknown one, or with one that has expired.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorised("AuthenticationUnsuccessful", self.new_id())
        row = self.store.find(
            "SELECT scopes, bound, client, event, expires FROM token"
            " WHERE token = ? AND kind = 'access'",
            (token,),
        )
        if row is None:
            raise unauthorised("AuthenticationUnsuccessful", self.new_id())
        if row[4] <= text_of_moment(self.clock()) or self.mishaps.happens("early_expiry"):
            raise unauthorised(f"TokenExpired: token expired at {row[4]}", self.new_id())
        return Grant(frozenset(row[0].split()), bool(row[1]), row[2], row[3])

    def authorise(self, headers: Mapping[str, str], endpoint: str, *, writes: bool) -> str:
        """Let a request to the Accounting API in; the tenant that it is for.

        Args:
            headers: with lower-case names.

        Raises:
            Problem: 401 for token or scope, 403 for the tenant.
        """
        grant = self.identify(headers.get("authorization"))
        tenant = headers.get("xero-tenant-id", "").lower()
        if grant.is_bound:
            is_allowed = tenant in ("", self.organisation_id)
        else:
            is_allowed = self.connections.holds(grant.client, tenant)
        if not is_allowed:
            raise forbidden(self.new_id())
        if endpoint in _SCOPE_OF and not grant.allows(endpoint, writes=writes):
            raise unauthorised("AuthorizationUnsuccessful", self.new_id())
        return tenant or self.organisation_id


def text_of_moment(moment: datetime) -> str:
    """A moment as the store sorts it."""
    return moment.isoformat(timespec="milliseconds")
