"""Every fault of a document that does not fit its kind: the field, what was expected, what stands.

However odd the document, what is told has a bounded length and is found in a bounded time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import jsonschema_rs

from pm2xero.harmless import quoted
from pm2xero.pack.language.types import FieldType, ListType, RecordType, ScalarType
from pm2xero.pack.yaml.suggest import did_you_mean
from pm2xero.read.limits import ENTRIES, FAULTS, SHOWN, TEXT
from pm2xero.read.schema import EXPECTED, SEEN, document_type, required_type, scalar_schema

# Converts a value of a scalar type; raises ValueError where it cannot be one.
Scalar = Callable[[str, Any], object]


def faults(raw: dict[str, Any], record: RecordType, convert: Scalar) -> tuple[str, ...]:
    """The faults of a document in the order of its kind's declaration, at most `FAULTS`."""
    found = _Found(convert)
    found.check_record(raw, record, "")
    known = {*record.required, *record.optional}
    missing = {f.split(":")[0] for f in found.told if f.endswith("missing")}
    for name in sorted(islice((n for n in raw if n not in known), 100)) if missing else ():
        hint = did_you_mean(name, missing)
        if hint:
            found.add("", f"{cut(name)}: not a field of {cut(str(raw.get('kind')))}; {hint}")
    if found.more:
        found.told.append("and more")
    return tuple(found.told) or ("the document does not fit its kind",)


def fits(name: str, kind: FieldType, value: Any, convert: Scalar) -> bool:
    """Whether a value can stand in a field of a document."""
    found = _Found(convert)
    found.check_record({name: value}, RecordType("value", {}, {name: kind}), "")
    return not found.told and not found.more


class _Found:
    def __init__(self, convert: Scalar) -> None:
        self.told: list[str] = []
        self.more = False
        self._convert = convert

    def add(self, path: str, message: str) -> None:
        if len(self.told) < FAULTS:
            self.told.append(f"{path}: {message}" if path else message)
        else:
            self.more = True

    def check_record(self, raw: Any, record: RecordType, path: str) -> None:
        if type(raw) is not dict:
            self.add(path, f"expected a group of fields ({{…}}), found {shown(raw)}")
            return
        prefix = f"{path}." if path else ""
        for name, kind in record.required.items():
            if raw.get(name) is None:
                self.add(f"{prefix}{name}", "missing")
            else:
                type_ = required_type(kind) if path else document_type(name, kind)
                self._check(raw[name], type_, f"{prefix}{name}")
        for name, kind in record.optional.items():
            if raw.get(name) is not None:
                self._check(raw[name], _type_of(name, kind, path), f"{prefix}{name}")

    def _check(self, value: Any, kind: FieldType, path: str) -> None:
        if isinstance(kind, RecordType):
            self.check_record(value, kind, path)
        elif isinstance(kind, ListType):
            self._check_list(value, kind, path)
        else:
            message = self._scalar(value, kind)
            if message:
                self.add(path, message)

    def _check_list(self, value: Any, kind: ListType, path: str) -> None:
        if type(value) is not list or not (value or kind.may_be_empty):
            least = "" if kind.may_be_empty else " with at least one entry"
            self.add(path, f"expected a list{least}, found {shown(value)}")
            return
        if len(value) > ENTRIES:
            self.add(path, f"expected at most {ENTRIES:,} entries, found {len(value):,}")
            return
        for index, item in enumerate(value):
            if self.more:
                return
            self._check(item, kind.of, f"{path}[{index}]")

    def _scalar(self, value: Any, kind: FieldType) -> str | None:
        if isinstance(kind, ScalarType) and kind.values:
            if value in kind.values:
                return None
            hint = did_you_mean(value, kind.values) if isinstance(value, str) else None
            words = ", ".join(kind.values)
            return f"expected one of {words}, found {shown(value)}" + (f"; {hint}" if hint else "")
        name = kind.name if isinstance(kind, ScalarType) else "identifier"
        if jsonschema_rs.Draft202012Validator(scalar_schema(name)).is_valid(value):
            try:
                self._convert(name, value)
            except ValueError:
                if name != "count":
                    return f"{shown(value)} is no {name} of the calendar"
            else:
                return None
        if isinstance(value, str) and (reason := _why_text(value, name)):
            return reason
        found = _number(value) if name == "count" else shown(value)
        return f"expected {EXPECTED[name]}, found {found}"


def _number(value: Any) -> str:
    """A value where a number is wanted: that it has no quotes is no fault of it."""
    return (
        shown(value).removesuffix(" without quotes")
        if type(value) in (int, float)
        else shown(value)
    )


_NAMES = ("identifier", "document_id", "named_text")


def _type_of(name: str, kind: FieldType, path: str) -> FieldType:
    return kind if path else document_type(name, kind)


def _why_text(value: str, name: str) -> str | None:
    """What is wrong with a text as such, where its type takes texts of any contents."""
    if name in ("text", "named_text") and len(value) > TEXT:
        return f"expected at most {TEXT:,} characters, found {len(value):,}"
    odd = next((c for c in value[:1000] if c < " " or "\x7f" <= c <= "\x9f"), None)
    if odd is not None and name in ("identifier", "document_id"):
        return f"expected {EXPECTED[name]}, found the control character U+{ord(odd):04X} in it"
    if value and name in _NAMES and not re.search(SEEN, value):
        return f"expected {EXPECTED[name]}, found nothing but blanks"
    return None


def shown(value: Any) -> str:
    """A value of the input in a message, whatever it is and however long."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return quoted(cut(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value} without quotes"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return "a group of fields ({…})"


def cut(text: str, most: int = SHOWN) -> str:
    """The beginning of a text that is too long to be told."""
    return text if len(text) <= most else f"{text[: most - 3]}…"


def some(names: Iterable[str], most: int = FAULTS) -> tuple[str, ...]:
    """Names in order, each cut, and a word on how many there are beyond a number."""
    listed = list(names)
    first = sorted(listed)[:most]
    more = (f"{len(listed) - most:,} more",) if len(listed) > most else ()
    return (*(cut(n, 60) for n in first), *more)
