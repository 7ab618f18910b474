"""`--log` and `--log-format`: one line for each attempt of each call, for whoever operates it."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

if TYPE_CHECKING:
    from pm2xero.xero.call_log import Attempt, Watch

Command = Callable[..., Any]


def log_options(command: Command) -> Command:
    """--log and --log-format."""
    for option in (
        click.option(
            "--log-format", type=click.Choice(["json", "text"]),
            help="Tell of each attempt of a call, a line each, on standard error or in --log.",
        ),
        click.option(
            "--log", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
            envvar="PM2XERO_LOG",
            help="Add these lines (JSON, unless --log-format says text) to a file of yours alone.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def call_log(file: Path | None, form: str | None) -> Watch | None:
    """Who is told of the attempts of this run; None where nobody wants to know.

    Raises:
        UsageError: PU909 when the file cannot be written.
    """
    if file is None and form is None:
        return None
    stream: BinaryIO = sys.stderr.buffer if file is None else _opened(file)
    if file is not None:
        click.get_current_context().call_on_close(stream.close)
    line = _text if form == "text" else _json

    def write(attempt: Attempt) -> None:
        stream.write(line(attempt))
        stream.flush()

    from pm2xero.xero.call_log import Watch

    return Watch(write, uuid.uuid4().hex[:12])


def _opened(file: Path) -> BinaryIO:
    """The file to add to, for its owner only from its first moment."""
    from pm2xero.errors import Finding, UsageError
    from pm2xero.files import OWNER_ONLY

    try:
        number = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, OWNER_ONLY)
        os.fchmod(number, OWNER_ONLY)
    except OSError as exc:
        message = f"{file} cannot be written: {exc.strerror}"
        raise UsageError(
            Finding("PU909", message, should_be="a file in a folder of yours")
        ) from None
    return os.fdopen(number, "wb", buffering=0)


def _json(attempt: Attempt) -> bytes:
    import orjson

    return orjson.dumps(attempt.as_json(), option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)


def _text(attempt: Attempt) -> bytes:
    asked = "&".join(f"{name}={value}" for name, value in attempt.query.items())
    words = (
        attempt.at.isoformat(timespec="milliseconds"),
        f"{attempt.run}/{attempt.call}.{attempt.attempt}",
        attempt.method,
        attempt.path + (f"?{asked}" if asked else ""),
        str(attempt.status or "-"),
        attempt.outcome + (f" ({attempt.fault})" if attempt.fault else ""),
        f"{attempt.ms} ms",
        f"{attempt.sent} bytes out, {attempt.received} in",
        *([f"xero {attempt.xero}"] if attempt.xero else []),
        *([f"key {attempt.key}"] if attempt.key else []),
    )
    return (" ".join(words) + "\n").encode("utf-8", "replace")
