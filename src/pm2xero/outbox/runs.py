"""Runs of items in which no key occurs twice; a second occurrence must see the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def without_repeats(items: Iterable[T], key: Callable[[T], str]) -> Iterator[list[T]]:
    """The items in order, in runs of which each has every key at most once."""
    run: list[T] = []
    seen: set[str] = set()
    for item in items:
        if key(item) in seen:
            yield run
            run, seen = [], set()
        run.append(item)
        seen.add(key(item))
    if run:
        yield run
