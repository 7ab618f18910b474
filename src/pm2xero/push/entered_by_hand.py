"""A person entered a document in Xero by hand: from then on it counts as being there.

Documents that were sent, or were to be, are settled in the outbox alone. One that a rule rejected
or that waits for a person gets the request that it would have had, without a body: it bears the id
in Xero, so that payments can refer to it and reconciliations can look at it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import orjson

from pm2xero.decide.decision import Decision
from pm2xero.errors import RenderError
from pm2xero.history.chapters import History
from pm2xero.history.names import Naming
from pm2xero.history.opening import OpenedPast
from pm2xero.outbox.past_records import Chapter
from pm2xero.outbox.records import Actor, StoredRequest, StoredTransaction
from pm2xero.outbox.states import UNSETTLED, RequestState
from pm2xero.pack.model import RequestSpec
from pm2xero.pipeline import Pipeline
from pm2xero.read.transaction import Transaction, is_voided, money_of
from pm2xero.render.request import idempotency_key
from pm2xero.xero.contracts import contract
from pm2xero.xero.purpose import Purpose


def resolve_by_hand(
    past: OpenedPast, id: str, who: str, why: str, at: datetime, xero_id: str,
    found_in: str | None = None,
) -> list[str]:  # fmt: skip
    """Count a document as being in Xero under this id; returns the requests that changed.

    Args:
        found_in: the endpoint that has the id, such as Payments.

    Raises:
        OutboxError: no such document, or a call with it is on its way.
    """
    outbox = past.outbox
    stored, decision = outbox.transaction(id), outbox.decision(id)
    # What left and may have arrived is what the id is of; a later revision waits for it.
    is_open = any(r.state in UNSETTLED for r in outbox.requests(transaction=id))
    waits = decision is not None and decision.outcome in ("reject", "hold")
    if stored is not None and decision is not None and waits and not is_open:
        tx = past.pipeline.reader.read(orjson.loads(stored.document), "outbox", 0)
        if isinstance(tx, Transaction):
            mapping, requests = _requests(past.pipeline, stored, tx)
            posted = replace(
                decision, outcome="post", code=None, by_hand=False, reasons=[], warnings=[],
                mapping=mapping, rule=None, decided_at=at, actor=Actor.PERSON,
            )  # fmt: skip
            chapter = _chapter(past, tx, mapping)
            outbox.save(stored, posted, requests, [chapter])
    return outbox.resolve(id, who, why, at, xero_id, found_in)


def _chapter(past: OpenedPast, tx: Transaction, mapping: str | None) -> Chapter:
    """What the document does from now on, as if it had been posted by this mapping."""
    pipeline, state = past.pipeline, past.state
    earlier = state.earlier(tx.id)
    revises = earlier.revision if earlier is not None and earlier.outcome == "post" else None
    seen = state.without(tx.id) if revises is not None else state
    decision = Decision(
        tx.id, tx.revision, tx.kind, "post", mapping=mapping, revises=revises,
        takes_back=is_voided(tx),
    )  # fmt: skip
    pipeline.decider.apply(tx, decision, state)
    names = Naming(pipeline.decider).of(tx)
    return History(pipeline, state, past.fingerprint).chapter(tx, decision, names, seen)


def _requests(
    pipeline: Pipeline, stored: StoredTransaction, tx: Transaction
) -> tuple[str | None, list[StoredRequest]]:
    """The mapping that the document would have, and the request that bears its id."""
    found = None if is_voided(tx) else _creation(pipeline, tx)
    if found is None:
        return None, []
    mapping, spec = found
    return mapping, [_bearer(pipeline.organisation.id, stored, tx, spec)]


def _creation(pipeline: Pipeline, tx: Transaction) -> tuple[str, RequestSpec] | None:
    """The mapping of the kind and its request that creates what a person has created."""
    mappings = [r.mapping for r in pipeline.pack.rules if tx.kind in r.kinds and r.mapping]
    for mapping in mappings:
        made = [
            s
            for s in pipeline.pack.requests.get((mapping, tx.kind), ())
            if s.contract.startswith("put.") and contract(s.contract).id_name
        ]
        names = _used(pipeline, tx, mapping)
        chosen = [s for s in made if s.id in names] or made
        if chosen:
            return mapping, next((s for s in chosen if s.becomes_document), chosen[0])
    return None


def _used(pipeline: Pipeline, tx: Transaction, mapping: str) -> set[str]:
    """The steps that the document would take; none when it cannot be rendered."""
    try:
        return {r.step for r in pipeline.mapper.requests(tx, mapping, pipeline.state)}
    except RenderError:
        return set()


def _bearer(
    organisation: str, stored: StoredTransaction, tx: Transaction, spec: RequestSpec
) -> StoredRequest:
    """Held until the outbox resolves it, so that no push sends it meanwhile."""
    return StoredRequest(
        id=f"{tx.id}/{spec.id}",
        revision=tx.revision,
        transaction=tx.id,
        step=spec.id,
        sequence=stored.sequence,
        level=1,
        contract=spec.contract,
        path=contract(spec.contract).path,
        element="{}",
        key=idempotency_key(organisation, tx.id, tx.revision, spec.id),
        needs=(),
        becomes_document=spec.becomes_document,
        state=RequestState.HELD,
        xero_id=None,
        cause="entered_by_hand",
        message=None,
        blocked_by=None,
        money=money_of(tx),
        attempts=0,
        purpose=Purpose.CREATE,
        actor=Actor.PERSON,
        slot=spec.slot,
    )
