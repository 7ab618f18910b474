"""Turns one parsed JSON value into a `Transaction`, or says why it is none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import jsonschema_rs
import orjson

from pm2xero.pack.language.types import FieldType, ListType, RecordType, ScalarType
from pm2xero.pack.model import Kind
from pm2xero.pack.yaml.suggest import did_you_mean
from pm2xero.read.schema import EXPECTED, kind_schema, scalar_schema
from pm2xero.read.transaction import Malformed, Transaction

Convert = Callable[[Any], Any]
_CENTS = Decimal("0.00")


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
                return _malformed(raw, (self._no_kind(raw, given),), source, line)
            compiled = self._compiled[kind_name] = _compile(self._kinds[kind_name])
        validator, convert, known = compiled
        faults: tuple[str, ...] = ()
        try:
            fields = convert(raw) if validator.is_valid(raw) else None
        except ValueError:
            fields = None
        if fields is None:
            kind = self._kinds[kind_name]
            faults = _faults(raw, kind.record)
            fields = _as_far_as_it_is(raw, kind)
            if fields is None:
                return _malformed(raw, faults, source, line)
        unknown = () if known.issuperset(raw) else tuple(sorted(set(raw) - known))
        digest = hashlib.blake2b(
            orjson.dumps(raw, option=orjson.OPT_SORT_KEYS), digest_size=16
        ).digest()
        return Transaction(
            fields["id"], kind_name, fields["revision"], fields, digest, source, line, unknown,
            faults,
        )  # fmt: skip

    def _no_kind(self, raw: Any, kind: object) -> str:
        if type(raw) is not dict:
            return f"expected a document ({{…}}), found {_shown(raw)}"
        if kind is None:
            return "kind: missing; it says what type of transaction this is"
        hint = did_you_mean(kind, self._kinds) if isinstance(kind, str) else None
        return f"kind: {_shown(kind)} is not known" + (f"; {hint}" if hint else "")


def _as_far_as_it_is(raw: dict[str, Any], kind: Kind) -> dict[str, Any] | None:
    """The fields of a document that is still worked on, without what is missing or wrong.

    None when it is none, or when it cannot even be told which document it is.
    """
    if not any(raw.get(name) in values for name, values in kind.unfinished.items()):
        return None
    fields: dict[str, Any] = {}
    for name, type_ in {**kind.record.required, **kind.record.optional}.items():
        value, found = raw.get(name), list[str]()
        if value is not None:
            _check(value, type_, name, found)
        convert = _converter(type_)
        good = value is not None and not found
        fields[name] = (convert(value) if convert is not None else value) if good else None
    told = all(fields[n] is not None for n in ("id", "kind", "revision"))
    return fields if told else None


def _malformed(raw: Any, faults: tuple[str, ...], source: str, line: int) -> Malformed:
    def text(key: str) -> str:
        value = raw.get(key) if type(raw) is dict else None
        return value if isinstance(value, str) else ""

    revision = raw.get("revision") if type(raw) is dict else None
    number = revision if type(revision) is int else 0
    return Malformed(text("id"), text("kind"), number, faults, source, line)


def _compile(kind: Kind) -> tuple[Any, Convert, frozenset[str]]:
    record = kind.record
    validator = jsonschema_rs.Draft202012Validator(kind_schema(kind))
    known = frozenset((*record.required, *record.optional))
    return validator, _record_converter(record), known


def _money(text: str) -> Decimal:
    amount = Decimal(text)
    return amount if text[-3:-2] == "." else amount.quantize(_CENTS)


def _count(number: int | float) -> int:
    if type(number) is not int:
        # JSON Schema takes 1.0 for an integer, but its text in a key would not be that of 1.
        raise ValueError("not a whole number")
    return number


def _converter(kind: FieldType) -> Convert | None:
    """How a value of a type is converted; None when it stays as JSON gave it."""
    if isinstance(kind, RecordType):
        return _record_converter(kind)
    if isinstance(kind, ListType):
        inner = _converter(kind.of)
        if inner is None:
            return None
        return lambda items: [inner(i) for i in items]
    if isinstance(kind, ScalarType):
        by_name: dict[str, Convert] = {
            "money": _money,
            "date": date.fromisoformat,
            "instant": datetime.fromisoformat,
            "count": _count,
        }
        return by_name.get(kind.name)
    return None


def _record_converter(record: RecordType) -> Convert:
    plain = [n for n, t in record.required.items() if _converter(t) is None]
    typed = [(n, c) for n, t in record.required.items() if (c := _converter(t)) is not None]
    loose = [(n, _converter(t)) for n, t in record.optional.items()]

    def convert(raw: dict[str, Any]) -> dict[str, Any]:
        result = {name: raw[name] for name in plain}
        for name, to in typed:
            result[name] = to(raw[name])
        for name, maybe in loose:
            value = raw.get(name)
            result[name] = value if value is None or maybe is None else maybe(value)
        return result

    return convert


def _faults(raw: dict[str, Any], record: RecordType) -> tuple[str, ...]:
    """Every fault of a document, in the order of the kind's declaration."""
    found: list[str] = []
    _check_record(raw, record, "", found)
    known = {*record.required, *record.optional}
    missing = {f.split(":")[0] for f in found if f.endswith("missing")}
    for name in sorted(set(raw) - known):
        hint = did_you_mean(name, missing)
        if hint:
            found.append(f"{name}: not a field of {raw.get('kind')}; {hint}")
    return tuple(found) or ("the document does not fit its kind",)


