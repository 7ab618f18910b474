"""Whether Xero has something of what is planned: the mark of a folder restored from a copy.

An outbox that was restored together with the file that vouches for it looks whole. What was sent
since the copy was made has changed in Xero since then, bears our references, and is unknown here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from email.utils import format_datetime
from typing import Any

from pm2xero.outbox.records import StoredRequest
from pm2xero.send.lookup_table import ByKey, ByParts, HowToFind
from pm2xero.xero.answers import Unproven, complete_list, id_name_of
from pm2xero.xero.client import Response
from pm2xero.xero.natural_key import as_date
from pm2xero.xero.purpose import Purpose

# So far Xero's clock and ours may differ.
_CLOCKS = timedelta(hours=1)

# A GET with a query and headers.
Ask = Callable[[str, Mapping[str, str], Mapping[str, str]], Response]


@dataclass(slots=True)
class _Wanted:
    """What is planned under one endpoint, by all that a document of Xero could show of it."""

    paged: bool = True
    numbers: set[tuple[str, str]] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    sums: set[tuple[date | None, Decimal | None]] = field(default_factory=set)
    parts: set[str] = field(default_factory=set)

    def could_be(self, found: Mapping[str, Any]) -> bool:
        """Whether a document may be one that is planned; rather too often than too seldom."""
        if any(_word(found.get(name)) == number for name, number in self.numbers):
            return True
        words = {word for tag in self.tags for word in str(found.get(tag) or "").split()}
        if not words.isdisjoint(self.ids):
            return True
        day, total = as_date(str(found.get("Date") or "")), _amount(found.get("TotalAmount"))
        return (day, total) in self.sums

    def parts_of(self, found: Mapping[str, Any]) -> Iterator[str]:
        """The ids of the parts of a document that are like those that are planned."""
        for name in self.parts:
            for part in found.get(name) or ():
                yield str(part.get(f"{name.removesuffix('s')}ID") or "")


def is_ahead(
    planned: Iterable[StoredRequest],
    table: Mapping[str, HowToFind],
    since: datetime,
    is_known: Callable[[str], bool],
    ask: Ask,
    note: Callable[[str, Mapping[str, Any]], None] = lambda endpoint, document: None,
) -> bool:
    """Whether something of what is planned may be in Xero, changed there since a moment.

    Args:
        is_known: whether an id of Xero is that of something that the outbox has sent.
        note: is told of every document that has changed, by its endpoint.
    """
    header = {"If-Modified-Since": format_datetime(since - _CLOCKS, usegmt=True)}

    def read(path: str, query: Mapping[str, str]) -> Response:
        return ask(path, query, header)

    for endpoint, wanted in _wanted(planned, table).items():
        try:
            changed = complete_list(read, endpoint, {}, paged=wanted.paged)
        except Unproven:
            # A look that could not see everything vouches for nothing.
            return True
        name = id_name_of(endpoint)
        for doc in changed:
            note(endpoint, doc)
        for doc in changed:
            if wanted.could_be(doc) and not is_known(str(doc[name])):
                return True
            if any(not is_known(id) for id in wanted.parts_of(doc)):
                return True
    return False


def _wanted(
    planned: Iterable[StoredRequest], table: Mapping[str, HowToFind]
) -> dict[str, _Wanted]:  # fmt: skip
    found: dict[str, _Wanted] = defaultdict(_Wanted)
    for request in planned:
        how = table.get(request.contract)
        if request.purpose is not Purpose.CREATE:
            continue
        if isinstance(how, ByKey):
            wanted = found[how.endpoint]
            wanted.paged = how.paged
            _want(wanted, how, request)
        elif isinstance(how, ByParts):
            found[request.path.strip("/").split("/")[0]].parts.add(how.parts)
    return found


def _want(wanted: _Wanted, how: ByKey, request: StoredRequest) -> None:
    element: dict[str, Any] = json.loads(request.element, parse_float=Decimal)
    number = how.key.number
    if number is not None and element.get(number):
        wanted.numbers.add((number, _word(element[number])))
    if how.key.tag is not None:
        wanted.tags.add(how.key.tag)
        wanted.ids.update(request.transaction.split()[:1])
    for total in how.key.sums if number is None and how.key.tag is None else ():
        parts: Sequence[Mapping[str, Any]] = element.get(total.parts) or ()
        amounts = [_amount(part.get(total.amount)) for part in parts]
        known = [a for a in amounts if a is not None]
        amount = sum(known, Decimal(0)) if len(known) == len(amounts) else None
        wanted.sums.add((as_date(str(element.get(how.dates) or "")), amount))


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
