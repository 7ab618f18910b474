"""One run of a sender: finds out what is unknown, then sends what is ready, wave by wave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pm2xero.firm.snapshot import XeroSnapshot
from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.states import DUE, UNSETTLED, RequestState
from pm2xero.send.batching import batches, grouped, ready, wave
from pm2xero.send.caller import STILL_LATE, Caller
from pm2xero.send.contacts import ContactBook
from pm2xero.send.delivery import LOOKED_UP, Delivery
from pm2xero.send.early_end import ENDS_A_RUN, EarlyEnd, early_end
from pm2xero.send.fill_ids import MissingId, Ready, contact_of, details_of, fill, placeholders
from pm2xero.send.history_notes import NoteSender
from pm2xero.send.look_ahead import Outlook, look_ahead
from pm2xero.send.lookup import Eyes, Lookups
from pm2xero.send.parcel import Said
from pm2xero.send.run_state import Book, Progress
from pm2xero.send.send_report import SendReport
from pm2xero.send.shown import Shown
from pm2xero.send.together import together
from pm2xero.xero.answers import Object, Unproven, is_id, one_object
from pm2xero.xero.contracts import shown_by
from pm2xero.xero.errors import ErrorTable
from pm2xero.xero.ports import Outbox

# A contact that is none, where Xero knows no contact of a number.
_NOBODY = "00000000-0000-0000-0000-000000000000"


class SendingRun:
    """One run, from what was interrupted to the last batch."""

    def __init__(
        self,
        outbox: Outbox,
        caller: Caller,
        errors: ErrorTable,
        lookups: Lookups,
        clock: Callable[[], datetime],
        late: timedelta,
        on_progress: Callable[[Progress], None] | None,
        chart: XeroSnapshot | None,
        ended: datetime | None,
        shown: Shown,
        spent: tuple[int, int],
        contacts: Sequence[Object] | None,
    ) -> None:
        self._chart = chart
        self._ended = ended
        self._shown = shown
        # Calls and bytes of what was asked before the run.
        self._spent = spent
        self._outlook = Outlook()
        self._outbox = outbox
        self._caller = caller
        self._clock = clock
        self._late = late
        self._errors = errors
        self._on_progress = on_progress
        self._book = Book(outbox, clock)
        caller.on_pause = self._waits
        self._contacts = ContactBook(outbox, caller, errors, clock, late, contacts)
        eyes = Eyes(
            caller.look, self._book.linked_to, self._contacts.is_same, self._book.is_document
        )
        self._delivery = Delivery(
            self._book, caller, errors, lookups, eyes, clock, late, self._relinked
        )
        self._notes = NoteSender(outbox, caller, errors, clock, late, self._book.has_made)
        # How often each left before; so no key is used that Xero may remember another answer for.
        self._salts = {row.id: row.attempts for row in self._book.rows}

    def run(self, *, looks_only: bool) -> SendReport:
        """All steps; a reason to stop ends them early."""
        ended: EarlyEnd | None = None
        try:
            self._recover()
            if not looks_only:
                self._look_ahead()
                self._provide_contacts()
                self._book.wait(self._outlook.waiting)
                self._send_all()
                self._notes.run()
        except ENDS_A_RUN as error:
            ended = early_end(error, self._errors)
        return self.report(ended)

    def _recover(self) -> None:
        """Find out about everything of which nobody knows whether it is in Xero."""
        open_ = [row for row in self._book.rows if row.state in UNSETTLED]
        ways = [self._outbox.lost_at(LOOKED_UP)]
        if self._book.gap is not None and open_:
            ways.append(self._book.gap.lost_at)
        lost = max(filter(None, ways), default=None)
        if lost is not None:
            # By a clock that was wrong it may lie ahead; it was not lost later than now.
            lost = min(lost, self._clock())
            # A look-up proves nothing while the lost call may still arrive.
            wait = lost + self._late - self._clock()
            self._caller.pause(wait.total_seconds(), STILL_LATE)
        if open_:
            # What is looked up now, and what may arrive late, changes what was shown before.
            self._shown.forget()
        self._contacts.find(dict(filter(None, map(contact_of, open_))))
        # What refers to another document is looked up when that one is known.
        while open_:
            ready = {row.id: filled for row in open_ if (filled := self._try_filled(row))}
            if not ready:
                break
            for group in grouped([row for row in open_ if row.id in ready]):
                for alike in _by_cause(group):
                    for batch in _chunks([ready[row.id] for row in alike]):
                        self._delivery.settle(batch, _said(batch[0].row))
            open_ = [row for row in open_ if row.id not in ready]
        for row in open_:
            if not self._waits_for_a_look(row):
                # Xero has not got what it refers to, so it cannot have this one.
                self._book.plan_again([row])

    def _waits_for_a_look(self, row: StoredRequest) -> bool:
        """Whether something that a request needs may be in Xero, so that this one may be, too."""
        return any(self._book.state(need) in UNSETTLED for need in row.needs)

    def _planned(self) -> list[StoredRequest]:
        rows = self._book.rows
        return [row for row in rows if self._book.state(row.id) == RequestState.PLANNED]

    def _look_ahead(self) -> None:
        """See in Xero what would be refused, before it is sent."""
        calls, received = self._caller.calls, self._caller.received
        seen = look_ahead(
            self._planned(), self._book.links, self._outbox, self._shown, self._caller.look,
            self._errors, self._chart, self._ended,
        )  # fmt: skip
        self._outlook = replace(
            seen,
            calls=self._spent[0] + self._caller.calls - calls,
            received=self._spent[1] + self._caller.received - received,
        )

    def _provide_contacts(self) -> None:
        wanted: dict[str, str] = {}
        details: dict[str, Mapping[str, Any]] = {}
        waiting = self._outlook.waiting
        rows = [row for row in self._planned() if row.id not in waiting]
        for row in rows:
            if named := contact_of(row):
                wanted.setdefault(*named)
                details.setdefault(named[0], details_of(row))
        self._contacts.provide(wanted, details)
        for row in rows if self._contacts.refused else ():
            number = (contact_of(row) or ("", ""))[0]
            if refusal := self._contacts.refused.get(number):
                self._book.turn_away(row, refusal)
        archived = self._contacts.obstacles(rows) if self._contacts.archived else []
        obstacles = self._outlook.obstacles
        if archived:
            found = (*obstacles, *archived)
            obstacles = tuple(together(self._planned(), found, self._outbox, self._errors))
        self._outlook = replace(self._outlook, obstacles=obstacles)

    def _send_all(self) -> None:
        waiting = self._outlook.waiting
        rows = [row for row in self._planned() if row.id not in waiting]
        after = self._book.undone_before()
        while True:
            groups = wave(ready(rows, self._book.state, after, self._has_ids), rows, after)
            if not groups:
                return
            for group in groups:
                self._send_group(group)
            # Whatever became of them, one run sends no request twice.
            sent = {row.id for group in groups for row in group}
            rows = [row for row in rows if row.id not in sent]

    def _send_group(self, group: Sequence[StoredRequest]) -> None:
        members = []
        for row in group:
            try:
                members.append(self._filled(row))
            except MissingId:
                continue
        for batch in batches(members):
            self._delivery.deliver(batch)
            if self._on_progress is not None:
                self._on_progress(self._book.progress(self._caller.calls))

    def _waits(self, seconds: float, why: str) -> None:
        if self._on_progress is not None:
            progress = self._book.progress(self._caller.calls)
            self._on_progress(replace(progress, wait=seconds, why=why))

    def _filled(self, row: StoredRequest) -> Ready:
        self._ask_ids(row)
        return fill(row, self._book.links, self._contacts.ids.get, self._salts[row.id])

    def _try_filled(self, row: StoredRequest) -> Ready | None:
        self._ask_ids(row)
        known = self._contacts.known_id
        if self._book.is_forgotten(row):
            # Its contact may be known under another number now; all else is looked up.
            known = self._known_or_nobody
        try:
            return fill(row, self._book.links, known, self._salts[row.id])
        except MissingId:
            return None

    def _known_or_nobody(self, number: str) -> str:
        return self._contacts.known_id(number) or _NOBODY

    def _relinked(self, member: Ready) -> Ready | None:
        """The same request when its contact was merged into another one, else None."""
        named = contact_of(member.row)
        if named is None or not self._contacts.moved(named[0]):
            return None
        return replace(self._filled(member.row), salt=member.salt)

    def _ask_ids(self, row: StoredRequest) -> None:
        """Read from Xero what it made besides: the id of the overpayment of a bank transaction."""
        for id_name, transaction in placeholders(row):
            made = shown_by(id_name)
            if made is None or (transaction, id_name) in self._book.links:
                continue
            own = self._book.links.get((transaction, made.id_name or "ID"))
            if own is None:
                continue
            with suppress(Unproven):
                found = one_object(self._caller.look, made.path.lstrip("/"), own)
                if found is not None and is_id(found.get(id_name)):
                    self._book.learn(transaction, id_name, str(found[id_name]))

    def _has_ids(self, row: StoredRequest) -> bool:
        self._ask_ids(row)
        return all((tx, id_name) in self._book.links for id_name, tx in placeholders(row))

    def report(self, ended: EarlyEnd | None) -> SendReport:
        """What the run has come to, and why it ended early, if it did."""
        # Refusals block what depends on them in the outbox, so the outbox is asked.
        count = self._outbox.tally((*DUE, RequestState.BLOCKED))
        tally = self._book.tally
        return SendReport(
            calls=self._caller.calls,
            confirmed=tally.confirmed,
            adopted=tally.adopted,
            rejected=tally.rejected,
            failed=tally.failed,
            aside=tally.aside,
            unknown=sum(count.get(state, 0) for state in UNSETTLED),
            blocked=count.get(RequestState.BLOCKED, 0),
            left=count.get(RequestState.PLANNED, 0),
            stopped=ended.sentence if ended is not None else None,
            cause=ended.cause if ended is not None else None,
            code=ended.code if ended is not None else None,
            warnings=(*self._book.warnings, *self._contacts.notes),
            outlook=self._outlook,
            notes=self._notes.report(),
        )


def _chunks(members: Sequence[Ready], size: int = 50) -> list[Sequence[Ready]]:
    return [members[start : start + size] for start in range(0, len(members), size)]


def _by_cause(rows: Sequence[StoredRequest]) -> Iterator[Sequence[StoredRequest]]:
    """Requests whose outcome is unknown for the same reason, so that each keeps its own."""
    groups: dict[tuple[RequestState, str | None], list[StoredRequest]] = {}
    for row in rows:
        groups.setdefault((row.state, row.cause), []).append(row)
    yield from groups.values()


def _said(row: StoredRequest) -> Said:
    """Why the outcome of a request was not known when the run began."""
    if row.state == RequestState.UNKNOWN and row.cause is not None:
        return Said(row.cause, row.message or "")
    return Said("interrupted", "The run was interrupted before Xero answered")
