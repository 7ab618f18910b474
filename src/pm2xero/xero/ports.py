"""What the sender needs of the outbox; `pm2xero.outbox` fulfils it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from pm2xero.outbox.records import Link, StoredRequest
from pm2xero.outbox.states import RequestState


class Contacts(Protocol):
    """Contacts whose ids in Xero are known, by their number in Practice Management."""

    def contacts(self) -> Mapping[str, tuple[str, str]]:
        """ContactID and name by number."""

    def save_contact(self, number: str, xero_id: str, name: str) -> None:
        """Remember a contact."""


class Outbox(Contacts, Protocol):
    """The store; every method commits by itself."""

    def requests(
        self, *, states: Collection[RequestState] | None = None
    ) -> Sequence[StoredRequest]:
        """Requests by level and sequence."""

    def interrupted(self) -> Sequence[StoredRequest]:
        """Claimed or sent, with no result."""

    def lost_at(self, looked_up: Collection[str]) -> datetime | None:
        """When the last call was lost of those that have no result, but for these causes."""

    def links(self) -> Mapping[tuple[str, str], str]:
        """Ids in Xero, by transaction and name of the id."""

    def link_of(self, xero_id: str) -> Link | None:
        """Which request made a document of Xero."""

    def claim(self, requests: Sequence[StoredRequest], at: datetime) -> int:
        """Write down that a call is about to be made."""

    def confirm(
        self, results: Sequence[tuple[StoredRequest, str | None]], status: int | None, at: datetime
    ) -> None:
        """Write down what Xero accepted."""

    def refuse(
        self,
        request: StoredRequest,
        cause: str,
        message: str,
        status: int | None,
        at: datetime,
    ) -> None:
        """Write down what Xero refused; what depends on it is blocked."""

    def unknown(
        self, requests: Sequence[StoredRequest], cause: str, message: str, at: datetime
    ) -> None:
        """Write down that nobody knows what became of a call."""

    def plan_again(self, requests: Sequence[StoredRequest]) -> None:
        """Write down that Xero has not got them."""

    def acquire_lease(self, owner: str, ttl: timedelta) -> bool:
        """Become the only writer."""

    def heartbeat(self, owner: str) -> None:
        """Stay the only writer. Raises LeaseLost when somebody else is."""

    def release(self, owner: str) -> None:
        """Let others write."""
