"""The JSON Schema of input documents, derived from the kinds that the pack declares."""

from __future__ import annotations

from typing import Any

from pm2xero.pack.language.types import FieldType, ListType, RecordType, ScalarType
from pm2xero.pack.model import Kind
from pm2xero.read.limits import COUNT, DEPTH, ENTRIES, ID, NAME, RECORD_BYTES, TEXT

# No control characters: such a name would be another one than the one that people see.
_CONTROL = r"\u0000-\u001f\u007f-\u009f"
# Blanks of all widths, and what has no width at all: a name of nothing else cannot be told.
_UNSEEN = (
    r"\u0020\u00a0\u00ad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u2066-\u2069\u3000"
    r"\ufeff"
)
SEEN = rf"[^{_CONTROL}{_UNSEEN}]"
_PLAIN = rf"^[^{_CONTROL}]*{SEEN}[^{_CONTROL}]*$"


def _name(most: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": most, "pattern": _PLAIN}


_SCALARS: dict[str, dict[str, Any]] = {
    "text": {"type": "string", "maxLength": TEXT},
    "named_text": {"type": "string", "maxLength": TEXT, "pattern": SEEN},
    "identifier": _name(NAME),
    "document_id": _name(ID),
    "money": {"type": "string", "pattern": r"^-?[0-9]{1,13}(\.[0-9]{1,2})?$"},
    "date": {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    "instant": {
        "type": "string",
        "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})$",
    },
    "flag": {"type": "boolean"},
    "count": {
        "type": "integer",
        "minimum": 0,
        "maximum": COUNT,
        "description": "Written without a decimal point: 1, not 1.0.",
    },
}

EXPECTED = {
    "text": "text in quotes",
    "named_text": "text in quotes that is not blank",
    "identifier": f"text in quotes, not empty and at most {NAME} characters",
    "document_id": f"text in quotes, not empty and at most {ID} characters",
    "money": 'an amount as text with two decimals, such as "600.00"',
    "date": 'a date such as "2026-05-31"',
    "instant": 'a moment with its time zone, such as "2026-05-31T02:15:00Z"',
    "flag": "true or false",
    "count": f"a whole number from 0 to {COUNT}, without quotes or a decimal point",
}
# The id of the document itself: it needs room behind it for the names of its requests.
_DOCUMENT_ID = ScalarType("document_id")
# A text that a record must have, such as the name of a participant.
_NAMED_TEXT = ScalarType("named_text")

DESCRIPTION = (
    "One document of Practice Management; derived from the kinds of the pack. Amounts are text "
    'with two decimals ("600.00"). A text may hold line breaks and tabs; any other control '
    "character in it is read as a blank, and in a name it is refused. A record has at most "
    f"{RECORD_BYTES // 1024 // 1024} MB, and at most {DEPTH} lists and groups within each other. "
    "Fields that a kind does not declare are ignored, with a warning; null is the same as a field "
    "that is left out."
)


def kind_schema(kind: Kind) -> dict[str, Any]:
    """The schema of one kind's documents. Fields that no kind declares are let through here."""
    schema = {"title": kind.title, **_record(kind.record)}
    properties: dict[str, Any] = schema["properties"]
    for name, type_ in kind.record.required.items():
        properties[name] = _type(document_type(name, type_))
    return schema


def document_type(name: str, declared: FieldType) -> FieldType:
    """The type of a field of a document itself, by its name and what the pack declares."""
    return _DOCUMENT_ID if name == "id" else declared


def required_type(declared: FieldType) -> FieldType:
    """The type of a field that a participant or a line must have: a blank text names nothing.

    Blank texts of a document itself, such as its number, are a matter for rules, which say more.
    """
    return _NAMED_TEXT if declared == ScalarType("text") else declared


def transaction_schema(kinds: dict[str, Kind]) -> dict[str, Any]:
    """One schema for all kinds, for editors and exporters: `kind` chooses the branch."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Transaction",
        "description": DESCRIPTION,
        "type": "object",
        "required": ["id", "kind"],
        "properties": {"kind": {"enum": list(kinds)}},
        "allOf": [
            {
                "if": {"properties": {"kind": {"const": name}}},
                "then": _unless_unfinished(kind),
            }
            for name, kind in kinds.items()
        ],
        "$defs": {name: kind_schema(kind) for name, kind in kinds.items()},
    }


def _unless_unfinished(kind: Kind) -> dict[str, Any]:
    """The schema of a kind for all but those documents that are still worked on."""
    whole = {"$ref": f"#/$defs/{kind.name}"}
    if not kind.unfinished:
        return whole
    unfinished = {
        "properties": {n: {"enum": list(v)} for n, v in kind.unfinished.items()},
        "required": list(kind.unfinished),
    }
    return {"if": unfinished, "then": {"required": ["id", "kind", "revision"]}, "else": whole}


def _record(record: RecordType) -> dict[str, Any]:
    properties = {name: _type(required_type(t)) for name, t in record.required.items()}
    properties |= {
        name: {"anyOf": [_type(t), {"type": "null"}]} for name, t in record.optional.items()
    }
    return {"type": "object", "required": list(record.required), "properties": properties}


def _type(kind: FieldType) -> dict[str, Any]:
    if isinstance(kind, RecordType):
        return _record(kind)
    if isinstance(kind, ListType):
        least = {} if kind.may_be_empty else {"minItems": 1}
        return {"type": "array", **least, "maxItems": ENTRIES, "items": _type(kind.of)}
    if isinstance(kind, ScalarType):
        return {"enum": list(kind.values)} if kind.values else _SCALARS[kind.name]
    return _SCALARS["identifier"]


def scalar_schema(name: str) -> dict[str, Any]:
    """The schema of one scalar type."""
    return _SCALARS[name]
