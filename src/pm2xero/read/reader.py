"""Turns one parsed JSON value into a `Transaction`, or says why it is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from pm2xero.pack.language.types import RecordType
from pm2xero.pack.model import Kind
from pm2xero.pack.yaml.suggest import did_you_mean
from pm2xero.read.converters import Convert, converter, of_scalar
from pm2xero.read.faults import cut, faults, fits, shown, some
from pm2xero.read.limits import COUNT, DEPTH, ID
from pm2xero.read.schema import kind_schema
from pm2xero.read.transaction import Malformed, Transaction, fingerprint_of


class Reader:
    """Reads documents of the kinds of a pack; a kind's schema is compiled when first met."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds
        self._compiled: dict[str, tuple[Any, Convert, frozenset[str]]] = {}

    def read(self, raw: Any, source: str, line: int) -> Transaction | Malformed:
        """Type one document; `source` and `line` say where it stood."""
        given = raw.get("kind") if type(raw) is dict else None
        kind_name = given if type(given) is str else ""
        compiled = self._compiled.get(kind_name)
        if compiled is None:
            if kind_name not in self._kinds:
                return _malformed(raw, (self._no_kind(raw, given),), source, line, _KINDS)
            compiled = self._compiled[kind_name] = _compile(self._kinds[kind_name])
        validator, convert, known = compiled
        try:
            digest = fingerprint_of(raw)
        except TypeError:
            fault = f"lists and groups stand more than {DEPTH} deep within each other"
            return _malformed(raw, (fault,), source, line, _shape(kind_name))
        try:
            fields = convert(raw) if validator.is_valid(raw) else None
        except ValueError:
            fields = None
        lacks: tuple[str, ...] = ()
        if fields is None:
            kind = self._kinds[kind_name]
            lacks = faults(raw, kind.record, of_scalar)
            fields = _as_far_as_it_is(raw, kind)
            if fields is None:
                return _malformed(raw, lacks, source, line, _shape(kind_name))
        unknown = () if known.issuperset(raw) else some(set(raw) - known)
        return Transaction(
            fields["id"], kind_name, fields["revision"], fields, digest, source, line, unknown,
            lacks,
        )  # fmt: skip

    def _no_kind(self, raw: Any, kind: object) -> str:
        if type(raw) is not dict:
            return f"expected a document, which is an object ({{…}}), found {_as_it_is(raw)}"
        if kind is None and (inside := _list_inside(raw)) is not None:
            return (
                f"this is no document: the list of documents is inside, under {shown(inside)}; "
                "export the array itself"
            )
        if kind is None:
            return "kind: missing; it says what type of transaction this is"
        hint = did_you_mean(kind, self._kinds) if isinstance(kind, str) else None
        return f"kind: {shown(kind)} is not known" + (f"; {hint}" if hint else "")


def _as_it_is(value: Any) -> str:
    """A value where no text is wanted either: that it has no quotes is no fault of it."""
    return shown(value).removesuffix(" without quotes") if type(value) in _NUMBERS else shown(value)


def _list_inside(raw: Mapping[str, Any]) -> str | None:
    """The field of a wrapper that holds the documents; None when this is no wrapper."""
    for name, value in raw.items():
        if type(value) is list and value and type(value[0]) is dict and "kind" in value[0]:
            return name
    return None


def _as_far_as_it_is(raw: dict[str, Any], kind: Kind) -> dict[str, Any] | None:
    """The fields of a document that is still worked on, without what is missing or wrong.

    None when it is none, or when it cannot even be told which document it is.
    """
    marks = ((raw.get(name), values) for name, values in kind.unfinished.items())
    if not any(type(mark) is str and mark in values for mark, values in marks):
        return None
    fields: dict[str, Any] = {}
    for name, type_ in {**kind.record.required, **kind.record.optional}.items():
        value = raw.get(name)
        good = value is not None and fits(name, type_, value, of_scalar)
        one = converter(RecordType(kind.name, {name: type_}, {})) if good else None
        fields[name] = one(raw)[name] if one is not None else None
    told = all(fields[n] is not None for n in ("id", "kind", "revision"))
    return fields if told else None


def no_record(fault: str, source: str, line: int) -> Malformed:
    """A record of the input that is not even JSON."""
    return Malformed("", "", 0, (fault,), source, line, _JSON)


def _malformed(
    raw: Any, faults: tuple[str, ...], source: str, line: int, remedy: str
) -> Malformed:  # fmt: skip
    def text(key: str) -> str:
        value = raw.get(key) if type(raw) is dict else None
        return cut(value, ID) if isinstance(value, str) else ""

    revision = raw.get("revision") if type(raw) is dict else None
    number = revision if type(revision) is int and 0 <= revision <= COUNT else 0
    return Malformed(text("id"), text("kind"), number, faults, source, line, remedy)


_NUMBERS = (int, float)
_JSON = (
    "Correct this record where it was made, or export it again; the other records of the input "
    "are not touched by it."
)
_KINDS = (
    "Give the document one of the kinds that the pack declares: `pm2xero schema` lists them, and a "
    "kind of your own is a file in rules/ (`pm2xero init kind`)."
)


def _shape(kind: str) -> str:
    return (
        "Correct what is named in the export of Practice Management; "
        f"`pm2xero schema {kind} --example` shows a whole document."
    )


def _compile(kind: Kind) -> tuple[Any, Convert, frozenset[str]]:
    record = kind.record
    validator = jsonschema_rs.Draft202012Validator(kind_schema(kind))
    known = frozenset((*record.required, *record.optional))
    return validator, converter(record), known
