"""What is written of the past when a document is decided: standing, deeds, booking, waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pm2xero.decide.cents import cents_of
from pm2xero.decide.decision import Decision
from pm2xero.decide.state import State
from pm2xero.history.booking import Bookkeeping
from pm2xero.history.names import Names
from pm2xero.history.rows_state import Remembered, RowsState, deeds_of
from pm2xero.outbox.past_records import Chapter, Standing, Wait
from pm2xero.pipeline import Pipeline
from pm2xero.read.transaction import Transaction


class History:
    """Writes the chapters of one firm, by the pack and firm of a fingerprint."""

    def __init__(self, pipeline: Pipeline, state: RowsState, fingerprint: str) -> None:
        self._state = state
        self._fingerprint = fingerprint
        self._bookkeeping = Bookkeeping(pipeline)

    def chapter(self, tx: Transaction, decision: Decision, names: Names, seen: State) -> Chapter:
        """What a decision, which the state knows already, leaves of a document.

        Args:
            seen: the past as the document saw it.
        """
        before = self._state.standing(tx.id)
        remembered = self._state.take(tx.id)
        booking = self._bookkeeping.of(tx, decision, seen)
        waits = self._waits(decision, names)
        if remembered is None:
            # What was posted stands; this revision waits beside it, or was refused.
            beside = (tx.revision, tx.fingerprint.hex())
            if before is not None:
                self._state.written(
                    replace(before, beside_revision=beside[0], beside_digest=beside[1])
                )
            return Chapter(tx.id, tx.revision, beside=beside, booking=booking, waits=waits)
        standing = _standing(tx, decision.mapping, remembered)
        self._state.written(standing)
        deeds = deeds_of(remembered.effect)
        return Chapter(tx.id, tx.revision, standing, deeds, None, booking, waits)

    def still_held(self, tx: Transaction, decision: Decision, names: Names) -> Chapter:
        """A held document was looked at again, and waits for the same as before."""
        self._state.take(tx.id)
        return Chapter(tx.id, tx.revision, waits=self._waits(decision, names))

    def _waits(self, decision: Decision, names: Names) -> tuple[Wait, ...]:
        if decision.outcome != "hold":
            return ()
        waits: list[Wait] = [*names.waits(), ("pack", self._fingerprint)]
        by_rule = any(reason.rule for reason in decision.reasons[:1])
        if decision.revises is not None or not by_rule:
            # A correction: only what became of its requests, and Xero, can say more.
            waits.append(("live", ""))
        return tuple(dict.fromkeys(waits))


def _standing(tx: Transaction, mapping: str | None, remembered: Remembered) -> Standing:
    effect = remembered.effect
    opened = effect.opened
    due = opened.amount_due if opened is not None else None
    return Standing(
        id=tx.id,
        revision=remembered.revision,
        digest=remembered.digest.hex(),
        outcome=remembered.outcome,
        kind=tx.kind,
        mapping=mapping,
        contact=opened.contact if opened is not None else None,
        request=opened.request if opened is not None else None,
        opened=cents_of(due) if due is not None else None,
        reversible=cents_of(effect.reversible) if effect.reversible is not None else None,
    )


def changes_of(chapter: Chapter) -> Iterator[Wait]:
    """What held documents may have waited for."""
    if chapter.standing is None:
        return
    yield "document", chapter.id
    for document, _ in (*chapter.deeds.settled, *chapter.deeds.to_come):
        yield "document", document
    if chapter.deeds.reverses is not None:
        yield "document", chapter.deeds.reverses
    for matter, _, _ in chapter.deeds.trust:
        yield "matter", matter
