"""A key that stands twice in one object: parsers take the last value and say nothing."""

from __future__ import annotations

import json
from typing import Any

import orjson

_COLON = b":"
# A colon in a text that is written so would stand in for the one of a key that was lost.
_ESCAPED = b"\\u003"


class _Repeated(Exception):
    pass


def repeated_key(text: bytes, raw: Any) -> str | None:
    """The first key that an object of a record repeats; None when there is none.

    Written again, a record has as many colons as before, unless a key was lost. Only where the
    number differs, or a text may hide it, the record is read a second time, slowly.
    """
    try:
        again = orjson.dumps(raw)
    except TypeError:
        return None  # Too deep, which is told elsewhere.
    if text.count(_COLON) == again.count(_COLON) and _ESCAPED not in text:
        return None
    try:
        json.loads(text, object_pairs_hook=_unique)
    except _Repeated as found:
        return str(found)
    except (ValueError, RecursionError):
        return None  # Such as a number of 5,000 digits, which only the first parser reads.
    return None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Repeated(key)
            seen.add(key)
    return values
