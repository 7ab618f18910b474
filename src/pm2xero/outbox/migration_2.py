"""Schema 2: requests say what they are, and the past is kept as rows.

Speaks plain SQL of the tables as they were, so it stays as it is. What a request was for stood in
the text of its step (`payment.undo@2`) up to schema 1; this is the last place that reads it there.
The tables that it changes are kept beside the new ones on PostgreSQL; of an SQLite file a copy is
made before it is opened.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, text

_KEPT = ("requests", "decisions", "request_needs")
_COLUMNS = (
    "ALTER TABLE decisions ADD COLUMN actor VARCHAR(10) DEFAULT 'product' NOT NULL",
    "ALTER TABLE decisions ADD COLUMN cents BIGINT DEFAULT 0 NOT NULL",
    "ALTER TABLE decisions ADD COLUMN latest BOOLEAN DEFAULT FALSE NOT NULL",
    "ALTER TABLE requests ADD COLUMN purpose VARCHAR(10) DEFAULT 'create' NOT NULL",
    "ALTER TABLE requests ADD COLUMN actor VARCHAR(10) DEFAULT 'product' NOT NULL",
    "ALTER TABLE requests ADD COLUMN slot VARCHAR(100)",
    "ALTER TABLE requests ADD COLUMN stands BOOLEAN DEFAULT FALSE NOT NULL",
    "ALTER TABLE requests ADD COLUMN target VARCHAR(200)",
    "ALTER TABLE requests ADD COLUMN body_hash VARCHAR(32) DEFAULT '' NOT NULL",
    """UPDATE decisions SET latest = TRUE WHERE EXISTS (SELECT 1 FROM transactions t
        WHERE t.organisation = decisions.organisation AND t.id = decisions.id
        AND t.revision = decisions.revision AND t.current)""",
    "UPDATE decisions SET actor = 'person', rule = NULL WHERE rule = 'done_by_hand'",
)
_OF = "organisation VARCHAR(200) NOT NULL"
_TABLES = (
    f"""CREATE TABLE documents ({_OF}, id VARCHAR(200) NOT NULL, revision BIGINT NOT NULL,
        digest VARCHAR(128) NOT NULL, outcome VARCHAR(20) NOT NULL, kind VARCHAR(100) NOT NULL,
        mapping VARCHAR(200), beside_revision BIGINT, beside_digest VARCHAR(128),
        contact VARCHAR(200), request VARCHAR(200), opened BIGINT, reversible BIGINT,
        PRIMARY KEY (organisation, id))""",
    f"""CREATE TABLE settlements ({_OF}, "by" VARCHAR(200) NOT NULL, revision BIGINT NOT NULL,
        position INTEGER NOT NULL, document VARCHAR(200) NOT NULL, cents BIGINT NOT NULL,
        live BOOLEAN NOT NULL, PRIMARY KEY (organisation, "by", revision, position))""",
    f"""CREATE TABLE expected ({_OF}, "by" VARCHAR(200) NOT NULL, document VARCHAR(200) NOT NULL,
        cents BIGINT NOT NULL, PRIMARY KEY (organisation, "by", document))""",
    f"""CREATE TABLE reversals ({_OF}, "by" VARCHAR(200) NOT NULL, revision BIGINT NOT NULL,
        document VARCHAR(200) NOT NULL, live BOOLEAN NOT NULL,
        PRIMARY KEY (organisation, "by", revision))""",
    f"""CREATE TABLE trust_moves ({_OF}, "by" VARCHAR(200) NOT NULL, revision BIGINT NOT NULL,
        position INTEGER NOT NULL, matter VARCHAR(200) NOT NULL, bank VARCHAR(200) NOT NULL,
        cents BIGINT NOT NULL, live BOOLEAN NOT NULL,
        PRIMARY KEY (organisation, "by", revision, position))""",
    f"""CREATE TABLE trust_totals ({_OF}, matter VARCHAR(200) NOT NULL, bank VARCHAR(200) NOT NULL,
        cents BIGINT NOT NULL, PRIMARY KEY (organisation, matter, bank))""",
    f"""CREATE TABLE bookings ({_OF}, id VARCHAR(200) NOT NULL, revision BIGINT NOT NULL,
        kind VARCHAR(100) NOT NULL, number TEXT NOT NULL, date DATE, contact VARCHAR(200),
        contact_name TEXT NOT NULL, bank VARCHAR(200), currency VARCHAR(10) NOT NULL,
        cents BIGINT NOT NULL, voided BOOLEAN NOT NULL, counts VARCHAR(20) NOT NULL,
        PRIMARY KEY (organisation, id, revision))""",
    f"""CREATE TABLE entries ({_OF}, "by" VARCHAR(200) NOT NULL, revision BIGINT NOT NULL,
        part VARCHAR(10) NOT NULL, position INTEGER NOT NULL, name VARCHAR(200) NOT NULL,
        account_id VARCHAR(40), account_code VARCHAR(100) NOT NULL, account_name TEXT NOT NULL,
        cents BIGINT NOT NULL, rounding BIGINT NOT NULL, matter VARCHAR(200), bank VARCHAR(200),
        tax_type VARCHAR(50), PRIMARY KEY (organisation, "by", revision, part, position))""",
    f"""CREATE TABLE waits ({_OF}, held VARCHAR(200) NOT NULL, what VARCHAR(10) NOT NULL,
        id VARCHAR(200) NOT NULL, due BOOLEAN NOT NULL,
        PRIMARY KEY (organisation, held, what, id))""",
)
_UNREADABLE = f"""CREATE TABLE unreadable ({_OF}, digest VARCHAR(64) NOT NULL,
        id VARCHAR(200) NOT NULL, revision BIGINT NOT NULL, kind VARCHAR(200) NOT NULL,
        place TEXT NOT NULL, message TEXT NOT NULL, seen_at {{moment}} NOT NULL,
        state VARCHAR(10) NOT NULL, PRIMARY KEY (organisation, digest))"""
_RELEASES = f"""CREATE TABLE releases ({_OF}, id VARCHAR(200) NOT NULL, revision BIGINT NOT NULL,
        rule VARCHAR(200) NOT NULL, who VARCHAR(200) NOT NULL, why TEXT NOT NULL,
        at {{moment}} NOT NULL, PRIMARY KEY (organisation, id, revision, rule))"""
_INDEXES = (
    """CREATE UNIQUE INDEX requests_slot ON requests (organisation, transaction_id, slot)
        WHERE stands""",
    """CREATE INDEX decisions_totals ON decisions (organisation, outcome, code, by_hand, cents)
        WHERE latest""",
    "CREATE INDEX requests_states ON requests (organisation, state) WHERE current",
    "CREATE INDEX requests_xero_id ON requests (organisation, xero_id)",
    "CREATE INDEX settlements_document ON settlements (organisation, document)",
    "CREATE INDEX expected_document ON expected (organisation, document)",
    "CREATE INDEX reversals_document ON reversals (organisation, document)",
    "CREATE INDEX trust_moves_matter ON trust_moves (organisation, matter, bank)",
    "CREATE INDEX waits_on ON waits (organisation, what, id)",
    "CREATE INDEX waits_due ON waits (organisation, held) WHERE due",
)


def past_as_rows(connection: Connection) -> None:
    """From schema 1 to 2."""
    moment = "VARCHAR(32)"
    if connection.dialect.name == "postgresql":
        moment = "TIMESTAMP WITH TIME ZONE"
        for name in _KEPT:
            connection.execute(text(f"CREATE TABLE {name}_schema1 AS TABLE {name}"))
    for statement in (*_COLUMNS, *_TABLES):
        connection.execute(text(statement))
    taken_over = (
        f"CREATE TABLE taken_over ({_OF}, at {moment} NOT NULL, PRIMARY KEY (organisation))"
    )
    connection.execute(text(taken_over))
    for table in (_UNREADABLE, _RELEASES):
        connection.execute(text(table.format(moment=moment)))
    _count_cents(connection)
    _say_what_requests_are(connection)
    for statement in _INDEXES:
        connection.execute(text(statement))


def _count_cents(connection: Connection) -> None:
    rows = connection.execute(text("SELECT organisation, id, revision, money FROM decisions")).all()
    given = [
        {"o": r.organisation, "i": r.id, "r": r.revision, "c": int(Decimal(r.money).scaleb(2))}
        for r in rows
    ]
    if given:
        connection.execute(
            text(
                "UPDATE decisions SET cents = :c "
                "WHERE organisation = :o AND id = :i AND revision = :r"
            ),
            given,
        )


@dataclass(slots=True)
class _Request:
    """A request as schema 1 kept it, and what its step said."""

    row: Any
    step: str
    corrects: bool
    purpose: str
    target: str | None = None
    stands: bool = False

    @property
    def counts(self) -> bool:
        return bool(self.row.current)


def _say_what_requests_are(connection: Connection) -> None:
    rows = connection.execute(
        text(
            "SELECT organisation, id, revision, transaction_id, step, contract, path, element, "
            "state, current, message FROM requests "
            "ORDER BY organisation, transaction_id, revision, id"
        )
    ).all()
    needs: dict[tuple[str, str, int], list[str]] = {}
    for row in connection.execute(
        text("SELECT organisation, request, revision, need FROM request_needs ORDER BY position")
    ):
        needs.setdefault((row.organisation, row.request, row.revision), []).append(row.need)
    groups: dict[tuple[str, str], list[_Request]] = {}
    for row in rows:
        groups.setdefault((row.organisation, row.transaction_id), []).append(_read(row))
    for (organisation, transaction), group in groups.items():
        for request in group:
            own = f"{transaction}/"
            named = needs.get((organisation, request.row.id, request.row.revision), [])
            if request.corrects:
                request.target = _corrected(request, group)
            elif request.purpose == "undo":
                request.target = next((n for n in named if not n.startswith(own)), None)
        _stand(group)
        _write(connection, organisation, group)


def _read(row: Any) -> _Request:
    base, mark, _ = row.step.partition("@")
    undoes_own = base.endswith(".undo")
    purpose = "create" if row.contract.startswith("put.") else "update"
    if purpose == "update" and (undoes_own or _takes_back(row.element)):
        purpose = "undo"
    return _Request(row, base.removesuffix(".undo"), bool(mark), purpose)


def _takes_back(element: str) -> bool:
    try:
        return json.loads(element).get("Status") in ("VOIDED", "DELETED")
    except (ValueError, AttributeError):
        return False


def _corrected(request: _Request, group: list[_Request]) -> str | None:
    """The creation that a correction changes, takes back or replaces."""
    before = [r for r in group if r.purpose == "create" and r.row.revision < request.row.revision]
    same = [r for r in before if r.step == request.step] or before
    return same[-1].row.id if same else None


def _stand(group: list[_Request]) -> None:
    """Of each step the last creation stands, unless it is taken back or its undo failed."""
    by_step: dict[str, list[_Request]] = {}
    for request in group:
        if request.purpose == "create" and request.counts:
            by_step.setdefault(request.step, []).append(request)
    undone = {
        r.target: r.row.state for r in group if r.purpose == "undo" and r.corrects and r.counts
    }
    stopped = ("rejected", "held", "skipped")
    for made in by_step.values():
        for request in reversed(made):
            state = undone.get(request.row.id)
            if state is None or state in stopped:
                request.stands = True
                break
        standing = next((r for r in made if r.stands), None)
        # What follows an undo that failed is withdrawn: what was there before it holds the slot.
        for request in made:
            if request is not standing:
                request.stands = False
        for request in made:
            if undone.get(request.row.id) in stopped:
                for other in made:
                    other.stands = other is request
                break


def _write(connection: Connection, organisation: str, group: list[_Request]) -> None:
    connection.execute(
        text(
            "UPDATE requests SET step = :step, purpose = :purpose, actor = :actor, slot = :slot, "
            "stands = :stands, target = :target, body_hash = :hash "
            "WHERE organisation = :organisation AND id = :id AND revision = :revision"
        ),
        [
            {
                "organisation": organisation,
                "id": r.row.id,
                "revision": r.row.revision,
                "step": r.step,
                "purpose": r.purpose,
                # The reason of who entered it by hand is kept with what is confirmed.
                "actor": "person"
                if r.row.state == "confirmed" and r.row.message is not None
                else "product",
                "slot": r.step if r.purpose == "create" else None,
                "stands": r.stands,
                "target": r.target,
                "hash": blake2b(
                    f"{r.row.path}\x1f{r.row.element}".encode(), digest_size=16
                ).hexdigest(),
            }
            for r in group
        ],
    )
