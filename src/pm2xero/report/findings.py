"""Findings as a person reads them: place, sentence, source with a caret, and the way out."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Callable, Iterable

from pm2xero.errors import Finding, Position
from pm2xero.harmless import MARK, on_terminal
from pm2xero.sentences import counted

ReadSource = Callable[[str], "list[str] | None"]

WIDTH = 100
NARROWEST = 40
BEFORE, AFTER = 2, 1
BAR = "│"

_BOLD, _RED, _YELLOW, _CYAN, _DIM, _PLAIN = (
    "\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[36m", "\x1b[2m", "\x1b[0m",
)  # fmt: skip


def format_findings(
    findings: Iterable[Finding], read_source: ReadSource, *, colour: bool = False,
    width: int = WIDTH, is_folded: bool = False,
) -> str:  # fmt: skip
    """All findings, a blank line between them, and a last line that counts them.

    Args:
        width: columns of the terminal; lines of sources and lists are cut and wrapped to it.
        is_folded: sentences are, too.
    """
    listed = tuple(findings)
    paint = _Paint(colour, max(width, NARROWEST), is_folded=is_folded)
    blocks = [_block(f, read_source, paint) for f in listed]
    return "\n\n".join([*blocks, _count(listed)])


def format_finding(finding: Finding, read_source: ReadSource) -> str:
    """One finding without colour.

    Args:
        read_source: gives the lines of a file as positions name it, or None when it is gone.
    """
    return _block(finding, read_source, _Paint(False, WIDTH))


class _Paint:
    """How it is shown: with colours or without, and how wide."""

    def __init__(self, on: bool, width: int, *, is_folded: bool = False) -> None:
        self.on = on
        self.width = width
        self.is_folded = is_folded

    def sentence(self, text: str, after: int = 0) -> str:
        """A sentence that begins behind so many columns, folded where that is wanted."""
        if not self.is_folded:
            return text
        folded = textwrap.fill(
            text, self.width, initial_indent=" " * after, subsequent_indent="    ",
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
        return folded[after:]

    def __call__(self, text: str, *codes: str) -> str:
        return f"{''.join(codes)}{text}{_PLAIN}" if self.on and text else text


def _block(finding: Finding, read_source: ReadSource, paint: _Paint) -> str:
    tint = _RED if finding.severity == "error" else _YELLOW
    code = f"{finding.severity} {finding.code}"
    stands = on_terminal(str(finding.at)) if finding.at is not None else ""
    before = f"{paint(stands, _BOLD)}  " if stands else ""
    columns = len(code) + 2 + (len(stands) + 2 if stands else 0)
    message = paint.sentence(on_terminal(finding.message), columns)
    parts = [f"{before}{paint(code, tint, _BOLD)}  {message}"]
    hint = on_terminal(finding.hint) if finding.hint else None
    frame = None
    if finding.at is not None:
        frame = _frame(finding.at, finding.width, hint, read_source, paint, tint)
    if frame:
        parts += ["", *frame]
    elif hint:
        parts.append(f"  {paint(paint.sentence(hint, 2), _CYAN)}")
    tail = []
    if finding.should_be:
        tail += [f"  {line}" for line in _wrapped(on_terminal(finding.should_be), paint.width)]
    for place, why in finding.related:
        tail.append(paint.sentence(on_terminal(f"  {place}  {why}")))
        tail += _quoted(place, read_source, paint)
    return "\n".join([*parts, "", *tail] if tail and frame else [*parts, *tail])


def _frame(
    at: Position, width: int, hint: str | None, read_source: ReadSource, paint: _Paint, tint: str
) -> list[str]:
    lines = read_source(at.file)
    if not lines:
        return []
    number = min(at.line, len(lines))
    past_end = at.line > len(lines)
    text = lines[number - 1]
    column = len(text) if past_end else min(at.column - 1, len(text))
    if width > 1 and text[column : column + 1] in ("'", '"'):
        width += 2
    width = max(1, min(width, len(text) - column))
    first, last = max(1, number - BEFORE), min(len(lines), number + AFTER)
    gutter = len(str(last)) + 2
    shown, left = _cut(_visible(text), column, width, paint.width - gutter - 3)
    out = []
    for line in range(first, last + 1):
        if line != number:
            out.append(
                _row(
                    str(line),
                    _end_cut(_visible(lines[line - 1]), paint.width - gutter - 3),
                    gutter,
                    paint,
                )
            )
            continue
        out.append(_row(str(line), shown, gutter, paint))
        before = _columns(shown[: column - left])
        under = _columns(shown[column - left : column - left + width])
        marks = " " * before + paint("^" * max(1, under), tint, _BOLD)
        room = paint.width - gutter - 3
        if hint and paint.is_folded and before + max(1, under) + 1 + _columns(hint) > room:
            out.append(_row("", marks, gutter, paint))
            below = textwrap.wrap(hint, room, break_long_words=False, break_on_hyphens=False)
            out += [_row("", paint(part, _CYAN), gutter, paint) for part in below]
        else:
            out.append(_row("", f"{marks} {paint(hint, _CYAN)}" if hint else marks, gutter, paint))
    return out


def _quoted(place: Position, read_source: ReadSource, paint: _Paint) -> list[str]:
    """The single line that a related place stands on."""
    lines = read_source(place.file)
    if not lines or place.line > len(lines):
        return []
    text = _end_cut(_visible(lines[place.line - 1]), paint.width - 8)
    return [_row(str(place.line), text, len(str(place.line)) + 4, paint)]


def _row(number: str, text: str, gutter: int, paint: _Paint) -> str:
    return f"{paint(f'{number:>{gutter}} {BAR}', _DIM)} {text}".rstrip()


def _visible(text: str) -> str:
    """One character for one character, so that carets stay below what they mean."""
    return "".join(
        "→" if c == "\t" else MARK if unicodedata.category(c) == "Cc" else on_terminal(c)
        for c in text
    )


def _cut(text: str, column: int, width: int, room: int) -> tuple[str, int]:
    """A part of a wide line around the fault, and how many characters were dropped at its left."""
    if len(text) <= room:
        return text, 0
    start = max(0, min(column - room // 3, len(text) - room))
    if column + width < room:
        start = 0
    part = text[start : start + room]
    if start:
        part = "…" + part[1:]
    if start + room < len(text):
        part = part[:-1] + "…"
    return part, start


def _end_cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def _columns(text: str) -> int:
    """How many columns a terminal gives a text."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in ("W", "F") else 1
        for c in text
    )


def _wrapped(text: str, width: int) -> list[str]:
    """Long lists on several lines, later ones below the first word; corrected lines as they are."""
    out: list[str] = []
    for line in text.splitlines():
        if len(line) <= width - 4 or ", " not in line:
            out.append(line)
            continue
        start = line.find(": ") + 2 if ": " in line[:20] else 0
        current = ""
        for word in line.split(", "):
            piece = f"{current}, {word}" if current else word
            if len(piece) > width - 4:
                out.append(current + ",")
                piece = " " * start + word
            current = piece
        out.append(current)
    return out


def _count(findings: tuple[Finding, ...]) -> str:
    errors = sum(f.severity == "error" for f in findings)
    warnings = len(findings) - errors
    words = [counted(errors, "error")] if errors or not warnings else []
    if warnings:
        words.append(counted(warnings, "warning"))
    files = {f.at.file for f in findings if f.at is not None}
    where = f" in {counted(len(files), 'file')}" if files else ""
    return f"{' and '.join(words)}{where}"
