"""Brings one batch to its end: every document confirmed, refused, or left as unknown.

What follows from an answer is in the table of `conclusions`; here it is only carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from pm2xero.errors import OutboxError
from pm2xero.outbox.states import Event
from pm2xero.send.caller import GAVE_UP, TURNED_BACK, Caller, backoff
from pm2xero.send.conclusions import Conclusion, Seen, Step, When, conclude
from pm2xero.send.drafts import is_on_draft
from pm2xero.send.echo import seen_of
from pm2xero.send.explanations import draft
from pm2xero.send.fill_ids import Ready, body, idempotency_key
from pm2xero.send.looking import KEYS, Looking
from pm2xero.send.lookup import Eyes, Lookups
from pm2xero.send.outcomes import Outcomes
from pm2xero.send.parcel import Parcel, Said, renumbered
from pm2xero.send.run_state import Book
from pm2xero.xero.answers import Element, Misfit, Unproven, elements_of
from pm2xero.xero.auth import SignInError
from pm2xero.xero.budget import StopRun
from pm2xero.xero.client import Response, UnknownOutcome, Unreachable
from pm2xero.xero.errors import REFUSED, ErrorTable, Refusal

# Causes of an unknown outcome that another look alone does not end.
LOOKED_UP = ("several", "unseen", "draft")


class Delivery:
    """Sends batches and deals with every sort of answer.

    Args:
        late: how long after it was lost a call may still arrive at Xero.
        relinked: the same request when its contact turns out to be another one now, else None.
    """

    def __init__(
        self,
        book: Book,
        caller: Caller,
        errors: ErrorTable,
        lookups: Lookups,
        eyes: Eyes,
        clock: Callable[[], datetime],
        late: timedelta,
        relinked: Callable[[Ready], Ready | None],
    ) -> None:
        self._book = book
        self._caller = caller
        self._errors = errors
        self._lookups = lookups
        self._eyes = eyes
        self._clock = clock
        self._relinked = relinked
        self._outcomes = Outcomes(book, lookups, eyes)
        self._looking = Looking(book, caller, lookups, eyes, self._outcomes, clock, late)

    def deliver(self, members: Sequence[Ready]) -> None:
        """Send planned requests of one contract until each has an answer.

        Raises:
            StopRun: the run must end; what has no answer is planned again or unknown.
        """
        parts = self._lookups.parts(members[0].contract.name)
        for member in members if parts is not None else ():
            self._deliver_parts(member, member.parts(str(parts)))
        if parts is None:
            self._work(Parcel(tuple(members)))

    def settle(self, members: Sequence[Ready], said: Said) -> None:
        """Look up requests whose outcome is unknown, when no call of theirs may arrive any more.

        What Xero has not got is planned again.
        """
        parcel = Parcel(tuple(members))
        self._book.unknown(parcel.rows, said.cause, said.message)
        # Sent again it is by the run, in the order of what it needs.
        self._looking.look(parcel, said)

    # --- sending ---

    def _work(self, parcel: Parcel) -> None:
        work = [parcel]
        while work:
            work.extend(reversed(self._send(work.pop())))

    def _deliver_parts(self, member: Ready, parts: Sequence[Ready]) -> None:
        """Xero takes one part in a call; the request is done when all of them are there."""
        there = [False] * len(parts)
        is_begun = member.salt or member.row.attempts or self._book.gap is not None
        if len(parts) > 1 and is_begun:
            try:
                there = self._lookups.parts_there(member, self._eyes)
            except Unproven as fault:
                self._book.claim([member.row])
                self._book.unknown([member.row], "unproven", str(fault))
                return
        left = [part for part, is_there in zip(parts, there, strict=True) if not is_there]
        for number, part in enumerate(left, 1):
            self._work(Parcel((part,)))
            if number < len(left) and not self._book.is_partly(member.row):
                return
        if not left:
            self._book.claim([member.row])
            self._looking.conclude_look(
                Parcel((member,)), self._looking.find([member]), self._clock(), _NOTHING
            )

    def _send(self, parcel: Parcel) -> list[Parcel]:
        """One call; returns what must be sent after it."""
        members = parcel.members
        contract = members[0].contract
        if not contract.idempotent and parcel.begun is None and self._is_there(parcel):
            return []
        query = {"summarizeErrors": "false"} if contract.summarize else {}
        begun = parcel.begun or self._clock()
        key = idempotency_key(members) if contract.idempotent else None
        self._book.claim(parcel.rows)
        try:
            answer = self._caller.write(
                contract.method, members[0].path, query, key, body(members), parcel.begun
            )
        except (Unreachable, StopRun, SignInError) as error:
            self._outcomes.apply(conclude(Seen.NOT_SENT, parcel.when), parcel, _EARLIER)
            if isinstance(error, Unreachable):
                raise StopRun(error.cause, f"{error}; run it again later") from error
            raise
        except UnknownOutcome as error:
            return self._doubt(parcel, Seen.NO_ANSWER, Said(error.cause, str(error)), begun)
        except (KeyboardInterrupt, SystemExit):
            # When the run was stopped tells how long the call may still arrive.
            with suppress(OutboxError):
                why = "The run was stopped before Xero answered"
                self._book.unknown(parcel.rows, "interrupted", why)
            raise
        if 200 <= answer.status < 300:
            return self._results(parcel, answer, begun)
        refusal = self._errors.classify_answer(answer)
        said = Said(refusal.entry.id, refusal.sentence, answer.status)
        if answer.status in TURNED_BACK:
            self._outcomes.apply(conclude(Seen.TURNED_BACK, parcel.when), parcel, _EARLIER)
            raise StopRun(said.cause, said.message)
        if not 400 <= answer.status < 500 or answer.status in GAVE_UP:
            seen = Seen.MISFIT if answer.status < 400 else Seen.FAULT
            return self._doubt(parcel, seen, said, begun)
        self._caller.note(useful=True)
        if len(members) > 1:
            spoiled = replace(parcel, is_spoiled=True)
            return self._carry_out(conclude(Seen.SPOILED, parcel.when), spoiled, said)
        return self._one_refused(parcel, members[0], refusal, Seen.REFUSED)

    def _is_there(self, parcel: Parcel) -> bool:
        """Whether Xero has, or has taken back, already what no key can protect."""
        at = self._clock()
        sighting = self._looking.find(parcel.members)[parcel.members[0].row.id]
        if sighting.seen is not Seen.STANDS:
            return False
        self._book.claim(parcel.rows)
        self._looking.conclude_look(parcel, {parcel.members[0].row.id: sighting}, at, _NOTHING)
        return True

    # --- what came back ---

    def _doubt(self, parcel: Parcel, seen: Seen, said: Said, begun: datetime) -> list[Parcel]:
        """The call may have been carried out, or be carried out later."""
        lost = replace(parcel, begun=begun, is_doubted=True, lost=self._clock())
        self._outcomes.apply(conclude(seen, parcel.when), parcel, said)
        if parcel.repeats == 0:
            self._caller.note(useful=False)
        return self._carry_out(conclude(seen, parcel.when), lost, said)

    def _carry_out(self, conclusion: Conclusion, parcel: Parcel, said: Said) -> list[Parcel]:
        self._outcomes.apply(conclusion, parcel, said)
        if conclusion.step is Step.LOOK:
            self._caller.pause(backoff(parcel.keys + 2 * parcel.repeats + 1))
        return self._looking.look(parcel, said) if conclusion.step in _LOOKING else []

    def _results(self, parcel: Parcel, answer: Response, begun: datetime) -> list[Parcel]:
        contract = parcel.members[0].contract
        wrapper = contract.wrapper or contract.name.rsplit(".", 1)[-1]
        try:
            results = elements_of(answer, wrapper, contract.id_name, len(parcel.members))
        except Misfit as fault:
            said = Said("bad_answer", str(fault), answer.status)
            return self._doubt(parcel, Seen.MISFIT, said, begun)
        self._caller.note(useful=True)
        kinds: dict[Seen, list[tuple[Ready, Element]]] = {}
        for member, result in zip(parcel.members, results, strict=True):
            kinds.setdefault(seen_of(member, result, self._lookups), []).append((member, result))
        taken = kinds.get(Seen.TAKEN, [])
        assert conclude(Seen.TAKEN, parcel.when).event is Event.CONFIRM
        self._outcomes.confirm(
            [(member, result.xero_id) for member, result in taken], answer.status
        )
        for member, result in taken:
            self._book.warnings.extend(f"{member.row.id}: {text}" for text in result.warnings)
        for member, result in kinds.get(Seen.DRAFT_MADE, []):
            said = replace(draft(result.xero_id), status=answer.status)
            self._outcomes.apply(conclude(Seen.DRAFT_MADE, parcel.when), parcel, said, [member])
        again: list[Parcel] = []
        # First of all nothing may stay as sent, should one of the next steps end the run.
        nameless = [member for member, _ in kinds.get(Seen.NAMELESS, [])]
        refused = kinds.get(Seen.SAID_NO, [])
        if nameless:
            # Where ids are missing, an answer is not to be relied on in what it refuses either.
            nameless += [member for member, _ in refused]
            refused = []
        not_read = Said("bad_answer", "Xero did not say what it did with it", answer.status)
        if nameless:
            self._outcomes.apply(conclude(Seen.NAMELESS, parcel.when), parcel, not_read, nameless)
        stop: StopRun | None = None
        for member, result in refused:
            refusal = self._errors.classify(REFUSED, result.errors)
            alone = parcel.only([member])
            try:
                again += self._one_refused(alone, member, refusal, Seen.SAID_NO)
            except StopRun as reason:
                stop = reason
        if stop is not None:
            raise stop
        if nameless:
            lost = replace(parcel.only(nameless), begun=None, lost=self._clock())
            again += self._carry_out(conclude(Seen.NAMELESS, parcel.when), lost, not_read)
        return again

    def _one_refused(
        self, parcel: Parcel, member: Ready, refusal: Refusal, seen: Seen
    ) -> list[Parcel]:
        """Xero has refused one document; what that means is the policy of errors.yaml."""
        said = Said(refusal.entry.id, refusal.sentence, refusal.status)
        conclusion = conclude(seen, parcel.when)
        if conclusion.step is not Step.POLICY:
            return self._carry_out(conclusion, parcel, said)
        of_draft = self._errors.of_draft(refusal)
        if of_draft is not None and is_on_draft(member, self._eyes.read):
            refusal = of_draft
        treat = refusal.entry.treat
        tries_left = parcel.keys + 1 < KEYS
        if treat == "stop":
            self._book.plan_again([member.row])
            raise StopRun(said.cause, said.message)
        if treat == "retry" and tries_left:
            self._book.plan_again([member.row])
            self._caller.pause(backoff(parcel.keys + 1))
            return parcel.under_new_key([member])
        if treat == "lookup" and tries_left:
            self._book.unknown([member.row], said.cause, said.message)
            return self._looking.look(parcel, said)
        if treat == "adopt" or member.contract.method != "PUT":
            sighting = self._looking.find([member])[member.row.id]
            found = conclude(sighting.seen, When.REFUSED)
            if found.event is not Event.REFUSE:
                self._outcomes.note_sighting(member, sighting, found)
                return []
            if tries_left and sighting.is_number_kept and (other := renumbered(member, parcel)):
                number, named = other
                self._book.plan_again([member.row])
                self._book.warnings.append(
                    f"{member.row.id}: a voided document keeps the number; it is {number} there"
                )
                return parcel.under_new_key([named])
        about_contact = tries_left and refusal.entry.about_contact
        if about_contact and (moved := self._relinked(member)) is not None:
            self._book.plan_again([member.row])
            return parcel.under_new_key([moved])
        if member.whole is not None and member.place:
            said_parts = f"{member.place} of its parts were taken before"
            refusal = replace(refusal, messages=(*refusal.messages, said_parts))
        self._book.refuse(member.row, refusal)
        return []


_LOOKING = (Step.LOOK, Step.LOOK_NOW)
_NOTHING = Said("no_answer", "")
_EARLIER = Said(
    "no_answer", "An earlier call was lost on its way; Xero is asked again in the next run"
)
