"""What is looked for in a list, by all that a document of Xero could show of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from pm2xero.outbox.records import StoredRequest
from pm2xero.send.claims import Links
from pm2xero.send.fill_ids import placeholders
from pm2xero.send.lookup_table import ByAbsence, ByKey, ByParts, ByState, HowToFind
from pm2xero.xero.natural_key import as_date, same_value

_WHOSE = {"Contact"}


@dataclass(slots=True)
class Wanted:
    """What is looked for under one endpoint.

    Attributes:
        paged: whether the list comes in pages.
        tags, ids: the fields in which one of these ids of Practice Management may be a word.
        sums: where nothing names a document: a field, the day, and the amount of the two.
        parts: lists within a document of which each part has an id.
        reached: an id in Xero, a field, and the value that a change would have given it.
        taken_out: an id in Xero, a list within it, and the id of the part that would be gone.
        numbering: the parameter of the list that takes numbers, and the field that has them.
        likes: where nothing names a document, and it says no amount: what else it must share.
    """

    paged: bool = True
    numbers: set[tuple[str, str]] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    sums: set[tuple[str, date | None, Decimal | None]] = field(default_factory=set)
    parts: set[str] = field(default_factory=set)
    reached: set[tuple[str, str, str]] = field(default_factory=set)
    taken_out: set[tuple[str, str, str]] = field(default_factory=set)
    numbering: tuple[str, str] | None = None
    likes: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def is_by_numbers(self) -> bool:
        """Whether nothing but a number makes a document one of these."""
        return not (self.tags or self.sums or self.parts or self.likes)

    def add(self, how: ByKey, request: StoredRequest) -> None:
        """Look for what a request makes, too."""
        self.paged = how.paged
        self.numbering = (how.parameter, how.by) if how.parameter and how.by else None
        element: dict[str, Any] = json.loads(request.element, parse_float=Decimal)
        number = how.key.number
        if number is not None and element.get(number):
            self.numbers.add((number, _word(element[number])))
        if how.key.tag is not None:
            self.tags.add(how.key.tag)
            self.ids.update(request.transaction.split()[:1])
        if how.key.has_name:
            return
        if not any(element.get(total.parts) for total in how.key.sums):
            # Whose it is stands in the two bodies in different ways.
            self.likes.append({k: element[k] for k in how.key.same if k in element.keys() - _WHOSE})
            return
        day = as_date(str(element.get(how.dates) or ""))
        for total in how.key.sums:
            parts: Sequence[Mapping[str, Any]] = element.get(total.parts) or ()
            amounts = [_amount(part.get(total.amount)) for part in parts]
            known = [a for a in amounts if a is not None]
            amount = sum(known, Decimal(0)) if len(known) == len(amounts) else None
            self.sums.add((total.equals, day, amount))

    def could_be(self, found: Mapping[str, Any]) -> bool:
        """Whether a document may be one of these; rather too often than too seldom."""
        if any(_word(found.get(name)) == number for name, number in self.numbers):
            return True
        if any(all(same_value(v, found.get(k)) for k, v in like.items()) for like in self.likes):
            return True
        words = {word for tag in self.tags for word in str(found.get(tag) or "").split()}
        if not words.isdisjoint(self.ids):
            return True
        day = as_date(str(found.get("Date") or ""))
        return any((name, day, _amount(found.get(name))) in self.sums
                   for name in {name for name, _, _ in self.sums})  # fmt: skip

    def is_done(self, xero_id: str, found: Mapping[str, Any]) -> bool:
        """Whether a document is as something would have left it that is looked for."""
        states = ((i, name, value) for i, name, value in self.reached if i == xero_id)
        if any(str(found.get(name) or "") == value for _, name, value in states):
            return True
        return any(
            id == xero_id and part not in list(self._ids(name, found))
            for id, name, part in self.taken_out
        )

    def parts_of(self, found: Mapping[str, Any]) -> Iterator[str]:
        """The ids of the parts of a document that are like those that are looked for."""
        for name in self.parts:
            yield from self._ids(name, found)

    def _ids(self, name: str, found: Mapping[str, Any]) -> Iterator[str]:
        for part in found.get(name) or ():
            yield str(part.get(f"{name.removesuffix('s')}ID") or "")


def wanted_of(
    requests: Sequence[StoredRequest], table: Mapping[str, HowToFind], links: Links
) -> dict[str, Wanted]:
    """By the endpoint of the list in which it would be seen, what requests make or change.

    Args:
        links: ids in Xero of what the requests refer to, as far as they are known.
    """
    found: dict[str, Wanted] = {}
    for request in requests:
        how = table.get(request.contract)
        if isinstance(how, ByKey):
            found.setdefault(how.endpoint, Wanted()).add(how, request)
        elif isinstance(how, ByParts):
            found.setdefault(endpoint_of(request), Wanted()).parts.add(how.parts)
        elif isinstance(how, ByState):
            element = json.loads(request.element)
            wanted = found.setdefault(how.endpoint, Wanted())
            value = str(element.get(how.reached) or "")
            wanted.reached.update((id, how.reached, value) for id in _ids(request, links).values())
        elif isinstance(how, ByAbsence):
            ids = _ids(request, links)
            part = ids.pop(f"{how.parts.removesuffix('s')}ID", None)
            if part is not None:
                wanted = found.setdefault(endpoint_of(request), Wanted())
                wanted.taken_out.update((id, how.parts, part) for id in ids.values())
    return found


def _ids(request: StoredRequest, links: Links) -> dict[str, str]:
    """The ids in Xero that a request refers to, by their names."""
    named = ((name, links.get((transaction, name))) for name, transaction in placeholders(request))
    return {name: id for name, id in named if id is not None}


def endpoint_of(request: StoredRequest) -> str:
    """The endpoint that a request goes to."""
    return request.path.strip("/").split("/")[0]


def _word(value: object) -> str:
    """A number as it is compared: without a count in brackets behind it."""
    text = " ".join(str(value or "").split()).casefold()
    head, bracket, count = text.rpartition(" (")
    return head if bracket and count.rstrip(")").isdigit() else text


def _amount(value: object) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value)).normalize()
    except InvalidOperation:
        return None
