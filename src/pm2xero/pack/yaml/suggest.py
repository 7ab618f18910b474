"""Did-you-mean: the closest known word to one that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

# Nobody misspells more; comparing takes the square of the length.
LONGEST = 100


def did_you_mean(word: object, known: Iterable[str], below: str = "") -> str | None:
    """A hint naming the closest of `known`, or None when nothing is close.

    Args:
        below: the path that the word stands below, written before the suggestion.
    """
    prefix = f"{below}." if below else ""
    candidates = sorted({str(k) for k in known})
    text = str(word)
    if len(text) > LONGEST:
        return None
    lowered = {c.lower(): c for c in candidates}
    if text.lower() in lowered:
        return f'did you mean "{prefix}{lowered[text.lower()]}"?'
    close = get_close_matches(text, candidates, n=1, cutoff=0.6)
    return f'did you mean "{prefix}{close[0]}"?' if close else None


def listed(known: Iterable[str], limit: int = 12) -> str:
    """Some words in their order, cut when they are many."""
    words = sorted({str(k) for k in known})
    shown = ", ".join(words[:limit])
    return shown + (f", … ({len(words)} in all)" if len(words) > limit else "")


def one_of(known: Iterable[str], limit: int = 12) -> str:
    """A readable list of what is allowed, cut when it is long."""
    return f"one of: {listed(known, limit)}"
