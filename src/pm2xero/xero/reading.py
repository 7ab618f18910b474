"""Reads what comes back over the wire, within limits of size, time and depth.

What is beyond a limit is no answer: nobody can say what it would have told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import compress
from typing import Any

import httpx
import msgspec

# Deeper than anything that Xero has (a line's tracking within a document within a list is 7).
_DEEPEST = 40
# Amounts of Xero have 10 digits before the point at most; this keeps arithmetic from exploding.
_LONGEST_NUMBER = 40


class AnswerTooLarge(Exception):
    """The answer is larger, or comes more slowly, than any answer of Xero."""


@dataclass(frozen=True, slots=True)
class Patience:
    """What a whole answer may take.

    Attributes:
        size: bytes after unpacking; a page of 1,000 invoices with many lines has a few million.
        seconds: from the start of the call to the last byte.
    """

    size: int = 64_000_000
    seconds: float = 180.0


def read_answer(
    answer: httpx.Response, patience: Patience, passed: Callable[[], float]
) -> bytes:  # fmt: skip
    """The unpacked body.

    Args:
        passed: seconds since the call began.

    Raises:
        AnswerTooLarge: it is beyond the limits.
        httpx.HTTPError: the connection was lost, or the packing is broken.
    """
    # Packed twice, a few kilobytes could become any size before the first piece is seen.
    if "," in answer.headers.get("content-encoding", ""):
        raise AnswerTooLarge("the answer is packed more than once")
    pieces: list[bytes] = []
    size = 0
    for piece in answer.iter_bytes():
        size += len(piece)
        if size > patience.size:
            raise AnswerTooLarge(f"the answer is longer than {patience.size:,} bytes")
        if passed() > patience.seconds:
            raise AnswerTooLarge(f"the answer took more than {patience.seconds:.0f} seconds")
        pieces.append(piece)
    return b"".join(pieces)


def read_object(content: bytes) -> dict[str, Any] | None:
    """The body as a JSON object with its fractions as Decimal; None where it is none.

    Told by what it is, because the content type of Xero's errors cannot be trusted.
    """
    try:
        parsed = _DECODER.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return parsed if _is_flat_enough(parsed) else None


def read_kept(content: bytes) -> dict[str, Any]:
    """An object that was within all limits when it came, and was kept since.

    Raises:
        msgspec.MsgspecError: it is none any more.
    """
    return _KEPT.decode(content)


def _number(digits: str) -> Decimal:
    number = Decimal(digits)
    if not -_LONGEST_NUMBER < number.adjusted() < _LONGEST_NUMBER:
        raise ValueError("the number is out of range")
    return number


_DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=_number)
_KEPT = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_holds_parts = frozenset((dict, list)).__contains__


def _is_flat_enough(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        parts: list[Any] = []
        for item in level:
            parts += item.values() if type(item) is dict else item
        level = list(compress(parts, map(_holds_parts, map(type, parts))))
        if not level:
            return True
    return False
