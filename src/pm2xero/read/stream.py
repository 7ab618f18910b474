"""Reads documents from JSON Lines, a JSON array or standard input, one at a time.

A line that is no JSON is one bad record; the run goes on with the next. Standard input and arrays
are spooled to a temporary file, so that memory stays flat and the input can be read twice.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, BinaryIO

import orjson

from pm2xero.errors import Finding, InputError, Position

CHUNK = 1 << 20
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

    def __init__(self, name: str, stream: BinaryIO, lines: list[int] | None = None) -> None:
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
        for number, text in enumerate(self._stream, 1):
            here, offset = offset, offset + len(text)
            if number == 1 and text.startswith(b"\xef\xbb\xbf"):
                text = text[3:]
            if text.isspace():
                continue
            line = self._lines[ordinal] if self._lines is not None else number
            ordinal += 1
            yield self._record(text, line, here)

    def at(self, offset: int, line: int) -> Record:
        """The record that starts at a byte of the file."""
        self._stream.seek(offset)
        return self._record(self._stream.readline(), line, offset)

    def _record(self, text: bytes, line: int, offset: int) -> Record:
        try:
            return Record(self.name, line, offset, orjson.loads(text))
        except orjson.JSONDecodeError as exc:
            fault = f"this is no JSON: {exc.msg} at character {exc.colno}"
            digest = blake2b(text.strip(), digest_size=16).digest()
            return Record(self.name, line, offset, None, fault, digest)

    def close(self) -> None:
        """Close the file (and drop it, when it was a temporary one)."""
        self._stream.close()


def open_source(path: str, stdin: BinaryIO) -> Source:
    """Open an input; `-` is standard input.

    Raises:
        InputError: PI801 when the file cannot be read.
    """
    if path == STDIN:
        spool: Any = tempfile.TemporaryFile()  # noqa: SIM115  # closed by the reader
        while chunk := stdin.read(CHUNK):
            spool.write(chunk)
        return _opened("standard input", spool)
    try:
        return _opened(path, Path(path).open("rb"))
    except OSError as exc:
        message = f"the input cannot be read: {exc.strerror}"
        raise InputError(Finding("PI801", message, Position(path))) from None


def _opened(name: str, stream: Any) -> Source:
    stream.seek(0)
    head = stream.read(CHUNK).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head.startswith(b"["):
        return Source(name, stream)
    stream.seek(0)
    return _spool_array(name, stream)


def _spool_array(name: str, stream: BinaryIO) -> Source:
    """Unfold an array into lines, remembering at which line each element stood."""
    import io

    spool: Any = tempfile.TemporaryFile()  # noqa: SIM115  # closed by the reader
    lines: list[int] = []
    broken = None
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace")
    try:
        for line, element in _elements(text):
            spool.write(orjson.dumps(element) + b"\n")
            lines.append(line)
    except RecursionError:
        broken = Finding("PI802", "the array is nested too deeply to be read", Position(name))
    except json.JSONDecodeError as exc:
        broken = Finding(
            "PI802",
            f"the array cannot be read further: {exc.msg}; {len(lines)} documents before it count",
            Position(name, exc.lineno, exc.colno),
            hint="JSON Lines, one document on each line, loses only the line that is broken",
        )
    source = Source(name, spool, lines)
    source.broken = broken
    text.close()
    return source


def _elements(text: IO[str]) -> Iterator[tuple[int, Any]]:
    """The elements of an array with their lines, reading a piece of the file at a time."""
    decoder = json.JSONDecoder()
    buffer, line, end = "", 1, False
    position = 0
    started = False
    while True:
        while position < len(buffer) and buffer[position] in " \t\r\n,[":
            char = buffer[position]
            if char == "[":
                if started:
                    break
                started = True
            line += char == "\n"
            position += 1
        if position < len(buffer) and buffer[position] == "]":
            return
        try:
            element, stop = decoder.raw_decode(buffer, position)
            # A number at the very end of the buffer may go on in the next piece.
            if stop == len(buffer) and not end:
                raise json.JSONDecodeError("unfinished", buffer, stop)
        except json.JSONDecodeError as exc:
            if not end:
                piece = text.read(CHUNK)
                end = not piece
                buffer, position = buffer[position:] + piece, 0
                continue
            column = exc.pos - buffer.rfind("\n", 0, exc.pos)
            fault = json.JSONDecodeError(exc.msg, "", 0)
            fault.lineno = line + buffer.count("\n", position, exc.pos)
            fault.colno = column
            raise fault from None
        yield line, element
        line += buffer.count("\n", position, stop)
        position = stop
