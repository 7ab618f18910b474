"""Runs documents through the pipeline and writes the results in the order of the input."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from pm2xero.pipeline import Pipeline, Result
    from pm2xero.read.stream import Source

Emit = Callable[[bytes], None]
# JSON escapes all control characters but these; within a text they may be escaped as well.
_COMMANDS = re.compile(rb"\x7f|\xc2[\x80-\x9f]")


def results(
    pipeline: Pipeline, sources: list[Source], *, with_requests: bool
) -> Iterator[tuple[bool, Result]]:
    """Results in the order of deciding, with whether that is another one than the input's."""
    order = pipeline.order(sources)
    reordered = order.reordered
    run = pipeline.run(order, with_requests=with_requests)
    with _progress(sources) as advance:
        for result in run:
            advance()
            yield reordered, result


class InInputOrder:
    """Writes pieces of output in the order of the input, spooling them only when needed."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._spool: Any = None
        self._places: dict[int, tuple[int, int]] = {}

    def put(self, reordered: bool, ordinal: int, piece: bytes) -> None:
        """Write a piece now, or keep it until all before it are there."""
        if not reordered:
            if piece:
                self._emit(piece)
            return
        if self._spool is None:
            self._spool = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the run
        self._places[ordinal] = (self._spool.tell(), len(piece))
        self._spool.write(piece)

    def finish(self) -> None:
        """Write everything that was kept."""
        if self._spool is None:
            return
        for ordinal in sorted(self._places):
            start, length = self._places[ordinal]
            self._spool.seek(start)
            if length:
                self._emit(self._spool.read(length))
        self._spool.close()


def to_stdout(piece: bytes) -> None:
    """Write bytes to standard output; on a terminal without what it would obey."""
    if sys.stdout.isatty():
        piece = _COMMANDS.sub(lambda m: b"\\u%04x" % ord(m.group().decode()), piece)
    sys.stdout.buffer.write(piece)


def json_line(value: Any) -> bytes:
    """One object as a line of JSON."""
    return orjson.dumps(value) + b"\n"


class _progress:
    """A bar on standard error while a terminal watches; otherwise nothing at all."""

    def __init__(self, sources: list[Source]) -> None:
        self._on = sys.stderr.isatty() and sum(s.size for s in sources) > 2_000_000
        self._bar: Any = None
        self._count = 0

    def __enter__(self) -> Callable[[], None]:
        if not self._on:
            return lambda: None
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._bar = Progress(
            TextColumn("{task.completed:,} transactions"), BarColumn(), TimeElapsedColumn(),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self._bar.start()
        self._task = self._bar.add_task("run", total=None)
        return self._advance

    def _advance(self) -> None:
        self._count += 1
        if self._count % 1000 == 0:
            self._bar.update(self._task, completed=self._count)

    def __exit__(self, *exc: object) -> None:
        if self._bar is not None:
            self._bar.stop()
