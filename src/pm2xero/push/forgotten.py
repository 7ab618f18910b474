"""Voided documents that an outbox may have sent which was lost since.

Of a document that is voided before it was ever sent, nothing is to be done. An outbox that is new
or was restored cannot say that of its own knowledge: what it never sent, the one before it may
have. So what the document would have made is looked for, and never sent; what is found is taken
back, as it would have been had the outbox not been lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from pm2xero.decide.decision import Decision
from pm2xero.decide.revision import left_for_later
from pm2xero.decide.state import ZERO, DocumentFact, Earlier, State, TrustMoved
from pm2xero.errors import RenderError
from pm2xero.history.booking import LeftOvers
from pm2xero.history.requests import LEFT_OVER, corrections
from pm2xero.outbox.memory import Gap, may_be_before
from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.states import DUE, UNSETTLED, RequestState
from pm2xero.pipeline import Pipeline, Result
from pm2xero.push.revise import Corrector
from pm2xero.push.sought_by_name import UNSAID, SoughtByName
from pm2xero.read.transaction import Transaction, is_emptied, is_voided
from pm2xero.render.request import Request


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
        self._by_name = SoughtByName(pipeline)
        self._left_overs = LeftOvers(pipeline)

    @property
    def gap(self) -> Gap | None:
        """What the outbox may not know."""
        return self._gap

    @gap.setter
    def gap(self, found: Gap) -> None:
        self._gap = found

    def may_be_there(self, tx: Transaction) -> bool:
        """Whether a document is voided, and so old that another outbox may have sent it."""
        if self._gap is None or not is_voided(tx):
            return False
        day = tx.fields.get("date")
        created = tx.fields.get("created_at")
        return may_be_before(created, day.isoformat() if day else "", self._gap.since)

    def traces(self, result: Result) -> tuple[Request, ...]:
        """By what it would be known that Xero has something of a document that is looked for."""
        tx = result.transaction
        if not isinstance(tx, Transaction) or not result.requests:
            return ()
        if not self._may_be_nameless(tx):
            return result.requests
        alive = _alive(tx)
        then = _Then(self._pipeline.state.without(tx.id), self._sought_too)
        known = {request.id for request in result.requests if request.element != UNSAID}
        more = [r for r in self._by_name.unnamed(alive, then) if r.id not in known]
        return (*(r for r in result.requests if r.id in known), *more)

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
            due = [r for r in sought if r.state in DUE]
            said = _looked_for(tx)
            if all(r.step == LEFT_OVER for r in due):
                said = replace(_left_over(tx), mapping=mapping)
            elif all(r.element == UNSAID for r in due):
                said = _nobody_can_find(tx)
            return Result(0, tx, said)
        found = {r.step for r in sought if r.state is RequestState.CONFIRMED}
        if decision.revises is not None:
            return None
        if not found:
            return self._without_a_name(tx, sought)
        undo = Decision(tx.id, tx.revision, tx.kind, "post", takes_back=True)
        revising = replace(decision, correction=undo)
        by = mapping or self._by_name.mapping_of(tx.kind, found)
        rest = self._rest(tx, by)
        if rest is not None and all(r.step != LEFT_OVER for r in sought):
            # The word of the person who entered it was lost with the outbox.
            return Result(0, tx, replace(_left_over(tx), mapping=by), (rest,))
        return self._corrector.correct(tx, revising, by, requests)

    def _sought(self, tx: Transaction) -> Result | None:
        """What the document would have made, to be looked for; None where it makes nothing."""
        alive = _alive(tx)
        then = _Then(self._pipeline.state.without(tx.id), self._sought_too)
        found = self._as_it_is(alive, then)
        if found is None:
            # What it says now would not have been sent: it was another when it was.
            made = self._by_name.named(alive, then)
            if not made:
                return self._without_a_name(tx, ())
            self._sought_too[tx.id] = DocumentFact(tx.id, "in_xero", tx.kind, request=made[0].id)
            found = "", made
        mapping, made = found
        return Result(0, tx, replace(_looked_for(tx), mapping=mapping or None), made)

    def _as_it_is(
        self, alive: Transaction, then: State
    ) -> tuple[str, tuple[Request, ...]] | None:  # fmt: skip
        """Mapping and requests, if it was sent with what it says now; None where it was not."""
        decider = self._pipeline.decider
        said = decider.by_rules(alive, then)
        if said.outcome != "post" or is_emptied(alive):
            return None
        mapping = said.mapping or ""
        try:
            made = tuple(self._pipeline.mapper.requests(alive, mapping, then))
        except RenderError:
            # Such a body does not leave.
            return None
        did = decider.program(alive.kind).effects.of(alive, mapping, then)
        known = did.opened or DocumentFact(alive.id, "in_xero", alive.kind, request=made[0].id)
        left = -did.reversible if did.reversible is not None else None
        settled = sum((amount for _, amount in did.settled), ZERO)
        self._sought_too[alive.id] = replace(
            known, to_reverse=left, about=did.about, to_put_back=-settled if did.settled else None
        )
        return mapping, made

    def _rest(self, tx: Transaction, mapping: str) -> Request | None:
        """What a person was to enter beside what was sent; None where all of it was sent."""
        alive = _alive(tx)
        then = _Then(self._pipeline.state.without(tx.id), self._sought_too)
        said = Decision(tx.id, tx.revision, tx.kind, "post", mapping=mapping)
        if is_emptied(tx) or not self._left_overs.of(alive, said, then):
            return None
        return self._by_name.rest(tx, mapping)

    def _without_a_name(
        self, tx: Transaction, sought: Sequence[StoredRequest]
    ) -> Result | None:  # fmt: skip
        """What no look-up can find, once all that has a name is known to be absent."""
        made = self._by_name.nameless(tx) if self._may_be_nameless(tx) else ()
        if not made or any(r.id in {m.id for m in made} for r in sought):
            return None
        return Result(0, tx, _nobody_can_find(tx), made)

    def _may_be_nameless(self, tx: Transaction) -> bool:
        """Whether it may have been sent, though what it made cannot be worked out any more.

        It is emptied, or waits for what nobody here knows. What the rules refuse as it stands, they
        refused when it was to be sent.
        """
        then = _Then(self._pipeline.state.without(tx.id), self._sought_too)
        return is_emptied(tx) or self._pipeline.decider.by_rules(_alive(tx), then).outcome == "hold"


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


def _alive(tx: Transaction) -> Transaction:
    """The document as if it were not voided."""
    return replace(tx, fields={**tx.fields, "status": "posted", "voided_at": None})


def _looked_for(tx: Transaction) -> Decision:
    return left_for_later(
        tx,
        "it is voided here, and the outbox is new or was restored, so nobody knows yet whether it "
        "was sent before",
        "Nothing to do: this push looks for it in Xero, and the next one takes back what it finds.",
    )


def _nobody_can_find(tx: Transaction) -> Decision:
    return left_for_later(
        tx,
        "it is voided here, the outbox is new or was restored, and what it may have "
        "made there bears no name by which it could be found",
        f"Look for it in Xero by its day and its party. Where it stands: `pm2xero resolve {tx.id} "
        f"--as-done-in-xero XERO_ID`, and the next push takes it back. Where it does not: "
        f"`pm2xero skip {tx.id}`.",
    )


def _left_over(tx: Transaction) -> Decision:
    return left_for_later(
        tx,
        "it is voided here, the outbox is new or was restored, and a person was to enter a part of "
        "it there, so nobody knows whether somebody has",
        f"Look for that part in Xero. Where it was entered, void it there; where that cannot be: "
        f"`pm2xero resolve {tx.id} --as-done-in-xero XERO_ID`. Where it is not, or not any more: "
        f"`pm2xero skip {tx.id}`, and the next push takes back what was sent.",
    )
