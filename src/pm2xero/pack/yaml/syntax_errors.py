"""What is wrong with a text that is no YAML, in the words of its author, not of the parser."""

from __future__ import annotations

import re

import yaml

from pm2xero.errors import Finding, Position

_LAYOUT = ("expected <block end>", "did not find expected key", "expected '-' indicator")


def syntax_finding(exc: yaml.MarkedYAMLError, name: str, lines: list[str]) -> Finding:
    """The finding PX101 for what PyYAML (its own parser or libyaml's) could not read.

    Args:
        name: the file as messages name it.
        lines: its lines.
    """
    mark = exc.problem_mark or exc.context_mark
    at = Position(name, mark.line + 1, mark.column + 1) if mark else Position(name)
    opened = None
    if exc.context_mark is not None:
        opened = Position(name, exc.context_mark.line + 1, exc.context_mark.column + 1)
    problem = (exc.problem or "this is not YAML").strip()
    context = exc.context or ""
    text = _line(lines, at)
    if "tab character" in problem or "\t" in text[: len(text) - len(text.lstrip())]:
        width = max(1, len(text) - len(text.lstrip()))
        return _finding(
            "a tab stands in the indentation", Position(name, at.line), "use spaces", width
        )
    if "quoted scalar" in context and opened is not None:
        return _finding("this quote is never closed", opened, "close it at the end of the text")
    if "mapping values are not allowed" in problem:
        return _finding(
            "a second colon on this line makes the text look like another key", at,
            "put the whole text in quotes",
        )  # fmt: skip
    if braced := _braced_text(lines, at.line):
        line, column, width = braced
        return _finding(
            "a text that starts with { must be in quotes", Position(name, line, column),
            "put the whole text in quotes", width,
        )  # fmt: skip
    if "undefined alias" in problem:
        word = re.match(r"\S+", text[at.column - 1 :])
        shown = word[0].rstrip(",]}") if word else "*"
        return _finding(
            f"{shown} repeats something that is not defined", at,
            "put a text that starts with * in quotes", len(shown),
        )  # fmt: skip
    if "cannot start any token" in problem:
        return _finding(
            f"a text cannot start with {text[at.column - 1 : at.column]}", at,
            "put the whole text in quotes",
        )  # fmt: skip
    if "could not find expected ':'" in problem and opened is not None:
        width = max(1, len(_line(lines, opened)) - opened.column + 1)
        return _finding("this line has no colon", opened, "write it as `key: value`", width)
    if "another document" in problem:
        return _finding("a second document begins here", at, "one file holds one document", 3)
    if "flow" in context and opened is not None:
        bracket = _line(lines, opened)[opened.column - 1 : opened.column] or "a bracket"
        return _finding(
            f"what starts with {bracket} is not closed, or a comma is missing in it", opened,
            related=((at, "noticed here"),),
        )  # fmt: skip
    if any(words in problem for words in _LAYOUT):
        what = "list" if "collection" in context or "sequence" in context else "mapping"
        width = len(text.strip()) if at.column <= len(text) else 1
        return _finding(
            "the indentation does not fit the lines above", at,
            "entries of one list or mapping start in the same column", width,
            ((opened, f"the {what} starts here"),) if opened and opened.line != at.line else (),
        )  # fmt: skip
    return _finding(problem, at)


def _line(lines: list[str], at: Position) -> str:
    return lines[at.line - 1] if at.line <= len(lines) else ""


def _finding(
    message: str, at: Position, hint: str | None = None, width: int = 1,
    related: tuple[tuple[Position, str], ...] = (),
) -> Finding:  # fmt: skip
    return Finding("PX101", message, at, hint=hint, width=width, related=related)


def _braced_text(lines: list[str], near: int) -> tuple[int, int, int] | None:
    """A value like `{amount} is due`, which YAML takes for a mapping, at or just above a line."""
    for number in (near, near - 1):
        if not 0 < number <= len(lines):
            continue
        found = re.match(r"\s*(?:- )?[\w.-]+:\s+(\{[^{}:]*\}\s*[^\s,}\]#].*)$", lines[number - 1])
        if found:
            return number, found.start(1) + 1, len(found[1].rstrip())
    return None
