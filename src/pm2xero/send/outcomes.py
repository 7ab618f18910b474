"""Writes down what is concluded of requests, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from pm2xero.outbox.states import Event
from pm2xero.send.conclusions import Conclusion, Seen
from pm2xero.send.explanations import said_of, taken_back
from pm2xero.send.fill_ids import Ready
from pm2xero.send.lookup import Eyes, Lookups, Sighting
from pm2xero.send.parcel import Parcel, Said
from pm2xero.send.run_state import Book
from pm2xero.xero.answers import Unproven


class Outcomes:
    """Moves requests by the events of conclusions."""

    def __init__(self, book: Book, lookups: Lookups, eyes: Eyes) -> None:
        self._book = book
        self._lookups = lookups
        self._eyes = eyes

    def apply(
        self, conclusion: Conclusion, parcel: Parcel, said: Said, members: Sequence[Ready] = ()
    ) -> None:
        """Let the event of a conclusion happen to a parcel, or to some of its members."""
        rows = [member.row for member in members or parcel.members]
        if conclusion.event is Event.DOUBT:
            self._book.unknown(rows, said.cause, said.message)
        elif conclusion.event is Event.ABSENT:
            self._book.plan_again(rows)
        elif conclusion.event is Event.GIVE_UP:
            for row in rows:
                self._book.give_up(row, said.cause, said.message, said.status)

    def note_sighting(self, member: Ready, sighting: Sighting, conclusion: Conclusion) -> None:
        """What a look showed of one request, as it was concluded."""
        if conclusion.event is Event.CONFIRM:
            found = sighting.xero_id if sighting.seen is Seen.STANDS else sighting.gone[0]
            self.confirm([(member, found)], None, adopted=True)
            return
        if conclusion.event is Event.HOLD:
            said = taken_back(sighting)
            self._book.set_aside(member.row, said.cause, said.message)
            return
        said = said_of(sighting, only_looked_for=self._book.is_only_looked_for(member.row))
        self._book.unknown([member.row], said.cause, said.message)

    def confirm(
        self,
        results: Sequence[tuple[Ready, str | None]],
        status: int | None,
        *,
        adopted: bool = False,
    ) -> None:
        """Xero has these; one of several parts makes its request wait for the others."""
        done = [(m.row, id) for m, id in results if m.whole is None or self._is_last_part(m)]
        self._book.confirm(done, status, adopted=adopted)
        for member, _ in results:
            if all(member.row.id != row.id for row, _ in done):
                self._book.partly(member.row)

    def _is_last_part(self, member: Ready) -> bool:
        assert member.whole is not None
        try:
            return all(self._lookups.parts_there(member.whole, self._eyes))
        except Unproven:
            return False
