"""What is otherwise in the requests of one document, value by value."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from pm2xero.render.request import Request

ABSENT = "—"


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value of a body, by its path; the dash stands where it is not there."""

    request: str
    path: str
    old: str
    new: str


def packed(requests: Iterable[Request]) -> bytes:
    """Requests as little memory as can be, the same for the same requests; nothing for none."""
    listed = [[r.id, f"{r.method} {r.path}", r.element] for r in requests]
    return zlib.compress(orjson.dumps(listed), 1) if listed else b""


def changes(old: bytes, new: bytes) -> tuple[ValueChange, ...]:
    """What differs between requests that were packed, in the order of the new ones."""
    return tuple(value_changes(_unpacked(old), _unpacked(new)))


def _unpacked(content: bytes) -> dict[str, Any]:
    if not content:
        return {}
    listed = orjson.loads(zlib.decompress(content))
    return {
        id: {"call": call, "body": json.loads(element, parse_float=Decimal)}
        for id, call, element in listed
    }


def value_changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[ValueChange]:
    """The differences of two sets of requests by id."""
    for request in dict.fromkeys((*new, *old)):
        if request not in old or request not in new:
            was, now = (r[request]["call"] if request in r else ABSENT for r in (old, new))
            yield ValueChange(request, "request", was, now)
            continue
        for path, was, now in differences(old[request], new[request]):
            yield ValueChange(request, path.removeprefix("body."), was, now)


def differences(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Each place at which two JSON values differ, with both values as JSON."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*new, *old)):
            below = f"{path}.{key}" if path else str(key)
            yield from differences(old.get(key, ...), new.get(key, ...), below)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            was = old[index] if index < len(old) else ...
            now = new[index] if index < len(new) else ...
            yield from differences(was, now, f"{path}[{index}]")
    elif old != new:
        yield path, _shown(old), _shown(new)


def _shown(value: Any) -> str:
    if value is ...:
        return ABSENT
    # An amount keeps its digits.
    return (
        str(value)
        if isinstance(value, Decimal)
        else json.dumps(value, ensure_ascii=False, default=str)
    )
