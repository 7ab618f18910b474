"""Turns what became of a document into the rows of it, and hands them on in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from pm2xero.decide.decision import Decision
from pm2xero.decide.memory_state import Without
from pm2xero.decide.state import State
from pm2xero.history.chapters import History, changes_of
from pm2xero.history.names import Names
from pm2xero.history.rows_state import RowsState
from pm2xero.outbox.memory import FORGOTTEN
from pm2xero.outbox.past_records import Chapter, Wait
from pm2xero.outbox.records import (
    Document,
    StoredDecision,
    StoredRequest,
    StoredTransaction,
    hash_of,
)
from pm2xero.outbox.states import RequestState
from pm2xero.pipeline import Pipeline, Result
from pm2xero.push.batches import BATCH
from pm2xero.push.dependencies import Dependencies
from pm2xero.push.left_over import LeftOver
from pm2xero.read.transaction import Transaction
from pm2xero.render.request import Request

_LOOKED_FOR = (
    "The outbox is new or was restored, so this is looked for in Xero; it is never sent, as it is "
    "voided in Practice Management"
)


class Sink(Protocol):
    """Where decided documents go."""

    def __call__(self, documents: Iterable[Document], past: Iterable[Chapter]) -> None:
        """Keep documents, and what they are for others."""


class Saving:
    """Makes rows of results; what is not handed on yet can be asked.

    Args:
        worth: the amount of a document in the firm's currency.
    """

    def __init__(
        self, pipeline: Pipeline, state: RowsState, dependencies: Dependencies, sink: Sink,
        fingerprint: str, clock: Callable[[], datetime], worth: Callable[[Transaction], Decimal],
        who: str = "",
    ) -> None:  # fmt: skip
        self._worth = worth
        self._who = who
        self._dependencies = dependencies
        self._sink = sink
        self._fingerprint = fingerprint
        self._clock = clock
        self._history = History(pipeline, state, fingerprint)
        self._left_over = LeftOver(pipeline)
        self._documents: list[Document] = []
        self._chapters: list[Chapter] = []
        self._planned: dict[str, list[StoredRequest]] = {}
        # What changed since `changed` was last taken.
        self._changed: list[Wait] = []

    def save(
        self, result: Result, document: bytes, sequence: int, names: Names, seen: State
    ) -> list[StoredRequest]:
        """Keep a decided document; returns its requests.

        Args:
            seen: the past as the document saw it.
        """
        tx, decision = result.transaction, result.decision
        assert isinstance(tx, Transaction)
        money = self._worth(tx)
        requests = [self.row(r, sequence, money) for r in result.requests]
        left = self._left_over.request(tx, decision, sequence, seen)
        requests += [left] if left is not None else []
        if decision.outcome == "hold":
            # What is only looked for may be in Xero, and is never sent.
            requests = [
                replace(r, state=RequestState.UNKNOWN, cause=FORGOTTEN, message=_LOOKED_FOR)
                for r in requests
            ]
        digest = tx.fingerprint.hex()
        stored = StoredTransaction(tx.id, tx.revision, digest, tx.kind, document, sequence)
        self._documents.append((stored, self._decision(result, money), requests))
        if requests or decision.outcome == "post":
            self._planned[tx.id] = requests
        chapter = self._history.chapter(tx, decision, names, seen)
        self._chapters.append(chapter)
        self._changed += changes_of(chapter)
        if isinstance(seen, Without):
            self._changed += (("document", id) for id in seen.given_back())
        return requests

    def waits_on(self, tx: Transaction, decision: Decision, names: Names) -> None:
        """A held document waits for the same as before; it was looked at now."""
        self._chapters.append(self._history.still_held(tx, decision, names))

    def planned(self, id: str) -> list[StoredRequest] | None:
        """The requests of a document of this run that are not written yet."""
        return self._planned.get(id)

    def take_changes(self) -> list[Wait]:
        """What changed since this was last asked, so that held documents may move on."""
        changed, self._changed = self._changed, []
        return changed

    @property
    def is_full(self) -> bool:
        """Whether it is time to hand on what is gathered."""
        return len(self._documents) >= BATCH

    def flush(self) -> None:
        """Hand on what is gathered; all of it is written when this returns."""
        if self._documents or self._chapters:
            self._sink(self._documents, self._chapters)
            self._documents, self._chapters = [], []

    def forget(self) -> None:
        """Let go of what is written."""
        self._planned.clear()

    def _decision(self, result: Result, money: Decimal) -> StoredDecision:
        tx, decision = result.transaction, result.decision
        first = decision.reasons[0] if decision.reasons else None
        return StoredDecision(
            id=tx.id,
            revision=tx.revision,
            outcome=decision.outcome,
            code=first.code if first and decision.outcome != "post" else None,
            by_hand=decision.by_hand and decision.outcome != "post",
            reasons=[r.as_json() for r in decision.reasons],
            warnings=[w.as_json() for w in decision.warnings],
            mapping=decision.mapping,
            rule=decision.rule,
            money=money,
            pack=self._fingerprint,
            decided_at=self._clock(),
            facts=result.facts,
            who=self._who,
        )

    def row(self, request: Request, sequence: int, money: Decimal) -> StoredRequest:
        """The row of a request, before anything is known of it.

        Args:
            sequence: the place of its document in the order of posting.
            money: the amount of the document.
        """
        needs = self._dependencies.needs(request)
        return StoredRequest(
            id=request.id,
            revision=request.revision,
            transaction=request.transaction,
            step=request.step,
            sequence=sequence,
            level=self._dependencies.level(request, needs),
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
            purpose=request.purpose,
            slot=request.slot,
            target=request.target,
            body_hash=hash_of(request.path, request.element),
            note=request.note,
        )
