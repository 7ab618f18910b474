"""Notes in the history of documents: planned with the request that makes or changes the document.

A note is no entry: no request waits for one, nothing takes one back, and no balance knows of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from types import MappingProxyType

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from pm2xero.errors import Finding, StateConflict
from pm2xero.outbox.asking import chunks
from pm2xero.outbox.database import Database
from pm2xero.outbox.notes_schema import history_notes
from pm2xero.outbox.ordering import by_characters
from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.schema import requests
from pm2xero.outbox.states import DUE, RequestState


class NoteState(StrEnum):
    """What is known of a note.

    Attributes:
        PLANNED: it is known not to be in Xero.
        SENT: written down before the call; nobody knows the answer yet.
        CONFIRMED: it is in Xero.
        REFUSED: Xero said no; it is not tried again, unless a person says so.
        UNKNOWN: it may be in Xero; the history of the document is read before it is sent again.
        SKIPPED: Xero said no, and a person does without it.
    """

    PLANNED = "planned"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class NoteEvent(Enum):
    """What can happen to a note."""

    CLAIM = "sent"
    CONFIRM = "confirmed"
    REFUSE = "refused"
    DOUBT = "unknown"
    ABSENT = "planned again"
    SUSPECT = "looked for before it is sent"
    RESEND = "resent"
    SKIP = "skipped"


_S = NoteState
OPEN_NOTES = (_S.PLANNED, _S.SENT, _S.UNKNOWN)

# The only place that says which state follows on which. What is not here is impossible.
NOTE_TRANSITIONS: Mapping[NoteEvent, tuple[tuple[NoteState, ...], NoteState]] = MappingProxyType(
    {
        NoteEvent.CLAIM: ((_S.PLANNED,), _S.SENT),
        NoteEvent.CONFIRM: ((_S.SENT, _S.UNKNOWN), _S.CONFIRMED),
        NoteEvent.REFUSE: ((_S.SENT,), _S.REFUSED),
        NoteEvent.DOUBT: ((_S.SENT, _S.UNKNOWN), _S.UNKNOWN),
        # The complete history does not show it, or its call never left.
        NoteEvent.ABSENT: ((_S.SENT, _S.UNKNOWN), _S.PLANNED),
        # The outbox may have forgotten that it left.
        NoteEvent.SUSPECT: ((_S.PLANNED,), _S.UNKNOWN),
        # What a person says of one that Xero has read and not taken.
        NoteEvent.RESEND: ((_S.REFUSED,), _S.PLANNED),
        NoteEvent.SKIP: ((_S.REFUSED,), _S.SKIPPED),
    }
)


@dataclass(frozen=True, slots=True)
class StoredNote:
    """A note and the object of Xero that bears it.

    Attributes:
        request, revision: of the request that made or changed the object.
        contract: of that request; xero_id: the object.
        called_at: when the last call with it left; None before the first.
    """

    request: str
    revision: int
    contract: str
    xero_id: str
    details: str
    state: NoteState
    attempts: int
    called_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenNote:
    """A note that is not in Xero, as far as is known, though its document is.

    Attributes:
        message: why not; None where nothing was tried.
    """

    transaction: str
    request: str
    xero_id: str
    state: NoteState
    details: str
    message: str | None

    @property
    def is_stuck(self) -> bool:
        """Whether more is needed than the next push of a quiet day."""
        return self.state is not NoteState.PLANNED or self.message is not None


class HistoryNotes(Database):
    """Reading and moving notes; each move commits by itself."""

    def notes_due(self) -> list[StoredNote]:
        """The notes that are not settled, of objects that stand in Xero, as they are sent."""
        mine = history_notes.c.organisation == self._organisation
        query = (
            select(
                history_notes, requests.c.contract, requests.c.xero_id, requests.c.level,
                requests.c.sequence,
            )
            .join(requests, _BEARER)
            .where(
                mine,
                history_notes.c.state.in_(OPEN_NOTES),
                requests.c.state == RequestState.CONFIRMED,
                requests.c.xero_id.is_not(None),
            )
            .order_by(requests.c.sequence, requests.c.level, by_characters(history_notes.c.request))
        )  # fmt: skip
        with self._read() as connection:
            rows = connection.execute(query).all()
        return [
            StoredNote(
                row.request, row.revision, row.contract, row.xero_id, row.details,
                NoteState(row.state), row.attempts, row.called_at,
            )
            for row in rows
        ]  # fmt: skip

    def open_notes(self, transaction: str | None = None) -> list[OpenNote]:
        """The notes that are not in Xero, as far as is known, of documents that are.

        Args:
            transaction: of this document alone.
        """
        query = (
            select(
                history_notes.c.state, history_notes.c.details, history_notes.c.message,
                requests.c.transaction_id, requests.c.id, requests.c.xero_id,
            )
            .join(requests, _BEARER)
            .where(
                history_notes.c.organisation == self._organisation,
                history_notes.c.state.in_((*OPEN_NOTES, _S.REFUSED)),
                requests.c.state == RequestState.CONFIRMED,
                requests.c.xero_id.is_not(None),
            )
            .order_by(requests.c.sequence, requests.c.level, by_characters(requests.c.id))
        )  # fmt: skip
        if transaction is not None:
            query = query.where(requests.c.transaction_id == transaction)
        with self._read() as connection:
            return [
                OpenNote(
                    row.transaction_id, row.id, row.xero_id, NoteState(row.state), row.details,
                    row.message,
                )
                for row in connection.execute(query)
            ]  # fmt: skip

    def end_refused_notes(self, transaction: str, event: NoteEvent) -> int:
        """A person says what becomes of the notes that Xero refused; how many there were."""
        sources, target = NOTE_TRANSITIONS[event]
        of_it = select(requests.c.id).where(
            requests.c.organisation == self._organisation,
            requests.c.transaction_id == transaction,
        )
        with self._write() as connection:
            moved = connection.execute(
                update(history_notes)
                .where(
                    history_notes.c.organisation == self._organisation,
                    history_notes.c.request.in_(of_it),
                    history_notes.c.state.in_(sources),
                )
                .values(state=target, message=None)
            )
        return moved.rowcount

    def notes_alike(self, note: StoredNote) -> int:
        """How many other notes of the same words the same object is known to bear."""
        query = (
            select(func.count())
            .select_from(history_notes.join(requests, _BEARER))
            .where(
                history_notes.c.organisation == self._organisation,
                history_notes.c.state == NoteState.CONFIRMED,
                history_notes.c.details == note.details,
                requests.c.xero_id == note.xero_id,
            )
        )
        with self._read() as connection:
            return int(connection.execute(query).scalar_one())

    def count_notes_to_go(self) -> int:
        """How many notes are not settled whose object stands in Xero, or goes there with a push.

        That of a request that was overtaken, or has stopped, goes with none.
        """
        query = (
            select(func.count())
            .select_from(history_notes.join(requests, _BEARER))
            .where(
                history_notes.c.organisation == self._organisation,
                history_notes.c.state.in_(OPEN_NOTES),
                or_(
                    and_(
                        requests.c.state == RequestState.CONFIRMED,
                        requests.c.xero_id.is_not(None),
                    ),
                    and_(requests.c.current, requests.c.state.in_(DUE)),
                ),
            )
        )
        with self._read() as connection:
            return int(connection.execute(query).scalar_one())

    def count_notes(self) -> dict[NoteState, int]:
        """How many notes there are in each state."""
        query = (
            select(history_notes.c.state, func.count())
            .where(history_notes.c.organisation == self._organisation)
            .group_by(history_notes.c.state)
        )
        with self._read() as connection:
            found = {NoteState(state): count for state, count in connection.execute(query)}
        return {state: found[state] for state in NoteState if state in found}

    def move_note(
        self, note: StoredNote, event: NoteEvent, at: datetime | None = None,
        message: str | None = None,
    ) -> None:  # fmt: skip
        """Write down what happened to a note.

        Args:
            at: when its call leaves, where it is claimed.

        Raises:
            StateConflict: PE105, it is not in a state in which that can happen.
        """
        sources, target = NOTE_TRANSITIONS[event]
        values: dict[str, object] = {"state": target, "message": message}
        if event is NoteEvent.CLAIM:
            values |= {"called_at": at, "attempts": history_notes.c.attempts + 1}
        with self._write() as connection:
            moved = connection.execute(
                update(history_notes)
                .where(
                    history_notes.c.organisation == self._organisation,
                    history_notes.c.request == note.request,
                    history_notes.c.revision == note.revision,
                    history_notes.c.state.in_(sources),
                )
                .values(values)
            )
            if moved.rowcount != 1:
                message = f"the note of {note.request} cannot be {event.value} now"
                raise StateConflict(Finding("PE105", message, should_be=", ".join(sources)))


def write_notes(
    connection: Connection, organisation: str, written: Iterable[StoredRequest]
) -> None:
    """The notes of requests that are planned or rendered anew; what left once stays as it is."""
    by_key = {(r.id, r.revision): r for r in written}
    if not any(r.note for r in by_key.values()) and not _has_any(connection, organisation):
        return
    of = history_notes.c.organisation == organisation
    left: set[tuple[str, int]] = set()
    for part in chunks({id for id, _ in by_key}):
        mine = and_(of, history_notes.c.request.in_(part))
        rows = connection.execute(select(history_notes).where(mine, history_notes.c.attempts > 0))
        left |= {(row.request, row.revision) for row in rows}
    fresh = [r for key, r in by_key.items() if key not in left]
    for request in fresh:
        connection.execute(
            delete(history_notes).where(
                of, history_notes.c.request == request.id,
                history_notes.c.revision == request.revision,
            )
        )  # fmt: skip
    rows_ = [
        {
            "organisation": organisation, "request": r.id, "revision": r.revision,
            "details": r.note, "state": NoteState.PLANNED, "attempts": 0,
        }
        for r in fresh
        if r.note is not None
    ]  # fmt: skip
    if rows_:
        connection.execute(insert(history_notes), rows_)


def _has_any(connection: Connection, organisation: str) -> bool:
    """Most firms have no notes, and nothing is looked for in their place."""
    mine = history_notes.c.organisation == organisation
    query = select(history_notes.c.request).where(mine).limit(1)
    return connection.execute(query).first() is not None


_BEARER = and_(
    history_notes.c.organisation == requests.c.organisation,
    history_notes.c.request == requests.c.id,
    history_notes.c.revision == requests.c.revision,
)
