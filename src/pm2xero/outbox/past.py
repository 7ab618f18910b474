"""Reads the past of the documents that are named, by few statements whatever its length."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from sqlalchemy import Connection, Executable

from pm2xero.outbox import past_questions as q
from pm2xero.outbox.asking import OF, AnyRow
from pm2xero.outbox.database import PAGE, Database
from pm2xero.outbox.past_records import (
    Booking,
    Deeds,
    Dues,
    EntryRow,
    Maker,
    Said,
    Standing,
    Wait,
)
from pm2xero.outbox.records import StoredDecision, StoredTransaction
from pm2xero.outbox.rows import decision_of, transaction_of
from pm2xero.outbox.states import RequestState


class PastReading(Database):
    """Questions about what was decided before."""

    def dues(self, ids: Collection[str]) -> dict[str, Dues]:
        """The standing of each document, and what others did to it."""
        wanted = list(ids)
        with self._read() as connection:
            standings = {
                row.id: standing_of(row) for row in self._ask(connection, q.STANDINGS, wanted)
            }
            settled = dict(self._sums(connection, q.SETTLED, wanted))
            settles = dict(self._sums(connection, q.SETTLES, wanted))
            reversed_ = dict(self._sums(connection, q.REVERSED, wanted))
            said = {
                row.id: Said(row.number, row.date, row.bank, row.cents)
                for row in self._ask(connection, q.SAID, wanted)
            }
            to_come: dict[str, list[tuple[str, int]]] = {}
            for document, by, cents in self._ask(connection, q.TO_COME, wanted):
                to_come.setdefault(document, []).append((by, cents))
            released: dict[str, list[tuple[int, str, str, str]]] = {}
            for row in self._ask(connection, q.RELEASED, wanted):
                word = (row.revision, row.rule, row.who, row.why)
                released.setdefault(row.id, []).append(word)
        return {
            id: Dues(
                standings.get(id), settled.get(id, 0), reversed_.get(id, 0), said.get(id),
                tuple(to_come.get(id, ())), tuple(released.get(id, ())), settles.get(id),
            )
            for id in wanted
        }  # fmt: skip

    def deeds(self, id: str) -> Deeds:
        """What the posted revision of a document did to others."""
        with self._read() as connection:
            settled = tuple(
                (row.document, row.cents) for row in self._ask(connection, q.DID_SETTLE, [id])
            )
            trust = tuple(
                (row.matter, row.bank, row.cents) for row in self._ask(connection, q.DID_MOVE, [id])
            )
            reversed_ = [row.document for row in self._ask(connection, q.DID_REVERSE, [id])]
        return Deeds(settled, trust, reversed_[0] if reversed_ else None)

    def _sums(
        self, connection: Connection, statement: Executable, ids: Iterable[str]
    ) -> Iterator[tuple[str, int]]:
        return ((id, int(cents)) for id, cents in self._ask(connection, statement, ids))

    def trust_totals(self, matters: Collection[str]) -> dict[tuple[str, str], int]:
        """What the matters' money moved by, by matter and bank."""
        with self._read() as connection:
            rows = self._ask(connection, q.TOTALS, matters)
            return {(matter, bank): cents for matter, bank, cents in rows}

    def held_on(self, changed: Iterable[Wait]) -> set[str]:
        """Held documents that wait for one of these."""
        wanted: dict[str, list[str]] = {}
        for what, id in changed:
            wanted.setdefault(what, []).append(id)
        found: set[str] = set()
        if not wanted:
            return found
        with self._read() as connection:
            for kind, ids in wanted.items():
                rows = self._ask(connection, q.HELD_ON, ids, what_=kind)
                found.update(held for (held,) in rows)
        return found

    def held_due(self, pack: str) -> set[str]:
        """Held documents to be decided again: what they wait for changed, or only Xero knows.

        Args:
            pack: fingerprint of the pack and firm that decide now.
        """
        with self._read() as connection:
            return {held for (held,) in self._ask(connection, q.HELD_DUE, pack_=pack)}

    def latest(self, ids: Collection[str]) -> list[StoredTransaction]:
        """The latest revisions of documents, in the order of posting."""
        with self._read() as connection:
            found = [transaction_of(row) for row in self._ask(connection, q.LATEST, ids)]
        return sorted(found, key=lambda tx: (tx.sequence, tx.id))

    def decided(self, ids: Collection[str]) -> dict[str, StoredDecision]:
        """The decisions about the latest revisions of documents."""
        with self._read() as connection:
            return {row.id: decision_of(row) for row in self._ask(connection, q.DECIDED, ids)}

    def makers(self, ids: Collection[str]) -> list[Maker]:
        """What makes or changes the objects of these transactions in Xero, the latest last."""
        with self._read() as connection:
            return [
                Maker(
                    row.id, row.transaction_id, row.step,
                    0 if row.state == RequestState.CONFIRMED else row.level,
                )
                for row in self._ask(connection, q.MAKERS, ids)
            ]  # fmt: skip

    def undone(self, ids: Collection[str]) -> set[str]:
        """Which of these ids in Xero were taken back, by whichever transaction."""
        if not ids:
            return set()
        with self._read() as connection:
            return {xero_id for (xero_id,) in self._ask(connection, q.UNDONE, ids)}

    def last_sequence(self) -> int:
        """The place of the last document in the order of posting; 0 when there is none."""
        with self._read() as connection:
            ((last,),) = self._ask(connection, q.LAST_SEQUENCE)
        return int(last or 0)

    def bookings(self) -> Iterator[Booking]:
        """What every decided revision is in Practice Management, by document and revision."""
        parts: dict[tuple[str, int], list[EntryRow]] = {}
        with self._read() as connection:
            lines = connection.execute(q.ENTRIES, {OF: self._organisation})
            # One by one takes twice as long.
            for page in lines.partitions(PAGE):
                for by, revision, *entry in page:
                    parts.setdefault((by, revision), []).append(EntryRow(*entry))
            rows = list(self._ask(connection, q.BOOKINGS))
        for row in rows:
            yield booking_of(row, tuple(parts.get((row.id, row.revision), ())))

    def standing_transactions(self) -> set[str]:
        """The transactions of which something stands in Xero, or is on its way there."""
        with self._read() as connection:
            return {row.transaction_id for row in self._ask(connection, q.STANDING)}


def standing_of(row: AnyRow) -> Standing:
    """The standing of a row."""
    return Standing(
        row.id, row.revision, row.digest, row.outcome, row.kind, row.mapping, row.beside_revision,
        row.beside_digest, row.contact, row.request, row.opened, row.reversible,
    )  # fmt: skip


def booking_of(row: AnyRow, found: tuple[EntryRow, ...]) -> Booking:
    """The booking of a row, with its entries."""
    return Booking(
        row.id, row.revision, row.kind, row.number, row.date, row.contact, row.contact_name,
        row.bank, row.currency, row.cents, row.voided, row.counts, found,
    )  # fmt: skip


def totals_of(moves: Iterable[tuple[str, str, int]]) -> Mapping[tuple[str, str], int]:
    """Sums of moves by matter and bank."""
    sums: dict[tuple[str, str], int] = {}
    for matter, bank, cents in moves:
        sums[matter, bank] = sums.get((matter, bank), 0) + cents
    return sums
