"""Takes over an outbox whose past was told anew on every run: once, and from then on it is rows.

This is how the past was told up to schema 1, so it never changes. What it finds is checked against
the requests that are there; nothing is written when they do not fit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import cast

from pm2xero.decide.decision import Decision
from pm2xero.errors import Finding, OutboxError
from pm2xero.history.chapters import History
from pm2xero.history.names import Names, Naming
from pm2xero.history.rows_state import RowsState
from pm2xero.history.stored_document import typed
from pm2xero.outbox.past_records import Chapter, Standing
from pm2xero.outbox.records import StoredDecision, StoredTransaction
from pm2xero.outbox.store import Outbox
from pm2xero.pack.counts import Counts, counted
from pm2xero.pack.model import Outcome
from pm2xero.pipeline import Pipeline
from pm2xero.read.transaction import Transaction, is_voided


def take_over(pipeline: Pipeline, outbox: Outbox, at: datetime) -> None:
    """Write the past of an organisation as rows, unless that is done.

    Raises:
        OutboxError: PE114, documents and requests that are there do not fit.
    """
    if outbox.is_taken_over(at):
        return
    telling = _Telling(pipeline, outbox)
    chapters = list(telling.chapters())
    posted = {id for id, standing in telling.standings().items() if standing.outcome == "post"}
    strange = sorted(outbox.standing_transactions() - posted)
    if strange:
        raise OutboxError(
            *(
                Finding(
                    "PE114",
                    f"{id} has requests that stand in Xero, but is not posted by its last decision",
                    should_be="nothing was changed; keep this file and ask whoever looks after it",
                )
                for id in strange
            )
        )
    outbox.save_taken_over(chapters, _slots(pipeline), at)


def _slots(pipeline: Pipeline) -> dict[tuple[str, str], str]:
    """The slot of a step, by mapping, where it is not the step's own."""
    return {
        (mapping, spec.id): spec.slot
        for (mapping, _), specs in pipeline.pack.requests.items()
        for spec in specs
        if spec.slot != spec.id
    }


class _Telling:
    """Tells the past in the order in which it was posted."""

    def __init__(self, pipeline: Pipeline, outbox: Outbox) -> None:
        self._pipeline = pipeline
        self._outbox = outbox
        self._state = RowsState(outbox, pipeline.state)
        self._naming = Naming(pipeline.decider)
        self._ids: set[str] = set()

    def chapters(self) -> Iterator[Chapter]:
        """The chapters of all documents, oldest first."""
        decisions = {(d.id, d.revision): d for d in self._outbox.decisions()}
        posted = Counter(d.id for d in decisions.values() if d.outcome == "post")
        revised: dict[str, Transaction] = {}
        for stored in self._outbox.transactions():
            decision = decisions.get((stored.id, stored.revision))
            if decision is None:
                continue
            self._ids.add(stored.id)
            tx = typed(self._pipeline, stored)
            if tx is None:
                yield self._unread(stored, decision)
                continue
            yield self._told(tx, decision, revised.get(tx.id))
            if decision.outcome == "post" and posted[tx.id] > 1:
                revised[tx.id] = tx

    def standings(self) -> dict[str, Standing]:
        """How each document stands after all that was told."""
        found = {id: self._state.standing(id) for id in self._ids}
        return {id: standing for id, standing in found.items() if standing is not None}

    def _told(
        self, tx: Transaction, stored: StoredDecision, earlier: Transaction | None
    ) -> Chapter:
        pipeline, state = self._pipeline, self._state
        pipeline.decider.program(tx.kind)
        takes_over = stored.outcome == "post" and earlier is not None
        seen = state.without(tx.id) if takes_over else state
        decision = Decision(
            tx.id, tx.revision, tx.kind, cast(Outcome, stored.outcome), mapping=stored.mapping,
            leaves=self._leaves(stored), counts=self._counts(stored),
            revises=earlier.revision if earlier else None,
            takes_back=takes_over and is_voided(tx),
        )  # fmt: skip
        pipeline.decider.apply(tx, decision, state)
        names = self._naming.of(tx)
        history = History(pipeline, state, stored.pack)
        return history.chapter(tx, decision, names, seen)

    def _unread(self, stored: StoredTransaction, decision: StoredDecision) -> Chapter:
        """What the pack no longer reads is remembered, but did nothing to others."""
        digest = bytes.fromhex(stored.digest)
        self._state.remember(stored.id, stored.revision, digest, decision.outcome)
        self._state.take(stored.id)
        standing = Standing(
            stored.id, stored.revision, stored.digest, decision.outcome, stored.kind,
            decision.mapping,
        )  # fmt: skip
        self._state.written(standing)
        waits = Names((stored.id,), ()).waits() if decision.outcome == "hold" else ()
        return Chapter(stored.id, stored.revision, standing, waits=tuple(waits))

    def _leaves(self, decision: StoredDecision) -> str | None:
        """What the document counts as for others, by the rule that was its primary reason."""
        rule = decision.reasons[0].get("rule") if decision.reasons else None
        return next((r.leaves for r in self._pipeline.pack.rules if r.id == rule), None)

    def _counts(self, decision: StoredDecision) -> Counts:
        """How the document counts when it was not posted, by the rules that were its reasons."""
        named = [reason.get("rule") for reason in decision.reasons]
        found = {r.id: r for r in self._pipeline.pack.rules if r.id in named}
        return counted(found[rule] for rule in named if rule in found)
