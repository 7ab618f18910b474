"""Reads the types of fields, records and settings from the merged YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pm2xero.errors import Finding, Position
from pm2xero.pack.language.literals import LiteralError, typed
from pm2xero.pack.language.types import (
    REFERENCES,
    SCALARS,
    FieldType,
    ListType,
    RecordType,
    ReferenceType,
    ScalarType,
    TableType,
    TaxCodeType,
)
from pm2xero.pack.layers import Entry, Merged
from pm2xero.pack.model import Setting
from pm2xero.pack.yaml.read import SourceList, SourceMap
from pm2xero.pack.yaml.suggest import did_you_mean, one_of


class TypeReader:
    """Turns what is written of a type into one; every fault goes to `findings`.

    Attributes:
        fields: the fields that kinds name, by name.
    """

    def __init__(self, merged: Merged, findings: list[Finding]) -> None:
        self.merged = merged
        self.findings = findings
        self.records: dict[str, RecordType] = {}
        self.fields: dict[str, FieldType] = {}

    def read_fields(self) -> dict[str, FieldType]:
        """All declared fields."""
        for name, entry in self.merged.entries["fields"].items():
            kind = self._type(_raw(entry.values), _type_at(entry))
            if kind is not None:
                self.fields[name] = kind
        return self.fields

    def declared_settings(self) -> dict[str, Setting]:
        """What firms may say under `settings`."""
        found: dict[str, Setting] = {}
        for name, entry in self.merged.entries["settings"].items():
            values = entry.values
            raw = values.get("type", values.get("is", "text"))
            at = values.value_at.get("type", values.at)
            kind: FieldType | None
            if isinstance(raw, Mapping) and "table_of" in raw:
                inner = self._type(raw["table_of"], _value_at(raw, "table_of", at))
                kind = TableType(inner) if inner is not None else None
            else:
                kind = self._type(raw, at)
            if kind is not None:
                title = str(values.get("title", name))
                self._check_default(name, kind, values)
                found[name] = Setting(name, title, kind, values.get("default"), entry.at)
        return found

    def _check_default(self, name: str, kind: FieldType, values: SourceMap) -> None:
        """A default must be what a firm could say itself."""
        if values.get("default") is None:
            return
        try:
            typed(values["default"], kind)
        except LiteralError as exc:
            allowed = kind.values if isinstance(kind, ScalarType) else ()
            place, said = values.value_at["default"], str(values["default"])
            message = f'the default of the setting "{name}": {exc}'
            self._fault("PX326", message, place, allowed, said if allowed else "")

    def _type(self, raw: Any, at: Position) -> FieldType | None:
        if isinstance(raw, str):
            if raw in SCALARS:
                return ScalarType(raw)
            if raw in REFERENCES:
                purpose = raw.removesuffix("_bank")
                return (
                    ReferenceType("bank_account", purpose) if purpose != raw else ReferenceType(raw)
                )
            self._fault("PX306", f'unknown type "{raw}"', at, SCALARS | REFERENCES, raw)
            return None
        if not isinstance(raw, Mapping):
            self._fault("PX306", "a type is a word or a mapping such as { one_of: […] }", at)
            return None
        if "type" in raw:
            return self._reference(raw, at)
        if "one_of" in raw:
            return ScalarType("text", tuple(str(v) for v in raw["one_of"]))
        if "record" in raw:
            return self._record(str(raw["record"]), _value_at(raw, "record", at))
        if "list_of" in raw:
            name = str(raw["list_of"])
            at = _value_at(raw, "list_of", at)
            inner = self._type(name, at) if name in SCALARS | REFERENCES else self._record(name, at)
            empty = raw.get("may_be_empty") is True
            return ListType(inner, may_be_empty=empty) if inner is not None else None
        if "tax_code" in raw:
            spec = raw["tax_code"]
            return TaxCodeType(str(spec["on"]), str(spec["is"]), str(spec["for"]))
        self._fault("PX306", "this type is not known", at)
        return None

    def _reference(self, raw: Mapping[str, Any], at: Position) -> FieldType | None:
        """A bank account with its purpose, or a document with the kinds that it may be of."""
        name = str(raw["type"])
        if name in SCALARS:
            return ScalarType(name)
        for key, of in (("purpose", "bank_account"), ("refers_to", "document")):
            if key in raw and name != of:
                message = f'"{key}" is said of a {of.replace("_", " ")}, and this is a {name}'
                self._fault("PX306", message, _value_at(raw, key, at))
                return None
        wanted = raw.get("refers_to", ())
        listed = wanted if isinstance(wanted, SourceList) else [wanted] if wanted else []
        for kind in listed:
            if kind not in self.merged.entries["kinds"]:
                known = self.merged.entries["kinds"]
                where = _value_at(raw, "refers_to", at)
                self._fault("PX311", f'there is no kind "{kind}"', where, known, str(kind))
        return ReferenceType(name, str(raw.get("purpose", "")), tuple(str(k) for k in listed))

    def _record(self, name: str, at: Position) -> RecordType | None:
        if name in self.records:
            return self.records[name]
        entry = self.merged.entries["records"].get(name)
        if entry is None:
            known = self.merged.entries["records"]
            self._fault("PX306", f'there is no record "{name}"', at, known, name)
            return None
        parts: dict[str, dict[str, FieldType]] = {"required": {}, "optional": {}}
        for part, into in parts.items():
            fields = entry.values.get(part) or SourceMap(entry.values.at)
            for field, raw in fields.items():
                kind = self._type(raw, fields.value_at[field])
                if kind is not None:
                    into[field] = kind
        record = RecordType(name, parts["required"], parts["optional"])
        self.records[name] = record
        return record

    def field_list(self, raw: Any, at: Position) -> dict[str, FieldType]:
        """The fields that a kind lists, by name or with a type of their own."""
        result: dict[str, FieldType] = {}
        if raw is None:
            return result
        for item, place in zip(raw, raw.item_at, strict=True):
            if isinstance(item, SourceMap):
                for name, spec in item.items():
                    kind = self._type(spec, item.value_at[name])
                    if kind is not None:
                        result[name] = kind
                continue
            known = self.fields.get(str(item))
            if known is None:
                self._fault("PX307", f'there is no field "{item}"', place, self.fields, str(item))
                continue
            result[str(item)] = known
        return result

    def _fault(
        self, code: str, message: str, at: Position, known: Any = (), word: str = ""
    ) -> None:
        hint = did_you_mean(word, known) if word else None
        should = one_of(known, 30) if known else None
        self.findings.append(
            Finding(code, message, at, hint=hint, should_be=should, width=max(1, len(word)))
        )


def _value_at(raw: Mapping[str, Any], key: str, otherwise: Position) -> Position:
    return raw.value_at[key] if isinstance(raw, SourceMap) else otherwise


def _type_at(entry: Entry) -> Position:
    return entry.values.value_at.get("is", entry.values.at)


def _raw(values: SourceMap) -> Any:
    return values["is"] if set(values) == {"is"} else values
