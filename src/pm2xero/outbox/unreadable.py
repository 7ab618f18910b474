"""Records of an export that could not be read: kept until they are mended or dismissed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import insert, select, update

from pm2xero.errors import Finding, OutboxError
from pm2xero.outbox.asking import chunks
from pm2xero.outbox.database import Database
from pm2xero.outbox.ordering import by_characters
from pm2xero.outbox.past_records import Unreadable
from pm2xero.outbox.past_schema import unreadable
from pm2xero.outbox.people import log

OPEN, MENDED, DISMISSED = "open", "mended", "dismissed"
# So much of a hash names a record.
_SHORT = 8


class Unreadables(Database):
    """Traces of what is no document."""

    def unreadable(self) -> list[Unreadable]:
        """Those that nobody has mended or dismissed, in the order of their places."""
        with self._read() as connection:
            rows = connection.execute(
                select(unreadable)
                .where(unreadable.c.organisation == self._organisation, unreadable.c.state == OPEN)
                .order_by(by_characters(unreadable.c.place), unreadable.c.digest)
            ).all()
        return [
            Unreadable(row.digest, row.id, row.revision, row.kind, row.place, row.message)
            for row in rows
        ]

    def keep_unreadable(
        self, met: Collection[Unreadable], mended: Collection[str], at: datetime
    ) -> None:
        """Keep what was met, and close what is mended (by its digest).

        What a person dismissed stays so: its content is the same.
        """
        if not met and not mended:
            return
        by_digest = {trace.digest: trace for trace in met}
        with self._write() as connection:
            known: dict[str, str] = {}
            for part in chunks([*by_digest, *mended]):
                rows = connection.execute(
                    select(unreadable.c.digest, unreadable.c.state).where(
                        unreadable.c.organisation == self._organisation,
                        unreadable.c.digest.in_(part),
                    )
                )
                known.update((digest, state) for digest, state in rows)
            new = [
                {
                    "organisation": self._organisation, "digest": trace.digest, "id": trace.id,
                    "revision": trace.revision, "kind": trace.kind, "place": trace.place,
                    "message": trace.message, "seen_at": at, "state": OPEN,
                }
                for digest, trace in by_digest.items()
                if digest not in known
            ]  # fmt: skip
            if new:
                connection.execute(insert(unreadable), new)
            again = [d for d in by_digest if known.get(d) == MENDED]
            closed = [d for d in mended if known.get(d) == OPEN and d not in by_digest]
            for digests, state in ((again, OPEN), (closed, MENDED)):
                for part in chunks(digests):
                    connection.execute(
                        update(unreadable)
                        .where(
                            unreadable.c.organisation == self._organisation,
                            unreadable.c.digest.in_(part),
                        )
                        .values(state=state, seen_at=at)
                    )

    def dismiss(self, digest: str, who: str, why: str, at: datetime) -> Unreadable:
        """A person says that a record is not missed; logged as every decision is.

        Args:
            digest: the hash or its beginning, of at least eight characters.

        Raises:
            OutboxError: PE106, no open record is known by it, or more than one.
        """
        found = [t for t in self.unreadable() if t.digest.startswith(digest.lower())]
        if len(digest) < _SHORT or len(found) != 1:
            raise OutboxError(
                Finding(
                    "PE106",
                    f'"{digest}" names {"several" if len(found) > 1 else "no"} unreadable record'
                    f"{'s' if len(found) > 1 else ''}",
                    should_be="the hash that reconcile names, at least eight characters of it",
                )
            )
        (trace,) = found
        with self._write() as connection:
            connection.execute(
                update(unreadable)
                .where(
                    unreadable.c.organisation == self._organisation,
                    unreadable.c.digest == trace.digest,
                )
                .values(state=DISMISSED)
            )
            about = trace.id or trace.digest
            log(connection, self._organisation, "dismiss", about, who, why, at, None, [])
        return trace
