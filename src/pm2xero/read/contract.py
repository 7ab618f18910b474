"""The input contract of a kind as rows: each field, its type in words, and whether it is needed.

What an exporter is written from; the JSON Schema says the same to programs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pm2xero.pack.language.types import FieldType, ListType, RecordType, ScalarType
from pm2xero.pack.model import Kind
from pm2xero.read.limits import ENTRIES, ID, NAME, TEXT


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of a kind.

    Attributes:
        path: `lines[].net` is the field of each item of a list.
        type: what it holds, in words.
        required: without it the record is refused.
    """

    path: str
    type: str
    required: bool


_SCALARS = {
    "text": f"text, at most {TEXT:,} characters",
    "identifier": f"text, not empty, at most {NAME} characters",
    "money": 'amount as text, such as "600.00"',
    "date": 'date, such as "2026-05-31"',
    "instant": 'moment with its zone, such as "2026-05-31T02:15:00Z"',
    "flag": "true or false",
    "count": "whole number from 0 up",
}
_REFERENCES = {
    "ledger_account": "code of a ledger account of Practice Management",
    "bank_account": "name of a bank account of Practice Management",
    "tax_code": "tax code of Practice Management",
    "document": "id of another document",
}


def rows(kind: Kind) -> tuple[FieldRow, ...]:
    """The fields of a kind in the order of its declaration, the needed ones first."""
    found = _of_record(kind.record, "", True)
    return tuple(replace(r, type=f"the word {kind.name}") if r.path == "kind" else r for r in found)


def _of_record(record: RecordType, prefix: str, needed: bool) -> Iterator[FieldRow]:
    for name, of in record.required.items():
        yield from _field(f"{prefix}{name}", of, needed)
    for name, of in record.optional.items():
        yield from _field(f"{prefix}{name}", of, False)


def _field(path: str, of: FieldType, needed: bool) -> Iterator[FieldRow]:
    if path == "id":
        yield FieldRow(path, f"text, not empty, at most {ID} characters", needed)
    elif isinstance(of, RecordType):
        yield FieldRow(path, "group of fields", needed)
        # Within a group that may be left out a field is needed once the group is there.
        yield from _of_record(of, f"{path}.", True)
    elif isinstance(of, ListType) and isinstance(of.of, RecordType):
        yield FieldRow(path, f"list of groups, 1 to {ENTRIES:,}", needed)
        yield from _of_record(of.of, f"{path}[].", True)
    else:
        yield FieldRow(path, words(of), needed)


def words(of: FieldType) -> str:
    """What a value of a type is, in words."""
    if isinstance(of, ListType):
        return f"list of: {words(of.of)}; 1 to {ENTRIES:,}"
    if isinstance(of, ScalarType):
        return "one of " + ", ".join(of.values) if of.values else _SCALARS[of.name]
    return _REFERENCES[of.name]
