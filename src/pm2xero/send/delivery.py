"""Brings one batch to its end: every document confirmed, refused, or left for a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pm2xero.errors import OutboxError
from pm2xero.send.caller import KEY_LIFETIME, STILL_LATE, Caller, backoff
from pm2xero.send.fill_ids import Ready, body, idempotency_key
from pm2xero.send.lookup import Lookups
from pm2xero.send.run_state import Book
from pm2xero.xero.auth import SignInError
from pm2xero.xero.budget import StopRun
from pm2xero.xero.client import Response, UnknownOutcome, Unreachable
from pm2xero.xero.errors import (
    REFUSED,
    ErrorTable,
    Refusal,
    messages_of,
    warnings_of,
)

# Causes of an unknown outcome that only a person can end.
LOOKED_UP = ("several", "unseen")
_TRIES = 4
_NO_ID = "00000000-0000-0000-0000-000000000000"
_SEVERAL = "More than one document in Xero could be this one ({rivals}); a person must choose"
_UNSEEN = "Nobody can say whether this was done in Xero; a person must look"


@dataclass(frozen=True, slots=True)
class Parcel:
    """Documents of one contract that go in one call.

    Attributes:
        tries: how often its outcome was unknown before.
        begun: when its key was first used; None for a fresh key.
        lost: when the last call under its key was lost that may still arrive at Xero.
    """

    members: tuple[Ready, ...]
    tries: int = 0
    begun: datetime | None = None
    lost: datetime | None = None

    @property
    def rows(self) -> list[Any]:
        """Its requests."""
        return [member.row for member in self.members]

    def halves(self) -> list[Parcel]:
        """Two parcels, to find the document that spoils the call."""
        middle = len(self.members) // 2
        return [Parcel(self.members[:middle]), Parcel(self.members[middle:])]


class Delivery:
    """Sends batches and deals with every sort of answer."""

    def __init__(
        self,
        book: Book,
        caller: Caller,
        errors: ErrorTable,
        lookups: Lookups,
        clock: Callable[[], datetime],
        late: timedelta,
    ) -> None:
        """`late` is how long after it was lost a call may still arrive at Xero."""
        self._book = book
        self._caller = caller
        self._errors = errors
        self._lookups = lookups
        self._clock = clock
        self._late = late

    def deliver(self, members: Sequence[Ready]) -> None:
        """Send planned requests of one contract until each has an answer.

        Raises:
            StopRun: the run must end; what has no answer is planned again or unknown.
        """
        work = [Parcel(tuple(members))]
        while work:
            work.extend(reversed(self._send(work.pop())))

    def settle(
        self, members: Sequence[Ready], cause: str, message: str, *, plan: bool = True
    ) -> list[Ready]:
        """Look up requests whose outcome is unknown; returns those that Xero has not got.

        They are planned again unless `plan` is unset, for the lost call may still arrive; the found
        ones are confirmed, the others stay unknown.
        """
        self._book.unknown([member.row for member in members], cause, message)
        sightings = self._lookups.find(members, self._caller.read, self._book.linked_to)
        by_kind: dict[str, list[Ready]] = {"found": [], "absent": [], "several": []}
        for member in members:
            by_kind[sightings[member.row.id].kind].append(member)
        self._book.confirm(
            [(member.row, sightings[member.row.id].xero_id) for member in by_kind["found"]],
            None,
            adopted=True,
        )
        for member in by_kind["several"]:
            rivals = sightings[member.row.id].rivals
            said = _SEVERAL.format(rivals=", ".join(rivals)) if rivals else _UNSEEN
            self._book.unknown([member.row], LOOKED_UP[not rivals], said)
        if plan:
            self._book.plan_again([member.row for member in by_kind["absent"]])
        return by_kind["absent"]

    def _send(self, parcel: Parcel) -> list[Parcel]:
        """One call; returns what must be sent after it."""
        rest = self._rest(parcel)
        if rest is None:
            return []
        parcel = rest
        members = parcel.members
        contract = members[0].contract
        query = {"summarizeErrors": "false"} if contract.summarize else {}
        begun = parcel.begun or self._clock()
        self._book.claim(parcel.rows)
        try:
            key, content = idempotency_key(members), body(members)
            answer = self._caller.write(
                contract.method, members[0].path, query, key, content, parcel.begun
            )
        except (Unreachable, StopRun, SignInError) as error:
            self._not_sent(parcel)
            if isinstance(error, Unreachable):
                raise StopRun(error.cause, f"{error}; run it again later") from error
            raise
        except UnknownOutcome as error:
            return self._doubt(parcel, error.cause, str(error), begun)
        except (KeyboardInterrupt, SystemExit):
            # When the run was stopped tells how long the call may still arrive.
            with suppress(OutboxError):
                said = "The run was stopped before Xero answered"
                self._book.unknown(parcel.rows, "interrupted", said)
            raise
        if 200 <= answer.status < 300:
            return self._results(parcel, answer)
        refusal = self._errors.classify_answer(answer)
        treat = refusal.entry.treat
        if treat == "stop":
            self._not_sent(parcel)
            raise StopRun(refusal.entry.id, refusal.sentence)
        if treat in ("retry", "lookup"):
            return self._doubt(parcel, refusal.entry.id, refusal.sentence, None)
        self._caller.note(useful=True)
        if len(members) > 1:
            self._book.plan_again(parcel.rows)
            return parcel.halves()
        self._refused(members[0], refusal)
        return []

    def _rest(self, parcel: Parcel) -> Parcel | None:
        """Without the parts that an earlier attempt brought to Xero; None when nothing is left."""
        member = parcel.members[0]
        was_tried = parcel.tries or member.salt or member.row.attempts
        if len(parcel.members) > 1 or not was_tried or member.contract.wrapper is not None:
            return parcel
        rest = self._lookups.rest(member, self._caller.read, self._book.linked_to)
        if rest.left not in (member, None) and self._wait_for_late(parcel.lost):
            rest = self._lookups.rest(member, self._caller.read, self._book.linked_to)
        if rest.left is None:
            self._book.claim([member.row])
            self._book.confirm([(member.row, rest.xero_id)], None, adopted=True)
            return None
        # With other parts it is another call, which needs a key of its own.
        return parcel if rest.left is member else replace(parcel, members=(rest.left,), begun=None)

    def _wait_for_late(self, lost: datetime | None) -> bool:
        """Give a lost call the time in which it may still arrive; whether that took any."""
        wait = (lost + self._late - self._clock()).total_seconds() if lost is not None else 0
        self._caller.pause(wait, STILL_LATE)
        return wait > 0

    def _not_sent(self, parcel: Parcel) -> None:
        """The call was not made, though an earlier one under its key may still arrive at Xero."""
        if parcel.begun is None:
            self._book.plan_again(parcel.rows)
        else:
            said = "An earlier call was lost on its way; Xero is asked again in the next run"
            self._book.unknown(parcel.rows, "no_answer", said)

    def _doubt(
        self, parcel: Parcel, cause: str, message: str, begun: datetime | None
    ) -> list[Parcel]:
        """Nobody knows what Xero did: look, and send again what is not there.

        Args:
            begun: when the key was first used, if it may be used again; None after an answer,
                because Xero repeats its answers, faults as well, to the same key.
        """
        lost = self._clock() if begun is not None else parcel.lost
        self._book.unknown(parcel.rows, cause, message)
        self._caller.note(useful=False)
        self._caller.pause(backoff(parcel.tries + 1))
        absent = self.settle(parcel.members, cause, message, plan=False)
        if not absent:
            return []
        tries = parcel.tries + 1
        is_whole = len(absent) == len(parcel.members)
        if begun is not None and is_whole and self._clock() - begun < KEY_LIFETIME:
            # Should the lost call still arrive at Xero, the same key makes the two one. Until then
            # they stay unknown, so that a run that ends here leads to another look.
            return [Parcel(tuple(absent), tries, begun, lost)]
        # A new key would not make the two one.
        if self._wait_for_late(lost):
            absent = self.settle(absent, cause, message, plan=False)
            if not absent:
                return []
        self._book.plan_again([member.row for member in absent])
        fresh = Parcel(tuple(member.under_new_key() for member in absent), tries)
        if tries > 1 and len(absent) > 1:
            return fresh.halves()
        if tries >= _TRIES and begun is None:
            row = fresh.members[0].row
            self._book.claim([row])
            entry = self._errors.entry(cause) or self._errors.classify(500, ()).entry
            self._book.refuse(row, Refusal(entry, 500, (message,)))
            return []
        return [fresh]

    def _results(self, parcel: Parcel, answer: Response) -> list[Parcel]:
        results = _elements(parcel, answer)
        if results is None:
            said = "Xero's answer does not fit what was sent"
            return self._doubt(parcel, "bad_answer", said, None)
        self._caller.note(useful=True)
        accepted: list[tuple[Any, str | None]] = []
        refused: list[tuple[Ready, Refusal]] = []
        for member, parts in zip(parcel.members, results, strict=True):
            failed = [part for part in parts if _is_refused(part)]
            if failed:
                messages = [text for part in failed for text in messages_of(part)]
                if len(failed) < len(parts):
                    messages.append(f"{len(parts) - len(failed)} of {len(parts)} parts were taken")
                refused.append((member, self._errors.classify(REFUSED, messages)))
                continue
            accepted.append((member.row, _id_of(member, parts[0])))
            self._book.warnings.extend(
                f"{member.row.id}: {text}" for part in parts for text in warnings_of(part)
            )
        self._book.confirm(accepted, answer.status)
        again: list[Ready] = []
        doubtful: list[Ready] = []
        stop: Refusal | None = None
        for member, refusal in refused:
            if refusal.entry.treat == "stop":
                self._book.plan_again([member.row])
                stop = refusal
            elif refusal.entry.treat == "retry" and parcel.tries < _TRIES:
                self._book.plan_again([member.row])
                again.append(member.under_new_key())
            elif refusal.entry.treat == "lookup" and parcel.tries < _TRIES:
                doubtful.append(member)
            else:
                self._refused(member, refusal)
        if stop is not None:
            self._book.plan_again([member.row for member in doubtful])
            raise StopRun(stop.entry.id, stop.sentence)
        if doubtful:
            absent = self.settle(doubtful, "server_fault", "Xero did not say what it did")
            again.extend(member.under_new_key() for member in absent)
        if not again:
            return []
        self._caller.pause(backoff(parcel.tries + 1))
        return [Parcel(tuple(again), parcel.tries + 1)]

    def _refused(self, member: Ready, refusal: Refusal) -> None:
        """One document is refused; it may be there already all the same."""
        if refusal.entry.treat == "adopt":
            sighting = self._lookups.find([member], self._caller.read, self._book.linked_to)[
                member.row.id
            ]
            if sighting.kind == "found":
                self._book.confirm([(member.row, sighting.xero_id)], None, adopted=True)
                return
        self._book.refuse(member.row, refusal)


def _elements(parcel: Parcel, answer: Response) -> list[list[Mapping[str, Any]]] | None:
    """The answer's elements for each document; None when they cannot be told apart."""
    contract = parcel.members[0].contract
    found = (answer.json or {}).get(contract.wrapper or contract.name.rsplit(".", 1)[-1])
    if not isinstance(found, list) or not found:
        return None
    results = [[element] for element in found]
    if len(parcel.members) == 1 and contract.wrapper is None:
        results = [found]
    if len(results) != len(parcel.members):
        return None
    id_name = contract.id_name
    for parts in results:
        for part in parts:
            # Without errors there must be an id, or nothing can be known of it later.
            if not _is_refused(part) and id_name and not part.get(id_name):
                return None
    return results


def _is_refused(element: Mapping[str, Any]) -> bool:
    return (
        element.get("StatusAttributeString") == "ERROR"
        or element.get("HasErrors") is True
        or element.get("HasValidationErrors") is True
        or bool(element.get("ValidationErrors"))
        or _NO_ID in element.values()
    )


def _id_of(member: Ready, element: Mapping[str, Any]) -> str | None:
    id_name = member.contract.id_name
    return str(element[id_name]) if id_name else None
