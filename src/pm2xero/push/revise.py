"""Corrects in Xero what a later revision changed, as the mapping declares under `on_change`.

The document's state in Xero decides: `unpaid`, `paid` (anything paid or credited), or, when the
new revision is voided in Practice Management, `voided`. What cannot be undone safely is left to a
person, with the reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pm2xero.decide.decision import Decision
from pm2xero.decide.revision import left_for_later, left_to_a_person
from pm2xero.history.requests import LEFT_OVER, alive, corrections, is_creation
from pm2xero.outbox.records import Actor, StoredRequest
from pm2xero.outbox.states import SETTLED, UNSETTLED, RequestState
from pm2xero.pipeline import Pipeline, Result
from pm2xero.read.transaction import Transaction
from pm2xero.render.request import Request, idempotency_key, placeholder
from pm2xero.xero.contracts import contract, take_back
from pm2xero.xero.natural_key import DRAFTS
from pm2xero.xero.purpose import Purpose


@dataclass(frozen=True, slots=True)
class Situation:
    """How what requests made stands in Xero now.

    Attributes:
        drafts: ids in Xero of what nobody has approved there yet.
        approved: of what somebody has.
        elsewhere: of what a person entered as another kind of entry than would have been sent.
    """

    is_paid: bool = False
    drafts: frozenset[str] = frozenset()
    approved: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()


# What a person makes to take back what was entered by hand: money is paid back.
_GIVES_BACK = "put.Payments"
# Asks Xero for the live state of what requests made.
Live = Callable[[Sequence[StoredRequest]], Situation]


class Corrector:
    """Turns a higher revision of a posted transaction into the requests that correct Xero.

    Args:
        undone: which of these ids in Xero were taken back, by whichever transaction.
        ids_ever: all ids in Xero that a transaction ever had, those named by persons among them.
    """

    def __init__(
        self, pipeline: Pipeline, live: Live, undone: Callable[[Sequence[str]], set[str]],
        ids_ever: Callable[[str], set[str]],
    ) -> None:  # fmt: skip
        self._pipeline = pipeline
        self._live = live
        self._undone = undone
        self._ids_ever = ids_ever

    def correct(
        self, tx: Transaction, decision: Decision, mapping: str,
        requests: Sequence[StoredRequest],
    ) -> Result:  # fmt: skip
        """What becomes of a revision that is to correct a posted one.

        Args:
            decision: as the decider gives it, with what the rules say of the new revision.
            mapping: by which the earlier revision was posted.
            requests: all of the transaction that count now.
        """
        fresh = decision.correction
        assert fresh is not None
        fresh = replace(fresh, revises=decision.revises)
        # What was left to a person, and nobody has entered, is nowhere.
        requests = [r for r in requests if r.state is not RequestState.LEFT]
        if any(r.state in UNSETTLED for r in requests):
            return _held(tx, left_for_later(
                tx, "nobody knows yet whether the revision before it arrived there",
                "Nothing to do: the next push finds out, and corrects it then.",
            ))  # fmt: skip
        if self._pipeline.state.document(tx.id).to_reverse == 0:
            return _person(tx, "it was reversed there since")
        again = corrections(requests)
        if any(
            r.purpose is Purpose.UNDO and r.state is RequestState.CONFIRMED and r.id not in again
            for r in requests
        ):
            return _person(tx, "what it took back there cannot be put back")
        known = {r.xero_id for r in requests if r.xero_id}
        ids = known | self._ids_ever(tx.id)
        gone = self._undone(sorted(ids))
        if ids - known - gone:
            # What a person entered beside it would stay where it is, and count twice.
            return _person(tx, "a person entered a part of it there")
        there = alive(requests, gone, nested=True)
        if not there:
            return self._anew(tx, fresh, requests)
        if any(map(_has_parts, there)):
            return _person(tx, "several parts of it went there in one request, and the ids of all "
                           "but one are not known")  # fmt: skip
        if any(r.state not in SETTLED and r.id not in again for r in requests):
            return _person(tx, f"revision {decision.revises} is only partly there")
        rest = next((r for r in there if r.step == LEFT_OVER and r.revision < tx.revision), None)
        if fresh.takes_back and rest is not None:
            return self._but_for_rest(tx, fresh, mapping, there, rest)
        return self._by_policy(tx, fresh, mapping, there)

    def _but_for_rest(
        self, tx: Transaction, fresh: Decision, mapping: str, there: Sequence[StoredRequest],
        rest: StoredRequest,
    ) -> Result:  # fmt: skip
        """What was sent is taken back; what a person entered beside it, a person takes back."""
        sent = [r for r in there if r is not rest]
        result = self._by_policy(tx, fresh, mapping, sent)
        if not sent or result.decision.outcome != "post":
            return result
        told = left_to_a_person(
            tx, "a person entered a part of it there; what was sent is taken back by itself"
        )
        decision = replace(result.decision, reasons=told.reasons, left_over=rest.money)
        step = f"{LEFT_OVER}@{tx.revision}"
        back = replace(
            self._request(tx, rest, step, _GIVES_BACK, contract(_GIVES_BACK).path, "{}", ()),
            slot=step,
        )
        return replace(result, decision=decision, requests=(*result.requests, back))

    def _by_policy(
        self, tx: Transaction, fresh: Decision, mapping: str, there: list[StoredRequest]
    ) -> Result:
        live = self._live(there)
        if live.elsewhere:
            return _person(tx, "a person entered it there, as another kind of entry than is sent")
        if not fresh.takes_back and self._policy(mapping, "unpaid") == "reallocate":
            return self._reallocated(tx, _by_mapping(fresh, mapping), there, live)
        if any(contract(r.contract).undo is None for r in there):
            # Whatever a mapping says: Xero lets nobody take this back, so nothing takes its place.
            return _person(tx, "such an entry is never changed once it is there")
        if fresh.takes_back:
            policy = self._policy(mapping, "voided")
            if live.is_paid:
                return self._paid(tx, "it is voided here, and something is paid on it there")
            if policy in ("void", "delete"):
                undo = self._undo(tx, there, None, live)
                return Result(0, tx, replace(fresh, mapping=mapping), tuple(undo))
            return _person(tx, "it is voided here, and such an entry is never taken back")
        policy = self._policy(mapping, "paid" if live.is_paid else "unpaid")
        if policy in ("update", "delete_and_recreate", "void_and_recreate"):
            return self._redone(tx, fresh, there, live, update=policy == "update")
        if live.is_paid:
            return self._paid(tx, "something is paid on it or credited against it there")
        return _person(tx, "such an entry is never changed once it is there")

    def _paid(self, tx: Transaction, why: str) -> Result:
        """Something is paid on it in Xero: a person corrects it, unless that is to go anyway."""
        opened = self._pipeline.state.opened(tx.id)
        due = self._pipeline.state.document(tx.id).amount_due
        if opened is None or due != opened.amount_due:
            return _person(tx, why)
        return _held(tx, left_for_later(
            tx, f"{why}, and nothing here",
            "Nothing to enter: what was paid is taken back there first, by the void of the payment "
            "that was pushed or, where it was entered in Xero by hand, by a person; the push after "
            "that corrects this.",
        ))  # fmt: skip

    def _policy(self, mapping: str, situation: str) -> str:
        declared = self._pipeline.pack.mappings.get(mapping)
        return declared.on_change.get(situation, "") if declared is not None else ""

    def _anew(self, tx: Transaction, fresh: Decision, requests: Sequence[StoredRequest]) -> Result:
        """Nothing of the earlier revision is there: the new one simply takes its place."""
        if fresh.takes_back:
            return Result(0, tx, fresh)
        gone = [r for r in requests if r.state is RequestState.CONFIRMED]
        return self._redone(tx, fresh, gone, Situation(), update=False, anew=True)

    def _redone(
        self, tx: Transaction, fresh: Decision, there: Sequence[StoredRequest], live: Situation,
        *, update: bool, anew: bool = False,
    ) -> Result:  # fmt: skip
        made: tuple[Request, ...] = ()
        if fresh.outcome == "post":
            fresh, made = self._pipeline.render(tx, fresh)
        if fresh.outcome in ("hold", "skip"):
            # It waits for another document or a person, or is still being edited.
            return Result(0, tx, fresh)
        if fresh.outcome != "post":
            return _person(tx, "the new revision itself is refused", fresh)
        if update:
            return Result(0, tx, fresh, tuple(self._updates(tx, made, there, live)))
        if anew and not there:
            return Result(0, tx, fresh, made)
        undo = [] if anew else self._undo(tx, there, fresh.revises, live)
        first = tuple(u.id for u in undo[-1:])
        replaced = {r.slot: r.id for r in there if r.slot is not None}
        again = [
            _renamed(r, tx.revision, first, replaced.get(r.slot or r.step, there[0].id))
            for r in made
        ]
        return Result(0, tx, fresh, (*undo, *again))

    def _reallocated(
        self, tx: Transaction, fresh: Decision, there: Sequence[StoredRequest], live: Situation
    ) -> Result:
        """What it made stays; what was applied of that is taken off, and applied anew."""
        made: tuple[Request, ...] = ()
        if fresh.outcome == "post":
            fresh, made = self._pipeline.render(tx, fresh)
        if fresh.outcome in ("hold", "skip"):
            return Result(0, tx, fresh)
        if fresh.outcome != "post":
            return _person(tx, "the new revision itself is refused", fresh)
        kept = {(r.slot, r.path, r.element) for r in there if contract(r.contract).creates}
        if kept != {(r.slot, r.path, r.element) for r in made if r.contract.creates}:
            return _person(
                tx, "more than what it is applied to, and such an entry is never changed"
            )
        parts = [r for r in there if not contract(r.contract).creates]
        undo = self._undo(tx, parts, None, live)
        first = tuple(u.id for u in undo[-1:])
        replaced = {r.slot: r.id for r in parts}
        again = [
            replace(_renamed(r, tx.revision, first, replaced.get(r.slot)), needs=(*first, *r.needs))
            for r in made
            if not r.contract.creates
        ]
        return Result(0, tx, fresh, (*undo, *again))

    def _undo(
        self, tx: Transaction, there: Sequence[StoredRequest], revises: int | None,
        live: Situation,
    ) -> list[Request]:  # fmt: skip
        """Requests that take back what was made, the last first.

        Args:
            revises: the revision whose numbers the new one needs again; None when none comes.
        """
        undo: list[Request] = []
        for stored in reversed(there):
            made = contract(stored.contract)
            assert stored.xero_id is not None, "only what Xero has confirmed is taken back"
            parts = take_back(
                made, stored.path, stored.element, stored.xero_id, renamed=revises,
                is_draft=stored.xero_id in live.drafts,
            )  # fmt: skip
            for part in parts:
                name = f"{stored.step}.{part.step}@{tx.revision}"
                undo.append(
                    self._request(
                        tx, stored, name, part.contract.name, part.path, part.element,
                        tuple(u.id for u in undo[-1:]),
                    )
                )  # fmt: skip
        return undo

    def _updates(
        self, tx: Transaction, made: Sequence[Request], there: Sequence[StoredRequest],
        live: Situation,
    ) -> list[Request]:  # fmt: skip
        """The new bodies as updates of the documents that are there.

        What somebody has approved in Xero stays so, though it was sent as a draft.
        """
        by_step = {r.step: r for r in there}
        updates = []
        for request in made:
            name = request.contract.name.replace("put.", "post.", 1)
            id_name = str(request.contract.id_name)
            identity = json.dumps({id_name: placeholder(id_name, tx.id)}, ensure_ascii=False)
            changed = by_step.get(request.step, there[0])
            body = request.element
            if changed.xero_id in live.approved:
                body = _AS_DRAFT.sub(r'\1"AUTHORISED"', body, count=1)
            element = identity[:-1] + "," + body[1:]
            update = self._request(
                tx, changed, f"{request.step}@{tx.revision}", name, request.path, element,
                request.needs,
            )  # fmt: skip
            updates.append(replace(update, note=request.note))
        return updates

    def _request(
        self, tx: Transaction, target: StoredRequest, name: str, contract_name: str, path: str,
        element: str, needs: tuple[str, ...],
    ) -> Request:  # fmt: skip
        organisation = self._pipeline.organisation.id
        key = idempotency_key(organisation, tx.id, tx.revision, name)
        return Request(
            f"{tx.id}/{name}", tx.id, tx.revision, target.step, contract(contract_name), path,
            element, key, needs, False, target=target.id,
        )  # fmt: skip


def _by_mapping(fresh: Decision, mapping: str) -> Decision:
    """The decision with the mapping of the revision before; what another leaves over is no word."""
    if fresh.outcome != "post" or fresh.mapping == mapping:
        return replace(fresh, mapping=mapping)
    return replace(fresh, mapping=mapping, reasons=(), left_over=None)


def _has_parts(request: StoredRequest) -> bool:
    """Whether a request put several parts into a document; one of them alone has its id here.

    Earlier versions sent the allocations of a credit note in one request, now there is one of each.
    """
    if "{" not in contract(request.contract).path:
        return False
    tree = json.loads(request.element)
    return any(isinstance(part, list) and len(part) > 1 for part in tree.values())


def _person(tx: Transaction, why: str, refused: Decision | None = None) -> Result:
    return _held(tx, left_to_a_person(tx, why, refused.reasons if refused is not None else ()))


def _held(tx: Transaction, decision: Decision) -> Result:
    return Result(0, tx, decision)


def _renamed(
    request: Request, revision: int, first: tuple[str, ...], replaced: str | None
) -> Request:
    """A request made again for a later revision, after what was there is taken back."""
    own = f"{request.transaction}/"
    suffix = f"@{revision}"
    needs = tuple(f"{n}{suffix}" if n.startswith(own) else n for n in request.needs)
    return replace(request, id=f"{request.id}{suffix}", needs=(*first, *needs), target=replaced)


def live_state(get: Callable[[str], Mapping[str, object] | None]) -> Live:
    """Asks Xero whether what requests made is approved, and anything paid or credited on it.

    `get` fetches one object by its path below the API's base.
    """

    def live(there: Sequence[StoredRequest]) -> Situation:
        is_paid = False
        drafts: set[str] = set()
        approved: set[str] = set()
        elsewhere: set[str] = set()
        for request in there:
            is_by_hand = request.actor is Actor.PERSON and is_creation(request)
            if not (request.becomes_document or is_by_hand):
                continue
            found = get(f"{contract(request.contract).path}/{request.xero_id}")
            if not found:
                elsewhere.update({str(request.xero_id)} if is_by_hand else ())
                continue
            if not request.becomes_document:
                continue
            paid = any(Decimal(str(found.get(k) or 0)) for k in _PAID)
            is_paid = is_paid or paid or bool(found.get("Allocations"))
            (drafts if found.get("Status") in DRAFTS else approved).add(str(request.xero_id))
        return Situation(is_paid, frozenset(drafts), frozenset(approved), frozenset(elsewhere))

    return live


# No text of a body looks like this: its quotes are escaped.
_AS_DRAFT = re.compile(rf'("Status"\s*:\s*)"(?:{"|".join(sorted(DRAFTS))})"')
_PAID = ("AmountPaid", "AmountCredited", "AppliedAmount")
