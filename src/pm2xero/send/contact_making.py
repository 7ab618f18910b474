"""Contacts that Xero does not know are made, fifty in a call, under their number."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from pm2xero.send.batching import BATCH
from pm2xero.send.caller import STILL_LATE, TURNED_BACK, Caller
from pm2xero.send.contact_finding import LONGEST_NAME
from pm2xero.xero.answers import Element, Misfit, elements_of
from pm2xero.xero.budget import StopRun
from pm2xero.xero.client import UnknownOutcome, Unreachable
from pm2xero.xero.errors import REFUSED, ErrorTable, Refusal

# Names by number.
Names = Mapping[str, str]


class ContactMaker:
    """Makes contacts.

    Args:
        late: how long a lost call may still arrive at Xero.
        keep: is told the number, ContactID and name of each that is made.
        look_again: looks for some in Xero, and says which of them it has not got.

    Attributes:
        refused: why Xero does not take one, by number.
        puzzling: Xero says of these that they exist; the next look shows them, or nothing does.
    """

    def __init__(
        self,
        caller: Caller,
        errors: ErrorTable,
        clock: Callable[[], datetime],
        late: timedelta,
        keep: Callable[[str, str, str], None],
        look_again: Callable[[Names], Names],
    ) -> None:
        self._caller = caller
        self._errors = errors
        self._clock = clock
        self._late = late
        self._keep = keep
        self._look_again = look_again
        self.refused: dict[str, Refusal] = {}
        self.puzzling: dict[str, Refusal] = {}
        self._details: Mapping[str, Mapping[str, Any]] = {}
        # Changes the key after an answer, because Xero repeats its answers, faults as well.
        self._salt = 0
        # When a call that creates contacts was lost.
        self._lost: datetime | None = None

    def outwait(self) -> None:
        """Give a lost call the time in which it may still arrive; then another key is used."""
        if self._lost is not None:
            wait = self._lost + self._late - self._clock()
            self._caller.pause(wait.total_seconds(), STILL_LATE)
            self._lost = None
            self._salt += 1

    def make(self, wanted: Names, details: Mapping[str, Mapping[str, Any]]) -> None:
        """Make contacts; what became of one that is neither kept nor refused, a look must tell.

        Args:
            details: what else a contact gets, by number.

        Raises:
            StopRun: Xero does not answer, or refuses the sign-in.
        """
        self._details = details
        clashed: dict[str, str] = {}
        for batch in _batches(list(wanted.items())):
            clashed.update(self._put(batch, numbered=False))
        left: Names = clashed
        if clashed and self._lost is not None:
            # A lost call may have created them meanwhile; then the name is their own.
            left = self._look_again(clashed)
        for batch in _batches([(n, name) for n, name in left.items() if n not in self.refused]):
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
            self.puzzling[number] = refusal
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
        left = list(self._look_again(dict(batch)).items())
        half = -(-len(left) // 2)
        clashed: dict[str, str] = {}
        for part in (left[:half], left[half:]):
            if part:
                clashed |= self._put(part, numbered=numbered)
        return clashed


def _batches(items: Sequence[tuple[str, str]]) -> Iterator[Sequence[tuple[str, str]]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _numbered(name: str, number: str) -> str:
    suffix = f" ({number})"
    return name[: LONGEST_NAME - len(suffix)].rstrip() + suffix
