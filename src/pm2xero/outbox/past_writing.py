"""Writes the past of documents in the caller's transaction; each document at most once a call."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from pm2xero.outbox.past import totals_of
from pm2xero.outbox.past_records import Booking, Chapter, Wait
from pm2xero.outbox.past_schema import (
    bookings,
    documents,
    entries,
    expected,
    reversals,
    settlements,
    trust_moves,
    trust_totals,
    waits,
)
from pm2xero.outbox.rows import chunks

Values = dict[str, Any]


def write_past(connection: Connection, organisation: str, chapters: Sequence[Chapter]) -> None:
    """Write what became of documents; what their earlier revisions did counts no more."""
    if not chapters:
        return
    _Writing(connection, organisation, chapters).write()


def mark_due(connection: Connection, organisation: str, changed: Iterable[Wait]) -> None:
    """Let the held documents that wait for these be decided again."""
    wanted: dict[str, list[str]] = {}
    for what, id in changed:
        wanted.setdefault(what, []).append(id)
    for kind, ids in wanted.items():
        for part in chunks(dict.fromkeys(ids)):
            connection.execute(
                update(waits)
                .where(
                    waits.c.organisation == organisation,
                    waits.c.what == kind,
                    waits.c.id.in_(part),
                    waits.c.due.is_(False),
                )
                .values(due=True)
            )


class _Writing:
    def __init__(
        self, connection: Connection, organisation: str, chapters: Sequence[Chapter]
    ) -> None:
        self._connection = connection
        self._of = organisation
        self._chapters = chapters
        self._standing = [c for c in chapters if c.standing is not None]
        self._moved: list[tuple[str, str, int]] = []

    def write(self) -> None:
        known = self._known(c.id for c in self._standing)
        self._end_deeds([c.id for c in self._standing if c.id in known])
        self._write_standings(known)
        self._run(
            _SET_BESIDE,
            [
                {"of_": self._of, "id_": c.id, "revision_": c.beside[0], "digest_": c.beside[1]}
                for c in self._chapters
                if c.beside is not None
            ],
        )
        self._write_deeds()
        self._write_expected()
        self._write_trust_totals()
        self._write_bookings([c.booking for c in self._chapters if c.booking is not None])
        self._write_waits()
        changed: list[Wait] = [("document", c.id) for c in self._standing]
        for chapter in self._standing:
            touched = (*chapter.deeds.settled, *chapter.deeds.to_come)
            changed += [("document", document) for document, _ in touched]
            if chapter.deeds.reverses is not None:
                changed.append(("document", chapter.deeds.reverses))
        changed += [("matter", matter) for matter, _, _ in self._moved]
        mark_due(self._connection, self._of, changed)

    def _known(self, ids: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for part in chunks(ids):
            rows = self._connection.execute(
                select(documents.c.id).where(
                    documents.c.organisation == self._of, documents.c.id.in_(part)
                )
            )
            found.update(id for (id,) in rows)
        return found

    def _end_deeds(self, ids: Collection[str]) -> None:
        for part in chunks(ids):
            ended = self._connection.execute(
                select(trust_moves.c.matter, trust_moves.c.bank, trust_moves.c.cents).where(
                    trust_moves.c.organisation == self._of,
                    trust_moves.c.by.in_(part),
                    trust_moves.c.live,
                )
            )
            self._moved += [(matter, bank, -cents) for matter, bank, cents in ended]
            for table in (settlements, reversals, trust_moves):
                self._connection.execute(
                    update(table)
                    .where(table.c.organisation == self._of, table.c.by.in_(part), table.c.live)
                    .values(live=False)
                )

    def _write_standings(self, known: Collection[str]) -> None:
        rows = [asdict(c.standing) for c in self._standing if c.standing is not None]
        self._run(insert(documents), [self._mine(r) for r in rows if r["id"] not in known])
        changed = [r for r in rows if r["id"] in known]
        self._run(
            _SET_STANDING,
            [
                {"of_": self._of, "id_": r["id"], **{k: v for k, v in r.items() if k != "id"}}
                for r in changed
            ],
        )

    def _write_deeds(self) -> None:
        done: dict[Any, list[Values]] = {settlements: [], reversals: [], trust_moves: []}
        for chapter in self._standing:
            by: Values = {"by": chapter.id, "revision": chapter.revision, "live": True}
            deeds = chapter.deeds
            done[settlements] += [
                self._mine(by | {"position": i, "document": document, "cents": cents})
                for i, (document, cents) in enumerate(deeds.settled)
            ]
            done[trust_moves] += [
                self._mine(by | {"position": i, "matter": matter, "bank": bank, "cents": cents})
                for i, (matter, bank, cents) in enumerate(deeds.trust)
            ]
            self._moved += deeds.trust
            if deeds.reverses is not None:
                done[reversals].append(self._mine(by | {"document": deeds.reverses}))
        for table, rows in done.items():
            self._run(
                delete(table).where(
                    table.c.organisation == self._of,
                    table.c.by == bindparam("by_"),
                    table.c.revision == bindparam("revision_"),
                ),
                [
                    {"by_": by, "revision_": revision}
                    for by, revision in {(r["by"], r["revision"]) for r in rows}
                ],
            )
            self._run(insert(table), rows)

    def _write_expected(self) -> None:
        """What is to come, in place of what was to come of the same documents."""
        for part in chunks(c.id for c in self._standing):
            self._connection.execute(
                delete(expected).where(expected.c.organisation == self._of, expected.c.by.in_(part))
            )
        sums: dict[tuple[str, str], int] = {}
        for chapter in self._standing:
            for document, cents in chapter.deeds.to_come:
                key = (chapter.id, document)
                sums[key] = sums.get(key, 0) + cents
        self._run(
            insert(expected),
            [
                self._mine({"by": by, "document": document, "cents": cents})
                for (by, document), cents in sums.items()
            ],
        )

    def _write_trust_totals(self) -> None:
        sums = {key: cents for key, cents in totals_of(self._moved).items() if cents}
        if not sums:
            return
        there: set[tuple[str, str]] = set()
        for part in chunks({matter for matter, _ in sums}):
            rows = self._connection.execute(
                select(trust_totals.c.matter, trust_totals.c.bank).where(
                    trust_totals.c.organisation == self._of, trust_totals.c.matter.in_(part)
                )
            )
            there.update((matter, bank) for matter, bank in rows)
        new = [
            self._mine({"matter": matter, "bank": bank, "cents": 0})
            for matter, bank in sums
            if (matter, bank) not in there
        ]
        self._run(insert(trust_totals), new)
        self._run(
            _ADD_TRUST,
            [
                {"of_": self._of, "matter_": matter, "bank_": bank, "more": cents}
                for (matter, bank), cents in sums.items()
            ],
        )

    def _write_bookings(self, found: Sequence[Booking]) -> None:
        keys = [{"of_": self._of, "id_": b.id, "revision_": b.revision} for b in found]
        self._run(_FORGET_ENTRIES, keys)
        self._run(_FORGET_BOOKING, keys)
        rows, lines = [], []
        for booking in found:
            row = {f: getattr(booking, f) for f in _BOOKED}
            rows.append(self._mine(row))
            for position, entry in enumerate(booking.entries):
                by = {"by": booking.id, "revision": booking.revision, "position": position}
                lines.append(self._mine(by | {f: getattr(entry, f) for f in _ENTERED}))
        self._run(insert(bookings), rows)
        self._run(insert(entries), lines)

    def _write_waits(self) -> None:
        told = [c for c in self._chapters if c.waits is not None]
        for part in chunks(c.id for c in told):
            self._connection.execute(
                delete(waits).where(waits.c.organisation == self._of, waits.c.held.in_(part))
            )
        self._run(
            insert(waits),
            [
                self._mine({"held": c.id, "what": what, "id": id, "due": False})
                for c in told
                for what, id in dict.fromkeys(c.waits or ())
            ],
        )

    def _mine(self, row: Values) -> Values:
        return {"organisation": self._of, **row}

    def _run(self, statement: Any, rows: list[Values]) -> None:
        if rows:
            self._connection.execute(statement, rows)


_BOOKED = (
    "id", "revision", "kind", "number", "date", "contact", "contact_name", "bank", "currency",
    "cents", "voided", "counts",
)  # fmt: skip
_ENTERED = (
    "part",
    "name",
    "account_id",
    "account_code",
    "account_name",
    "cents",
    "rounding",
    "matter",
    "bank",
    "tax_type",
)
_SET_STANDING = (
    update(documents)
    .where(documents.c.organisation == bindparam("of_"), documents.c.id == bindparam("id_"))
    .values(
        {c.name: bindparam(c.name) for c in documents.c if c.name not in ("organisation", "id")}
    )
)
_SET_BESIDE = (
    update(documents)
    .where(documents.c.organisation == bindparam("of_"), documents.c.id == bindparam("id_"))
    .values(beside_revision=bindparam("revision_"), beside_digest=bindparam("digest_"))
)
_ADD_TRUST = (
    update(trust_totals)
    .where(
        trust_totals.c.organisation == bindparam("of_"),
        trust_totals.c.matter == bindparam("matter_"),
        trust_totals.c.bank == bindparam("bank_"),
    )
    .values(cents=trust_totals.c.cents + bindparam("more"))
)
_FORGET_ENTRIES = delete(entries).where(
    and_(
        entries.c.organisation == bindparam("of_"),
        entries.c.by == bindparam("id_"),
        entries.c.revision == bindparam("revision_"),
    )
)
_FORGET_BOOKING = delete(bookings).where(
    and_(
        bookings.c.organisation == bindparam("of_"),
        bookings.c.id == bindparam("id_"),
        bookings.c.revision == bindparam("revision_"),
    )
)
