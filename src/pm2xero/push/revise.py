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
from pm2xero.decide.totals import money_of
from pm2xero.history.requests import alive, is_undo, taken_back
from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.states import SETTLED, UNSETTLED
from pm2xero.pipeline import Pipeline, Result
from pm2xero.read.transaction import Transaction
from pm2xero.render.request import Request, idempotency_key, placeholder
from pm2xero.xero.contracts import contract

# Asks Xero for the live state of what requests made: unpaid or paid.
Live = Callable[[Sequence[StoredRequest]], str]
# The stored, posted revision of an id, its mapping, and all requests of the id that count.
Posted = Callable[[str], tuple[Transaction, str, list[StoredRequest]] | None]

_MOVING = UNSETTLED
_DONE = SETTLED


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
        if any(r.state in _MOVING for r in requests):
            return self._later(
                tx, "nobody knows yet whether the revision before it arrived there",
                "Nothing to do: the next push finds out, and corrects it then.",
            )  # fmt: skip
        if self._pipeline.state.document(old.id).to_reverse == 0:
            return self._person(tx, "it was reversed there since")
        if any(r.state == "confirmed" and "@" not in r.step and is_undo(r) for r in requests):
            return self._person(tx, "what it took back there cannot be put back")
        there = alive(requests, taken_back(requests))
        if not there:
            return self._anew(old, tx, mapping, requests)
        if any(r.state not in _DONE and "@" not in r.step for r in requests):
            return self._person(tx, f"revision {old.revision} is only partly there")
        return self._by_policy(old, tx, mapping, there)

    def _by_policy(
        self, old: Transaction, tx: Transaction, mapping: str, there: list[StoredRequest]
    ) -> Result:
        situation = self._live(there)
        if is_voided(tx):
            policy = self._policy(mapping, "voided")
            if situation == "paid":
                return self._person(tx, "it is voided here, and something is paid on it there")
            if policy in ("void", "delete"):
                return self._undone(old, tx, mapping, there)
            return self._person(tx, "it is voided here, and such an entry is never taken back")
        policy = self._policy(mapping, situation)
        if policy in ("update", "delete_and_recreate", "void_and_recreate"):
            return self._redone(old, tx, mapping, there, update=policy == "update")
        if situation == "paid":
            return self._person(tx, "something is paid on it or credited against it there")
        return self._person(tx, "such an entry is never changed once it is there")

    def _policy(self, mapping: str, situation: str) -> str:
        declared = self._pipeline.pack.mappings.get(mapping)
        return declared.on_change.get(situation, "") if declared is not None else ""

    def _undone(
        self, old: Transaction, tx: Transaction, mapping: str, there: list[StoredRequest]
    ) -> Result:
        """Take back what is there (nothing may be), and send nothing in its place."""
        take_back_effects(self._pipeline, old)
        decision = Decision(tx.id, tx.revision, tx.kind, "post", mapping=mapping)
        self._pipeline.state.remember(tx.id, tx.revision, tx.fingerprint, "reject")
        return Result(0, tx, decision, tuple(self._undo(tx, there)))

    def _anew(
        self, old: Transaction, tx: Transaction, mapping: str, requests: list[StoredRequest]
    ) -> Result:
        """Nothing of the earlier revision is there: the new one simply takes its place."""
        if is_voided(tx):
            return self._undone(old, tx, mapping, [])
        was_there = any(r.state == "confirmed" for r in requests)
        return self._redone(old, tx, mapping, [], update=False, rename=was_there)

    def _redone(
        self, old: Transaction, tx: Transaction, mapping: str, there: list[StoredRequest],
        *, update: bool, rename: bool = True,
    ) -> Result:  # fmt: skip
        state, decider = self._pipeline.state, self._pipeline.decider
        due = state.document(old.id).amount_due
        take_back_effects(self._pipeline, old)
        decision = decider.decide(tx, state)
        made: tuple[Request, ...] = ()
        if decision.outcome == "post":
            decision, made = self._pipeline.render(tx, decision)
        if decision.outcome != "post":
            effects = self._effects(old)
            amount = effects.reversible(old)
            state.remember(old.id, old.revision, old.fingerprint, "post", amount)
            effects.apply(old, mapping, state)
            if due is not None:
                state.add_open(replace(state.document(old.id), amount_due=due))
            if decision.outcome in ("hold", "skip"):
                # It waits for another document, or is still being edited.
                return Result(0, tx, decision)
            return self._person(tx, "the new revision itself is refused", decision.reasons)
        decider.apply(tx, decision, state)
        keep_paid(state, old, tx, due)
        if update:
            return Result(0, tx, decision, tuple(self._updates(tx, made)))
        if not rename:
            return Result(0, tx, decision, made)
        undo = self._undo(tx, there)
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
            if made.undo is None or made.id_name is None:
                continue
            target = contract(made.undo.contract)
            identity = placeholder(made.id_name, tx.id)
            body: dict[str, str] = {"Status": made.undo.status}
            if made.undo.id_in_body:
                body = {made.id_name: identity, **body}
            endpoint = target.path.split("/{")[0]
            path = endpoint if made.undo.id_in_body else f"{endpoint}/{identity}"
            # Of the ids of one revision the last by name counts, so that of what is made anew.
            step = f"{stored.step.split('@')[0]}.undo@{tx.revision}"
            undo.append(self._request(tx, step, target.name, path, json.dumps(body), _ids(undo)))
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

    def _person(self, tx: Transaction, why: str, reasons: tuple[Reason, ...] = ()) -> Result:
        return self._held(
            tx, "needs_a_person", why, reasons,
            "Correct it in Xero by hand, then say so: "
            f"pm2xero resolve {tx.id} --as-done-in-xero ID --reason …",
        )  # fmt: skip

    def _later(self, tx: Transaction, why: str, remedy: str) -> Result:
        return self._held(tx, "correction_waits", why, (), remedy)

    def _held(
        self, tx: Transaction, code: str, why: str, reasons: tuple[Reason, ...], remedy: str
    ) -> Result:
        reason = Reason(
            code,
            f"Revision {tx.revision} of {tx.id} changes what is in Xero, but {why}.",
            remedy,
            code == "needs_a_person",
            "",
            f"{tx.source}:{tx.line}",
            "hold",
            True,
        )
        decision = Decision(tx.id, tx.revision, tx.kind, "hold", (reason, *reasons))
        return Result(0, tx, decision)


