"""Keys of a pack behind which nothing stands: YAML's null, which must never become a word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pm2xero.errors import Finding, Position
from pm2xero.pack.yaml.read import SourceList, SourceMap


def nulls(tree: Any, name: str = "this entry") -> Iterator[Finding]:
    """Each null below a value, at its place; nothing that a pack declares is null."""
    if isinstance(tree, SourceMap):
        for key, value in tree.items():
            if value is None:
                yield _finding(f'nothing is said behind "{key}"', tree.key_at[key], len(key))
            else:
                yield from nulls(value, key)
    elif isinstance(tree, SourceList):
        for value, at in zip(tree, tree.item_at, strict=True):
            if value is None:
                yield _finding(f'an entry of "{name}" says nothing', at, 1)
            else:
                yield from nulls(value, name)


def _finding(message: str, at: Position, width: int) -> Finding:
    return Finding(
        "PX109", message, at, width=width,
        hint="say it, or leave it out; the word null is written in quotes",
    )  # fmt: skip
