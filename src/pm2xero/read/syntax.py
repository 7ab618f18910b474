"""Why a record is no JSON, in words that lead to the place in the export."""

from __future__ import annotations

import json
import re

import orjson

from pm2xero.read.limits import RECORD_BYTES

_HALF = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_WORDS = {
    "unexpected end of data": "it breaks off",
    "depth limit exceeded": "its lists and groups stand too deep within each other",
    "number is infinity when parsed as double": "a number is too large; amounts are text in quotes",
    "unexpected control character in string": "a line break or another control character stands "
    "in a text without its backslash",
    "trailing comma is not allowed": "nothing follows a comma",
    "unexpected content after document": "something follows the document on the same line",
}
AROUND = 20


def why_not(text: bytes, line: int) -> str:
    """Why a record that could not be parsed is no JSON: a sentence of bounded length.

    Args:
        line: on which the record begins.
    """
    if len(text) > RECORD_BYTES:
        return f"the record is larger than {RECORD_BYTES // 1024 // 1024} MB"
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as exc:
        return _reason(text, exc, line)
    raise ValueError("the record is JSON")


def _reason(text: bytes, exc: orjson.JSONDecodeError, line: int) -> str:
    try:
        chars = text.decode("utf-8")
    except UnicodeDecodeError as bad:
        before = text[: bad.start].decode("utf-8")
        byte = text[bad.start]
        meant = bytes([byte]).decode("cp1252", "replace")
        was = f", which is {json.dumps(meant, ensure_ascii=False)} in Windows-1252" * (
            meant.isprintable() and meant != "\ufffd"
        )
        return (
            f"this is not UTF-8: byte {byte:02X}{was}, at {_place(before, line)}, "
            f"{_around(before, '')}; export as UTF-8"
        )
    place = min(exc.pos, len(chars))
    before, after = chars[:place], chars[place:]
    if "surrogate" in exc.msg:
        half = _HALF.search(text, max(len(before.encode()) - 12, 0))
        shown = half.group().decode() if half else "\\ud83d"
        return (
            f"half a character ({shown}), at {_place(before, line)}, {_around(before, '')}: "
            "the text was cut in the middle of an emoji or another rare character"
        )
    why = _WORDS.get(exc.msg, exc.msg.removeprefix("unexpected character, "))
    return f"this is no JSON: {why}, at {_place(before, line)}, {_around(before, after)}"


def _place(before: str, line: int) -> str:
    """Where that is; a record over several lines has its line ends as CR."""
    lines = before.count("\r")
    character = f"character {len(before) - before.rfind(chr(13))}"
    return f"line {line + lines}, {character}" if lines else character


def _around(before: str, after: str) -> str:
    """What stands there, so that it can be searched for."""
    if after.strip():
        return f"before «{_plain(after[:AROUND])}»"
    return f"after «{_plain(before[-AROUND:])}»"


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else "·" for c in " ".join(text.split()))
