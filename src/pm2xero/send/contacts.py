"""Contacts: found by their number, created when Xero does not know it.

The number of a contact is the participant's id in Practice Management. Only the API can write it,
so it is the one key that nobody changes by hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from pm2xero.send.batching import BATCH
from pm2xero.send.caller import Caller, backoff
from pm2xero.xero.budget import StopRun
from pm2xero.xero.client import Response, UnknownOutcome, Unreachable
from pm2xero.xero.errors import REFUSED, ErrorTable, Refusal, messages_of
from pm2xero.xero.ports import Contacts

# Up to so many numbers are asked for one by one; beyond, the whole list is read in pages of 1,000.
_FEW = 3
_PAGE = 1000
_TRIES = 4
_LONGEST_NAME = 255
_ID_LENGTH = 36


@dataclass(frozen=True, slots=True)
class Found:
    """A contact as Xero has it."""

    xero_id: str
    name: str
    is_archived: bool


class ContactBook:
    """Makes sure that contacts exist in Xero, and remembers their ids.

    Attributes:
        ids: ContactID by number.
        refused: why a contact cannot be used, by number.
    """

    def __init__(
        self, store: Contacts, caller: Caller, errors: ErrorTable, ids: dict[str, str]
    ) -> None:
        self._store = store
        self._caller = caller
        self._errors = errors
        self.ids = ids
        self.refused: dict[str, Refusal] = {}
        # Xero says that they exist, but does not show them.
        self._puzzling: dict[str, Refusal] = {}
        # Changes the key after an answer, because Xero repeats its answers, faults as well.
        self._salt = 0

    def provide(self, wanted: Mapping[str, str]) -> None:
        """See that every contact has an id or a refusal.

        Args:
            wanted: names by number.

        Raises:
            StopRun: Xero does not answer, or refuses the sign-in.
        """
        missing = {number: name for number, name in wanted.items() if number not in self.ids}
        if not missing:
            return
        for attempt in range(_TRIES):
            if attempt:
                self._caller.pause(backoff(attempt))
            self._take(self._look_up(missing))
            self._create(self._left(missing))
            missing = self._left(missing)
            if not missing:
                return
        self.refused.update((n, self._puzzling[n]) for n in missing if n in self._puzzling)
        if self._left(missing):
            raise StopRun("no_answer", "Xero does not create the contacts; run it again later")

    def _left(self, wanted: Mapping[str, str]) -> dict[str, str]:
        return {
            number: name
            for number, name in wanted.items()
            if number not in self.ids and number not in self.refused
        }

    def _take(self, found: Mapping[str, Found]) -> None:
        for number, contact in found.items():
            if contact.is_archived:
                message = f"The contact {contact.name} ({number}) is an archived contact."
                self.refused[number] = self._errors.classify(REFUSED, [message])
            else:
                self._keep(number, contact.xero_id, contact.name)

    def _keep(self, number: str, xero_id: str, name: str) -> None:
        self._store.save_contact(number, xero_id, name)
        self.ids[number] = xero_id

    def _look_up(self, wanted: Mapping[str, str]) -> dict[str, Found]:
        if len(wanted) <= _FEW and all(_is_plain(number) for number in wanted):
            answers = [self._caller.read(f"/Contacts/{quote(n, safe='')}", {}) for n in wanted]
            found = [contact for answer in answers for contact in _contacts(answer)]
        else:
            found = list(self._all())
        # unverified: what GET by number matches besides the number; so the number is compared.
        return {
            str(contact["ContactNumber"]): Found(
                xero_id=str(contact["ContactID"]),
                name=str(contact.get("Name", "")),
                is_archived=contact.get("ContactStatus", "ACTIVE") != "ACTIVE",
            )
            for contact in found
            if contact.get("ContactNumber") in wanted
        }

    def _all(self) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            query = {"page": str(page), "pageSize": str(_PAGE), "includeArchived": "true"}
            answer = self._caller.read("/Contacts", query)
            found = _contacts(answer)
            yield from found
            pages = int(((answer.json or {}).get("pagination") or {}).get("pageCount") or 1)
            if page >= pages or not found:
                return
            page += 1

    def _create(self, wanted: Mapping[str, str]) -> None:
        clashed: dict[str, str] = {}
        for batch in _batches(list(wanted.items())):
            clashed.update(self._put(batch, numbered=False))
        for batch in _batches(list(clashed.items())):
            self._put(batch, numbered=True)

    def _put(self, batch: Sequence[tuple[str, str]], *, numbered: bool) -> dict[str, str]:
        """Create contacts; those whose name is taken come back, unless they were `numbered`."""
        elements = [
            {"Name": _numbered(name, number) if numbered else name, "ContactNumber": number}
            for number, name in batch
        ]
        body = orjson.dumps({"Contacts": elements})
        key = hashlib.blake2b(body + str(self._salt).encode(), digest_size=20).hexdigest()
        try:
            answer = self._caller.write("PUT", "/Contacts", {"summarizeErrors": "false"}, key, body)
        except UnknownOutcome:
            self._caller.note(useful=False)
            return {}
        except Unreachable as error:
            raise StopRun(error.cause, f"{error}; run it again later") from error
        results = _contacts(answer)
        if answer.status != 200 or len(results) != len(batch):
            return self._refused_call(answer, batch, numbered=numbered)
        self._caller.note(useful=True)
        clashed: dict[str, str] = {}
        for (number, name), element, result in zip(batch, elements, results, strict=True):
            messages = messages_of(result)
            if not messages and not result.get("HasValidationErrors"):
                self._keep(number, str(result["ContactID"]), element["Name"])
                continue
            refusal = self._errors.classify(REFUSED, messages)
            # The name of an archived contact is taken too, and told by the words for archived ones.
            is_name = refusal.entry.id in ("contact_name_taken", "contact_archived")
            if is_name and not numbered:
                clashed[number] = name
            elif refusal.entry.treat == "adopt":
                # It has come to be since it was looked for; the next look finds it.
                self._puzzling[number] = refusal
                self._salt += 1
            else:
                self.refused[number] = refusal
        return clashed

    def _refused_call(
        self,
        answer: Response,
        batch: Sequence[tuple[str, str]],
        *,
        numbered: bool,
    ) -> dict[str, str]:
        self._salt += 1
        refusal = self._errors.classify_answer(answer)
        if refusal.entry.treat == "stop":
            raise StopRun(refusal.entry.id, refusal.sentence)
        self._caller.note(useful=False)
        if answer.status >= 500 or answer.status in (200, 429):
            return {}
        if len(batch) > 1:
            half = len(batch) // 2
            clashed = self._put(batch[:half], numbered=numbered)
            return clashed | self._put(batch[half:], numbered=numbered)
        self.refused[batch[0][0]] = refusal
        return {}


def _contacts(answer: Response) -> list[dict[str, Any]]:
    return list((answer.json or {}).get("Contacts") or [])


def _is_plain(number: str) -> bool:
    """Whether a number can stand in a path and is not taken for a ContactID there."""
    return len(number) < _ID_LENGTH and number.replace("-", "").replace("_", "").isalnum()


def _batches(items: Sequence[tuple[str, str]]) -> Iterator[Sequence[tuple[str, str]]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _numbered(name: str, number: str) -> str:
    suffix = f" ({number})"
    return name[: _LONGEST_NAME - len(suffix)].rstrip() + suffix
