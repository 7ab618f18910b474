"""Builds kinds from the merged YAML: what their documents hold and what they do to the ledger."""

from __future__ import annotations

from typing import Any

from pm2xero.errors import Finding
from pm2xero.pack.expressions import Expressions
from pm2xero.pack.field_types import TypeReader
from pm2xero.pack.language.paths import Scope
from pm2xero.pack.language.types import FieldType, RecordType
from pm2xero.pack.layers import Entry, Merged
from pm2xero.pack.model import Ignored, Kind, Opens, Posting, Role, Settles
from pm2xero.pack.rules import offers_of
from pm2xero.pack.yaml.read import SourceList, SourceMap
from pm2xero.pack.yaml.suggest import did_you_mean

Built = tuple[dict[str, FieldType], dict[str, Kind], dict[str, Role], tuple[Finding, ...]]


def build_kinds(merged: Merged) -> Built:
    """All fields, kinds and roles, and what is wrong with them."""
    findings: list[Finding] = []
    roles = {
        name: Role(
            name,
            str(e.values.get("title", name)),
            e.values.get("system"),
            e.values.get("class"),
            e.at,
            e.values.get("trust") is True,
        )
        for name, e in merged.entries["roles"].items()
    }
    types = TypeReader(merged, findings)
    fields = types.read_fields()
    builder = _KindBuilder(merged, types, roles, findings)
    kinds = {}
    for name, entry in merged.entries["kinds"].items():
        built = builder.kind(name, entry)
        if built is not None:
            kinds[name] = built
    return fields, kinds, roles, tuple(findings)


class _KindBuilder:
    def __init__(
        self, merged: Merged, types: TypeReader, roles: dict[str, Role], findings: list[Finding]
    ) -> None:
        self.merged = merged
        self.types = types
        self.roles = roles
        self.findings = findings
        self.settings = {n: s.type for n, s in types.declared_settings().items()}
        self.read = Expressions(findings, self.settings)

    def kind(self, name: str, entry: Entry) -> Kind | None:
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
        required = self.types.field_list(every.get("required"), values.at)
        required |= self.types.field_list(fields.get("required"), values.at)
        optional = self.types.field_list(every.get("optional"), values.at)
        optional |= self.types.field_list(fields.get("optional"), values.at)
        optional = {k: v for k, v in optional.items() if k not in required}
        record = RecordType(name, required, optional)
        scope = Scope(name, record, None, self.settings)
        ignores = values.get("ignores") or SourceMap(values.at)
        postings = tuple(self._postings(values, scope))
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
                for name in self.types.field_list(fields.get(part), values.at)
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
            left_over=tuple(self._postings(values, scope, "left_over")),
        )

    def _postings(
        self, values: SourceMap, scope: Scope, name: str = "postings"
    ) -> list[Posting]:  # fmt: skip
        result: list[Posting] = []
        raw_list = values.get(name) or SourceList(values.at)
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
            inner = self.read.item_scope(raw, scope)
            if inner is None:
                continue
            when = self.read.when(raw, scope, inner)
            account = self.read.account(raw[side], raw.value_at[side], inner, self.roles)
            amount = self.read.path(raw, "amount", inner)
            matters = self.read.paths(raw, "matter", inner)
            held = self.read.path(raw, "held_in", inner) if "held_in" in raw else None
            if account is None or amount is None:
                continue
            each = str(raw["each"]) if "each" in raw else None
            sign: Any = 1 if side == "debit" else -1
            where, share = self.read.where(raw, inner), self.read.share(raw)
            if matters and (where is not None or share is not None):
                self.read.fault(
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
        amount, contact = (
            self.read.path(raw, "amount", scope),
            self.read.path(raw, "contact", scope),
        )
        return Opens(amount, contact) if amount and contact else None

    def _settles(self, values: SourceMap, scope: Scope) -> list[Settles]:
        result = []
        for raw in values.get("settles") or ():
            inner = self.read.item_scope(raw, scope)
            if inner is None:
                continue
            document, amount = (
                self.read.path(raw, "document", inner),
                self.read.path(raw, "amount", inner),
            )
            if document and amount:
                result.append(Settles(document, amount, raw.get("each")))
        return result
