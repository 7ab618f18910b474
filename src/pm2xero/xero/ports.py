"""What the sender needs of the outbox; `pm2xero.outbox` fulfils it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from pm2xero.outbox.history_notes import NoteEvent, StoredNote
from pm2xero.outbox.memory import Gap
from pm2xero.outbox.records import Link, StoredRequest, StoredTransaction
from pm2xero.outbox.states import RequestState


class Contacts(Protocol):
    """Contacts whose ids in Xero are known, by their number in Practice Management."""

    def contacts_of(self, numbers: Iterable[str]) -> Mapping[str, tuple[str, str]]:
        """ContactID and name of those of the numbers that are known."""

    def contacts_beginning(self, start: str) -> Mapping[str, tuple[str, str]]:
        """ContactID and name of the contacts whose numbers begin so."""

    def save_contact(self, number: str, xero_id: str, name: str) -> None:
        """Remember a contact."""


class Outbox(Contacts, Protocol):
    """The store; every method commits by itself."""

    def requests(
        self, *, states: Collection[RequestState] | None = None
    ) -> Sequence[StoredRequest]:
        """Requests by level and sequence."""

    def requests_of(self, transactions: Iterable[str]) -> Sequence[StoredRequest]:
        """The requests of some documents."""

    def sent_about(self, at: datetime, slack: timedelta) -> bool:
        """Whether a call of ours was on its way at a moment, or so much earlier or later."""

    def states_of(self, ids: Iterable[str]) -> Mapping[str, RequestState]:
        """The states of requests, those that are there."""

    def tally(self, states: Collection[RequestState]) -> Mapping[RequestState, int]:
        """How many requests there are in each of the states."""

    def suspect_forgotten(self) -> Collection[str]:
        """Where the outbox may have lost something: what is planned is looked up first."""

    def try_again(self, causes: Collection[str]) -> Collection[str]:
        """What Xero refused for these causes is looked up, and sent once more."""

    def notes_due(self) -> list[StoredNote]:
        """The history notes that are not settled, of objects that stand in Xero."""

    def notes_alike(self, note: StoredNote) -> int:
        """How many other notes of the same words the same object is known to bear."""

    def move_note(
        self, note: StoredNote, event: NoteEvent, at: datetime | None = None,
        message: str | None = None,
    ) -> None:  # fmt: skip
        """Write down what happened to a note."""

    def gap(self) -> Gap | None:
        """What the outbox may not know."""

    def note_gap(self, since: datetime, lost_at: datetime | None) -> None:
        """From now on nothing is sent that may be in Xero since before this moment."""

    def set_aside(self, request: StoredRequest, cause: str, message: str) -> None:
        """Write down that a person must say what becomes of one that Xero has not got."""

    def lost_at(self, looked_up: Collection[str]) -> datetime | None:
        """When the last call was lost of those that have no result, but for these causes."""

    def links_of(self, transactions: Iterable[str]) -> Mapping[tuple[str, str], str]:
        """Ids in Xero of some documents, by transaction and name of the id."""

    def link_of(self, xero_id: str) -> Link | None:
        """Which request made a document of Xero."""

    def transaction(self, id: str) -> StoredTransaction | None:
        """The latest revision of a document; None when there is none of the id."""

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

    def wait(self, given: Sequence[tuple[StoredRequest, str | None, str | None]]) -> None:
        """Write down why these are not sent now; None takes a reason away."""

    def made_at(self, ids: Collection[str]) -> Mapping[str, datetime]:
        """When documents were made in Practice Management, as far back as that may be."""

    def only_looked_for(self, ids: Collection[str]) -> Collection[str]:
        """Those of the requests that are looked up and never sent."""

    def accounts_meant(
        self, revisions: Iterable[tuple[str, int]]
    ) -> Mapping[tuple[str, int], Mapping[str, tuple[str, str]]]:
        """AccountID and name by code, as they were when revisions of documents were decided."""

    def turn_away(self, request: StoredRequest, cause: str, message: str) -> None:
        """Write down that it cannot be sent; what depends on it is blocked."""

    def give_up(
        self, request: StoredRequest, cause: str, message: str, status: int | None, at: datetime
    ) -> None:
        """Write down that it left again and again and never arrived."""

    def unknown(
        self, requests: Sequence[StoredRequest], cause: str, message: str, at: datetime
    ) -> None:
        """Write down that nobody knows what became of a call."""

    def plan_again(self, requests: Sequence[StoredRequest]) -> Mapping[str, RequestState]:
        """Write down that Xero has not got them; returns those that a person wants to rest."""

    def writing(self, owner: str) -> AbstractContextManager[None]:
        """Be the only writer. Raises LeaseTaken when somebody else is."""

    def heartbeat(self, owner: str) -> None:
        """Stay the only writer. Raises LeaseLost when somebody else is."""
