"""Takes documents in: transaction, decision and planned requests, all of them or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pm2xero.outbox.batch import Batch
from pm2xero.outbox.database import Database, analyse
from pm2xero.outbox.past_records import Chapter
from pm2xero.outbox.past_writing import write_past
from pm2xero.outbox.records import Document, StoredDecision, StoredRequest, StoredTransaction
from pm2xero.outbox.runs import without_repeats


class Saving(Database):
    """Writing down what was decided and what is planned."""

    def save(
        self, tx: StoredTransaction, decision: StoredDecision, requests: Sequence[StoredRequest],
        past: Sequence[Chapter] = (),
    ) -> None:  # fmt: skip
        """Save one document in one database transaction; see `save_many`."""
        self.save_many([(tx, decision, requests)], past)

    def save_many(self, documents: Iterable[Document], past: Iterable[Chapter] = ()) -> None:
        """Save documents, and what they are for others, in one database transaction.

        A revision seen before gets the new decision, and its requests the new rendering as far as
        nothing of them can be in Xero; their states stay. A higher revision that is posted takes
        the place of a lower one: of the lower one only what is confirmed still counts; one that
        is not posted leaves the lower one on its way. What a person held or skipped stays so. A
        decision to skip (nothing to send) changes nothing about a revision that is posted
        already. A request that needs a stopped one is blocked from the start.

        Raises:
            DigestConflict: PE101, an id and revision with other content than before.
            OutboxError: PE103, requests of a revision lower than the one known.
            StateConflict: PE104, the outcome of a lower revision's request is not known yet;
                PE113, a creation whose slot is taken.
        """
        with self._write() as connection:
            for run in without_repeats(documents, lambda document: document[0].id):
                Batch(connection, self._organisation, run).save()
                self._saved += len(run)
            for chapters in without_repeats(past, lambda chapter: chapter.id):
                write_past(connection, self._organisation, chapters)
        if self._saved >= self._analyse_at:
            self._analyse_at = 4 * self._saved
            with self._write() as connection:
                analyse(connection)
