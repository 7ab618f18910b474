"""Takes documents into the outbox: each is decided as if all that is stored had just happened.

A document that is stored and posted stays as it is. One that is held is decided again when what it
waits for changed; one that was rejected only when it stands in the input again, since somebody may
have entered it in Xero by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import orjson

from pm2xero.decide.decision import Decision
from pm2xero.decide.explain import deciding_facts
from pm2xero.decide.state import ZERO, Earlier, Known, State
from pm2xero.decide.totals import Summary
from pm2xero.history.names import Names, Naming
from pm2xero.history.requests import alive
from pm2xero.history.rows_state import Rows, RowsState
from pm2xero.history.stored_document import typed
from pm2xero.outbox.memory import Gap
from pm2xero.outbox.past_records import Maker, Standing, Wait
from pm2xero.outbox.records import StoredDecision, StoredRequest, StoredTransaction
from pm2xero.outbox.states import UNSETTLED, RequestState
from pm2xero.pipeline import Pipeline, Result
from pm2xero.push.batches import batches
from pm2xero.push.dependencies import Dependencies
from pm2xero.push.forgotten import Forgotten
from pm2xero.push.intake_report import IntakeReport
from pm2xero.push.noticing import Noticing
from pm2xero.push.revise import Corrector
from pm2xero.push.saving import Saving, Sink
from pm2xero.push.traces import Keeper, Traces
from pm2xero.read.stream import Record
from pm2xero.read.transaction import Malformed, Transaction, is_voided

# What a standing's outcome was when it was decided; it may say why it cannot be paid yet.
_DECIDED = {"before_integration": "reject", "waiting": "skip"}


class Past(Rows, Keeper, Protocol):
    """What intake reads of an outbox."""

    def makers(self, ids: Collection[str]) -> Iterable[Maker]:
        """What makes or changes the objects of these transactions in Xero."""

    def held_due(self, pack: str) -> set[str]:
        """Held documents to be decided again."""

    def held_on(self, changed: Iterable[Wait]) -> set[str]:
        """Held documents that wait for one of these."""

    def latest(self, ids: Collection[str]) -> list[StoredTransaction]:
        """The latest revisions of documents, in the order of posting."""

    def decided(self, ids: Collection[str]) -> Mapping[str, StoredDecision]:
        """The decisions about the latest revisions of documents."""

    def requests(self, *, transaction: str | None = None) -> Sequence[StoredRequest]:
        """The requests of a document that count now."""

    def undone(self, xero_ids: Sequence[str]) -> set[str]:
        """Which of these ids in Xero were taken back, by whichever transaction."""

    def last_sequence(self) -> int:
        """The place of the last document in the order of posting."""


@dataclass(frozen=True, slots=True)
class Held:
    """A held document, and why it waits."""

    stored: StoredTransaction
    why: tuple[str | None, str]
    waits: frozenset[Wait]


class Intake:
    """One intake run of one organisation.

    Args:
        writes: whether the sink keeps what it is given, so that it can be read again.
        who: at whose keyboard it is decided.
        gap: what the outbox may not know; None when it knows all that was sent.
        noticing: finds out about voided documents that it may not know what the gap does not tell.
    """

    def __init__(
        self, pipeline: Pipeline, past: Past, state: RowsState, sink: Sink, fingerprint: str,
        clock: Callable[[], datetime], corrector: Corrector, *, writes: bool = True,
        who: str = "", gap: Gap | None = None, noticing: Noticing | None = None,
    ) -> None:  # fmt: skip
        self._pipeline = pipeline
        self._past = past
        self._state = state
        self._fingerprint = fingerprint
        self._corrector = corrector
        self._forgotten = Forgotten(pipeline, corrector, gap)
        self._noticing = noticing
        self._writes = writes
        self._naming = Naming(pipeline.decider)
        self._dependencies = Dependencies(past)
        self.report = IntakeReport(Summary(currency=pipeline.organisation.base_currency))
        self._saving = Saving(
            pipeline, state, self._dependencies, sink, fingerprint, clock,
            self.report.summary.worth, who,
        )  # fmt: skip
        self._clock = clock
        self._traces = Traces(past)
        self._sequence = past.last_sequence()
        # Held in this run; None for what this run decided otherwise.
        self._held: dict[str, Held | None] = {}
        self._seen: set[str] = set()

    def run(self, records: Iterable[tuple[int, Record]]) -> IntakeReport:
        """Decide what is held and due, and what is new; write it to the sink in batches."""
        self._again(self._past.held_due(self._fingerprint))
        for batch in batches(record for _, record in records):
            read = [(record, self._pipeline.read(record)) for record in batch]
            documents = [tx for _, tx in read if isinstance(tx, Transaction)]
            named = self._prepare(documents)
            if self._noticing is not None:
                self._noticing.expect(documents)
            for record, tx in read:
                if isinstance(tx, Transaction):
                    self._take(record, tx, next(named))
                else:
                    self._unreadable(record, tx)
            self._hand_on()
        while changed := self._saving.take_changes():
            if not self._again(self._waiting_for(changed)):
                break
        self._saving.flush()
        return self.report

    def _prepare(self, given: Iterable[Transaction]) -> Iterator[Names]:
        """Look up what documents name; returns the names of each."""
        named = [self._naming.of(tx) for tx in given]
        documents = [d for names in named for d in names.documents]
        self._state.prepare(documents, [m for names in named for m in names.matters])
        self._dependencies.prepare(documents)
        return iter(named)

    def _hand_on(self) -> None:
        self._saving.flush()
        if self._writes:
            self._traces.write(self._clock())
            self._saving.forget()
            self._state.forget()
            self._dependencies.forget()

    def _waiting_for(self, changed: list[Wait]) -> set[str]:
        """Held documents that wait for any of these, in the rows and in this run."""
        found = {i for i in self._past.held_on(changed) if self._held.get(i, ...) is not None}
        known = set(changed)
        found.update(i for i, h in self._held.items() if h is not None and h.waits & known)
        return found

    def _again(self, ids: Collection[str]) -> bool:
        """Decide held documents again; whether any of them moved on."""
        held = self._read_held(ids)
        again = [(h, typed(self._pipeline, h.stored)) for h in held]
        named = self._prepare([tx for _, tx in again if tx is not None])
        moved = False
        for item, tx in again:
            if tx is not None:
                moved |= self._held_again(item, tx, next(named))
        return moved

    def _read_held(self, ids: Collection[str]) -> list[Held]:
        found = [h for i in ids if (h := self._held.get(i)) is not None]
        rest = [i for i in ids if i not in self._held]
        decided = self._past.decided(rest)
        for stored in self._past.latest(rest):
            decision = decided.get(stored.id)
            if decision is not None and decision.outcome == "hold":
                found.append(Held(stored, (decision.code, _message(decision)), frozenset()))
        return sorted(found, key=lambda h: (h.stored.sequence, h.stored.id))

    def _held_again(self, held: Held, tx: Transaction, names: Names) -> bool:
        """Decide one held document again; whether it moved on."""
        seen = self._past_of(tx)
        result = self._decide(tx)
        stored = held.stored
        if result.decision.outcome == "hold":
            if held.why != _waits_for(result.decision):
                # It waits for something else now, such as a person.
                self._save(result, stored.document, stored.sequence, names, seen)
            else:
                self._saving.waits_on(tx, result.decision, names)
                if held.stored.id in self._held:
                    self._keep_held(tx, result.decision, stored, names)
            return False
        self._held[tx.id] = None
        # What it waited for stands before it now, wherever it stood when it came.
        self._sequence += 1
        self._save(result, stored.document, self._sequence, names, seen)
        return True

    def _unreadable(self, record: Record, tx: Malformed) -> None:
        decision = self._pipeline.decider.decide(tx, self._state)
        self.report.unreadable(Result(0, tx, decision))
        self._traces.malformed(record, tx)

    def _take(self, record: Record, tx: Transaction, names: Names) -> None:
        standing = self._state.standing(tx.id)
        if self._is_known(tx, standing):
            self.report.passed_over(tx.revision, standing.revision if standing else None)
            self._traces.read(tx)
            return
        conflict = _conflicting(tx, standing)
        if conflict is not None:
            # Nothing can be stored of it: one revision has one content.
            past = Known(self._state, conflict)
            decision = self._pipeline.decider.decide(tx, past)
            self.report.add(Result(0, tx, decision))
            told = decision.reasons[0].message if decision.reasons else ""
            self._traces.contradicts(record, tx, told)
            return
        self._traces.read(tx)
        seen = self._past_of(tx)
        result = self._decide(tx)
        outcome = result.decision.outcome
        before = _decided(standing)
        if outcome == "reject" and before == "post":
            # The stored, posted revision stays what it is; this one is only reported.
            self._state.take(tx.id)
            self.report.add(result)
            return
        if outcome == "skip" and (before == "post" or _is_older(tx, standing)):
            self._state.take(tx.id)
            self.report.passed_over(tx.revision, standing.revision if standing else None)
            return
        self._sequence += 1
        if before in ("reject", "hold") and outcome == "post":
            self.report.newly_posted.append(tx.id)
        self._held[tx.id] = None
        self._save(result, orjson.dumps(record.raw), self._sequence, names, seen)

    def _is_known(self, tx: Transaction, standing: Standing | None) -> bool:
        """Whether nothing is to be done about a document that came before."""
        again = tx.id in self._seen
        self._seen.add(tx.id)
        if standing is None:
            return False
        same = (standing.revision, standing.digest) == (tx.revision, tx.fingerprint.hex())
        if same and (again or _decided(standing) in ("post", "skip")):
            forgot = _decided(standing) == "skip" and self._was_passed_over(tx)
            return again or not forgot or bool(self._requests(tx.id))
        # A later revision waits, or was refused, and has taken its place.
        beside = standing.beside_revision
        return beside is not None and tx.revision < beside

    def _was_passed_over(self, tx: Transaction) -> bool:
        """Whether it was left out as voided before it came out that another outbox may have sent it.

        What was left out after that has been looked for.
        """
        gap = self._forgotten.gap
        if gap is None or not self._forgotten.may_be_there(tx):
            return False
        decided = self._past.decided([tx.id]).get(tx.id)
        return decided is None or decided.decided_at < gap.since

    def _past_of(self, tx: Transaction) -> State:
        """The past as a document sees it: without what it did itself."""
        earlier = self._state.earlier(tx.id)
        posted = earlier is not None and earlier.outcome == "post"
        return self._state.without(tx.id) if posted else self._state

    def _decide(self, tx: Transaction) -> Result:
        pipeline, state = self._pipeline, self._state
        decision = pipeline.decider.decide(tx, state)
        facts = tuple(deciding_facts(pipeline.decider, tx, state, decision))
        standing = state.standing(tx.id)
        mapping = (standing.mapping if standing is not None else None) or ""
        found = None
        is_latest = standing is None or tx.revision >= standing.revision
        if is_latest and is_voided(tx):
            found = self._forgotten_of(tx, decision, mapping)
        if found is not None:
            result = found
        elif decision.revises is not None:
            result = self._corrector.correct(tx, decision, mapping, self._requests(tx.id))
        elif standing is not None and (left := self._left_there(tx, decision)):
            # It was voided, or only looked for, and is to be posted again: what Xero still has of
            # it, or may have, is corrected as that of any other revision.
            before = max(r.revision for r in left)
            again = replace(decision, revises=before, correction=decision)
            mapping = mapping or decision.mapping or ""
            result = self._corrector.correct(tx, again, mapping, self._requests(tx.id))
        elif decision.outcome == "post":
            decision, made = pipeline.render(tx, decision)
            result = Result(0, tx, decision, made)
        else:
            result = Result(0, tx, decision)
        pipeline.decider.apply(tx, result.decision, state)
        return replace(result, facts=facts)

    def _forgotten_of(self, tx: Transaction, decision: Decision, mapping: str) -> Result | None:
        """What becomes of a voided document; None where the outbox itself knows what it made."""
        is_known = self._forgotten.may_be_there(tx)
        if not is_known and self._noticing is None:
            return None
        found = self._forgotten.look_for(tx, decision, mapping, self._requests(tx.id))
        if is_known or found is None or self._noticing is None:
            return found
        rows = [self._saving.row(r, 0, ZERO) for r in self._forgotten.traces(found)]
        gap = self._noticing.gap(tx, rows) if rows else None
        if gap is None:
            return None
        self._forgotten.gap = gap
        self.report.is_older_copy = True
        return found

    def _left_there(self, tx: Transaction, decision: Decision) -> list[StoredRequest]:
        """What an earlier revision has in Xero, or may have, of a document to be posted anew."""
        if decision.outcome != "post":
            return []
        before = [r for r in self._requests(tx.id) if r.revision < tx.revision]
        gone = self._past.undone([r.xero_id for r in before if r.xero_id])
        there = alive(before, gone, nested=True)
        return there or [r for r in before if r.state in UNSETTLED]

    def _requests(self, id: str) -> list[StoredRequest]:
        """The requests of a document that count now, those of this run among them."""
        stored = list(self._past.requests(transaction=id))
        planned = self._saving.planned(id)
        if planned is None:
            return stored
        new = {r.id for r in planned}
        kept = [r for r in stored if r.state is RequestState.CONFIRMED and r.id not in new]
        return [*kept, *planned]

    def _save(
        self, result: Result, document: bytes, sequence: int, names: Names, seen: State
    ) -> None:
        tx = result.transaction
        assert isinstance(tx, Transaction)
        self.report.add(result)
        self.report.requests += self._saving.save(result, document, sequence, names, seen)
        if result.decision.outcome == "hold":
            stored = StoredTransaction(
                tx.id, tx.revision, tx.fingerprint.hex(), tx.kind, document, sequence
            )
            self._keep_held(tx, result.decision, stored, names)
        if self._saving.is_full:
            self._saving.flush()

    def _keep_held(
        self, tx: Transaction, decision: Decision, stored: StoredTransaction, names: Names
    ) -> None:
        self._held[tx.id] = Held(stored, _waits_for(decision), frozenset(names.waits()))


def _decided(standing: Standing | None) -> str | None:
    if standing is None:
        return None
    return _DECIDED.get(standing.outcome, standing.outcome)


def _is_older(tx: Transaction, standing: Standing | None) -> bool:
    return standing is not None and tx.revision <= standing.revision


def _conflicting(tx: Transaction, standing: Standing | None) -> Earlier | None:
    """What came before under the same revision with other content."""
    if standing is None:
        return None
    own, beside = standing.revision, standing.beside_revision
    for revision, digest in ((own, standing.digest), (beside, standing.beside_digest)):
        if revision == tx.revision and digest != tx.fingerprint.hex():
            return Earlier(tx.revision, bytes.fromhex(digest or ""), _decided(standing) or "")
    return None


def _waits_for(decision: Decision) -> tuple[str | None, str]:
    first = decision.reasons[0]
    return first.code, first.message


def _message(decision: StoredDecision) -> str:
    return str(decision.reasons[0].get("message", "")) if decision.reasons else ""
