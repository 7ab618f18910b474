"""Writes the notes that people see under History & Notes in Xero, once their documents stand there.

Each takes a call of its own (`PUT /{Endpoint}/{id}/History`; Xero's page on history and notes:
notes are only added, nothing edits or removes one). Whatever becomes of a note, its document is
posted. One that may be there is looked for in the document's history before it is sent: its call
was lost, or it is of something that this run has not made, so that a push which a restored copy of
the outbox knows nothing of may have written it.

unverified: that `GET /{Endpoint}/{id}/History` shows every note, with its words as they were sent;
no source says otherwise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pm2xero.outbox.history_notes import NoteEvent, NoteState, StoredNote
from pm2xero.send.caller import GAVE_UP, TURNED_BACK, Caller
from pm2xero.xero.answers import Unproven
from pm2xero.xero.budget import StopRun
from pm2xero.xero.client import Response, UnknownOutcome, Unreachable
from pm2xero.xero.contracts import contract
from pm2xero.xero.errors import ErrorTable
from pm2xero.xero.identity import SignInError

_CONTRACT = "put.History"
# Causes of `errors.yaml` by which Xero has read a note and said no.
_REFUSES = ("reject", "person", "adopt")


class NoteBook(Protocol):
    """Where notes are kept."""

    def notes_due(self) -> list[StoredNote]:
        """The notes that are not settled, of objects that stand in Xero."""

    def notes_alike(self, note: StoredNote) -> int:
        """How many other notes of the same words the same object is known to bear."""

    def move_note(
        self, note: StoredNote, event: NoteEvent, at: datetime | None = None,
        message: str | None = None,
    ) -> None:  # fmt: skip
        """Write down what happened to a note."""


@dataclass(frozen=True, slots=True)
class NotesReport:
    """What became of history notes in a run; none of it says anything of money.

    Attributes:
        written: notes that Xero has now.
        refused: notes that Xero did not take; unknown: those of which the next run finds out.
        left: those that were not sent in this run.
        why: the first refusal, in words.
    """

    written: int = 0
    refused: int = 0
    unknown: int = 0
    left: int = 0
    why: str = ""


class NoteSender:
    """Sends what is due, one call after another.

    Args:
        late: how long a lost call may still arrive.
        is_new: whether a request made its object in this run, so that nothing can be on it.
    """

    def __init__(
        self, notes: NoteBook, caller: Caller, errors: ErrorTable,
        clock: Callable[[], datetime], late: timedelta, is_new: Callable[[str], bool],
    ) -> None:  # fmt: skip
        self._is_new = is_new
        self._notes = notes
        self._caller = caller
        self._errors = errors
        self._clock = clock
        self._late = late
        self._count = {"written": 0, "refused": 0, "unknown": 0}
        self._due = 0
        self._why = ""

    def run(self) -> None:
        """Find out about the notes that were lost on their way, then send those that are planned.

        Raises:
            SignInError, LeaseLost: the run must end; nothing of a note is lost.
        """
        due = self._notes.notes_due()
        self._due = len(due)
        try:
            for note in due:
                is_planned = note.state is NoteState.PLANNED
                is_new = is_planned and self._is_new(note.request)
                if is_planned and not is_new:
                    self._notes.move_note(note, NoteEvent.SUSPECT)
                if (is_new or self._is_absent(note)) and not self._send(note):
                    return
        except StopRun as stop:
            # All documents have been dealt with before; the notes that are left go another time.
            self._why = self._why or stop.sentence

    def report(self) -> NotesReport:
        """What the run has come to so far."""
        left = self._due - sum(self._count.values())
        return NotesReport(**self._count, left=left, why=self._why)

    def _is_absent(self, note: StoredNote) -> bool:
        """Whether a note that may be in Xero is known not to be; else it is settled or waits."""
        is_lost = note.state is not NoteState.PLANNED and note.called_at is not None
        if is_lost and note.called_at and self._clock() < note.called_at + self._late:
            self._count["unknown"] += 1
            return False
        try:
            shown = notes_shown(self._caller.look(_path(note), {}))
        except Unproven as fault:
            self._settle(note, NoteEvent.DOUBT, "unknown", str(fault))
            return False
        same = sum(1 for text in shown if _plain(text) == _plain(note.details))
        if same > self._notes.notes_alike(note):
            self._settle(note, NoteEvent.CONFIRM, "written")
            return False
        self._notes.move_note(note, NoteEvent.ABSENT)
        return True

    def _send(self, note: StoredNote) -> bool:
        """Send one; whether others can go after it."""
        body = json.dumps({"HistoryRecords": [{"Details": note.details}]}, ensure_ascii=False)
        key = _key(note)
        self._notes.move_note(note, NoteEvent.CLAIM, at=self._clock())
        try:
            answer = self._caller.write("PUT", _path(note), {}, key, body.encode())
        except UnknownOutcome as fault:
            self._settle(note, NoteEvent.DOUBT, "unknown", str(fault))
            self._caller.note(useful=False)
            return True
        except (Unreachable, StopRun, SignInError) as stop:
            # Xero cannot have acted on it.
            self._notes.move_note(note, NoteEvent.ABSENT)
            if isinstance(stop, Unreachable):
                return False
            raise
        return self._conclude(note, answer)

    def _conclude(self, note: StoredNote, answer: Response) -> bool:
        """Write down what an answer says; whether others can go after it."""
        if answer.status == 200 and _is_taken(answer):
            self._settle(note, NoteEvent.CONFIRM, "written")
            self._caller.note(useful=True)
            return True
        refusal = self._errors.classify_answer(answer) if answer.status != 200 else None
        why = refusal.sentence if refusal is not None else "Xero's answer to a note does not fit"
        if answer.status in TURNED_BACK:
            # Xero has not looked at it, and would not look at the next one.
            self._why = self._why or why
            self._notes.move_note(note, NoteEvent.ABSENT, message=why)
            return False
        has_read = 400 <= answer.status < 500 and answer.status not in GAVE_UP
        is_read = has_read and refusal is not None and refusal.entry.treat in _REFUSES
        if is_read:
            self._why = self._why or why
            self._settle(note, NoteEvent.REFUSE, "refused", why)
        else:
            self._settle(note, NoteEvent.DOUBT, "unknown", why)
        self._caller.note(useful=is_read)
        return True

    def _settle(
        self, note: StoredNote, event: NoteEvent, counts: str, message: str | None = None
    ) -> None:
        self._notes.move_note(note, event, message=message)
        self._count[counts] += 1


def notes_shown(answer: Response) -> list[str]:
    """The words of the entries in a document's history.

    Raises:
        Unproven: it is no history.
    """
    records = (answer.json or {}).get("HistoryRecords") if answer.status == 200 else None
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise Unproven(f"Xero does not show the history of the document ({answer.status})")
    return [str(record.get("Details") or "") for record in records]


def _is_taken(answer: Response) -> bool:
    """Whether an answer says of the one note that it is there."""
    records = (answer.json or {}).get("HistoryRecords")
    if not isinstance(records, list) or len(records) != 1 or not isinstance(records[0], dict):
        return False
    return not records[0].get("ValidationErrors") and bool(records[0].get("Details"))


def _path(note: StoredNote) -> str:
    endpoint = contract(note.contract).path.strip("/").split("/")[0]
    return contract(_CONTRACT).path.format(Endpoint=endpoint, ID=note.xero_id)


def _key(note: StoredNote) -> str:
    """Another key for each time that it is known not to have arrived; 40 characters."""
    identity = f"{note.xero_id}\x1f{note.request}\x1f{note.revision}\x1fnote\x1f{note.attempts}"
    return hashlib.blake2b(identity.encode(), digest_size=20).hexdigest()


def _plain(text: str) -> str:
    return " ".join(text.split())
