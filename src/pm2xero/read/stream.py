"""Reads documents from JSON Lines, a JSON array or standard input, one at a time.

A record that is no JSON is one bad record; the run goes on with the next. What is no plain file of
lines (standard input, a pipe, an array) is spooled to a temporary file, so that memory stays flat
and the input can be read twice.
"""

from __future__ import annotations

import tempfile
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from pm2xero.errors import Finding, InputError, Position
from pm2xero.read.elements import CHUNK, Broken, Elements
from pm2xero.read.faults import shown
from pm2xero.read.forms import BOM, Form, folder, form_of
from pm2xero.read.limits import RECORD_BYTES
from pm2xero.read.repeated import repeated_key
from pm2xero.read.syntax import why_not

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the input: its parsed value, or the fault that kept it from being parsed.

    Attributes:
        digest: hash of its bytes, of one that has a fault.
    """

    source: str
    line: int
    offset: int
    raw: Any
    fault: str | None = None
    digest: bytes = b""


class Source:
    """One input, as lines of JSON in a file that can be read again.

    Attributes:
        name: how messages call it.
        broken: set when an array could not be read to its end.
    """

    def __init__(self, name: str, stream: BinaryIO, lines: Sequence[int] | None = None) -> None:
        self.name = name
        self.broken: Finding | None = None
        self._stream = stream
        self._lines = lines
        stream.seek(0, 2)
        self.size = stream.tell()

    def records(self) -> Iterator[Record]:
        """All records from the first to the last; blank lines are passed over."""
        self._stream.seek(0)
        offset = 0
        ordinal = 0
        number = 0
        for text in iter(partial(self._stream.readline, RECORD_BYTES + 1), b""):
            number += 1
            here, offset = offset, offset + len(text)
            if len(text) > RECORD_BYTES:
                offset += self._rest_of_line(text)
            elif text.isspace():
                continue
            line = self._lines[ordinal] if self._lines is not None else number
            ordinal += 1
            try:
                yield self._parsed(text, line, here)
            except orjson.JSONDecodeError:
                if text.removeprefix(BOM).strip():
                    yield self._odd(text, line, here)

    def at(self, offset: int, line: int) -> Record:
        """The record that starts at a byte of the file."""
        self._stream.seek(offset)
        text = self._stream.readline(RECORD_BYTES + 1)
        try:
            return self._parsed(text, line, offset)
        except orjson.JSONDecodeError:
            return self._odd(text, line, offset)

    def _parsed(self, text: bytes, line: int, offset: int) -> Record:
        """A record that is JSON; a key that stands twice leaves open which value is meant."""
        raw = orjson.loads(text)
        key = repeated_key(text, raw)
        if key is None:
            return Record(self.name, line, offset, raw)
        fault = f"the key {shown(key)} stands twice in one group of fields"
        digest = blake2b(text.strip(), digest_size=16).digest()
        return Record(self.name, line, offset, None, fault, digest)

    def _odd(self, text: bytes, line: int, offset: int) -> Record:
        """A record that is no JSON as it stands (one that is too large was cut and is none)."""
        if text.startswith(BOM):
            # Files that were put one after the other keep the mark at which each began.
            with suppress(orjson.JSONDecodeError):
                return self._parsed(text[len(BOM) :], line, offset)
        digest = blake2b(text.strip(), digest_size=16).digest()
        return Record(self.name, line, offset, None, why_not(text, line), digest)

    def _rest_of_line(self, text: bytes) -> int:
        """Read over what is left of a line; how many bytes that were."""
        passed = 0
        while text and not text.endswith(b"\n"):
            text = self._stream.readline(CHUNK)
            passed += len(text)
        return passed

    def close(self) -> None:
        """Close the file (and drop it, when it was a temporary one)."""
        self._stream.close()


def open_source(path: str, stdin: BinaryIO) -> Source:
    """Open an input; `-` is standard input.

    Raises:
        InputError: PI801 when the file cannot be read, PI807 when it holds no documents in any
            form (a folder, a table, a compressed file).
    """
    if path == STDIN:
        return _opened("standard input", _spooled(stdin))
    try:
        stream = Path(path).open("rb")  # noqa: SIM115  # closed by the reader
        if stream.seekable():
            return _opened(path, stream)
        with stream:
            return _opened(path, _spooled(stream))
    except IsADirectoryError:
        raise folder(path) from None
    except (OSError, ValueError) as exc:
        # ValueError: a name with a NUL in it.
        message = f"the input cannot be read: {getattr(exc, 'strerror', None) or exc}"
        raise InputError(Finding("PI801", message, Position(path))) from None


def _spooled(stream: BinaryIO) -> BinaryIO:
    spool = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115  # closed by the reader
    while chunk := stream.read(CHUNK):
        spool.write(chunk)
    return spool


def _opened(name: str, stream: BinaryIO) -> Source:
    stream.seek(0)
    try:
        form = form_of(stream.read(CHUNK), name)
    except InputError:
        stream.close()
        raise
    if form is Form.LINES:
        return Source(name, stream)
    stream.seek(0)
    return _unfolded(name, stream, Elements(stream, array=form is Form.ARRAY))


def _unfolded(name: str, stream: BinaryIO, elements: Elements) -> Source:
    """Each element on a line of a temporary file, remembering on which line it stood."""
    spool: Any = tempfile.TemporaryFile()  # noqa: SIM115  # closed by the reader
    lines = array("Q")
    broken = None
    try:
        for text, line in elements:
            spool.write(text + b"\n")
            lines.append(line)
    except Broken as exc:
        counted = (
            "1 document before it counts"
            if len(lines) == 1
            else (f"{len(lines)} documents before it count")
        )
        broken = Finding(
            "PI802", f"the array cannot be read further: {exc}; {counted}",
            Position(name, exc.line, exc.column),
            hint="write all documents into one array, or one on each line (JSON Lines)",
        )  # fmt: skip
    stream.close()
    source = Source(name, spool, lines)
    source.broken = broken
    return source
