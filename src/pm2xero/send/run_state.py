"""The outbox, and beside it in memory what a run needs to know of it at every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.states import DUE, RequestState
from pm2xero.send.batching import is_undo, takes_back, undone_before
from pm2xero.send.fill_ids import placeholders
from pm2xero.xero.contracts import contract
from pm2xero.xero.errors import Refusal, Waiting
from pm2xero.xero.ports import Outbox
from pm2xero.xero.purpose import Purpose


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: `settled` of the `total` that were due at its start have an answer.

    Attributes:
        wait: seconds of the pause that begins now; 0 when none does.
        why: what is waited for.
    """

    settled: int
    total: int
    calls: int
    wait: float = 0
    why: str = ""


@dataclass(slots=True)
class Tally:
    """What a run has come to so far."""

    confirmed: int = 0
    adopted: int = 0
    rejected: int = 0
    failed: int = 0
    aside: int = 0


class Book:
    """Writes each step down and keeps states, ids and counts in step with it.

    It holds what is open, and what that names; the rest of the outbox is never read.
    """

    def __init__(self, outbox: Outbox, clock: Callable[[], datetime]) -> None:
        self._outbox = outbox
        self._clock = clock
        # What another outbox may have sent is looked up first.
        self.gap = outbox.gap()
        outbox.suspect_forgotten()
        self.rows = list(outbox.requests(states=DUE))
        needed = (need for row in self.rows for need in row.needs)
        self._states: dict[str, RequestState] = {
            **outbox.states_of(needed),
            **{row.id: row.state for row in self.rows},
        }
        self._due = frozenset(row.id for row in self.rows)
        self._unsettled = set(self._due)
        named = {transaction for row in self.rows for _, transaction in placeholders(row)}
        self._links = dict(outbox.links_of(named))
        # Of what is voided by now, only what another outbox made of it is of interest.
        doubtful = [row.id for row in self.rows if row.state is RequestState.UNKNOWN]
        self._only_looked_for = outbox.only_looked_for(doubtful) if self.gap is not None else ()
        self._partly: set[str] = set()
        self._made: set[str] = set()
        self.tally = Tally()
        self.warnings: list[str] = []

    @property
    def links(self) -> Mapping[tuple[str, str], str]:
        """Ids in Xero, by transaction and name of the id."""
        return self._links

    def learn(self, transaction: str, id_name: str, xero_id: str) -> None:
        """Another id of what a transaction made, as Xero shows it; it is asked in each run."""
        self._links[(transaction, id_name)] = xero_id

    def state(self, request: str) -> RequestState | None:
        """The state of a request; None when the outbox has no such request."""
        return self._states.get(request)

    def undone_before(self) -> Mapping[str, frozenset[str]]:
        """For each open request, the open undoing of others that must have ended before it."""
        undoing = [row for row in self.rows if is_undo(row)]
        touched = {transaction for row in undoing for transaction in takes_back(row)}
        return undone_before(self.rows, undoing, self._outbox.requests_of(touched))

    def linked_to(self, xero_id: str) -> str | None:
        """The request that a document of Xero belongs to; None when it is not ours."""
        link = self._outbox.link_of(xero_id)
        return link.request if link else None

    @property
    def is_document(self) -> Callable[[str], bool] | None:
        """Whether a word is the id of a document, after the outbox was lost; None otherwise."""
        if self.gap is None:
            return None
        return lambda word: self._outbox.transaction(word) is not None

    def claim(self, rows: Sequence[StoredRequest]) -> None:
        """A call with these is about to be made."""
        self._outbox.claim(rows, self._clock())
        self._set(rows, RequestState.SENT)

    def confirm(
        self,
        results: Sequence[tuple[StoredRequest, str | None]],
        status: int | None,
        *,
        adopted: bool = False,
    ) -> None:
        """Xero has these, under these ids."""
        if not results:
            return
        self._outbox.confirm(results, status, self._clock())
        self._set([row for row, _ in results], RequestState.CONFIRMED)
        if not adopted:
            self._made.update(row.id for row, _ in results if row.purpose is Purpose.CREATE)
        for row, xero_id in results:
            # What takes something back has the id of what it took back, not one of its own.
            made = contract(row.contract)
            if xero_id is not None and made.method == "PUT":
                self._links[(row.transaction, made.id_name or "ID")] = xero_id
        self.tally.confirmed += len(results)
        self.tally.adopted += len(results) if adopted else 0

    def refuse(self, row: StoredRequest, refusal: Refusal) -> None:
        """Xero refused this one."""
        self._outbox.refuse(row, refusal.entry.id, refusal.sentence, refusal.status, self._clock())
        self._set([row], RequestState.REJECTED)
        self.tally.rejected += 1

    def turn_away(self, row: StoredRequest, refusal: Refusal) -> None:
        """This one cannot be sent, because of what it names."""
        self._outbox.turn_away(row, refusal.entry.id, refusal.sentence)
        self._set([row], RequestState.REJECTED)
        self.tally.rejected += 1

    def wait(self, reasons: Mapping[str, tuple[str, str]]) -> None:
        """These planned ones are not sent now, each for a cause and its message; no other waits."""
        moved: list[tuple[StoredRequest, str | None, str | None]] = []
        for row in self.rows:
            if self._states[row.id] != RequestState.PLANNED:
                continue
            reason = reasons.get(row.id)
            before = (row.cause, row.message) if row.cause in list(Waiting) else None
            if reason != before:
                moved.append((row, *(reason or (None, None))))
        if moved:
            self._outbox.wait(moved)

    def give_up(self, row: StoredRequest, cause: str, message: str, status: int | None) -> None:
        """This one never arrives."""
        self._outbox.give_up(row, cause, message, status, self._clock())
        self._set([row], RequestState.FAILED)
        self.tally.failed += 1

    def set_aside(self, row: StoredRequest, cause: str, message: str) -> None:
        """Xero has not got this one any more; a person must say whether it is sent."""
        self._outbox.set_aside(row, cause, message)
        self._set([row], RequestState.HELD)
        self.tally.aside += 1

    def is_forgotten(self, row: StoredRequest) -> bool:
        """Whether another outbox may have sent this one, as far as this one knows."""
        return self.gap is not None and row.cause != "resend"

    def is_only_looked_for(self, row: StoredRequest) -> bool:
        """Whether this one is never sent, as its document is voided by now."""
        return row.id in self._only_looked_for

    def is_to_be_undone(self, row: StoredRequest) -> bool:
        """Whether another open request takes back what this one makes, or is to."""
        return row.id in self._only_looked_for or any(
            other.purpose is Purpose.UNDO
            and (other.target == row.id or row.transaction in takes_back(other))
            for other in self.rows
            if other.id != row.id
        )

    def partly(self, row: StoredRequest) -> None:
        """One of its parts is in Xero; the others follow."""
        self.unknown([row], "partly", "Some of its parts are in Xero, the others are still to come")
        self._partly.add(row.id)

    def has_made(self, request: str) -> bool:
        """Whether a call of this run made the object of a request, as its answer says."""
        return request in self._made

    def is_partly(self, row: StoredRequest) -> bool:
        """Whether the part that was sent last has arrived, and others are to follow."""
        is_so = row.id in self._partly
        self._partly.discard(row.id)
        return is_so

    def unknown(self, rows: Sequence[StoredRequest], cause: str, message: str) -> None:
        """Nobody knows whether Xero has these."""
        if rows:
            self._outbox.unknown(rows, cause, message, self._clock())
            self._set(rows, RequestState.UNKNOWN)

    def plan_again(self, rows: Sequence[StoredRequest]) -> None:
        """Xero has not got these; those that a person wants to rest do so from now on."""
        if rows:
            rests = self._outbox.plan_again(rows)
            self._set(rows, RequestState.PLANNED)
            self._put(rests)

    def progress(self, calls: int) -> Progress:
        """How far the run is."""
        return Progress(len(self._due) - len(self._unsettled), len(self._due), calls)

    def _set(self, rows: Sequence[StoredRequest], state: RequestState) -> None:
        self._put({row.id: state for row in rows})

    def _put(self, states: Mapping[str, RequestState]) -> None:
        self._states.update(states)
        for id, state in states.items():
            if id in self._due:
                (self._unsettled.add if state in DUE else self._unsettled.discard)(id)
