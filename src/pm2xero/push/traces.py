"""What an intake met that is no document: a trace of it stays until it is mended or dismissed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Protocol

from pm2xero.harmless import on_terminal
from pm2xero.outbox.past_records import Unreadable
from pm2xero.read.stream import Record
from pm2xero.read.transaction import Malformed, Transaction, fingerprint_of


class Keeper(Protocol):
    """Where traces are kept."""

    def unreadable(self) -> Iterable[Unreadable]:
        """Those that are open."""

    def keep_unreadable(
        self, met: Collection[Unreadable], mended: Collection[str], at: datetime
    ) -> None:
        """Keep what was met, and close what is mended."""


# The highest revision that the outbox can hold.
_LARGEST = 2**63 - 1


class Traces:
    """The traces of one run."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._met: dict[str, Unreadable] = {}
        self._mended: set[str] = set()
        self._open: dict[str, list[Unreadable]] = {}
        for trace in keeper.unreadable():
            self._open.setdefault(trace.id, []).append(trace)

    def malformed(self, record: Record, found: Malformed) -> None:
        """A record that is no document."""
        digest = record.digest or _digest(record.raw)
        self._keep(digest, found.id, found.revision, found.kind, record, "; ".join(found.faults))

    def contradicts(self, record: Record, tx: Transaction, message: str) -> None:
        """A document that says something else than the same revision did before."""
        self._keep(tx.fingerprint, tx.id, tx.revision, tx.kind, record, message)

    def read(self, tx: Transaction) -> None:
        """A document that was read, and so mends what could not be read of it before."""
        for trace in self._open.get(tx.id, ()):
            if tx.revision >= trace.revision:
                self._mended.add(trace.digest)
                self._met.pop(trace.digest, None)

    def write(self, at: datetime) -> None:
        """Hand on what was met and mended since the last time."""
        self._keeper.keep_unreadable(list(self._met.values()), list(self._mended), at)
        self._met, self._mended = {}, set()

    def _keep(
        self, digest: bytes, id: str, revision: int, kind: str, record: Record, message: str
    ) -> None:
        place = f"{record.source}:{record.line}"
        # A record that is odd in one way may be so in any: what no column holds is made harmless.
        words = (on_terminal(text) for text in (id[:200], kind[:200], place, message))
        id, kind, place, message = words
        revision = min(max(revision, 0), _LARGEST)
        trace = Unreadable(digest.hex(), id, revision, kind, place, message)
        self._met[trace.digest] = trace
        self._mended.discard(trace.digest)
        known = self._open.setdefault(trace.id, [])
        if all(other.digest != trace.digest for other in known):
            known.append(trace)


def _digest(raw: object) -> bytes:
    """What a record is known by; one that is too deep to be written is known by its outline."""
    try:
        return fingerprint_of(raw)
    except TypeError:
        keys = sorted(map(str, raw)) if isinstance(raw, dict) else [type(raw).__name__]
        return fingerprint_of([keys, str(raw.get("id")) if isinstance(raw, dict) else ""])
