"""Contacts: found by their number, created when Xero does not know it, and remembered by id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pm2xero.outbox.records import StoredRequest
from pm2xero.send.caller import Caller, backoff
from pm2xero.send.contact_finding import ContactFinder, Found
from pm2xero.send.contact_making import ContactMaker, Names
from pm2xero.send.fill_ids import contact_of
from pm2xero.send.obstacles import Obstacle, archived_contact
from pm2xero.xero.answers import Object, Unproven, is_id
from pm2xero.xero.budget import StopRun
from pm2xero.xero.contact_number import LONGEST, is_shortened, shared_start
from pm2xero.xero.errors import ErrorTable, Refusal
from pm2xero.xero.ports import Contacts

_TRIES = 4


class ContactBook:
    """Makes sure that contacts exist in Xero, and remembers their ids.

    Args:
        late: how long a lost call may still arrive at Xero.
        every: all contacts of Xero, where they were shown just now.

    Attributes:
        ids: ContactID by number.
        archived: names of contacts that are archived in Xero, by number.
        notes: what a person should know, such as a contact that was followed.
    """

    def __init__(
        self,
        store: Contacts,
        caller: Caller,
        errors: ErrorTable,
        clock: Callable[[], datetime],
        late: timedelta,
        every: Sequence[Object] | None = None,
    ) -> None:
        self._store = store
        self._caller = caller
        self._errors = errors
        self._finder = ContactFinder(caller.look, every)
        self._maker = ContactMaker(caller, errors, clock, late, self._keep, self._look_again)
        self.ids: dict[str, str] = {}
        self.archived: dict[str, str] = {}
        self._archived_ids: dict[str, str] = {}
        self.notes: list[str] = []
        # Numbers that Xero was asked for in this run.
        self._seen: set[str] = set()

    @property
    def refused(self) -> Mapping[str, Refusal]:
        """Why a contact cannot be used, by number."""
        return self._maker.refused

    def known_id(self, number: str) -> str | None:
        """The id under which documents of a contact are found, also of one that is archived."""
        return self.ids.get(number) or self._archived_ids.get(number)

    def find(self, wanted: Names) -> None:
        """Look for those that are not known, and create none.

        Raises:
            StopRun: Xero does not answer, or refuses the sign-in.
        """
        self._know(wanted)
        if self._left(wanted):
            self._look(wanted)

    def provide(
        self, wanted: Names, details: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        """See that every contact has an id or a refusal, or is archived.

        Those that are known are looked at, too: a person may have merged or archived them. Nothing
        is asked again that a look of this run has shown.

        Args:
            wanted: names by number.
            details: what else a contact gets that is new, by number.

        Raises:
            StopRun: Xero does not answer, or refuses the sign-in.
        """
        self._know(wanted)
        if unseen := {n: name for n, name in wanted.items() if n not in self._seen}:
            self._look(unseen)
        missing = self._left(wanted)
        for attempt in range(_TRIES):
            if not missing:
                return
            if attempt:
                self._caller.pause(backoff(attempt))
                if attempt > 1:
                    self._maker.outwait()
                self._look(missing, whole=True)
            self._maker.make(self._left(missing), details or {})
            missing = self._left(missing)
        puzzling = self._maker.puzzling
        self._maker.refused.update((n, puzzling[n]) for n in missing if n in puzzling)
        if self._left(missing):
            raise StopRun("no_answer", "Xero does not create the contacts; run it again later")

    def waiting(self, rows: Iterable[StoredRequest]) -> list[Obstacle]:
        """Those of the planned requests whose contact is known and archived in Xero.

        Raises:
            StopRun: Xero does not answer, or refuses the sign-in.
        """
        named = [(row, number) for row in rows if (number := (contact_of(row) or ("",))[0])]
        self._know({number: "" for _, number in named})
        self._look({number: "" for _, number in named if number in self.ids})
        return self.obstacles(row for row, _ in named)

    def obstacles(self, rows: Iterable[StoredRequest]) -> list[Obstacle]:
        """Why some of the requests wait: their contacts are archived, as far as is known."""
        found = []
        for row in rows:
            number = (contact_of(row) or ("",))[0]
            if name := self.archived.get(number):
                found.append(archived_contact(row, f"{name} ({number})", self._errors))
        return found

    def is_same(self, here: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
        """Whether two contacts are one, because one was merged into the other.

        Raises:
            Unproven: Xero does not show them.
        """
        ids = (here.get("ContactID"), there.get("ContactID"))
        if not all(is_id(id) for id in ids):
            return False
        ends = [self._finder.end_of(str(id)) for id in ids]
        return None not in ends and ends[0] == ends[1]

    def moved(self, number: str) -> bool:
        """Whether a contact turns out to be another one now; its new id is kept."""
        known = self.ids.get(number)
        if known is None:
            return False
        try:
            end = self._finder.end_of(known)
        except Unproven:
            return False
        if end is None or end.is_archived or end.xero_id.lower() == known.lower():
            return False
        self._keep(number, end.xero_id, end.name)
        self.notes.append(_merged(number, end.name))
        return True

    def _know(self, wanted: Names) -> None:
        """Take over what is known of these contacts."""
        known = self._store.contacts_of([number for number in wanted if number not in self.ids])
        self.ids.update((number, xero_id) for number, (xero_id, _) in known.items())
        # Ids beyond 50 characters were cut once; who was linked so by name stays linked.
        for number, name in wanted.items():
            if number in self.ids or not is_shortened(number):
                continue
            for cut, as_cut in self._store.contacts_beginning(shared_start(number)).items():
                if len(cut) == LONGEST and not is_shortened(cut) and as_cut[1] == name:
                    self._keep(number, *as_cut)

    def _left(self, wanted: Names) -> dict[str, str]:
        """Those of which it is not known yet whether they can be used."""
        settled = (self.ids, self.refused, self.archived)
        return {n: name for n, name in wanted.items() if not any(n in each for each in settled)}

    def _look(self, wanted: Names, *, whole: bool = False) -> None:
        known = {number: self.ids[number] for number in wanted if number in self.ids}
        try:
            found = self._finder.find(known, self._left(wanted), whole=whole)
        except Unproven as fault:
            raise StopRun("no_answer", f"{fault}; run it again later") from None
        self._seen.update(wanted)
        for number, contact in found.items():
            self._take(number, contact)

    def _look_again(self, wanted: Names) -> Names:
        self._look(wanted, whole=True)
        return self._left(wanted)

    def _take(self, number: str, contact: Found) -> None:
        known = self.ids.get(number)
        if contact.is_archived:
            self.archived[number] = contact.name
            self._archived_ids[number] = contact.xero_id
            self.ids.pop(number, None)
        elif known is None or known.lower() != contact.xero_id.lower():
            self._keep(number, contact.xero_id, contact.name)
            if known is not None:
                self.notes.append(_merged(number, contact.name))

    def _keep(self, number: str, xero_id: str, name: str) -> None:
        self._store.save_contact(number, xero_id, name)
        self.ids[number] = xero_id


def _merged(number: str, name: str) -> str:
    return f"contact {number} was merged in Xero; it is {name} now"
