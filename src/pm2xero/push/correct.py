"""Corrects in Xero what a later revision changed, as the mapping declares under `on_change`.

The document's state in Xero decides: `unpaid`, `paid` (anything paid or credited), or, when the
new revision is voided in Practice Management, `voided`. What cannot be undone safely is left to a
person, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from pm2xero.decide.decision import Decision, Reason
from pm2xero.decide.effects import Effects
from pm2xero.decide.facts import Facts
from pm2xero.decide.state import MemoryState
from pm2xero.outbox.records import StoredRequest
from pm2xero.pipeline import Pipeline, Result
from pm2xero.read.transaction import Transaction
from pm2xero.render.contracts import contract
from pm2xero.render.request import Request, idempotency_key, placeholder

# Asks Xero for the live state of what a transaction made: unpaid or paid.
Live = Callable[[Sequence[StoredRequest]], str]
# The stored, posted revision of an id, and its requests.
Posted = Callable[[str], tuple[Transaction, str, list[StoredRequest]] | None]


class Corrector:
    """Turns a higher revision of a posted transaction into the requests that correct Xero."""

    def __init__(self, pipeline: Pipeline, posted: Posted, live: Live) -> None:
        self._pipeline = pipeline
        self._posted = posted
        self._live = live

    @staticmethod
    def wanted(tx: Transaction, state: MemoryState) -> bool:
        """Whether the document is a higher revision of one that was posted."""
        return Facts.past(tx, state) == ("newer", "post")

    def correct(self, tx: Transaction) -> Result | None:
        """The correction, or None when what was posted is not known here."""
        found = self._posted(tx.id)
        if found is None:
            return None
        old, mapping, requests = found
        on_change = self._pipeline.pack.mappings[mapping].on_change
        if any(r.state not in ("confirmed", "skipped") for r in requests):
            return self._person(tx, f"revision {old.revision} is still on its way to Xero")
        voided = tx.fields.get("status") == "voided" or tx.fields.get("voided_at") is not None
        situation = "voided" if voided else self._live(requests)
        if voided and self._live(requests) == "paid":
            return self._person(tx, "it is voided, but something is paid on it in Xero")
        policy = on_change.get(situation, "needs_a_person")
        if policy == "needs_a_person":
            return self._person(tx, f"it is {situation} in Xero, so a change needs a person")
        if policy in ("void", "delete"):
            return self._undone(old, tx, mapping, requests)
        return self._redone(old, tx, mapping, requests, update=policy == "update")

    def _undone(
        self, old: Transaction, tx: Transaction, mapping: str, requests: list[StoredRequest]
    ) -> Result:
        state = self._pipeline.state
        self._effects(old).revert(old, state)
        decision = Decision(tx.id, tx.revision, tx.kind, "post", mapping=mapping)
        state.forget(tx.id)
        state.remember(tx.id, tx.revision, tx.fingerprint, "post")
        return Result(0, tx, decision, tuple(self._undo(tx, requests)))

    def _redone(
        self, old: Transaction, tx: Transaction, mapping: str, requests: list[StoredRequest],
        *, update: bool,
    ) -> Result:  # fmt: skip
        state, decider = self._pipeline.state, self._pipeline.decider
        effects = self._effects(old)
        due = state.document(old.id).amount_due
        effects.revert(old, state)
        state.forget(tx.id)
        decision = decider.decide(tx, state)
        made: tuple[Request, ...] = ()
        if decision.outcome == "post":
            decision, made = self._pipeline.render(tx, decision)
        if decision.outcome != "post":
            state.remember(old.id, old.revision, old.fingerprint, "post")
            effects.apply(old, mapping, state)
            if due is not None:
                fact = state.document(old.id)
                state.add_open(replace(fact, amount_due=due))
            return self._person(tx, "the new revision itself is refused", decision.reasons)
        decider.apply(tx, decision, state)
        if update:
            return Result(0, tx, decision, tuple(self._updates(tx, made)))
        undo = self._undo(tx, requests)
        first = tuple(u.id for u in undo)
        again = [_renamed(r, tx.revision, first) for r in made]
        return Result(0, tx, decision, (*undo, *again))

    def _effects(self, tx: Transaction) -> Effects:
        return self._pipeline.decider.program(tx.kind).effects

    def _undo(self, tx: Transaction, requests: list[StoredRequest]) -> list[Request]:
        """Requests that take back what was made, the last first."""
        undo: list[Request] = []
        for stored in reversed(requests):
            made = contract(stored.contract)
            if made.undo is None or made.id_name is None or stored.state != "confirmed":
                continue
            target = contract(made.undo.contract)
            identity = placeholder(made.id_name, tx.id)
            body: dict[str, str] = {"Status": made.undo.status}
            if made.undo.id_in_body:
                body = {made.id_name: identity, **body}
            endpoint = target.path.split("/{")[0]
            path = endpoint if made.undo.id_in_body else f"{endpoint}/{identity}"
            step = f"{stored.step}@{tx.revision}.undo"
            undo.append(
                self._request(tx, step, target.name, path, json.dumps(body), _ids(undo))
            )
        return undo

    def _updates(self, tx: Transaction, made: Sequence[Request]) -> list[Request]:
        """The new bodies as updates of the documents that are there."""
        updates = []
        for request in made:
            name = request.contract.name.replace("put.", "post.", 1)
            id_name = str(request.contract.id_name)
            identity = json.dumps({id_name: placeholder(id_name, tx.id)}, ensure_ascii=False)
            element = identity[:-1] + "," + request.element[1:]
            step = f"{request.step}@{tx.revision}"
            updates.append(self._request(tx, step, name, request.path, element, request.needs))
        return updates

    def _request(
        self, tx: Transaction, step: str, name: str, path: str, element: str,
        needs: tuple[str, ...],
    ) -> Request:  # fmt: skip
        organisation = self._pipeline.organisation.id
        key = idempotency_key(organisation, tx.id, tx.revision, step)
        return Request(
            f"{tx.id}/{step}", tx.id, tx.revision, step, contract(name), path, element, key,
            needs, False,
        )  # fmt: skip

    def _person(
        self, tx: Transaction, why: str, reasons: tuple[Reason, ...] = ()
    ) -> Result:  # fmt: skip
        reason = Reason(
            "needs_a_person",
            f"Revision {tx.revision} of {tx.id} changes what is in Xero, but {why}.",
            "Correct it in Xero by hand, then resolve it with the id of what is there now.",
            True,
            "",
            f"{tx.source}:{tx.line}",
            "hold",
            True,
        )
        decision = Decision(tx.id, tx.revision, tx.kind, "hold", (reason, *reasons))
        return Result(0, tx, decision)


def _ids(requests: Sequence[Request]) -> tuple[str, ...]:
    return tuple(r.id for r in requests[-1:])


def _renamed(request: Request, revision: int, first: tuple[str, ...]) -> Request:
    """A request made again for a later revision, after what was there is taken back."""
    own = f"{request.transaction}/"
    suffix = f"@{revision}"
    needs = tuple(f"{n}{suffix}" if n.startswith(own) else n for n in request.needs)
    return replace(
        request, id=f"{request.id}{suffix}", step=f"{request.step}{suffix}", needs=(*first, *needs)
    )


def live_state(get: Callable[[str], Mapping[str, object] | None], links: Mapping[tuple[str, str], str]) -> Live:
    """Asks Xero whether anything is paid or credited on the documents of a transaction.

    `get` fetches one object by its path below the API's base.
    """

    def live(requests: Sequence[StoredRequest]) -> str:
        for request in requests:
            made = contract(request.contract)
            if not request.becomes_document or made.id_name is None:
                continue
            xero_id = links.get((request.transaction, made.id_name))
            found = get(f"{made.path}/{xero_id}") if xero_id else None
            if found and any(Decimal(str(found.get(k) or 0)) for k in _PAID):
                return "paid"
        return "unpaid"

    return live


_PAID = ("AmountPaid", "AmountCredited", "AppliedAmount")
