"""The outbox of one organisation: the durable record of what must reach Xero and what did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Self

from pm2xero.outbox.database import open_engine
from pm2xero.outbox.decision_records import Recorded
from pm2xero.outbox.history_notes import HistoryNotes
from pm2xero.outbox.lease import Leasing
from pm2xero.outbox.memory import Remembering
from pm2xero.outbox.open_work import OpenWork
from pm2xero.outbox.past import PastReading
from pm2xero.outbox.people import People
from pm2xero.outbox.pinning import Pinning
from pm2xero.outbox.reading import Reading
from pm2xero.outbox.releases import Releases
from pm2xero.outbox.saving import Saving
from pm2xero.outbox.seen import Seen
from pm2xero.outbox.sending import Sending
from pm2xero.outbox.takeover import TakingOver
from pm2xero.outbox.totals import Totals
from pm2xero.outbox.unreadable import Unreadables


class Outbox(
    Reading,
    OpenWork,
    PastReading,
    TakingOver,
    Totals,
    Saving,
    Sending,
    People,
    Unreadables,
    Releases,
    Remembering,
    Seen,
    Recorded,
    Pinning,
    HistoryNotes,
    Leasing,
):
    """Decisions, requests, attempts and ids; every method commits by itself.

    May be shared by threads of one process; several processes may open the same database.
    """

    @classmethod
    def open(cls, url: str, organisation: str, clock: Callable[[], datetime]) -> Self:
        """Open (and create or migrate) the outbox of an organisation.

        Args:
            url: `sqlite:///outbox.db`, `sqlite://` (in memory) or `postgresql+psycopg://…`.
            organisation: stable id of the firm; several may share a database.
            clock: gives the present moment, aware.

        Raises:
            OutboxError: PE108 when it cannot be opened, PE102 when a newer program made it.
        """
        return cls(open_engine(url, clock), organisation, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
