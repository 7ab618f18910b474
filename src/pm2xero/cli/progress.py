"""How far a push is, on standard error: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pm2xero.send.run_state import Progress

# A pause shorter than this, in seconds, is not worth a word; nor is a line for each call.
_WORTH = 5
_LINE_EVERY = 25


class PushProgress:
    """Shows what a sender tells of itself; nothing at all for a push of a few calls."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._bar: Any = None
        self._task: Any = None
        self._said = 0

    def __enter__(self) -> PushProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, progress: Progress) -> None:
        """The sender is this far, or begins to wait."""
        if self._terminal:
            self._draw(progress)
        elif progress.wait >= _WORTH:
            click.echo(f"{_so_far(progress)}; {_waiting(progress)}", err=True)
        elif progress.calls >= self._said + _LINE_EVERY:
            self._said = progress.calls
            click.echo(_so_far(progress), err=True)

    def _draw(self, progress: Progress) -> None:
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

            self._bar = Progress(
                TextColumn("{task.completed:,.0f} of {task.total:,.0f} requests"),
                BarColumn(bar_width=20),
                TextColumn("{task.fields[calls]:,} calls"),
                TimeElapsedColumn(),
                TextColumn("{task.fields[waiting]}"),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._task = self._bar.add_task("push", total=progress.total, calls=0, waiting="")
        self._bar.update(
            self._task,
            completed=progress.settled,
            calls=progress.calls,
            waiting=_waiting(progress) if progress.wait >= _WORTH else "",
        )


def _so_far(progress: Progress) -> str:
    from pm2xero.sentences import counted

    requests = counted(progress.total, "request")
    return f"{progress.settled:,} of {requests}, {counted(progress.calls, 'call')}"


def _waiting(progress: Progress) -> str:
    return f"waiting {progress.wait:.0f} s: {progress.why}"
