"""The file beside an outbox by which an outbox that was lost or restored is known.

Each push is a generation. Its number and mark stand in the outbox and in this file before anything
is sent. An outbox that does not have the generation of the file is another one, or an older copy.
Where there is no file, nothing vouches for the outbox, and it is taken for an older copy, too;
an outbox without any document is all right when Xero has nothing that could be its work.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pm2xero.files import write_private
from pm2xero.outbox.memory import Gap, Generation
from pm2xero.outbox.pinning import OutboxPin


class Memory(Protocol):
    """What is asked of an outbox."""

    def generation(self, number: int | None = None) -> Generation | None:
        """A generation, the latest when none is named."""

    def begin_generation(self, mark: str, at: datetime, pin: OutboxPin | None = None) -> Generation:
        """The next generation."""

    def note_gap(self, since: datetime, lost_at: datetime | None) -> None:
        """From now on nothing is sent that may be in Xero since before this moment."""

    def last_sequence(self) -> int:
        """The place of the last document; 0 when there is none."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What the file says.

    Attributes:
        at: when the push began, or ended.
        is_open: it has not come to its end, as far as the file knows.
    """

    number: int
    mark: str
    at: datetime
    is_open: bool


class MemoryFile:
    """The file of one organisation; where none can be kept, nothing is remembered."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def read(self, now: datetime) -> Trace | None:
        """What the last push on this machine left; of a file that cannot be read, the worst."""
        if self._path is None or not self._path.exists():
            return None
        try:
            raw = json.loads(self._path.read_text(encoding="utf-8"))
            at = datetime.fromisoformat(raw["at"])
            found = Trace(int(raw["generation"]), str(raw["mark"]), at, bool(raw["open"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Trace(0, "", now, True)
        return found if at.tzinfo is not None else Trace(0, "", now, True)

    def write(self, trace: Trace) -> None:
        """Keep it; without a place to write to, the next push looks everything up."""
        if self._path is not None:
            value = {
                "generation": trace.number, "mark": trace.mark, "at": trace.at.isoformat(),
                "open": trace.is_open,
            }  # fmt: skip
            with suppress(OSError):
                write_private(self._path, json.dumps(value) + "\n")


def new_gap(
    outbox: Memory, trace: Trace | None, now: datetime, is_unwritten: Callable[[], bool]
) -> Gap | None:
    """What an outbox may not know that is another one than the file tells of; None where it is it.

    Args:
        is_unwritten: whether Xero has nothing that an outbox could have sent.
    """
    if trace is not None:
        known = outbox.generation(trace.number)
        if known is not None and known.mark == trace.mark:
            return None
        return Gap(now, now if trace.is_open else min(trace.at, now))
    if outbox.generation() is not None or outbox.last_sequence() or not is_unwritten():
        return Gap(now, None)
    return None


def begin(
    outbox: Memory, file: MemoryFile, now: datetime, is_unwritten: Callable[[], bool],
    pin: OutboxPin | None = None,
) -> Trace:  # fmt: skip
    """Begin a generation; before it, find out whether the outbox knows all that was sent.

    Args:
        is_unwritten: whether Xero has nothing that an outbox could have sent.
        pin: which Xero it is.
    """
    gap = new_gap(outbox, file.read(now), now, is_unwritten)
    if gap is not None:
        outbox.note_gap(gap.since, gap.lost_at)
    made = outbox.begin_generation(uuid.uuid4().hex, now, pin)
    begun = Trace(made.number, made.mark, now, True)
    file.write(begun)
    return begun


def end(file: MemoryFile, begun: Trace, now: datetime) -> None:
    """The push came to its end; no call of it is on its way."""
    file.write(Trace(begun.number, begun.mark, now, False))


def is_unwritten(
    endpoints: Iterable[str], first: Callable[[str], object | None]
) -> bool:  # fmt: skip
    """Whether Xero has nothing under these endpoints.

    Args:
        first: something of an endpoint; None when there is nothing.
    """
    return all(first(endpoint) is None for endpoint in endpoints)
