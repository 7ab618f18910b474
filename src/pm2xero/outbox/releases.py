"""What a person lets through that a rule holds: for one revision, with who and why."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, insert, update

from pm2xero.outbox.database import Database
from pm2xero.outbox.past_schema import releases, waits
from pm2xero.outbox.people import log


class Releases(Database):
    """A person's word against the rules that hold a document."""

    def let_through(
        self, id: str, revision: int, rules: Collection[str], who: str, why: str, at: datetime
    ) -> None:
        """Let a revision through these rules; the next push decides it again.

        A word that was given before about the same rule is replaced.
        """
        of_ = self._organisation
        with self._write() as connection:
            connection.execute(
                delete(releases).where(
                    releases.c.organisation == of_, releases.c.id == id,
                    releases.c.revision == revision, releases.c.rule.in_(rules),
                )
            )  # fmt: skip
            connection.execute(
                insert(releases),
                [
                    {"organisation": of_, "id": id, "revision": revision, "rule": rule,
                     "who": who, "why": why, "at": at}
                    for rule in rules
                ],
            )  # fmt: skip
            connection.execute(
                update(waits)
                .where(waits.c.organisation == of_, waits.c.held == id)
                .values(due=True)
            )
            log(connection, of_, "release", id, who, why, at, None, [])
