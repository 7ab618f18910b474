"""Looks in Xero for what may be there, until something is concluded about each request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from pm2xero.outbox.states import Event
from pm2xero.send.caller import REPEATABLE, STILL_LATE, Caller, backoff
from pm2xero.send.conclusions import Conclusion, Seen, Step, When, conclude
from pm2xero.send.fill_ids import Ready
from pm2xero.send.lookup import Eyes, Lookups, Sighting
from pm2xero.send.outcomes import Outcomes
from pm2xero.send.parcel import Parcel, Said
from pm2xero.send.run_state import Book

# How often a request leaves under new keys in one run, and is repeated under each.
KEYS = 3
REPEATS = 2
_LOOKS = 3


class Looking:
    """Looks, and concludes what follows from what is seen.

    Args:
        late: how long after it was lost a call may still arrive at Xero.
    """

    def __init__(
        self,
        book: Book,
        caller: Caller,
        lookups: Lookups,
        eyes: Eyes,
        outcomes: Outcomes,
        clock: Callable[[], datetime],
        late: timedelta,
    ) -> None:
        self._book = book
        self._caller = caller
        self._lookups = lookups
        self._eyes = eyes
        self._outcomes = outcomes
        self._clock = clock
        self._late = late

    def look(self, parcel: Parcel, said: Said) -> list[Parcel]:
        """Look until something is concluded about each; returns what must be sent after it."""
        while True:
            at = self._clock()
            sightings = self.find(parcel.members)
            waiting, again = self.conclude_look(parcel, sightings, at, said)
            if not waiting:
                return again
            parcel = replace(parcel.only(waiting), begun=None)
            if parcel.lost is not None:
                rest = parcel.lost + self._late - self._clock()
                self._caller.pause(rest.total_seconds(), STILL_LATE)

    def find(self, members: Sequence[Ready]) -> dict[str, Sighting]:
        """One look; what proves nothing is looked at again, a little later."""
        sightings = self._lookups.find(members, self._eyes)
        for attempt in range(1, _LOOKS):
            unproven = [m for m in members if sightings[m.row.id].seen is Seen.UNPROVEN]
            if not unproven:
                break
            self._caller.pause(backoff(attempt))
            sightings |= self._lookups.find(unproven, self._eyes)
        return sightings

    def conclude_look(
        self, parcel: Parcel, sightings: dict[str, Sighting], at: datetime, said: Said
    ) -> tuple[list[Ready], list[Parcel]]:
        """What follows from a look that began at `at`: who must wait, and what is sent again."""
        is_whole = all(s.seen is Seen.ABSENT for s in sightings.values())
        when = self._moment(parcel, at, is_whole)
        steps: dict[Conclusion, list[Ready]] = {}
        for member in parcel.members:
            seen = self._seen(member, sightings[member.row.id])
            steps.setdefault(conclude(seen, when), []).append(member)
        waiting: list[Ready] = []
        again: list[Parcel] = []
        for conclusion, members in steps.items():
            if conclusion.step is Step.WAIT:
                waiting += members
            elif conclusion.step is Step.REPEAT:
                again.append(replace(parcel, repeats=parcel.repeats + 1))
            elif conclusion.step is Step.NEW_KEY:
                self._outcomes.apply(conclusion, parcel, said, members)
                again += parcel.under_new_key(members)
            elif conclusion.event is Event.GIVE_UP:
                self._outcomes.apply(conclusion, parcel, said, members)
            else:
                for member in members:
                    self._outcomes.note_sighting(member, sightings[member.row.id], conclusion)
        return waiting, again

    def _seen(self, member: Ready, sighting: Sighting) -> Seen:
        """What was seen; of one that never left from this outbox, also that it was taken back."""
        row = member.row
        is_spent = sighting.seen is Seen.ABSENT and bool(sighting.gone)
        if not is_spent or not self._book.is_forgotten(row):
            return sighting.seen
        return Seen.SPENT if self._book.is_to_be_undone(row) else Seen.TAKEN_BACK

    def _moment(self, parcel: Parcel, at: datetime, is_whole: bool) -> When:
        """What a look that began at `at` can prove."""
        if parcel.lost is not None and at < parcel.lost + self._late:
            is_usable = (
                is_whole
                and parcel.begun is not None
                and parcel.members[0].contract.idempotent
                and parcel.repeats < REPEATS
                and at - parcel.begun < REPEATABLE
            )
            return When.EARLY if is_usable else When.LATE
        is_last = len(parcel.members) == 1 and parcel.keys + 1 >= KEYS and not parcel.is_spoiled
        return When.LAST if is_last else When.OVER
