"""Takes documents into the outbox: decides them as if all that is stored had just happened.

A document that is stored and posted stays as it is. One that was held is decided again on every
run, since what it waited for may be there now; one that was rejected is decided again only when
it stands in the input again, since somebody may have entered it in Xero by hand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, cast

import orjson

from pm2xero.decide.decision import Decision
from pm2xero.decide.state import Earlier, Known
from pm2xero.decide.totals import ZERO, Summary
from pm2xero.errors import Finding, OutboxError
from pm2xero.outbox.records import StoredDecision, StoredRequest, StoredTransaction
from pm2xero.outbox.states import RequestState
from pm2xero.pack.model import Outcome
from pm2xero.pipeline import Pipeline, Result
from pm2xero.push.revise import Corrector, is_voided, keep_paid, take_back_effects
from pm2xero.read.stream import Record
from pm2xero.read.transaction import Malformed, Transaction
from pm2xero.render.request import Request

BATCH = 500
Saved = tuple[StoredTransaction, StoredDecision, list[StoredRequest]]


class Past(Protocol):
    """What intake reads of an outbox."""

    def transactions(self) -> Iterator[StoredTransaction]:
        """All stored documents, in the order in which they were taken in."""

    def decisions(self) -> Iterator[StoredDecision]:
        """The last decision of each."""

    def requests(self, *, states: None = None) -> list[StoredRequest]:
        """All requests."""


Sink = Callable[[list[Saved]], None]


@dataclass(slots=True)
class IntakeReport:
    """What an intake did; `known` were stored before and stay as they are."""

    summary: Summary = field(default_factory=Summary)
    known: int = 0
    requests: list[StoredRequest] = field(default_factory=list)
    malformed: list[Decision] = field(default_factory=list)
    attention: list[Decision] = field(default_factory=list)
    newly_posted: list[str] = field(default_factory=list)


class Intake:
    """One intake run of one organisation."""

    def __init__(
        self,
        pipeline: Pipeline,
        past: Past,
        sink: Sink,
        fingerprint: str,
        clock: Callable[[], datetime],
        corrector: Corrector | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._sink = sink
        self._fingerprint = fingerprint
        self._clock = clock
        self._corrector = corrector
        self._sequence = 0
        self._levels: dict[str, int] = {}
        self._before: dict[str, StoredDecision] = {}
        self._held: dict[str, StoredTransaction] = {}
        self._held_for: dict[str, tuple[str | None, str]] = {}
        # What this run has told as held.
        self._counted: dict[str, Result] = {}
        # The request that stands for another one since a later revision was made anew, or changed.
        self._renamed: dict[str, str] = {}
        self._digests: dict[str, tuple[int, str]] = {}
        # Revisions that wait, or were refused, beside one that is posted.
        self._beside: dict[str, tuple[int, str]] = {}
        self._buffer: list[Saved] = []
        self._seen: set[str] = set()
        self.report = IntakeReport(Summary(currency=pipeline.organisation.base_currency))
        self._replay(past)

    def run(self, records: Iterable[tuple[int, Record]]) -> IntakeReport:
        """Decide what is held and what is new; write it to the sink in batches."""
        held = list(self._held.values())
        self._again(held)
        for _, record in records:
            self._take(record)
        while waiting := [h for i, h in self._held.items() if i in self._before]:
            if not self._again(waiting):
                break
        self._flush()
        return self.report

    def _replay(self, past: Past) -> None:
        """Let the state know all that was decided before, with what it did."""
        decisions = {(d.id, d.revision): d for d in past.decisions()}
        posted = Counter(d.id for d in decisions.values() if d.outcome == "post")
        revised: dict[str, Transaction] = {}
        for request in past.requests():
            self._rename(request.transaction, request.step, request.id)
            if request.state != "confirmed":
                self._levels[request.id] = request.level
        for stored in past.transactions():
            self._sequence = max(self._sequence, stored.sequence)
            decision = decisions.get((stored.id, stored.revision))
            if decision is None:
                continue
            before = self._before.get(stored.id)
            if before is None or before.outcome != "post" or decision.outcome == "post":
                self._before[stored.id] = decision
                self._digests[stored.id] = (stored.revision, stored.digest)
                self._beside.pop(stored.id, None)
            elif stored.revision > self._beside.get(stored.id, (0, ""))[0]:
                self._beside[stored.id] = (stored.revision, stored.digest)
            tx = self._typed(stored)
            if tx is None:
                continue
            if tx.fingerprint.hex() != stored.digest:
                raise _tampered(stored)
            self._apply_past(tx, decision, revised.get(tx.id))
            if decision.outcome == "post" and posted[tx.id] > 1:
                revised[tx.id] = tx
            self._held.pop(stored.id, None)
            if decision.outcome == "hold":
                self._held[stored.id] = stored
                self._held_for[stored.id] = (decision.code, _message(decision))

    def _apply_past(
        self, tx: Transaction, decision: StoredDecision, earlier: Transaction | None
    ) -> None:
        """What a stored decision did; a posted revision takes the place of the one before it."""
        pipeline = self._pipeline
        pipeline.decider.program(tx.kind)
        outcome = cast(Outcome, decision.outcome)
        takes_over = outcome == "post" and earlier is not None
        known = pipeline.state.document(tx.id)
        due = known.amount_due
        if takes_over and earlier is not None:
            take_back_effects(pipeline, earlier)
        if takes_over and is_voided(tx):
            pipeline.state.remember(tx.id, tx.revision, tx.fingerprint, "reject")
            return
        past_decision = Decision(
            tx.id, tx.revision, tx.kind, outcome, mapping=decision.mapping,
            leaves=self._leaves(decision),
        )  # fmt: skip
        pipeline.decider.apply(tx, past_decision, pipeline.state)
        if takes_over and earlier is not None:
            keep_paid(pipeline.state, earlier, tx, due)
            if known.to_reverse == ZERO:
                pipeline.state.reverse(tx.id, 1)

    def _leaves(self, decision: StoredDecision) -> str | None:
        """What the document counts as for others, by the rule that was its primary reason."""
        rule = decision.reasons[0].get("rule") if decision.reasons else None
        return next((r.leaves for r in self._pipeline.pack.rules if r.id == rule), None)

    def _typed(self, stored: StoredTransaction) -> Transaction | None:
        """A stored document, or None when the pack no longer reads it."""
        try:
            raw = orjson.loads(stored.document)
        except orjson.JSONDecodeError:
            return None
        tx = self._pipeline.reader.read(raw, "outbox", stored.sequence)
        return tx if isinstance(tx, Transaction) else None

    def _again(self, stored: list[StoredTransaction]) -> bool:
        """Decide held documents again; whether any of them moved on."""
        moved = False
        for item in stored:
            tx = self._typed(item)
            if tx is None or item.id not in self._held:
                continue
            result = self._decide(tx)
            if result.decision.outcome == "hold":
                if self._held_for.get(item.id) != _waits_for(result.decision):
                    # It waits for something else now, such as a person.
                    self._uncount(item.id)
                    self._save(result, item.document, item.sequence)
            else:
                moved = True
                del self._held[item.id]
                self._uncount(item.id)
                # What it waited for stands before it now, wherever it stood when it came.
                self._sequence += 1
                self._save(result, item.document, self._sequence)
        return moved

    def _take(self, record: Record) -> None:
        tx = self._pipeline.read(record)
        if isinstance(tx, Malformed):
            decision = self._pipeline.decider.decide(tx, self._pipeline.state)
            self.report.malformed.append(decision)
            self.report.summary.add(tx, decision, 0)
            return
        stored = self._digests.get(tx.id)
        before = self._before.get(tx.id)
        same = stored == (tx.revision, tx.fingerprint.hex())
        if same and before is not None and before.outcome in ("post", "skip"):
            self.report.known += 1
            return
        if same and tx.id in self._seen:
            # It stands twice in the input.
            self.report.known += 1
            return
        self._seen.add(tx.id)
        beside = self._beside.get(tx.id)
        if beside is not None and tx.revision < beside[0]:
            # A later revision waits, or was refused, and has taken its place.
            self.report.known += 1
            return
        for known in (stored, beside):
            if known is not None and known[0] == tx.revision and known[1] != tx.fingerprint.hex():
                # Nothing can be stored of it: one revision has one content.
                outcome = before.outcome if before is not None else ""
                earlier = Earlier(tx.revision, bytes.fromhex(known[1]), outcome)
                seen = Known(self._pipeline.state, earlier)
                self._count(Result(0, tx, self._pipeline.decider.decide(tx, seen)))
                return
        result = self._decide(tx)
        if result.decision.outcome == "reject" and before is not None and before.outcome == "post":
            # The stored, posted revision stays what it is; this one is only reported.
            self._count(result)
            return
        if result.decision.outcome == "skip" and before is not None:
            self.report.known += 1
            return
        self._sequence += 1
        was_stopped = before is not None and before.outcome in ("reject", "hold")
        if was_stopped and result.decision.outcome == "post":
            self.report.newly_posted.append(tx.id)
        self._digests[tx.id] = (tx.revision, tx.fingerprint.hex())
        self._beside.pop(tx.id, None)
        self._held.pop(tx.id, None)
        self._save(result, orjson.dumps(record.raw), self._sequence)

    def _decide(self, tx: Transaction) -> Result:
        pipeline = self._pipeline
        decision = pipeline.decider.decide(tx, pipeline.state)
        if decision.outcome == "post":
            decision, made = pipeline.render(tx, decision)
            pipeline.decider.apply(tx, decision, pipeline.state)
            return Result(0, tx, decision, made)
        if self._corrector is not None and self._corrector.wanted(tx, pipeline.state):
            corrected = self._corrector.correct(tx)
            if corrected is not None:
                return corrected
        pipeline.decider.apply(tx, decision, pipeline.state)
        return Result(0, tx, decision)

    def _count(self, result: Result) -> None:
        self.report.summary.add(result.transaction, result.decision, len(result.requests))
        if result.decision.needs_attention:
            self.report.attention.append(result.decision)

    def _uncount(self, id: str) -> None:
        """Take back what this run has told of a document that was held."""
        told = self._counted.pop(id, None)
        if told is not None:
            self.report.summary.remove(told.transaction, told.decision)
            if told.decision in self.report.attention:
                self.report.attention.remove(told.decision)

    def _save(self, result: Result, document: bytes, sequence: int) -> None:
        tx, decision = result.transaction, result.decision
        assert isinstance(tx, Transaction)
        self._count(result)
        requests = self._stored_requests(result, sequence)
        self.report.requests += requests
        self._buffer.append(
            (
                StoredTransaction(
                    tx.id, tx.revision, tx.fingerprint.hex(), tx.kind, document, sequence
                ),
                self._stored_decision(tx, decision),
                requests,
            )
        )
        if decision.outcome == "hold":
            self._held[tx.id] = self._buffer[-1][0]
            self._held_for[tx.id] = _waits_for(decision)
            self._counted[tx.id] = result
        self._before[tx.id] = self._buffer[-1][1]
        if len(self._buffer) >= BATCH:
            self._flush()

    def _stored_decision(self, tx: Transaction, decision: Decision) -> StoredDecision:
        first = decision.reasons[0] if decision.reasons else None
        return StoredDecision(
            id=tx.id,
            revision=tx.revision,
            outcome=decision.outcome,
            code=first.code if first else None,
            by_hand=decision.by_hand,
            reasons=[r.as_json() for r in decision.reasons],
            warnings=[w.as_json() for w in decision.warnings],
            mapping=decision.mapping,
            rule=decision.rule,
            money=self.report.summary.worth(tx),
            pack=self._fingerprint,
            decided_at=self._clock(),
        )

    def _stored_requests(self, result: Result, sequence: int) -> list[StoredRequest]:
        stored = []
        money = self.report.summary.worth(result.transaction)
        for request in result.requests:
            needs = self._needs(request)
            level = 1 + max((self._levels.get(n, 0) for n in needs), default=0)
            self._levels[request.id] = level
            self._rename(request.transaction, request.step, request.id)
            stored.append(
                StoredRequest(
                    id=request.id,
                    revision=request.revision,
                    transaction=request.transaction,
                    step=request.step,
                    sequence=sequence,
                    level=level,
                    contract=request.contract.name,
                    path=request.path,
                    element=request.element,
                    key=request.key,
                    needs=needs,
                    becomes_document=request.becomes_document,
                    state=RequestState.PLANNED,
                    xero_id=None,
                    cause=None,
                    message=None,
                    blocked_by=None,
                    money=money,
                    attempts=0,
                )
            )
        return stored

    def _needs(self, request: Request) -> tuple[str, ...]:
        """What a request waits for: of another document, what its latest revision makes."""
        own = f"{request.transaction}/"
        return tuple(n if n.startswith(own) else self._renamed.get(n, n) for n in request.needs)

    def _rename(self, transaction: str, step: str, id: str) -> None:
        made, _, revision = step.partition("@")
        if revision and not made.endswith(".undo"):
            self._renamed[f"{transaction}/{made}"] = id

    def _flush(self) -> None:
        if self._buffer:
            self._sink(self._buffer)
            self._buffer = []


def _waits_for(decision: Decision) -> tuple[str | None, str]:
    first = decision.reasons[0]
    return first.code, first.message


def _message(decision: StoredDecision) -> str:
    return str(decision.reasons[0].get("message", "")) if decision.reasons else ""


def _tampered(stored: StoredTransaction) -> OutboxError:
    return OutboxError(
        Finding(
            "PE111",
            f"the document {stored.id} (revision {stored.revision}) was changed in the outbox "
            "after it was stored; nothing was sent",
            hint="restore the outbox from a copy, or ask whoever changed it",
        )
    )
