"""What an input is: JSON Lines, an array, documents over several lines, or something else.

An input that is no JSON at all is told once for what it is; otherwise every line of a table or a
compressed file would be a bad record of its own.
"""

from __future__ import annotations

from enum import Enum

import orjson

from pm2xero.errors import Finding, InputError, Position
from pm2xero.harmless import quoted

BOM = b"\xef\xbb\xbf"


class Form(Enum):
    """How documents stand in an input."""

    LINES = "JSON Lines: one document on each line"
    ARRAY = "a JSON array of documents"
    SPREAD = "documents one after the other, each over several lines"


_DOCUMENTS = "documents as JSON: one on each line (JSON Lines), or an array"

# The first bytes of what people hand over by mistake, what it is, and what to do instead.
_MARKS: tuple[tuple[bytes, str, str], ...] = (
    (b"\x1f\x8b", "compressed with gzip", "gunzip -c FILE | pm2xero … -"),
    (b"BZh", "compressed with bzip2", "bunzip2 -c FILE | pm2xero … -"),
    (b"\xfd7zXZ\x00", "compressed with xz", "xz -dc FILE | pm2xero … -"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "zstd -dc FILE | pm2xero … -"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "unpack it; inside must be JSON"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file", f"export {_DOCUMENTS}"),
    (b"%PDF", "a PDF", f"export {_DOCUMENTS}"),
    (b"SQLite format 3\x00", "an SQLite database", f"export {_DOCUMENTS}"),
)  # fmt: skip
_UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"{\x00", b"[\x00", b"\x00{", b"\x00[")
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def form_of(head: bytes, name: str) -> Form:
    """The form of an input, by its first piece.

    Raises:
        InputError: PI807, it holds no documents in any form; the message says what it is.
    """
    for mark, what, instead in _MARKS:
        if head.startswith(mark):
            raise _other(name, what, instead)
    if head.startswith(_UTF_16):
        raise _other(name, "text in UTF-16, not in UTF-8", "iconv -f UTF-16 -t UTF-8 FILE")
    text = head.removeprefix(BOM).lstrip()
    if text.startswith(b"["):
        return Form.ARRAY
    if text.startswith(b"{"):
        return _of_objects(text)
    if text.startswith(b"<"):
        raise _other(name, "XML or a web page", f"export {_DOCUMENTS}")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or any(line.startswith((b"{", b"[")) for line in lines) or _is_json(lines[0]):
        return Form.LINES
    if b"\x00" in head:
        raise _other(name, "no text", f"export {_DOCUMENTS}")
    first = lines[0].decode("utf-8", "replace")
    found = {words: first.count(mark) for mark, words in _DELIMITERS.items() if mark in first}
    if found:
        words = max(found, key=lambda w: found[w])
        raise _other(
            name, f"a table whose columns are separated by {words} (CSV)", f"export {_DOCUMENTS}"
        )
    raise _other(name, f"text that begins with {quoted(first[:30])}", f"export {_DOCUMENTS}")


def _of_objects(text: bytes) -> Form:
    """Lines, unless the first object goes on in the second line."""
    lines = [line.strip() for line in text.splitlines()[:1000] if line.strip()][:2]
    goes_on = len(lines) == 2 and lines[1].startswith((b'"', b"}", b",", b"'"))
    return Form.SPREAD if goes_on and _breaks_off(lines[0]) else Form.LINES


def _breaks_off(line: bytes) -> bool:
    """Whether a line is the beginning of JSON that goes on."""
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError as exc:
        return "end of data" in exc.msg
    return False


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def folder(name: str) -> InputError:
    """The error for a folder given as an input."""
    return _other(name, "a folder", f"name the files in it, such as {name.rstrip('/')}/*.jsonl")


def _other(name: str, what: str, instead: str) -> InputError:
    message = f"the input is {what}; pm2xero reads {_DOCUMENTS}"
    if instead.startswith("export"):
        instead = "export again in that form; `pm2xero schema KIND --example` shows a document"
    return InputError(Finding("PI807", message, Position(name), hint=instead))
