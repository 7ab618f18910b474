"""Records of the input in batches: what a batch names is looked up at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
BATCH = 500


def batches(items: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """The items in lists; what came before a fault of the input is given before it is raised."""
    stream = iter(items)
    while True:
        batch: list[T] = []
        try:
            # What was drawn before a fault stays in the list.
            batch.extend(islice(stream, size))
        except Exception:  # whatever ends the input: what came before it is handed on first
            if batch:
                yield batch
            raise
        if not batch:
            return
        yield batch