def _check_record(raw: Any, record: RecordType, path: str, found: list[str]) -> None:
    if type(raw) is not dict:
        found.append(f"{path}: expected a group of fields ({{…}}), found {_shown(raw)}")
        return
    prefix = f"{path}." if path else ""
    for name, kind in record.required.items():
        if raw.get(name) is None:
            found.append(f"{prefix}{name}: missing")
        else:
            _check(raw[name], kind, f"{prefix}{name}", found)
    for name, kind in record.optional.items():
        if raw.get(name) is not None:
            _check(raw[name], kind, f"{prefix}{name}", found)


def _check(value: Any, kind: FieldType, path: str, found: list[str]) -> None:
    if isinstance(kind, RecordType):
        _check_record(value, kind, path, found)
    elif isinstance(kind, ListType):
        if type(value) is not list or not (value or kind.may_be_empty):
            least = "" if kind.may_be_empty else " with at least one entry"
            found.append(f"{path}: expected a list{least}, found {_shown(value)}")
            return
        for index, item in enumerate(value):
            _check(item, kind.of, f"{path}[{index}]", found)
    else:
        message = _check_scalar(value, kind)
        if message:
            found.append(f"{path}: {message}")


def _check_scalar(value: Any, kind: FieldType) -> str | None:
    if isinstance(kind, ScalarType) and kind.values:
        if value in kind.values:
            return None
        hint = did_you_mean(value, kind.values) if isinstance(value, str) else None
        words = ", ".join(kind.values)
        return f"expected one of {words}, found {_shown(value)}" + (f"; {hint}" if hint else "")
    name = kind.name if isinstance(kind, ScalarType) else "identifier"
    single = RecordType("value", {"value": ScalarType(name)}, {})
    validator = _scalar_validator(name)
    if validator.is_valid(value):
        try:
            _record_converter(single)({"value": value})
        except ValueError:
            if name != "count":
                return f"{_shown(value)} is no {name} of the calendar"
        else:
            return None
    return f"expected {EXPECTED[name]}, found {_shown(value)}"


def _scalar_validator(name: str) -> Any:
    return jsonschema_rs.Draft202012Validator(scalar_schema(name))


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        text = value if len(value) <= 40 else value[:37] + "…"
        return json.dumps(text, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value} without quotes"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return "a group of fields ({…})"
