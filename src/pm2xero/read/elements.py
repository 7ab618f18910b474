"""Cuts an array, or documents over several lines, into the text of each document.

Only where an element ends is found out here, a piece of the file at a time; what it says is read
later, as from JSON Lines, so that both forms have the same faults at the same cost: one bad element
is one bad record. Text is taken as Latin-1 here, a character for each byte, so that whatever the
bytes are they leave as they came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import BinaryIO

from pm2xero.read.limits import RECORD_BYTES

CHUNK = 1 << 20
_BLANK = re.compile(r"[ \t\r\n,]*")
_MARK = re.compile(r'["\[\]{}]')
_STRING_END = re.compile(r'["\\]')
# Where an object begins that may be the next document.
_NEXT = re.compile(r'[},][ \t\r\n,]*(?=\{[ \t\r\n]*")')
_PLAIN_END = re.compile(r"[,\]\s]")
# Objects that are tried after a broken one; a line of a bill is an object, too, but no document.
_TRIES = 10_000


class Broken(Exception):
    """The input cannot be read further.

    Attributes:
        line, column: where, from 1.
    """

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


class Elements:
    """The elements of an array (or a row of values) with the line on which each begins."""

    def __init__(self, stream: BinaryIO, *, array: bool) -> None:
        self._stream = stream
        self._array = array
        self._scan = json.JSONDecoder().raw_decode
        self._text, self._at, self._end = "", 0, False
        self._line, self._characters = 1, 0

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        """Each element as one line of bytes: its line ends are turned into CR.

        CR is a blank between values and, like LF, forbidden within a text, so that nothing becomes
        right or wrong by it, and places can still be told.

        Raises:
            Broken: the array does not end, or something follows it.
        """
        self._more()
        if self._text.startswith("\xef\xbb\xbf"):
            self._go(3)
        if self._array:
            self._blanks()
            self._go(self._at + 1)
        while self._blanks():
            if self._array and self._text[self._at] == "]":
                self._go(self._at + 1)
                if self._blanks():
                    raise self._broken("text after the array; is it two files in one?")
                return
            line = self._line
            yield _one_line(self._take()), line
        if self._array:
            raise self._broken("the array breaks off")

    def _take(self) -> str:
        """The text of the element that begins here."""
        stop = self._stop()
        if stop is None:
            return self._oversized()
        text = self._text[self._at : stop]
        self._go(stop)
        return text

    def _stop(self) -> int | None:
        """Where the element ends; None when it is larger than a record may be."""
        while True:
            try:
                _, stop = self._scan(self._text, self._at)
                # A number at the very end of the piece may go on in the next one.
                if stop < len(self._text) or self._end or self._text[stop - 1] in '}]"':
                    return stop
                unfinished = True
            except json.JSONDecodeError as exc:
                unfinished = exc.msg.startswith("Unterm") or len(self._text) - exc.pos < 16
            except (ValueError, RecursionError):
                # Numbers of thousands of digits, or too deep: the reader of the record says so.
                unfinished = False
            if unfinished and not self._end:
                if len(self._text) - self._at > RECORD_BYTES:
                    return None
                self._more()
                continue
            return self._stop_of_bad()

    def _stop_of_bad(self) -> int | None:
        """Where an element ends that is no JSON: by its brackets, else before the next document."""
        while True:
            stop = self._by_brackets()
            if stop is None:
                stop = self._by_next()
            if stop is not None:
                return stop
            if self._end:
                return self._rest()
            if len(self._text) - self._at > RECORD_BYTES:
                return None
            self._more()

    def _by_brackets(self) -> int | None:
        """Where brackets and quotes close, if what follows is what must follow an element."""
        depth, at = 0, self._at
        follow = ("{", "]") if self._array else ("{", "")
        if self._text[at] not in "[{":
            found = _PLAIN_END.search(self._text, at + 1)
            return found.start() if found else None
        while found := _MARK.search(self._text, at):
            at = found.end()
            mark = found.group()
            if mark == '"':
                closed = _string_end(self._text, at)
                if closed is None:
                    return None
                at = closed
            else:
                depth += 1 if mark in "[{" else -1
                if depth <= 0:
                    next_ = _past_blanks(self._text, at)
                    return at if self._text[next_ : next_ + 1] in follow else None
        return None

    def _by_next(self) -> int | None:
        """The end of the element before the next object that is a document."""
        for number, found in enumerate(_NEXT.finditer(self._text, self._at + 1)):
            if number == _TRIES:
                return None
            try:
                value, _ = self._scan(self._text, found.end())
            except (ValueError, RecursionError):
                continue
            if type(value) is dict and "kind" in value and "id" in value:
                return found.start() + (found.group()[0] == "}")
        return None

    def _rest(self) -> int:
        """The end of the last element when nothing better is known: all but the closing bracket.

        Raises:
            Broken: there is none.
        """
        length = len(self._text.rstrip())
        closes = self._array and self._text[self._at : length].endswith("]")
        if self._array and not closes:
            raise self._broken("the array breaks off in the middle of a document")
        return max(length - closes, self._at + 1)

    def _oversized(self) -> str:
        """The beginning of an element that is too large; the rest is read over, piece by piece."""
        kept = self._text[self._at : self._at + RECORD_BYTES + 1]
        depth, inside = 0, False
        while True:
            at = self._at
            while True:
                if inside:
                    closed = _string_end(self._text, at)
                    if closed is None:
                        break
                    at, inside = closed, False
                    if depth == 0:
                        self._go(at)
                        return kept
                found = _MARK.search(self._text, at)
                if found is None:
                    break
                at = found.end()
                if found.group() == '"':
                    inside = True
                    continue
                depth += 1 if found.group() in "[{" else -1
                if depth <= 0:
                    self._go(at)
                    return kept
            # A backslash that ends the piece belongs to the first character of the next one.
            tail = len(self._text) - len(self._text.rstrip("\\"))
            self._go(len(self._text) - tail % 2)
            if self._end:
                self._go(len(self._text))
                return kept
            self._more()

    def _blanks(self) -> bool:
        """Pass over blanks and commas; whether anything follows."""
        while True:
            self._go(_past_blanks(self._text, self._at))
            if self._at < len(self._text):
                return True
            if self._end:
                return False
            self._more()

    def _go(self, to: int) -> None:
        newlines = self._text.count("\n", self._at, to)
        if newlines:
            self._line += newlines
        self._at = to

    def _more(self) -> None:
        """Read on; twice as much where an element does not fit, so that its cost is linear."""
        piece = self._stream.read(max(CHUNK, len(self._text) - self._at))
        self._end = not piece
        self._characters = self._column()
        self._text = self._text[self._at :] + piece.decode("latin-1")
        self._at = 0

    def _broken(self, message: str) -> Broken:
        return Broken(message, self._line, self._column() + 1)

    def _column(self) -> int:
        """How many characters stand before this place on its line."""
        newline = self._text.rfind("\n", 0, self._at)
        if newline < 0:
            return self._characters + _characters(self._text[: self._at])
        return _characters(self._text[newline + 1 : self._at])


def _past_blanks(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    assert found is not None, "nothing is a match, too"
    return found.end()


def _characters(text: str) -> int:
    """How many characters of UTF-8 these bytes are."""
    return len(text.encode("latin-1").decode("utf-8", "replace"))


def _string_end(text: str, at: int) -> int | None:
    """The place after the quote that ends a text; None when it does not end here."""
    while found := _STRING_END.search(text, at):
        at = found.end()
        if found.group() == '"':
            return at
        at += 1
    return None


def _one_line(text: str) -> bytes:
    if "\n" in text:
        text = text.replace("\r\n", " \r").replace("\n", "\r")
    return text.encode("latin-1")
