"""Contacts: found by their number, created when Xero does not know it.

The number of a contact is the participant's id in Practice Management. Only the API can write it,
so it is the one key that nobody changes by hand. Contacts that were merged in Xero are followed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import orjson

from pm2xero.outbox.records import StoredRequest
from pm2xero.send.batching import BATCH
from pm2xero.send.caller import STILL_LATE, TURNED_BACK, Caller, backoff
from pm2xero.send.fill_ids import contact_of
from pm2xero.send.obstacles import Obstacle, archived_contact
from pm2xero.xero.addresses import blocks
from pm2xero.xero.answers import (
    Element,
    Misfit,
    Object,
    Unproven,
    complete_list,
    elements_of,
    is_id,
    objects_of,
    one_object,
)
from pm2xero.xero.budget import StopRun
from pm2xero.xero.client import UnknownOutcome, Unreachable
from pm2xero.xero.contact_number import LONGEST, is_shortened, shared_start
from pm2xero.xero.errors import REFUSED, ErrorTable, Refusal
from pm2xero.xero.ports import Contacts

# Up to so many numbers are asked for one by one; beyond, the whole list is read in pages of 1,000.
_FEW = 3
_TRIES = 4
_LONGEST_NAME = 255
_ID_LENGTH = 36
# More merges in a row than anybody makes by hand; a circle would have no end.
_MERGES = 20


@dataclass(frozen=True, slots=True)
class Found:
    """A contact as Xero has it."""

    xero_id: str
    name: str
    is_archived: bool


class ContactBook:
    """Makes sure that contacts exist in Xero, and remembers their ids.

    Args:
        late: how long a lost call may still arrive at Xero.

    Attributes:
        ids: ContactID by number.
        archived: names of contacts that are archived in Xero, by number.
        refused: why a contact cannot be used, by number.
        notes: what a person should know, such as a contact that was followed.
    """

    def __init__(
        self,
        store: Contacts,
        caller: Caller,
        errors: ErrorTable,
        clock: Callable[[], datetime],
        late: timedelta,
    ) -> None:
        self._store = store
        self._caller = caller
        self._errors = errors
        self._clock = clock
        self._late = late
        self.ids: dict[str, str] = {}
        self.archived: dict[str, str] = {}
        self._archived_ids: dict[str, str] = {}
        self.refused: dict[str, Refusal] = {}
        self.notes: list[str] = []
        self._details: Mapping[str, Mapping[str, Any]] = {}
        # Xero says that they exist, but does not show them.
        self._puzzling: dict[str, Refusal] = {}
        # Where a ContactID leads to after all merges; None when Xero does not know it.
        self._ends: dict[str, Found | None] = {}
        # Changes the key after an answer, because Xero repeats its answers, faults as well.
        self._salt = 0
        # When a call that creates contacts was lost, and how often it went under its key.
        self._lost: datetime | None = None

    def know(self, numbers: Iterable[str]) -> None:
        """Take over what is known of these contacts."""
        unknown = [number for number in numbers if number not in self.ids]
        known = self._store.contacts_of(unknown)
        self.ids.update((number, xero_id) for number, (xero_id, _) in known.items())

    def known_id(self, number: str) -> str | None:
        """The id under which documents of a contact are found, also of one that is archived."""
        return self.ids.get(number) or self._archived_ids.get(number)

    def find(self, wanted: Mapping[str, str]) -> None:
        """Look for those that are not known, and create none.

        Raises:
            StopRun: Xero does not answer, or refuses the sign-in.
        """
        self.know(wanted)
        self._know_as_before(wanted)
        if missing := self._left(wanted):
            self._take(self._look_up(missing))

    def _know_as_before(self, wanted: Mapping[str, str]) -> None:
        """Ids beyond 50 characters were cut once; who was linked so by name stays linked."""
        for number, name in wanted.items():
            if number in self.ids or not is_shortened(number):
                continue
            for cut, known in self._store.contacts_beginning(shared_start(number)).items():
                if len(cut) == LONGEST and not is_shortened(cut) and known[1] == name:
                    self._keep(number, *known)

    def provide(
        self, wanted: Mapping[str, str], details: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        """See that every contact has an id or a refusal, or is archived.

        Those that are known are looked at, too: a person may have merged or archived them.

        Args:
            wanted: names by number.
            details: what else a contact gets that is new, by number.

        Raises:
            StopRun: Xero does not answer, or refuses the sign-in.
        """
        self._details = details or {}
        self.know(wanted)
        self._know_as_before(wanted)
        missing = self._left(wanted)
        known = {number: name for number, name in wanted.items() if number in self.ids}
        if self._is_few(missing):
            self._look_at({number: self.ids[number] for number in known})
            known = {}
        for attempt in range(_TRIES):
            if not missing:
                return
            if attempt:
                self._caller.pause(backoff(attempt))
            if attempt > 1:
                self._outwait()
            # Where the whole list is read for these, it shows the known ones as well.
            self._take(self._look_up({**missing, **known}))
            known = {}
            self._create(self._left(missing))
            missing = self._left(missing)
        self.refused.update((n, self._puzzling[n]) for n in missing if n in self._puzzling)
        if self._left(missing):
            raise StopRun("no_answer", "Xero does not create the contacts; run it again later")

    def waiting(self, rows: Iterable[StoredRequest]) -> list[Obstacle]:
        """Those of the planned requests whose contact is known and archived in Xero.

        Raises:
            StopRun: Xero does not answer, or refuses the sign-in.
        """
        named = [(row, number) for row in rows if (number := (contact_of(row) or ("",))[0])]
        self.know(number for _, number in named)
        self._look_at({n: self.ids[n] for _, n in named if n in self.ids})
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
        ends = [self._end_of(str(id)) for id in ids]
        return None not in ends and ends[0] == ends[1]

    def moved(self, number: str) -> bool:
        """Whether a contact turns out to be another one now; its new id is kept."""
        known = self.ids.get(number)
        if known is None:
            return False
        try:
            end = self._end_of(known)
        except Unproven:
            return False
        if end is None or end.is_archived or end.xero_id.lower() == known.lower():
            return False
        self._keep(number, end.xero_id, end.name)
        self.notes.append(_merged(number, end.name))
        return True

    # --- looking ---

    def _left(self, wanted: Mapping[str, str]) -> dict[str, str]:
        return {number: name for number, name in wanted.items() if not self._is_settled(number)}

    def _is_settled(self, number: str) -> bool:
        return number in self.ids or number in self.refused or number in self.archived

    def _is_few(self, wanted: Mapping[str, str]) -> bool:
        return len(wanted) <= _FEW and all(_is_plain(number) for number in wanted)

    def _look_at(self, known: Mapping[str, str]) -> None:
        """Contacts that are known, by their ids: merged ones are followed, archived ones noted."""
        numbers = {id.lower(): number for number, id in known.items()}
        # unverified: that archived ones are listed by their ids when that is asked for.
        try:
            for part in blocks(list(numbers)):
                query = {"IDs": ",".join(part), "includeArchived": "true"}
                for contact in complete_list(self._caller.look, "Contacts", query):
                    number = numbers.get(str(contact["ContactID"]).lower())
                    if number is None:
                        continue
                    end = self._followed(contact)
                    if end is not None and end.is_archived:
                        # A list may leave out where it went; the contact itself says it.
                        end = self._end_of(end.xero_id)
                    if end is not None:
                        self._take({number: end})
        except Unproven:
            # Xero itself is the judge of what it does not show.
            return

    def _take(self, found: Mapping[str, Found]) -> None:
        for number, contact in found.items():
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

    def _look_up(self, wanted: Mapping[str, str]) -> dict[str, Found]:
        """The contacts with these numbers that Xero has; merged ones are followed to their end."""
        try:
            if self._is_few(wanted):
                contacts = [contact for number in wanted for contact in self._numbered(number)]
            else:
                archived = {"includeArchived": "true"}
                contacts = complete_list(self._caller.look, "Contacts", archived)
            found: dict[str, Found] = {}
            for contact in contacts:
                number = contact.get("ContactNumber")
                if isinstance(number, str) and number in wanted:
                    end = self._followed(contact)
                    # Of several with the number, one that is in use counts.
                    if end is not None and (number not in found or found[number].is_archived):
                        found[number] = end
        except Unproven as fault:
            raise StopRun("no_answer", f"{fault}; run it again later") from None
        return found

    def _numbered(self, number: str) -> list[Object]:
        # unverified: what GET by number matches besides the number; so the number is compared.
        answer = self._caller.look(f"/Contacts/{quote(number, safe='')}", {})
        return [] if answer.status == 404 else objects_of(answer, "Contacts")

    def _end_of(self, xero_id: str) -> Found | None:
        """Where a contact leads to after all merges.

        Raises:
            Unproven: Xero does not show it.
        """
        key = xero_id.lower()
        if key not in self._ends:
            contact = one_object(self._caller.look, "Contacts", xero_id)
            self._ends[key] = self._followed(contact) if contact is not None else None
        return self._ends[key]

    def _followed(self, contact: Object) -> Found | None:
        for _ in range(_MERGES):
            into = contact.get("MergedToContactID")
            if not is_id(into):
                return _found(contact)
            following = one_object(self._caller.look, "Contacts", str(into))
            if following is None:
                return _found(contact)
            contact = following
        return _found(contact)

    # --- creating ---

    def _outwait(self) -> None:
        """Give a lost call the time in which it may still arrive; then another key is used."""
        if self._lost is not None:
            wait = self._lost + self._late - self._clock()
            self._caller.pause(wait.total_seconds(), STILL_LATE)
            self._lost = None
            self._salt += 1

    def _create(self, wanted: Mapping[str, str]) -> None:
        clashed: dict[str, str] = {}
        for batch in _batches(list(wanted.items())):
            clashed.update(self._put(batch, numbered=False))
        if clashed and self._lost is not None:
            # A lost call may have created them meanwhile; then the name is their own.
            self._take(self._look_up(clashed))
        for batch in _batches(list(self._left(clashed).items())):
            self._put(batch, numbered=True)

    def _put(self, batch: Sequence[tuple[str, str]], *, numbered: bool) -> dict[str, str]:
        """Create contacts; those whose name is taken come back, unless they were `numbered`."""
        elements = [
            {
                "Name": _numbered(name, number) if numbered else name,
                "ContactNumber": number,
                **self._details.get(number, {}),
            }
            for number, name in batch
        ]
        body = orjson.dumps({"Contacts": elements})
        key = hashlib.blake2b(body + str(self._salt).encode(), digest_size=20).hexdigest()
        try:
            answer = self._caller.write("PUT", "/Contacts", {"summarizeErrors": "false"}, key, body)
        except UnknownOutcome:
            return self._doubt()
        except Unreachable as error:
            raise StopRun(error.cause, f"{error}; run it again later") from error
        if answer.status in TURNED_BACK:
            refusal = self._errors.classify_answer(answer)
            raise StopRun(refusal.entry.id, refusal.sentence)
        if 400 <= answer.status < 500:
            return self._spoiled(self._errors.classify_answer(answer), batch, numbered=numbered)
        try:
            if not 200 <= answer.status < 300:
                return self._doubt()
            results = elements_of(answer, "Contacts", "ContactID", len(batch))
        except Misfit:
            return self._doubt()
        self._caller.note(useful=True)
        clashed: dict[str, str] = {}
        for (number, name), element, result in zip(batch, elements, results, strict=True):
            if result.is_refused:
                clashed.update(self._one_refused(number, name, result, numbered=numbered))
            elif result.xero_id is None or result.body.get("ContactNumber") not in (None, number):
                # Nobody can say what became of it; the next look tells.
                self._lost = self._clock()
            else:
                self._keep(number, result.xero_id, element["Name"])
        return clashed

    def _doubt(self) -> dict[str, str]:
        self._lost = self._clock()
        self._caller.note(useful=False)
        return {}

    def _one_refused(
        self, number: str, name: str, result: Element, *, numbered: bool
    ) -> dict[str, str]:
        refusal = self._errors.classify(REFUSED, result.errors)
        # The name of an archived contact is taken too, and told by the words for archived ones.
        is_name = refusal.entry.id in ("contact_name_taken", "contact_archived")
        if is_name and not numbered:
            return {number: name}
        if refusal.entry.treat == "adopt":
            # It has come to be since it was looked for; the next look finds it.
            self._puzzling[number] = refusal
            self._salt += 1
        else:
            self.refused[number] = refusal
        return {}

    def _spoiled(
        self, refusal: Refusal, batch: Sequence[tuple[str, str]], *, numbered: bool
    ) -> dict[str, str]:
        """The whole call was refused, though good ones of it may be kept."""
        self._salt += 1
        if refusal.entry.treat == "stop":
            raise StopRun(refusal.entry.id, refusal.sentence)
        self._caller.note(useful=False)
        if len(batch) == 1:
            self.refused[batch[0][0]] = refusal
            return {}
        self._take(self._look_up(dict(batch)))
        left = list(self._left(dict(batch)).items())
        half = -(-len(left) // 2)
        clashed: dict[str, str] = {}
        for part in (left[:half], left[half:]):
            if part:
                clashed |= self._put(part, numbered=numbered)
        return clashed


def _merged(number: str, name: str) -> str:
    return f"contact {number} was merged in Xero; it is {name} now"


def _found(contact: Object) -> Found:
    return Found(
        xero_id=str(contact["ContactID"]),
        name=str(contact.get("Name") or "")[:_LONGEST_NAME],
        is_archived=contact.get("ContactStatus", "ACTIVE") != "ACTIVE",
    )


def _is_plain(number: str) -> bool:
    """Whether a number can stand in a path and is not taken for a ContactID there."""
    return len(number) < _ID_LENGTH and number.replace("-", "").replace("_", "").isalnum()


def _batches(items: Sequence[tuple[str, str]]) -> Iterator[Sequence[tuple[str, str]]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _numbered(name: str, number: str) -> str:
    suffix = f" ({number})"
    return name[: _LONGEST_NAME - len(suffix)].rstrip() + suffix
