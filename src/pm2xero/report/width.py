"""How wide an output is, and plain text that is folded to it."""

from __future__ import annotations

import os
import shutil
import textwrap
from typing import IO


def piped_width() -> int:
    """The width of text that goes to no terminal: COLUMNS, where it is a width, else 100."""
    given = os.environ.get("COLUMNS", "")
    return max(int(given), 40) if given.isascii() and given.isdigit() else 100


def columns(stream: IO[str]) -> int:
    """The width of the terminal that a stream writes to; of files and pipes COLUMNS, else 100."""
    return shutil.get_terminal_size().columns if stream.isatty() else piped_width()


def is_narrow(stream: IO[str]) -> bool:
    """Whether sentences are folded: on a terminal, or where COLUMNS says how wide it is.

    In a log each stays on its line, so that it can be searched.
    """
    return bool(stream.isatty() or os.environ.get("COLUMNS"))


def folded(text: str, stream: IO[str]) -> str:
    """Plain text whose lines, indented ones too, fit a stream where that is narrow."""
    if not is_narrow(stream):
        return text
    width = columns(stream)
    return "\n".join(
        line
        if len(line) <= width
        else textwrap.fill(
            line, width, subsequent_indent=" " * (len(line) - len(line.lstrip()) + 4),
            break_long_words=False, break_on_hyphens=False,
        )
        for line in text.split("\n")
    )  # fmt: skip


def wrapped(text: str, stream: IO[str], hanging: str = "    ") -> str:
    """Text in lines that fit the stream; what is indented, as examples are, stays as it is.

    Args:
        hanging: what the second and further lines of a long one begin with.
    """
    width = columns(stream)
    return "\n".join(
        line
        if line.startswith(" ") or len(line) <= width
        else textwrap.fill(
            line, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False
        )
        for line in text.splitlines()
    )
