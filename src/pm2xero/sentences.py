"""Texts put together as sentences: each with one mark at its end, whatever it ended with."""

from __future__ import annotations

from collections.abc import Iterable

# What ends a sentence already; a suggestion ends with its question mark.
_ENDS = (".", "?", "!", "…")


def closed(text: str) -> str:
    """The text as a sentence: with a full stop, unless something ends it already."""
    text = text.rstrip()
    return text if not text or text.endswith(_ENDS) else f"{text}."


def sentences(parts: Iterable[str | None]) -> str:
    """Several texts one after the other, each but the last closed; what is empty is left out."""
    told = [p.strip() for p in parts if p and p.strip()]
    return " ".join([*map(closed, told[:-1]), *told[-1:]])


def counted(count: int, noun: str, nouns: str | None = None) -> str:
    """A number with its noun, which makes its plural with s where none is given."""
    return f"{count:,} {noun if count == 1 else nouns or f'{noun}s'}"
