"""Voided documents that an outbox may have sent which was lost since.

Of a document that is voided before it was ever sent, nothing is to be done. An outbox that is new
or was restored cannot say that of its own knowledge: what it never sent, the one before it may
have. So what the document would have made is looked for, and never sent; what is found is taken
back, as it would have been had the outbox not been lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from pm2xero.decide.decision import Decision
from pm2xero.decide.revision import left_for_later
from pm2xero.decide.state import DocumentFact, Earlier, State, TrustMoved
from pm2xero.errors import RenderError
from pm2xero.history.requests import corrections
from pm2xero.outbox.memory import Gap, may_be_before
from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.states import DUE, UNSETTLED, RequestState
from pm2xero.pipeline import Pipeline, Result
from pm2xero.push.revise import Corrector
from pm2xero.read.transaction import Transaction, is_voided


class Forgotten:
    """What may be in Xero of voided documents.

    Args:
        gap: what the outbox may not know; None when it knows all that was sent.
    """

    def __init__(self, pipeline: Pipeline, corrector: Corrector, gap: Gap | None) -> None:
        self._pipeline = pipeline
        self._corrector = corrector
        self._gap = gap
        # What documents that are looked for would have been to others, by their ids.
        self._sought_too: dict[str, DocumentFact] = {}

    def may_be_there(self, tx: Transaction) -> bool:
        """Whether a document is voided, and so old that another outbox may have sent it."""
        if self._gap is None or not is_voided(tx):
            return False
        day = tx.fields.get("date")
        created = tx.fields.get("created_at")
        return may_be_before(created, day.isoformat() if day else "", self._gap.since)

    def look_for(
        self, tx: Transaction, decision: Decision, mapping: str, requests: list[StoredRequest]
    ) -> Result | None:
        """What becomes of a voided document; None where the outbox itself knows what it made.

        Args:
            decision: as the decider gives it.
            mapping: by which it would have been posted, where it was looked for before.
            requests: all of the document that count now.
        """
        if decision.outcome != "skip" and decision.revises is None:
            return None
        if corrections(requests):
            # It was found, and is being taken back.
            return None
        sought = [r for r in requests if r.revision == tx.revision]
        others = [r for r in requests if r.revision != tx.revision]
        if any(r.state is RequestState.CONFIRMED or r.state in UNSETTLED for r in others):
            return None
        if not sought:
            return self._sought(tx)
        if any(r.state in DUE for r in sought):
            return Result(0, tx, _looked_for(tx))
        if decision.revises is not None or all(
            r.state is not RequestState.CONFIRMED for r in sought
        ):
            return None
        undo = Decision(tx.id, tx.revision, tx.kind, "post", takes_back=True)
        found = replace(decision, correction=undo)
        return self._corrector.correct(tx, found, mapping, requests)

    def _sought(self, tx: Transaction) -> Result | None:
        """What the document would have made, to be looked for; None where it would not have."""
        alive = replace(tx, fields={**tx.fields, "status": "posted", "voided_at": None})
        decider = self._pipeline.decider
        then = _Then(self._pipeline.state.without(tx.id), self._sought_too)
        said = decider.by_rules(alive, then)
        if said.outcome != "post":
            # The one before would have refused it, too, or made it wait.
            return None
        mapping = said.mapping or ""
        try:
            made = tuple(self._pipeline.mapper.requests(alive, mapping, then))
        except RenderError:
            # It never was sent: such a body does not leave.
            return None
        did = decider.program(tx.kind).effects.of(alive, mapping, then)
        known = did.opened or DocumentFact(tx.id, "in_xero", tx.kind, request=made[0].id)
        left = -did.reversible if did.reversible is not None else None
        self._sought_too[tx.id] = replace(known, to_reverse=left, about=did.about)
        return Result(0, tx, replace(_looked_for(tx), mapping=mapping), made)


class _Then:
    """The past as it may have been when a document was sent that is voided by now.

    What it paid may be voided, too, and the trust money that it moved may never have come, as far
    as this outbox knows.
    """

    def __init__(self, state: State, sought_too: Mapping[str, DocumentFact]) -> None:
        self._state = state
        self._sought_too = sought_too

    def document(self, id: str) -> DocumentFact:
        """The document, as it was before it was voided."""
        return self._sought_too.get(id) or self._state.document(id)

    def earlier(self, id: str) -> Earlier | None:
        """The last decision about another id."""
        return self._state.earlier(id)

    def trust_balance(self, matter: str, bank: str) -> Decimal | None:
        """Nobody knows what there was."""
        return None

    def trust_given_back(self) -> TrustMoved:
        """Nothing: what is only looked for moves nothing."""
        return ()


def _looked_for(tx: Transaction) -> Decision:
    return left_for_later(
        tx,
        "it is voided here, and the outbox is new or was restored, so nobody knows yet whether it "
        "was sent before",
        "Nothing to do: this push looks for it in Xero, and the next one takes back what it finds.",
    )
