"""Whether the past of an organisation is kept as rows, and how it comes to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import insert, select, update

from pm2xero.outbox.asking import of
from pm2xero.outbox.database import Database
from pm2xero.outbox.past_records import Chapter
from pm2xero.outbox.past_schema import taken_over
from pm2xero.outbox.past_writing import write_past
from pm2xero.outbox.runs import without_repeats
from pm2xero.outbox.schema import decisions, requests, transactions

_DONE = select(taken_over.c.at).where(of(taken_over))
_STORED = select(transactions.c.id).where(of(transactions)).limit(1)


class TakingOver(Database):
    """The one step from a past that is told anew to a past that is rows."""

    def is_taken_over(self, at: datetime) -> bool:
        """Whether the past is kept as rows; that of a new outbox is from now on."""
        with self._read() as connection:
            if any(self._ask(connection, _DONE)):
                return True
            if any(self._ask(connection, _STORED)):
                return False
        with self._write() as connection:
            if not any(self._ask(connection, _DONE)):
                connection.execute(
                    insert(taken_over).values(organisation=self._organisation, at=at)
                )
        return True

    def save_taken_over(
        self, chapters: Iterable[Chapter], slots: Mapping[tuple[str, str], str], at: datetime
    ) -> None:
        """Write the past of all documents, and the slots of steps that share one.

        Args:
            slots: by mapping and step.
        """
        of_ = self._organisation
        with self._write() as connection:
            for (mapping, step), slot in slots.items():
                by_mapping = (
                    select(decisions.c.id)
                    .where(
                        decisions.c.organisation == of_,
                        decisions.c.id == requests.c.transaction_id,
                        decisions.c.mapping == mapping,
                    )
                    .exists()
                )
                connection.execute(
                    update(requests)
                    .where(requests.c.organisation == of_, requests.c.slot == step, by_mapping)
                    .values(slot=slot)
                )
            for run in without_repeats(chapters, lambda chapter: chapter.id):
                write_past(connection, of_, run)
            connection.execute(insert(taken_over).values(organisation=of_, at=at))
