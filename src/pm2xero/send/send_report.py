"""What a run of the sender came to."""

from __future__ import annotations

from dataclasses import dataclass, field

from pm2xero.send.history_notes import NotesReport
from pm2xero.send.look_ahead import Outlook


@dataclass(frozen=True, slots=True)
class SendReport:
    """What one run did.

    Attributes:
        calls: calls to the Accounting API, lookups and contacts included.
        adopted: those of the confirmed that were found in Xero after an unknown outcome.
        failed: those that left again and again and never arrived.
        aside: those that somebody took back in Xero, of which a person must say what is to become.
        unknown: requests of which only a person, or a later run, can tell what became of them.
        blocked: requests that wait for one that was refused, held or skipped.
        left: requests that are still planned.
        stopped: why the run ended early, as a sentence; None when it came to its end.
        cause: id of that reason; code: of the page about it, such as PU905; None without one.
        warnings: what Xero remarked on documents that it took.
        notes: what became of the notes in the history of documents; none of it counts for money.
        outlook: what was seen in Xero before anything was sent: what waits, and what changed.
    """

    calls: int
    confirmed: int
    adopted: int
    rejected: int
    unknown: int
    blocked: int
    left: int
    failed: int = 0
    aside: int = 0
    stopped: str | None = None
    cause: str | None = None
    code: str | None = None
    warnings: tuple[str, ...] = ()
    outlook: Outlook = field(default_factory=Outlook)
    notes: NotesReport = field(default_factory=NotesReport)
