"""Small pieces of Markdown, and the texts that they are put into."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

_TEXTS = Path(__file__).parent / "texts"


def filled(page: str, **parts: str) -> str:
    """The text of a page with its parts in the places that `@name@` marks.

    Raises:
        ValueError: a mark is left over, or a part has none.
    """
    text = (_TEXTS / f"{page}.md").read_text(encoding="utf-8")
    for name in parts:
        if f"@{name}@" not in text:
            raise ValueError(f"{page}.md has no place for {name}")
    before = text
    for name, part in parts.items():
        before = before.replace(f"@{name}@", "")
        text = text.replace(f"@{name}@", part.strip("\n"))
    if "@" in before:
        raise ValueError(f"{page}.md has a place that nothing fills")
    return text.rstrip("\n") + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table."""
    return "\n".join([_row(head), _row(["---"] * len(head)), *map(_row, rows)])


def code(text: object) -> str:
    """A name as it is written."""
    return f"`{text}`"


def fenced(text: str, language: str = "") -> str:
    """A block of text as it is."""
    return f"```{language}\n{text.rstrip()}\n```"


def blocks(*parts: str) -> str:
    """Parts with a blank line between them; empty ones are left out."""
    return "\n\n".join(p for p in parts if p)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(_cell(c) for c in cells) + " |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
