"""Why each document was decided as it was, at each time when that changed; only ever added to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, func, insert, select, tuple_

from pm2xero.outbox.asking import AnyRow, among, ask, of, write
from pm2xero.outbox.database import Database
from pm2xero.outbox.record_schema import decision_records, packs
from pm2xero.outbox.records import DecisionRecord, PackRecord, StoredDecision

# What makes a decision another one.
_TOLD = ("outcome", "code", "rule", "mapping", "reasons", "warnings", "facts", "pack")

_KEY = (decision_records.c.id, decision_records.c.revision)
_NEWEST = (
    select(*_KEY, func.max(decision_records.c.number).label("number"))
    .where(of(decision_records), among(decision_records.c.id))
    .group_by(*_KEY)
    .subquery()
)
_LAST = (
    select(decision_records)
    .join(
        _NEWEST,
        tuple_(*_KEY, decision_records.c.number)
        == tuple_(_NEWEST.c.id, _NEWEST.c.revision, _NEWEST.c.number),
    )
    .where(of(decision_records))
)
_ADD = insert(decision_records)


def add_records(
    connection: Connection, organisation: str, decided: Iterable[StoredDecision]
) -> None:
    """One more record of each decision that is new, or otherwise than its last record."""
    told = {(d.id, d.revision): _row(organisation, d) for d in decided}
    last: dict[tuple[str, int], AnyRow] = {}
    rows = ask(connection, _LAST, organisation, sorted({id for id, _ in told}))
    last.update({(row.id, row.revision): row for row in rows})
    new = []
    for key, values in told.items():
        before = last.get(key)
        if before is None or any(getattr(before, name) != values[name] for name in _TOLD):
            new.append({**values, "number": before.number + 1 if before is not None else 1})
    write(connection, _ADD, new)


def _row(organisation: str, decision: StoredDecision) -> dict[str, Any]:
    return {
        "organisation": organisation,
        "id": decision.id,
        "revision": decision.revision,
        "decided_at": decision.decided_at,
        "who": decision.who[:200],
        "outcome": decision.outcome,
        "code": decision.code,
        "rule": decision.rule,
        "mapping": decision.mapping,
        "reasons": orjson.dumps(decision.reasons).decode(),
        "warnings": orjson.dumps(decision.warnings).decode(),
        "facts": orjson.dumps(list(decision.facts)).decode(),
        "pack": decision.pack,
    }


class Recorded(Database):
    """Records of decisions, and what decided."""

    def records_of(self, id: str) -> Sequence[DecisionRecord]:
        """How each revision of a document was decided, the oldest record first."""
        with self._read() as connection:
            rows = connection.execute(
                select(decision_records)
                .where(
                    decision_records.c.organisation == self._organisation,
                    decision_records.c.id == id,
                )
                .order_by(decision_records.c.revision, decision_records.c.number)
            ).all()
        return [
            DecisionRecord(
                row.id, row.revision, row.number, row.decided_at, row.who, row.outcome, row.code,
                row.rule, row.mapping, orjson.loads(row.reasons), orjson.loads(row.warnings),
                orjson.loads(row.facts), row.pack,
            )
            for row in rows
        ]  # fmt: skip

    def note_pack(
        self, fingerprint: str, product: str, files: Callable[[], Mapping[str, str]], at: datetime
    ) -> None:
        """Write down once what a fingerprint stands for.

        Args:
            files: the hash of each file that decides; not read where it is written already.
        """
        if self.pack_of(fingerprint) is not None:
            return
        with self._write() as connection:
            mine = packs.c.organisation == self._organisation
            known = select(packs.c.fingerprint).where(mine, packs.c.fingerprint == fingerprint)
            if connection.execute(known).first() is None:
                values = {"product": product, "files": orjson.dumps(files()).decode()}
                connection.execute(
                    insert(packs).values(
                        organisation=self._organisation, fingerprint=fingerprint, first_used=at,
                        **values,
                    )
                )  # fmt: skip

    def pack_of(self, fingerprint: str) -> PackRecord | None:
        """What a fingerprint stands for; None when nobody wrote it down."""
        with self._read() as connection:
            row = connection.execute(
                select(packs).where(
                    packs.c.organisation == self._organisation, packs.c.fingerprint == fingerprint
                )
            ).first()
        if row is None:
            return None
        return PackRecord(row.fingerprint, row.first_used, row.product, orjson.loads(row.files))
