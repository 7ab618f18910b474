"""What a firm's sign-in consists of: the pinned organisation, and the grant to reach it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pm2xero.xero.identity import TokenAnswer

# A refresh token lives so long when it is not used (developer.xero.com, OAuth 2.0 FAQ).
UNUSED_LIFE = timedelta(days=60)


class App(StrEnum):
    """How an app is registered with Xero.

    PKCE has no secret (a laptop); WEB has one (a vendor's server, many firms); CUSTOM is a custom
    connection, which reaches one organisation without a person (client_credentials).
    """

    PKCE = "pkce"
    WEB = "web"
    CUSTOM = "custom"

    @property
    def has_secret(self) -> bool:
        """Whether PM2XERO_CLIENT_SECRET is needed."""
        return self is not App.PKCE


@dataclass(frozen=True, slots=True)
class Pin:
    """The organisation that a firm was first connected to; another one is refused for good."""

    organisation_id: str
    name: str
    pinned: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """One sign-in. No token is ever part of its `repr`.

    Attributes:
        base_url: of the API that it is for; its tokens go nowhere else.
        tenant: sent with every call; empty for a custom connection.
        connection: id of the connection in Xero, by which it is taken back; empty when unknown.
        access_token, refresh_token: empty for a custom connection, which keeps none.
        previous_token: the refresh token before, which Xero may take once more: within 30
            minutes, as its answer may have been lost (the same FAQ; unverified).
        obtained, expires: of the access token, by the clock of whoever asked for it.
    """

    app: App
    base_url: str
    client_id: str
    tenant: str
    connection: str
    scopes: str
    connected: datetime
    obtained: datetime
    expires: datetime
    access_token: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    previous_token: str = field(default="", repr=False)

    @property
    def unused_until(self) -> datetime | None:
        """When the refresh token dies if nothing is done; None where there is none."""
        return self.obtained + UNUSED_LIFE if self.refresh_token else None

    def renewed(self, answer: TokenAnswer, used: str, now: datetime) -> Grant:
        """The grant after an answer of the token endpoint.

        Args:
            used: the refresh token that was sent.
        """
        return replace(
            self,
            access_token=answer.access_token,
            refresh_token=answer.refresh_token or used,
            previous_token=used,
            scopes=answer.scope or self.scopes,
            obtained=now,
            expires=now + timedelta(seconds=answer.life),
        )


@dataclass(frozen=True, slots=True)
class Enrolment:
    """All that is kept for a firm; the pin outlives every grant.

    Attributes:
        elsewhere: in words, where the grant is when it is not here; empty when nowhere.
    """

    pin: Pin | None = None
    grant: Grant | None = None
    elsewhere: str = ""
