"""Writes the results of `decide` and `render`."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pm2xero.cli import common, run
from pm2xero.decide.totals import Summary
from pm2xero.errors import Finding, Position, UsageError
from pm2xero.files import make_private_folder, write_private
from pm2xero.read.transaction import Malformed
from pm2xero.report import text
from pm2xero.report.repetitions import Repetitions

if TYPE_CHECKING:
    from pm2xero.pipeline import Pipeline, Result
    from pm2xero.read.stream import Source
    from pm2xero.render.request import Request


def write_results(
    pipeline: Pipeline, sources: list[Source], *, form: str, show_all: bool, with_requests: bool,
    folder: Path | None,
) -> int:  # fmt: skip
    """Write every result and the summary; the exit code says whether something needs attention."""
    summary = Summary(currency=pipeline.organisation.base_currency)
    writer = run.InInputOrder(run.to_stdout)
    bodies = _Bodies(folder) if folder is not None else None
    colour = common.use_colour(sys.stdout)
    repetitions = Repetitions()
    for reordered, result in run.results(pipeline, sources, with_requests=with_requests):
        summary.add(result.transaction, result.decision, len(result.requests))
        if bodies is not None:
            bodies.write(result)
        if form == "json":
            piece = run.json_line(_as_json(result, with_requests))
        elif isinstance(result.transaction, Malformed) and repetitions.passes_over(
            result.transaction
        ):
            piece = b""
        else:
            piece = _as_text(result, show_all, colour)
        writer.put(reordered, result.ordinal, piece)
    writer.finish()
    for line in repetitions.lines():
        text.print_line(sys.stdout, colour, line)
    sys.stdout.flush()
    _say_summary(pipeline, summary, form, with_requests)
    if bodies is not None:
        bodies.finish()
    broken = [s.broken for s in sources if s.broken is not None]
    if broken:
        common.say_findings(tuple(broken))
        return common.BROKEN
    return common.FINDINGS if summary.attention else common.OK


def _as_json(result: Result, with_requests: bool) -> dict[str, object]:
    value = result.decision.as_json()
    if with_requests:
        value["requests"] = [r.as_json() for r in result.requests]
    return value


def _as_text(result: Result, show_all: bool, colour: bool) -> bytes:
    if result.decision.outcome == "post" and not show_all:
        return b""
    buffer = io.StringIO()
    out = text.console(buffer, colour)
    if sys.stdout.isatty():
        out.width = text.console(sys.stdout, colour).width
    text.print_decision(out, result.decision)
    for request in result.requests:
        out.print(f"       {request.method} {request.path}  {request.id}")
    return buffer.getvalue().encode()


def _say_summary(pipeline: Pipeline, summary: Summary, form: str, requests: bool) -> None:
    stream = sys.stderr if form == "json" else sys.stdout
    titles = {name: kind.title for name, kind in pipeline.pack.kinds.items()}
    out = text.console(stream, common.use_colour(stream))
    if not summary.cells:
        out.print("the input holds no documents")
        return
    if form == "text":
        out.print()
    currency = pipeline.organisation.base_currency
    text.print_summary(out, summary, titles, currency, requests)


class _Bodies:
    """Writes each body to `NNNN-transaction.step.json`, and says at the end where they are."""

    def __init__(self, folder: Path) -> None:
        try:
            make_private_folder(folder)
        except OSError as exc:
            message = f"the folder cannot be made: {exc.strerror}"
            raise UsageError(Finding("PU909", message, Position(str(folder)))) from None
        self._folder = folder
        self._count = 0

    def write(self, result: Result) -> None:
        for request in result.requests:
            name = f"{result.ordinal + 1:04d}-{_plain(request)}.json"
            # The same command makes them anew: not worth waiting for the disk thousands of times.
            write_private(self._folder / name, request.body + b"\n", durable=False)
            self._count += 1

    def finish(self) -> None:
        click.echo(f"{self._count:,} bodies are in {self._folder}", err=True)


def _plain(request: Request) -> str:
    """A file name that no id can turn into a path."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", request.transaction)[:80]
    return f"{plain}.{re.sub(r'[^A-Za-z0-9_-]+', '_', request.step)}"
