"""How contacts are found in Xero: by id or by number, many in a call, and followed where they went.

The number of a contact is the participant's id in Practice Management. Only the API can write it,
so it is the one key that nobody changes by hand. Contacts that were merged in Xero are followed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pm2xero.xero.addresses import LONGEST_QUERY, blocks, encoded_length
from pm2xero.xero.answers import Object, Read, Unproven, complete_list, is_id, one_object

LONGEST_NAME = 255
# More merges in a row than anybody makes by hand; a circle would have no end.
_MERGES = 20
_ENDPOINT = "Contacts"
_ARCHIVED = {"includeArchived": "true"}


@dataclass(frozen=True, slots=True)
class Found:
    """A contact as Xero has it."""

    xero_id: str
    name: str
    is_archived: bool


class ContactFinder:
    """Finds contacts, and where they lead to.

    Args:
        read: makes a GET.
        every: all contacts, archived ones included, where they were shown just now.
    """

    def __init__(self, read: Read, every: Sequence[Object] | None = None) -> None:
        self._read = read
        self._every = every
        # Where a ContactID leads to after all merges; None when Xero does not know it.
        self._ends: dict[str, Found | None] = {}

    def find(
        self, known: Mapping[str, str], numbers: Collection[str], *, whole: bool = False
    ) -> dict[str, Found]:
        """The contacts that Xero has of these, by number; merged ones are followed to their end.

        Args:
            known: ContactID by number.
            numbers: those of which nothing but the number is known.
            whole: by the whole list, whatever a filter shows.

        Raises:
            Unproven: Xero does not show whether it has those with the numbers. Of known ones that
                are not shown Xero itself is the judge.
        """
        by_id, by_number = self._listed(known, numbers, whole)
        for contact in (*by_id, *by_number):
            shown = _found(contact)
            if not shown.is_archived and not is_id(contact.get("MergedToContactID")):
                self._ends.setdefault(shown.xero_id.lower(), shown)
        owners = {id.lower(): number for number, id in known.items()}
        found: dict[str, Found] = {}
        for contact in by_id:
            number = owners.get(str(contact["ContactID"]).lower())
            if number is not None:
                with suppress(Unproven):
                    found[number] = self._end(contact)
        for contact in by_number:
            number = contact.get("ContactNumber")
            if not isinstance(number, str) or number not in numbers:
                continue
            # Of several with the number, one that is in use counts.
            if number not in found or found[number].is_archived:
                found[number] = self._end(contact)
        return found

    def end_of(self, xero_id: str) -> Found | None:
        """Where a contact leads to after all merges; None where Xero has none of the id.

        Raises:
            Unproven: Xero does not show it.
        """
        key = xero_id.lower()
        if key not in self._ends:
            contact = one_object(self._read, _ENDPOINT, xero_id)
            self._ends[key] = self._followed(contact) if contact is not None else None
        return self._ends[key]

    def _listed(
        self, known: Mapping[str, str], numbers: Collection[str], whole: bool
    ) -> tuple[list[Object], list[Object]]:
        """What lists show of the known ones, and of the others."""
        if self._every is not None and not whole:
            return list(self._every), list(self._every)
        if not numbers:
            return self._by_ids(known.values()), []
        filters = [_filter(known, numbers), _filter({}, numbers)] if not whole else []
        for place, wanted in enumerate(filters):
            if wanted is None:
                continue
            try:
                found = complete_list(self._read, _ENDPOINT, {"where": wanted, **_ARCHIVED})
            except Unproven:
                # One that Xero does not take is no answer; the whole list is.
                break
            return (self._by_ids(known.values()) if place else found), found
        every = complete_list(self._read, _ENDPOINT, _ARCHIVED)
        return every, every

    def _by_ids(self, ids: Iterable[str]) -> list[Object]:
        # unverified: that archived ones are listed by their ids when that is asked for.
        try:
            return [
                contact
                for part in blocks([id.lower() for id in ids])
                for contact in complete_list(
                    self._read, _ENDPOINT, {"IDs": ",".join(part), **_ARCHIVED}
                )
            ]
        except Unproven:
            return []

    def _end(self, contact: Object) -> Found:
        end = self._followed(contact)
        if end.is_archived:
            # A list may leave out where it went; the contact itself says it.
            return self.end_of(end.xero_id) or end
        return end

    def _followed(self, contact: Object) -> Found:
        for _ in range(_MERGES):
            into = contact.get("MergedToContactID")
            following = one_object(self._read, _ENDPOINT, str(into)) if is_id(into) else None
            if following is None:
                break
            contact = following
        return _found(contact)


def _filter(known: Mapping[str, str], numbers: Collection[str]) -> str | None:
    """What asks for contacts by ids and numbers; None where no address can hold it.

    unverified: that a filter takes both, joined by OR. One that shows too little sends nothing
    twice: Xero refuses a second contact under a number [DOC: Contacts].
    """
    if any(not number.isprintable() or not {'"', "\\"}.isdisjoint(number) for number in numbers):
        return None
    wanted = " OR ".join(
        (
            *(f'ContactID==guid("{id}")' for id in known.values()),
            *(f'ContactNumber=="{number}"' for number in numbers),
        )
    )
    return wanted if encoded_length(wanted) <= LONGEST_QUERY else None


def _found(contact: Object) -> Found:
    return Found(
        xero_id=str(contact["ContactID"]),
        name=str(contact.get("Name") or "")[:LONGEST_NAME],
        is_archived=contact.get("ContactStatus", "ACTIVE") != "ACTIVE",
    )
