"""The order in which documents are decided: as they were posted in Practice Management.

A payment can never be posted before its bill, whatever dates both carry, so `posted_at` is the one
order in which every document finds what it refers to. Among equals, kinds that make a document
(bills, credits) come first, then the order of the input. An input that is in order already is
streamed; only otherwise an index of it is kept (about 60 bytes a record).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from pm2xero.read.stream import Record, Source

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class PostingOrder:
    """Sources in posting order; `reordered` tells whether that differs from the input's."""

    def __init__(self, sources: Sequence[Source], first: frozenset[str]) -> None:
        self._sources = sources
        self._first = first
        self._sorted: list[int] | None = None
        self._where = (array("Q"), array("Q"), array("I"))
        if not self._in_order():
            self._index()

    @property
    def reordered(self) -> bool:
        """Whether records come in another order than they stand in the input."""
        return self._sorted is not None

    def __iter__(self) -> Iterator[tuple[int, Record]]:
        """Each record with its place in the input, counted from 0."""
        if self._sorted is None:
            ordinal = 0
            for source in self._sources:
                for record in source.records():
                    yield ordinal, record
                    ordinal += 1
            return
        offsets, lines, numbers = self._where
        for packed in self._sorted:
            ordinal = packed & 0xFFFFFFFF
            source = self._sources[numbers[ordinal]]
            yield ordinal, source.at(offsets[ordinal], lines[ordinal])

    def _in_order(self) -> bool:
        last = -1
        for source in self._sources:
            for record in source.records():
                key = self._key(record.raw, last)
                if key < last:
                    return False
                last = key
        return True

    def _index(self) -> None:
        offsets, lines, numbers = self._where
        packed: list[int] = []
        last = 0
        for number, source in enumerate(self._sources):
            for record in source.records():
                last = self._key(record.raw, last)
                packed.append(last << 32 | len(packed))
                offsets.append(record.offset)
                lines.append(record.line)
                numbers.append(number)
        packed.sort()
        self._sorted = packed

    def _key(self, raw: Any, last: int) -> int:
        """Microseconds since 1970 and the rank of the kind; what has no time stays where it is."""
        if type(raw) is not dict:
            return max(last, 0)
        moment = raw.get("posted_at") or raw.get("created_at") or raw.get("date")
        if type(moment) is not str:
            return max(last, 0)
        try:
            when = datetime.fromisoformat(moment)
        except ValueError:
            return max(last, 0)
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        delta = when - _EPOCH
        microseconds = (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds
        kind = raw.get("kind")
        rank = 0 if type(kind) is str and kind in self._first else 1
        return max(microseconds, 0) << 1 | rank
