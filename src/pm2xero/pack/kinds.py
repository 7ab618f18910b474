"""Builds fields, records and kinds from the merged YAML."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pm2xero.errors import Finding, Position
from pm2xero.pack.language.condition_parser import parse_condition
from pm2xero.pack.language.conditions import Condition
from pm2xero.pack.language.paths import AccountExpr, PathError, PathExpr, Scope, resolve
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
    describe,
)
from pm2xero.pack.layers import Entry, Merged
from pm2xero.pack.model import Ignored, Kind, Opens, Posting, Role, Setting, Settles, Share
from pm2xero.pack.rules import offers_of
from pm2xero.pack.yaml.read import SourceList, SourceMap
from pm2xero.pack.yaml.suggest import did_you_mean, one_of


class KindBuilder:
    """Turns merged entries into `Kind`s; every fault goes to `findings`."""

    def __init__(self, merged: Merged, findings: list[Finding]) -> None:
        self.merged = merged
        self.findings = findings
        self.records: dict[str, RecordType] = {}
        self.fields: dict[str, FieldType] = {}
        self.settings: dict[str, FieldType] = {}

    def build(
        self,
    ) -> tuple[
        dict[str, FieldType], dict[str, Kind], dict[str, Role], tuple[Finding, ...]
    ]:  # fmt: skip
        """All fields, kinds and roles, and what is wrong with them."""
        roles = {
            name: Role(
                name,
                str(e.values.get("title", name)),
                e.values.get("system"),
                e.values.get("class"),
                e.at,
                e.values.get("trust") is True,
            )
            for name, e in self.merged.entries["roles"].items()
        }
        for name, entry in self.merged.entries["fields"].items():
            kind = self._type(_raw(entry.values), _type_at(entry))
            if kind is not None:
                self.fields[name] = kind
        self.settings = {n: s.type for n, s in self.declared_settings().items()}
        kinds = {}
        for name, entry in self.merged.entries["kinds"].items():
            built = self._kind(name, entry, roles)
            if built is not None:
                kinds[name] = built
        return self.fields, kinds, roles, tuple(self.findings)

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
                found[name] = Setting(name, title, kind, values.get("default"), entry.at)
        return found

    def _fault(
        self, code: str, message: str, at: Position, known: Any = (), word: str = ""
    ) -> None:
        hint = did_you_mean(word, known) if word else None
        should = one_of(known, 30) if known else None
        self.findings.append(
            Finding(code, message, at, hint=hint, should_be=should, width=max(1, len(word)))
        )

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

    def _field_list(self, raw: Any, at: Position) -> dict[str, FieldType]:
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

    def _kind(self, name: str, entry: Entry, roles: dict[str, Role]) -> Kind | None:
        values = entry.values
        if "title" not in values or "fields" not in values:
            lacking = " and ".join(k for k in ("title", "fields") if k not in values)
            others = [k for k in self.merged.entries["kinds"] if k != name]
            self.findings.append(
                Finding(
                    "PX204",
                    f'the kind "{name}" lacks {lacking}, and no lower layer has it',
                    entry.at,
                    hint=did_you_mean(name, others),
                    width=len(name),
                )
            )
            return None
        every = self.merged.settings.get("every_document") or SourceMap(values.at)
        fields = values["fields"]
        required = self._field_list(every.get("required"), values.at)
        required |= self._field_list(fields.get("required"), values.at)
        optional = self._field_list(every.get("optional"), values.at)
        optional |= self._field_list(fields.get("optional"), values.at)
        optional = {k: v for k, v in optional.items() if k not in required}
        record = RecordType(name, required, optional)
        scope = Scope(name, record, None, self.settings)
        ignores = values.get("ignores") or SourceMap(values.at)
        postings = tuple(self._postings(values, scope, roles))
        return Kind(
            name=name,
            title=str(values["title"]),
            section=entry.section,
            side=values.get("side"),
            record=record,
            postings=postings,
            opens=self._opens(values, scope),
            settles=tuple(self._settles(values, scope)),
            at=entry.at,
            listed=frozenset(
                name
                for part in ("required", "optional")
                for name in self._field_list(fields.get(part), values.at)
            ),
            unfinished={
                str(name): tuple(str(v) for v in values)
                for name, values in (every.get("unfinished") or {}).items()
            },
            ignores={
                str(path): Ignored(str(why), ignores.key_at[path]) for path, why in ignores.items()
            },
            settings=self.settings,
            offers=offers_of(record, postings),
        )

    def _postings(self, values: SourceMap, scope: Scope, roles: dict[str, Role]) -> list[Posting]:
        result: list[Posting] = []
        raw_list = values.get("postings") or SourceList(values.at)
        for raw in raw_list:
            if ("debit" in raw) == ("credit" in raw):
                both = "both" if "debit" in raw else "neither"
                self.findings.append(
                    Finding(
                        "PX308",
                        f"a posting has either `debit` or `credit`; this has {both}",
                        raw.key_at.get("credit", raw.at),
                        hint="write two postings" if both == "both" else None,
                        width=len("credit") if both == "both" else 1,
                    )
                )
                continue
            side = "debit" if "debit" in raw else "credit"
            inner = self.item_scope(raw, scope)
            if inner is None:
                continue
            when = None
            if "when" in raw:
                when = parse_condition(raw["when"], scope, raw.value_at["when"], self.findings)
            account = self.account(raw[side], raw.value_at[side], inner, roles)
            amount = self.path(raw, "amount", inner)
            matters = self.paths(raw, "matter", inner)
            held = self.path(raw, "held_in", inner) if "held_in" in raw else None
            if account is None or amount is None:
                continue
            each = str(raw["each"]) if "each" in raw else None
            sign: Any = 1 if side == "debit" else -1
            where, share = self.where(raw, inner), self.share(raw)
            if matters and (where is not None or share is not None):
                self._fault(
                    "PX319", "money of a matter moves whole: a posting with `matter` has neither "
                    "`where` nor a share", raw.at,
                )  # fmt: skip
                continue
            result.append(
                Posting(sign, account, amount, each, when, matters, held, raw.at, where, share)
            )
        return result

    def _opens(self, values: SourceMap, scope: Scope) -> Opens | None:
        raw = values.get("opens")
        if raw is None:
            return None
        amount, contact = self.path(raw, "amount", scope), self.path(raw, "contact", scope)
        return Opens(amount, contact) if amount and contact else None

    def _settles(self, values: SourceMap, scope: Scope) -> list[Settles]:
        result = []
        for raw in values.get("settles") or ():
            inner = self.item_scope(raw, scope)
            if inner is None:
                continue
            document, amount = self.path(raw, "document", inner), self.path(raw, "amount", inner)
            if document and amount:
                result.append(Settles(document, amount, raw.get("each")))
        return result

    def where(self, raw: SourceMap, inner: Scope) -> Condition | None:
        """Which items of `each` are meant."""
        if "where" not in raw:
            return None
        if "each" not in raw:
            self._fault("PX301", "`where` asks of items, so it needs `each`", raw.key_at["where"])
            return None
        return parse_condition(raw["where"], inner, raw.value_at["where"], self.findings)

    def share(self, raw: SourceMap) -> Share | None:
        """The part of the amount: `percent`, or `rest_of` the percentages of other parts."""
        if "percent" in raw:
            return Share((Decimal(str(raw["percent"])),), False)
        if "rest_of" in raw:
            return Share(tuple(Decimal(str(p)) for p in raw["rest_of"]), True)
        return None

    def item_scope(self, raw: SourceMap, scope: Scope) -> Scope | None:
        """The scope inside `each`, the scope itself where there is none, None with a finding."""
        if "each" not in raw:
            return scope
        kind = scope.record.field(str(raw["each"]))
        if not isinstance(kind, ListType):
            names = [
                n
                for n, t in {**scope.record.required, **scope.record.optional}.items()
                if isinstance(t, ListType)
            ]
            self._fault(
                "PX302", f'"{raw["each"]}" is not a list of {scope.kind}', raw.value_at["each"],
                names, str(raw["each"]),
            )  # fmt: skip
            return None
        return scope.with_item(kind.of)

    def path(self, raw: SourceMap, key: str, scope: Scope) -> PathExpr | None:
        """The path that stands under a key, or None with a finding."""
        try:
            return resolve(str(raw[key]), scope)
        except PathError as exc:
            self.findings.append(exc.finding("PX303", raw.value_at[key], len(str(raw[key]))))
            return None

    def paths(self, raw: SourceMap, key: str, scope: Scope) -> tuple[PathExpr, ...]:
        """One path or several, of which the first that is present counts."""
        if key not in raw:
            return ()
        texts = raw[key] if isinstance(raw[key], SourceList) else [raw[key]]
        result = []
        for text in texts:
            try:
                result.append(resolve(str(text), scope))
            except PathError as exc:
                self.findings.append(exc.finding("PX303", raw.value_at[key], len(str(text))))
        return tuple(result)

    def account(
        self, raw: Any, at: Position, scope: Scope, roles: Mapping[str, Role]
    ) -> AccountExpr | None:
        """A role by name, or the field that names a ledger or bank account."""
        if isinstance(raw, SourceMap):
            by = next(iter(raw))
            if by == "role":
                return self.account(raw["role"], raw.value_at["role"], scope, roles)
            if "table" in raw:
                return self._table(raw, scope, roles)
            path = self.path(raw, by, scope)
            if path is None:
                return None
            kind = ReferenceType("bank_account" if by == "bank" else "ledger_account")
            if path.type.name != kind.name:
                message = f'"{path.text}" is {describe(path.type)}, not {describe(kind)}'
                other = {"ledger_account": "account", "bank_account": "bank"}.get(path.type.name)
                self.findings.append(
                    Finding(
                        "PX302",
                        message,
                        raw.value_at[by],
                        hint=f"write {{ {other}: {path.text} }}" if other else None,
                        width=len(path.text),
                    )
                )
                return None
            return AccountExpr("bank" if by == "bank" else "account", path=path)
        if raw not in roles:
            self._fault("PX309", f'there is no role "{raw}"', at, roles, str(raw))
            return None
        return AccountExpr("role", role=str(raw))

    def _table(self, raw: SourceMap, scope: Scope, roles: Mapping[str, Role]) -> AccountExpr | None:
        """An account out of a table of the firm, by a field; another where it has no such row."""
        name = str(raw["table"])
        kind = self.settings.get(name) or scope.settings.get(name)
        if not isinstance(kind, TableType) or kind.of.name != "ledger_account":
            tables = [n for n, t in scope.settings.items() if isinstance(t, TableType)]
            self._fault(
                "PX320", f'there is no table of accounts "{name}"', raw.value_at["table"], tables,
                name,
            )  # fmt: skip
            return None
        lacking = [k for k in ("by", "otherwise") if k not in raw]
        if lacking:
            self._fault("PX106", f'a table lacks "{lacking[0]}"', raw.at)
            return None
        path = self.path(raw, "by", scope)
        otherwise = self.account(raw["otherwise"], raw.value_at["otherwise"], scope, roles)
        if path is None or otherwise is None:
            return None
        return AccountExpr("table", path=path, table=name, otherwise=otherwise)


def _value_at(raw: Mapping[str, Any], key: str, otherwise: Position) -> Position:
    return raw.value_at[key] if isinstance(raw, SourceMap) else otherwise


def _type_at(entry: Entry) -> Position:
    return entry.values.value_at.get("is", entry.values.at)


def _raw(values: SourceMap) -> Any:
    return values["is"] if set(values) == {"is"} else values