def take_back_effects(pipeline: Pipeline, old: Transaction) -> None:
    """Let the state forget a posted revision and what it did to other documents."""
    pipeline.decider.program(old.kind).effects.revert(old, pipeline.state)
    pipeline.state.forget(old.id)


def keep_paid(state: MemoryState, old: Transaction, tx: Transaction, due: Decimal | None) -> None:
    """Let what was settled of an earlier revision be settled of the one in its place.

    Args:
        due: what was outstanding on the earlier revision; None when it is nothing to be paid.
    """
    fact = state.document(tx.id)
    if due is not None and fact.amount_due is not None:
        settled = money_of(old) - due
        state.add_open(replace(fact, amount_due=fact.amount_due - settled))


def is_voided(tx: Transaction) -> bool:
    """Whether Practice Management took the document back."""
    return tx.fields.get("voided_at") is not None or tx.fields.get("status") == "voided"


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


def live_state(get: Callable[[str], Mapping[str, object] | None]) -> Live:
    """Asks Xero whether anything is paid or credited on what requests made.

    `get` fetches one object by its path below the API's base.
    """

    def live(there: Sequence[StoredRequest]) -> str:
        for request in there:
            if not request.becomes_document:
                continue
            found = get(f"{contract(request.contract).path}/{request.xero_id}")
            if found and any(Decimal(str(found.get(k) or 0)) for k in _PAID):
                return "paid"
            if found and found.get("Allocations"):
                return "paid"
        return "unpaid"

    return live


_PAID = ("AmountPaid", "AmountCredited", "AppliedAmount")
