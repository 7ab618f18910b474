"""Writes the past of documents in the caller's transaction; each document at most once a call."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from pm2xero.outbox.asking import among, ask, change, of, write
from pm2xero.outbox.past import totals_of
from pm2xero.outbox.past_records import Booking, Chapter, Standing, Wait
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
        change(connection, _MARK_DUE, organisation, dict.fromkeys(ids), what_=kind)


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
        self._write_deeds(known)
        self._write_expected(known)
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
        return {id for (id,) in ask(self._connection, _KNOWN, self._of, ids)}

    def _end_deeds(self, ids: Collection[str]) -> None:
        ended = ask(self._connection, _MOVED, self._of, ids)
        self._moved += [(matter, bank, -cents) for matter, bank, cents in ended]
        for statement in _END:
            change(self._connection, statement, self._of, ids)

    def _write_standings(self, known: Collection[str]) -> None:
        new: list[Values] = []
        changed: list[Values] = []
        for chapter in self._standing:
            row = {name: getattr(chapter.standing, name) for name in _STOOD}
            if chapter.id in known:
                changed.append({"of_": self._of, "id_": chapter.id, **row})
            else:
                new.append(self._mine({"id": chapter.id, **row}))
        self._run(_NEW_STANDING, new)
        self._run(_SET_STANDING, changed)

    def _write_deeds(self, known: Collection[str]) -> None:
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
            forget, add = _DEEDS[table]
            # What is decided for the first time has done nothing yet.
            again = {(r["by"], r["revision"]) for r in rows if r["by"] in known}
            self._run(
                forget,
                [{"of_": self._of, "by_": by, "revision_": revision} for by, revision in again],
            )
            self._run(add, rows)

    def _write_expected(self, known: Collection[str]) -> None:
        """What is to come, in place of what was to come of the same documents."""
        again = [c.id for c in self._standing if c.id in known]
        change(self._connection, _FORGET_EXPECTED, self._of, again)
        sums: dict[tuple[str, str], int] = {}
        for chapter in self._standing:
            for document, cents in chapter.deeds.to_come:
                key = (chapter.id, document)
                sums[key] = sums.get(key, 0) + cents
        self._run(
            _ADD_EXPECTED,
            [
                self._mine({"by": by, "document": document, "cents": cents})
                for (by, document), cents in sums.items()
            ],
        )

    def _write_trust_totals(self) -> None:
        sums = {key: cents for key, cents in totals_of(self._moved).items() if cents}
        if not sums:
            return
        matters = {matter for matter, _ in sums}
        there = {
            (matter, bank) for matter, bank in ask(self._connection, _TOTALLED, self._of, matters)
        }
        new = [
            self._mine({"matter": matter, "bank": bank, "cents": 0})
            for matter, bank in sums
            if (matter, bank) not in there
        ]
        self._run(_NEW_TOTAL, new)
        self._run(
            _ADD_TRUST,
            [
                {"of_": self._of, "matter_": matter, "bank_": bank, "more": cents}
                for (matter, bank), cents in sums.items()
            ],
        )

    def _write_bookings(self, found: Sequence[Booking]) -> None:
        ids = [b.id for b in found]
        booked = {(id, revision) for id, revision in ask(self._connection, _BOOKED, self._of, ids)}
        keys = [
            {"of_": self._of, "id_": b.id, "revision_": b.revision}
            for b in found
            if (b.id, b.revision) in booked
        ]
        self._run(_FORGET_ENTRIES, keys)
        self._run(_FORGET_BOOKING, keys)
        rows, lines = [], []
        for booking in found:
            rows.append(self._mine({f: getattr(booking, f) for f in _BOOKING}))
            by = self._mine({"by": booking.id, "revision": booking.revision})
            lines += [
                {**by, "position": position, **{f: getattr(entry, f) for f in _ENTERED}}
                for position, entry in enumerate(booking.entries)
            ]
        self._run(_ADD_BOOKING, rows)
        self._run(_ADD_ENTRY, lines)

    def _write_waits(self) -> None:
        told = [c for c in self._chapters if c.waits is not None]
        change(self._connection, _FORGET_WAITS, self._of, (c.id for c in told))
        self._run(
            _ADD_WAIT,
            [
                self._mine({"held": c.id, "what": what, "id": id, "due": False})
                for c in told
                for what, id in dict.fromkeys(c.waits or ())
            ],
        )

    def _mine(self, row: Values) -> Values:
        return {"organisation": self._of, **row}

    def _run(self, statement: Any, rows: list[Values]) -> None:
        write(self._connection, statement, rows)


_BOOKING = (
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
_STOOD = tuple(field.name for field in fields(Standing) if field.name != "id")
_DEED_TABLES = (settlements, reversals, trust_moves)
_MARK_DUE = (
    update(waits)
    .where(of(waits), waits.c.what == bindparam("what_"), among(waits.c.id), waits.c.due.is_(False))
    .values(due=True)
)
_KNOWN = select(documents.c.id).where(of(documents), among(documents.c.id))
_MOVED = select(trust_moves.c.matter, trust_moves.c.bank, trust_moves.c.cents).where(
    of(trust_moves), among(trust_moves.c.by), trust_moves.c.live
)
_END = tuple(
    update(table).where(of(table), among(table.c.by), table.c.live).values(live=False)
    for table in _DEED_TABLES
)
# How what a revision did is forgotten, and how it is written.
_DEEDS = {
    table: (
        delete(table).where(
            of(table),
            table.c.by == bindparam("by_"),
            table.c.revision == bindparam("revision_"),
        ),
        insert(table),
    )
    for table in _DEED_TABLES
}
_NEW_STANDING = insert(documents)
_FORGET_EXPECTED = delete(expected).where(of(expected), among(expected.c.by))
_ADD_EXPECTED = insert(expected)
_TOTALLED = select(trust_totals.c.matter, trust_totals.c.bank).where(
    of(trust_totals), among(trust_totals.c.matter)
)
_NEW_TOTAL = insert(trust_totals)
_BOOKED = select(bookings.c.id, bookings.c.revision).where(of(bookings), among(bookings.c.id))
_ADD_BOOKING = insert(bookings)
_ADD_ENTRY = insert(entries)
_FORGET_WAITS = delete(waits).where(of(waits), among(waits.c.held))
_ADD_WAIT = insert(waits)
_SET_STANDING = (
    update(documents)
    .where(of(documents), documents.c.id == bindparam("id_"))
    .values({name: bindparam(name) for name in _STOOD})
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
