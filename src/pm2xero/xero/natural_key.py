"""Compares a document that was sent with one that Xero has, by natural keys."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
_ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T.*)?")


@dataclass(frozen=True, slots=True)
class Sum:
    """A total of Xero's document that must equal a sum over what was sent.

    Attributes:
        when: applies only when the element has one of these values in each field.
    """

    parts: str
    amount: str
    equals: str
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def holds(self, sent: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
        """Whether the totals are equal; also where the sum cannot be made."""
        if any(sent.get(name) not in values for name, values in self.when.items()):
            return True
        amounts = [part.get(self.amount) for part in sent.get(self.parts) or []]
        if not amounts or None in amounts or found.get(self.equals) is None:
            return True
        total = sum((Decimal(str(amount)) for amount in amounts), Decimal(0))
        return _same_number(total, found[self.equals])


@dataclass(frozen=True, slots=True)
class NaturalKey:
    """What two documents must share to be the same.

    Attributes:
        gone: statuses of documents that no longer count.
    """

    same: tuple[str, ...]
    sums: tuple[Sum, ...] = ()
    gone: frozenset[str] = frozenset()

    def matches(self, sent: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
        """Whether a document of Xero is the one that was sent; fields not sent do not count."""
        if found.get("Status") in self.gone or found.get("IsDeleted") is True:
            return False
        return all(
            same_value(sent[name], found.get(name)) for name in self.same if name in sent
        ) and all(total.holds(sent, found) for total in self.sums)


def same_value(sent: Any, found: Any) -> bool:
    """Whether two values mean the same: dates in any form, objects by the keys they share."""
    if found is None:
        return sent in (None, "")
    if isinstance(sent, Mapping):
        shared = [name for name in sent if isinstance(found, Mapping) and found.get(name)]
        return bool(shared) and all(same_value(sent[name], found[name]) for name in shared)
    if isinstance(sent, int | Decimal) and not isinstance(sent, bool):
        return _same_number(Decimal(sent), found)
    if isinstance(sent, str) and isinstance(found, str):
        day = as_date(found)
        if day is not None and as_date(sent) is not None:
            return day == as_date(sent)
        return _plain(sent) == _plain(found)
    return bool(sent == found)


def as_date(text: str) -> date | None:
    """The day of `YYYY-MM-DD`, with or without a time, or of `/Date(ms)/`; None otherwise."""
    if match := _MS_DATE.fullmatch(text):
        return (_EPOCH + timedelta(milliseconds=int(match[1]))).date()
    match = _ISO_DATE.fullmatch(text)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def paired(
    wanted: Sequence[str], candidates: Mapping[str, Sequence[str]]
) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Which found document belongs to which request, and where that cannot be said.

    Documents with equal natural keys are interchangeable: as many as there are requests for them
    are handed out in order. More documents than requests leave it open.

    Args:
        candidates: ids of the documents that match each request.

    Returns:
        ids by request; and the ids that compete, by request.
    """
    groups: dict[frozenset[str], list[str]] = {}
    for request in wanted:
        if candidates.get(request):
            groups.setdefault(frozenset(candidates[request]), []).append(request)
    given: dict[str, str] = {}
    open_: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()
    for ids, requests in groups.items():
        left = [id_ for id_ in candidates[requests[0]] if id_ not in taken]
        if len(left) > len(requests):
            open_.update({request: tuple(sorted(ids)) for request in requests})
            continue
        for request, id_ in zip(requests, left, strict=False):
            given[request] = id_
            taken.add(id_)
    return given, open_


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _same_number(sent: Decimal, found: Any) -> bool:
    try:
        return sent == Decimal(str(found))
    except InvalidOperation:
        return False
