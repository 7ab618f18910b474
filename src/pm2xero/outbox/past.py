"""Reads the past of the documents that are named, by few statements whatever its length."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields

from sqlalchemy import Connection, and_, func, or_, select

from pm2xero.outbox.database import PAGE, Database
from pm2xero.outbox.ordering import by_characters
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
from pm2xero.outbox.past_schema import (
    bookings,
    documents,
    entries,
    expected,
    releases,
    reversals,
    settlements,
    trust_moves,
    trust_totals,
    waits,
)
from pm2xero.outbox.records import StoredDecision, StoredTransaction
from pm2xero.outbox.rows import AnyRow, chunks, decision_of, mine, transaction_of
from pm2xero.outbox.schema import decisions, requests, transactions
from pm2xero.outbox.states import RequestState
from pm2xero.xero.purpose import Purpose

_ENTRY = tuple(entries.c[field.name] for field in fields(EntryRow))


class PastReading(Database):
    """Questions about what was decided before."""

    def dues(self, ids: Collection[str]) -> dict[str, Dues]:
        """The standing of each document, and what others did to it."""
        found: dict[str, Dues] = {}
        of_ = self._organisation
        standings: dict[str, Standing] = {}
        settled: dict[str, int] = {}
        settles: dict[str, int] = {}
        reversed_: dict[str, int] = {}
        said: dict[str, Said] = {}
        to_come: dict[str, list[tuple[str, int]]] = {}
        released: dict[str, list[tuple[int, str, str, str]]] = {}
        with self._read() as connection:
            for part in chunks(ids):
                rows = connection.execute(
                    select(documents).where(
                        documents.c.organisation == of_, documents.c.id.in_(part)
                    )
                )
                standings.update((row.id, standing_of(row)) for row in rows)
                sums = connection.execute(
                    select(settlements.c.document, func.sum(settlements.c.cents))
                    .where(
                        settlements.c.organisation == of_,
                        settlements.c.document.in_(part),
                        settlements.c.live,
                    )
                    .group_by(settlements.c.document)
                )
                settled.update((document, int(cents)) for document, cents in sums)
                by = connection.execute(
                    select(settlements.c.by, func.sum(settlements.c.cents))
                    .where(
                        settlements.c.organisation == of_,
                        settlements.c.by.in_(part),
                        settlements.c.live,
                    )
                    .group_by(settlements.c.by)
                )
                settles.update((id, int(cents)) for id, cents in by)
                counts = connection.execute(
                    select(reversals.c.document, func.count())
                    .where(
                        reversals.c.organisation == of_,
                        reversals.c.document.in_(part),
                        reversals.c.live,
                    )
                    .group_by(reversals.c.document)
                )
                reversed_.update((document, count) for document, count in counts)
                said.update(self._said(connection, part))
                coming = connection.execute(
                    select(expected.c.document, expected.c.by, expected.c.cents)
                    .where(expected.c.organisation == of_, expected.c.document.in_(part))
                    .order_by(by_characters(expected.c.by))
                )
                for document, by, cents in coming:
                    to_come.setdefault(document, []).append((by, cents))
                said_so = connection.execute(
                    select(releases)
                    .where(releases.c.organisation == of_, releases.c.id.in_(part))
                    .order_by(releases.c.revision, by_characters(releases.c.rule))
                )
                for row in said_so:
                    word = (row.revision, row.rule, row.who, row.why)
                    released.setdefault(row.id, []).append(word)
        for id in ids:
            found[id] = Dues(
                standings.get(id), settled.get(id, 0), reversed_.get(id, 0), said.get(id),
                tuple(to_come.get(id, ())), tuple(released.get(id, ())), settles.get(id),
            )  # fmt: skip
        return found

    def _said(self, connection: Connection, ids: Collection[str]) -> dict[str, Said]:
        """What the latest decided revision of each document says of itself."""
        rows = connection.execute(
            select(
                bookings.c.id, bookings.c.number, bookings.c.date, bookings.c.bank,
                bookings.c.cents,
            )
            .where(bookings.c.organisation == self._organisation, bookings.c.id.in_(ids))
            .order_by(bookings.c.revision)
        )  # fmt: skip
        return {row.id: Said(row.number, row.date, row.bank, row.cents) for row in rows}

    def deeds(self, id: str) -> Deeds:
        """What the posted revision of a document did to others."""
        of_ = self._organisation
        with self._read() as connection:
            settled = connection.execute(
                select(settlements.c.document, settlements.c.cents)
                .where(
                    settlements.c.organisation == of_, settlements.c.by == id, settlements.c.live
                )
                .order_by(settlements.c.position)
            ).all()
            trust = connection.execute(
                select(trust_moves.c.matter, trust_moves.c.bank, trust_moves.c.cents)
                .where(
                    trust_moves.c.organisation == of_, trust_moves.c.by == id, trust_moves.c.live
                )
                .order_by(trust_moves.c.position)
            ).all()
            reverses = connection.execute(
                select(reversals.c.document).where(
                    reversals.c.organisation == of_, reversals.c.by == id, reversals.c.live
                )
            ).scalar()
        return Deeds(
            tuple((document, cents) for document, cents in settled),
            tuple((matter, bank, cents) for matter, bank, cents in trust),
            reverses,
        )

    def trust_totals(self, matters: Collection[str]) -> dict[tuple[str, str], int]:
        """What the matters' money moved by, by matter and bank."""
        found: dict[tuple[str, str], int] = {}
        with self._read() as connection:
            for part in chunks(matters):
                rows = connection.execute(
                    select(trust_totals.c.matter, trust_totals.c.bank, trust_totals.c.cents).where(
                        trust_totals.c.organisation == self._organisation,
                        trust_totals.c.matter.in_(part),
                    )
                )
                found.update(((matter, bank), cents) for matter, bank, cents in rows)
        return found

    def held_on(self, changed: Iterable[Wait]) -> set[str]:
        """Held documents that wait for one of these."""
        wanted: dict[str, list[str]] = {}
        for what, id in changed:
            wanted.setdefault(what, []).append(id)
        found: set[str] = set()
        with self._read() as connection:
            for kind, ids in wanted.items():
                for part in chunks(ids):
                    rows = connection.execute(
                        select(waits.c.held).where(
                            waits.c.organisation == self._organisation,
                            waits.c.what == kind,
                            waits.c.id.in_(part),
                        )
                    )
                    found.update(held for (held,) in rows)
        return found

    def held_due(self, pack: str) -> set[str]:
        """Held documents to be decided again: what they wait for changed, or only Xero knows.

        Args:
            pack: fingerprint of the pack and firm that decide now.
        """
        with self._read() as connection:
            rows = connection.execute(
                select(waits.c.held)
                .where(
                    waits.c.organisation == self._organisation,
                    or_(
                        waits.c.due,
                        waits.c.what == "live",
                        and_(waits.c.what == "pack", waits.c.id != pack),
                    ),
                )
                .distinct()
            ).all()
        return {held for (held,) in rows}

    def latest(self, ids: Collection[str]) -> list[StoredTransaction]:
        """The latest revisions of documents, in the order of posting."""
        found: list[StoredTransaction] = []
        with self._read() as connection:
            for part in chunks(ids):
                rows = connection.execute(
                    select(transactions).where(
                        mine(self._organisation, transactions), transactions.c.id.in_(part)
                    )
                )
                found.extend(transaction_of(row) for row in rows)
        return sorted(found, key=lambda tx: (tx.sequence, tx.id))

    def decided(self, ids: Collection[str]) -> dict[str, StoredDecision]:
        """The decisions about the latest revisions of documents."""
        found: dict[str, StoredDecision] = {}
        same = and_(
            transactions.c.organisation == decisions.c.organisation,
            transactions.c.id == decisions.c.id,
            transactions.c.revision == decisions.c.revision,
        )
        with self._read() as connection:
            for part in chunks(ids):
                rows = connection.execute(
                    select(decisions)
                    .join(transactions, same)
                    .where(mine(self._organisation, transactions), transactions.c.id.in_(part))
                )
                found.update((row.id, decision_of(row)) for row in rows)
        return found

    def makers(self, ids: Collection[str]) -> list[Maker]:
        """What makes or changes the objects of these transactions in Xero, the latest last."""
        found: list[Maker] = []
        columns = (
            requests.c.id, requests.c.transaction_id, requests.c.step, requests.c.revision,
            requests.c.level, requests.c.state,
        )  # fmt: skip
        with self._read() as connection:
            for part in chunks(ids):
                rows = connection.execute(
                    select(*columns)
                    .where(
                        mine(self._organisation),
                        requests.c.transaction_id.in_(part),
                        requests.c.purpose != Purpose.UNDO,
                    )
                    .order_by(requests.c.revision, by_characters(requests.c.id))
                )
                found.extend(
                    Maker(
                        row.id, row.transaction_id, row.step,
                        0 if row.state == RequestState.CONFIRMED else row.level,
                    )
                    for row in rows
                )  # fmt: skip
        return found

    def undone(self, ids: Collection[str]) -> set[str]:
        """Which of these ids in Xero were taken back, by whichever transaction."""
        found: set[str] = set()
        with self._read() as connection:
            for part in chunks(ids):
                rows = connection.execute(
                    select(requests.c.xero_id).where(
                        mine(self._organisation),
                        requests.c.xero_id.in_(part),
                        requests.c.purpose == Purpose.UNDO,
                        requests.c.state == RequestState.CONFIRMED,
                    )
                )
                found.update(xero_id for (xero_id,) in rows)
        return found

    def last_sequence(self) -> int:
        """The place of the last document in the order of posting; 0 when there is none."""
        with self._read() as connection:
            last = connection.execute(
                select(func.max(transactions.c.sequence)).where(
                    transactions.c.organisation == self._organisation
                )
            ).scalar()
        return int(last or 0)

    def bookings(self) -> Iterator[Booking]:
        """What every decided revision is in Practice Management, by document and revision."""
        of_ = self._organisation
        parts: dict[tuple[str, int], list[EntryRow]] = {}
        with self._read() as connection:
            lines = connection.execute(
                select(entries.c.by, entries.c.revision, *_ENTRY)
                .where(entries.c.organisation == of_)
                .order_by(entries.c.by, entries.c.revision, entries.c.part, entries.c.position)
            )
            # One by one takes twice as long.
            for page in lines.partitions(PAGE):
                for by, revision, *entry in page:
                    parts.setdefault((by, revision), []).append(EntryRow(*entry))
            rows = connection.execute(
                select(bookings)
                .where(bookings.c.organisation == of_)
                .order_by(by_characters(bookings.c.id), bookings.c.revision)
            ).all()
        for row in rows:
            yield booking_of(row, tuple(parts.get((row.id, row.revision), ())))

    def standing_transactions(self) -> set[str]:
        """The transactions of which something stands in Xero, or is on its way there."""
        with self._read() as connection:
            rows = connection.execute(
                select(requests.c.transaction_id)
                .where(requests.c.organisation == self._organisation, requests.c.stands)
                .distinct()
            ).all()
        return {transaction for (transaction,) in rows}


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
