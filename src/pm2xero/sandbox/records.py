"""Everything that has an id in Xero, as one kind of row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pm2xero.sandbox.store import Store
from pm2xero.sandbox.wire import cents, dump_text, from_cents, parse_stored

_COLUMNS = (
    "id, endpoint, type, status, date, due_date, number, reference, label, contact_id, account_id,"
    " target_id, source_id, group_id, total, remaining, updated, body"
)
_INSERT = f"INSERT INTO record ({_COLUMNS}) VALUES ({', '.join('?' * 18)})"
_UPDATE = f"UPDATE record SET ({_COLUMNS}) = ({', '.join('?' * 18)}) WHERE id = ?"
_MOST_PARAMETERS = 10_000
_SELECT = f"SELECT {_COLUMNS} FROM record"
# What was sent together shares its days and its moment.
_day = lru_cache(maxsize=4096)(dt.date.fromisoformat)
_moment = lru_cache(maxsize=4096)(dt.datetime.fromisoformat)


@dataclass(frozen=True, slots=True)
class Record:
    """A contact, a document, a payment or an allocation.

    Attributes:
        number: InvoiceNumber, CreditNoteNumber or ContactNumber.
        label: folded Name of a contact, Narration of a journal.
        account_id: the bank account of a bank transaction, payment or transfer.
        target_id: the document that a payment or an allocation settles.
        source_id: the credit that an allocation uses.
        group_id: the batch payment, or the transfer, that this row is part of.
        total: of the document, in the organisation's currency.
        remaining: what is still due, or still to be allocated.
        body: the rest, in Xero's shape; dates as ISO text.
    """

    id: str
    endpoint: str
    status: str
    updated: dt.datetime
    type: str = ""
    date: dt.date | None = None
    due_date: dt.date | None = None
    number: str | None = None
    reference: str | None = None
    label: str | None = None
    contact_id: str | None = None
    account_id: str | None = None
    target_id: str | None = None
    source_id: str | None = None
    group_id: str | None = None
    total: Decimal = Decimal("0.00")
    remaining: Decimal = Decimal("0.00")
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def day(self) -> dt.date:
        """The date of a record that always has one."""
        if self.date is None:
            raise ValueError(f"{self.endpoint} {self.id} has no date")
        return self.date


def insert(store: Store, record: Record) -> None:
    """Add a record."""
    store.execute(_INSERT, _row(record))


def update(store: Store, record: Record) -> None:
    """Replace a record by id."""
    store.execute(_UPDATE, (*_row(record), record.id))


def get(store: Store, endpoint: str, record_id: str) -> Record | None:
    """A record by its id, whatever the case of its letters."""
    row = store.find(f"{_SELECT} WHERE id = ? AND endpoint = ?", (record_id.lower(), endpoint))
    return _record(row) if row else None


def numbered(store: Store, endpoint: str, number: str) -> list[Record]:
    """Every record of an endpoint with a number, the oldest first."""
    return select(store, "endpoint = ? AND number = ? ORDER BY seq", (endpoint, number))


def among(store: Store, column: str, values: Sequence[str], extra: str = "") -> list[Record]:
    """Every record whose column is one of the values; of each value the oldest first."""
    found: list[Record] = []
    for some in batched(values):
        marks = ", ".join("?" * len(some))
        found.extend(select(store, f"{column} IN ({marks}) {extra} ORDER BY seq", some))
    return found


def batched(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Parts of a list that SQLite can take as parameters of one statement."""
    for start in range(0, len(values), _MOST_PARAMETERS):
        yield values[start : start + _MOST_PARAMETERS]


def select(store: Store, condition: str, parameters: Sequence[Any] = ()) -> list[Record]:
    """Records by a trusted SQL condition, which may end in ORDER BY and LIMIT."""
    return [_record(row) for row in store.rows(f"{_SELECT} WHERE {condition}", parameters)]


def _row(record: Record) -> tuple[Any, ...]:
    return (
        record.id,
        record.endpoint,
        record.type,
        record.status,
        record.date.isoformat() if record.date else None,
        record.due_date.isoformat() if record.due_date else None,
        record.number,
        record.reference,
        record.label,
        record.contact_id,
        record.account_id,
        record.target_id,
        record.source_id,
        record.group_id,
        cents(record.total),
        cents(record.remaining),
        record.updated.isoformat(timespec="milliseconds"),
        dump_text(record.body),
    )


def _record(row: tuple[Any, ...]) -> Record:
    return Record(
        id=row[0],
        endpoint=row[1],
        type=row[2],
        status=row[3],
        date=_day(row[4]) if row[4] else None,
        due_date=_day(row[5]) if row[5] else None,
        number=row[6],
        reference=row[7],
        label=row[8],
        contact_id=row[9],
        account_id=row[10],
        target_id=row[11],
        source_id=row[12],
        group_id=row[13],
        total=from_cents(row[14]),
        remaining=from_cents(row[15]),
        updated=_moment(row[16]),
        body=parse_stored(row[17]),
    )
