"""What the requests of a document leave over: a row of the outbox for what a person makes in Xero.

It is never sent; it bears the id of what was entered, once somebody has told it.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from pm2xero.decide.decision import Decision
from pm2xero.decide.state import State
from pm2xero.history.booking import LeftOvers
from pm2xero.history.requests import LEFT_OVER
from pm2xero.outbox.records import StoredRequest, hash_of
from pm2xero.outbox.states import RequestState
from pm2xero.pipeline import Pipeline
from pm2xero.read.transaction import Transaction
from pm2xero.render.request import idempotency_key
from pm2xero.xero.contracts import contract


def left_to_a_person(request: StoredRequest, decision: Decision) -> StoredRequest:
    """A request as it is kept; one that takes back what a person entered is never sent."""
    if request.step != LEFT_OVER:
        return request
    why = decision.reasons[0]
    money = decision.left_over or request.money
    return replace(
        request, state=RequestState.LEFT, cause=why.code, message=why.message, money=money
    )


class LeftOver:
    """Makes the rows of one firm."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._left_overs = LeftOvers(pipeline)

    def request(
        self, tx: Transaction, decision: Decision, sequence: int, seen: State
    ) -> StoredRequest | None:
        """The row; None where the requests make all that the document books.

        Args:
            sequence: the place of the document in the order of posting.
            seen: the past as the document saw it.
        """
        entries = self._left_overs.of(tx, decision, seen)
        if not entries:
            return None
        mapping = self._pipeline.pack.mappings[decision.mapping or ""]
        made = contract(f"put.{mapping.left_over}")
        why = decision.reasons[0] if decision.reasons else None
        return StoredRequest(
            id=f"{tx.id}/{LEFT_OVER}",
            revision=tx.revision,
            transaction=tx.id,
            step=LEFT_OVER,
            sequence=sequence,
            level=1,
            contract=made.name,
            path=made.path,
            element="{}",
            key=idempotency_key(self._pipeline.organisation.id, tx.id, tx.revision, LEFT_OVER),
            needs=(),
            becomes_document=False,
            state=RequestState.LEFT,
            xero_id=None,
            cause=why.code if why is not None else "left_over",
            message=why.message if why is not None else None,
            blocked_by=None,
            money=sum((e.amount for e in entries if e.amount > 0), Decimal("0.00")),
            attempts=0,
            slot=LEFT_OVER,
            body_hash=hash_of(made.path, "{}"),
        )
