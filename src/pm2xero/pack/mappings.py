"""Builds mappings from the merged YAML and compiles their requests for each kind that uses them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from pm2xero.errors import Finding, Position
from pm2xero.pack.cache import Memory
from pm2xero.pack.kinds import KindBuilder
from pm2xero.pack.language.condition_parser import parse_condition
from pm2xero.pack.language.paths import (
    PartsExpr,
    PathError,
    PathExpr,
    Scope,
    TextExpr,
    parse_text,
    resolve,
)
from pm2xero.pack.language.types import describe
from pm2xero.pack.layers import Merged
from pm2xero.pack.model import (
    Kind,
    LineSource,
    MappingSpec,
    Reckoned,
    RequestSpec,
    Role,
    Rule,
)
from pm2xero.pack.yaml.read import SourceList, SourceMap
from pm2xero.pack.yaml.suggest import did_you_mean, one_of
from pm2xero.resources import root

# What a later revision does where the mapping says nothing.
_TO_A_PERSON = dict.fromkeys(("unpaid", "paid", "voided"), "needs_a_person")
# What a name under `with` can be taken from.
_SOURCES = ("field", "bank", "account", "role", "table", "text")


def build_mappings(merged: Merged, findings: list[Finding]) -> dict[str, MappingSpec]:
    """All mappings, not yet compiled."""
    result = {}
    for name, entry in merged.entries["mappings"].items():
        if "requests" not in entry.values:
            findings.append(
                Finding(
                    "PX204",
                    f'the mapping "{name}" has no requests, and no lower layer has it',
                    entry.at,
                    hint=did_you_mean(name, [m for m in merged.entries["mappings"] if m != name]),
                    width=len(name),
                )
            )
            continue
        result[name] = MappingSpec(
            id=name,
            title=str(entry.values.get("title", name)),
            section=entry.section,
            raw=entry.values,
            on_change={**_TO_A_PERSON, **(entry.values.get("on_change") or {})},
            at=entry.at,
            origins=entry.origins,
        )
    return result


def compile_requests(
    mappings: Mapping[str, MappingSpec],
    rules: tuple[Rule, ...],
    kinds: Mapping[str, Kind],
    roles: Mapping[str, Role],
    builder: KindBuilder,
    memory: Memory,
) -> dict[tuple[str, str], tuple[RequestSpec, ...]]:
    """The requests of every (mapping, kind) that some rule names, also of rules now rejecting.

    Args:
        memory: requests that were compiled for other regions of the same kinds and roles.
    """
    compiled: dict[tuple[str, str], tuple[RequestSpec, ...]] = {}
    faults: dict[tuple[object, ...], Finding] = {}
    for mapping in mappings.values():
        builder.findings.extend(_endpoints(mapping))
    for rule in rules:
        if rule.mapping is None:
            continue
        if rule.mapping not in mappings:
            at = rule.origins["mapping"].at
            builder.findings.append(
                Finding(
                    "PX313",
                    f'there is no mapping "{rule.mapping}"',
                    at,
                    hint=did_you_mean(rule.mapping, mappings),
                    should_be=one_of(mappings, 40),
                    width=len(rule.mapping),
                )
            )
            continue
        for kind in rule.kinds:
            if (rule.mapping, kind) in compiled:
                continue
            specs, found = memory.once(
                "requests",
                (mappings[rule.mapping].raw, kinds[kind], roles),
                partial(_compiled, mappings[rule.mapping], kinds[kind], roles, builder),
            )
            compiled[rule.mapping, kind] = specs
            for finding in found:
                faults.setdefault((finding.code, finding.at), finding)
    builder.findings.extend(faults.values())
    return compiled


_DOES = {"put": "created in", "post": "changed at"}
_VERB = "write `put: ENDPOINT` to create, or `post: ENDPOINT/{FIELD}` to change"


def _endpoints(mapping: MappingSpec) -> Iterator[Finding]:
    """Endpoints that Xero does not have; told also of mappings that no rule uses."""
    folder = root() / "schema" / "xero"
    requests: Any = mapping.raw["requests"]
    for raw in requests:
        for verb in ("put", "post"):
            path = str(raw.get(verb, ""))
            endpoint = ".".join(p for p in path.split("/") if not p.startswith("{"))
            known = sorted(f.stem.split(".", 1)[1] for f in folder.glob(f"{verb}.*.json"))
            if not path or endpoint in known:
                continue
            yield Finding(
                "PX316",
                f'nothing is {_DOES[verb]} "{endpoint}" of Xero by this product',
                raw.value_at[verb],
                hint=did_you_mean(endpoint, known),
                should_be=one_of(known, 20),
                width=len(path),
            )


def _compiled(
    mapping: MappingSpec, kind: Kind, roles: Mapping[str, Role], builder: KindBuilder
) -> tuple[tuple[RequestSpec, ...], tuple[Finding, ...]]:
    return _Compiler(kind, roles, builder).compile(mapping)


class _Compiler:
    def __init__(self, kind: Kind, roles: Mapping[str, Role], builder: KindBuilder) -> None:
        self.kind = kind
        self.roles = roles
        self.findings: list[Finding] = []
        self.ids: frozenset[str] = frozenset()
        self.tools = KindBuilder(builder.merged, self.findings)
        self.scope = Scope(kind.name, kind.record, None, kind.settings)

    def compile(self, mapping: MappingSpec) -> tuple[tuple[RequestSpec, ...], tuple[Finding, ...]]:
        """The requests, and what is wrong with them."""
        specs: list[RequestSpec] = []
        raw_requests: Any = mapping.raw["requests"]
        ids: set[str] = set()
        for raw in raw_requests:
            identity = str(raw["id"])
            if identity in ids:
                at = raw.value_at["id"]
                self.findings.append(Finding("PX201", f'the request "{identity}" stands twice', at))
            needs = raw.get("needs") or SourceList(raw.at)
            for need, place in zip(needs, needs.item_at, strict=True):
                if need not in ids:
                    self.findings.append(
                        Finding(
                            "PX314",
                            f'"{need}" is no earlier request of this mapping',
                            place,
                            hint=did_you_mean(need, ids) or "only requests above can be needed",
                            should_be=one_of(ids) if ids else None,
                            width=len(str(need)),
                        )
                    )
            self.ids = frozenset(ids)
            ids.add(identity)
            spec = self._request(raw)
            if spec is not None:
                specs.append(spec)
        return tuple(specs), tuple(self.findings)

    def _request(self, raw: SourceMap) -> RequestSpec | None:
        verbs = [v for v in ("put", "post") if v in raw]
        if len(verbs) != 1:
            at = raw.value_at["id"]
            self.findings.append(
                Finding(
                    "PX315",
                    "a request has either `put` or `post`; this has "
                    + ("both" if verbs else "neither"),
                    raw.key_at["post"] if verbs else at,
                    width=len("post") if verbs else len(raw["id"]),
                    hint=None if verbs else _VERB,
                )
            )
            return None
        if "template" not in raw:
            self.findings.append(
                Finding(
                    "PX204",
                    f'the request "{raw["id"]}" has no template, and no lower layer has it',
                    raw.value_at["id"],
                    hint="name the file under mappings/templates that makes the body",
                    width=len(raw["id"]),
                )
            )
            return None
        verb, path = verbs[0], str(raw[verbs[0]])
        scope = self.tools.item_scope(raw, self.scope)
        if scope is None:
            return None
        self._path(path, raw.value_at[verb], scope)
        method: Any = verb.upper()
        return RequestSpec(
            id=str(raw["id"]),
            method=method,
            path=path,
            template=str(raw["template"]),
            each=raw.get("each"),
            when=self._when(raw, self.scope),
            needs=tuple(str(n) for n in raw.get("needs") or ()),
            values=self._values(raw, scope),
            contact=self.tools.paths(raw, "contact", scope),
            lines=tuple(s for line in raw.get("lines") or () if (s := self._line(line))),
            movement=raw.get("movement"),
            when_tax_differs=raw.get("when_tax_differs"),
            becomes_document=raw.get("becomes") == "document",
            at=raw.at,
            value_at={**raw.value_at, **getattr(raw.get("with"), "value_at", {})},
            slot=str(raw.get("slot") or raw["id"]),
            status=self._word(raw, "status", scope) or "AUTHORISED",
            contact_name=self._text(raw, "contact_name", scope),
        )

    def _word(self, raw: SourceMap, key: str, scope: Scope) -> PathExpr | str | None:
        """A word, or `{ field: PATH }` for what a field holds."""
        value = raw.get(key)
        if isinstance(value, SourceMap):
            return self.tools.path(value, "field", scope)
        return None if value is None else str(value)

    def _text(self, raw: SourceMap, key: str, scope: Scope) -> TextExpr | None:
        if key not in raw:
            return None
        try:
            return parse_text(str(raw[key]), scope)
        except PathError as exc:
            text_at = raw.text_at.get(key)
            self.findings.append(exc.finding("PX310", raw.value_at[key], 1, text_at))
            return None

    def _reckoned(self, value: SourceMap, scope: Scope) -> Reckoned | None:
        """A date some days later or at the end of its month, or a text with values in it."""
        if "text" in value:
            text = self._text(value, "text", scope)
            return Reckoned(text=text) if text is not None else None
        path = self.tools.path(value, "field", scope)
        if path is None:
            return None
        if path.type.name != "date":
            at = value.value_at["field"]
            message = f'"{path.text}" is {describe(path.type)}, not a date'
            self.findings.append(Finding("PX302", message, at, width=len(path.text)))
            return None
        days: int | PathExpr | None = None
        if "plus_days" in value:
            raw = value["plus_days"]
            days = raw if isinstance(raw, int) else self.tools.path(value, "plus_days", scope)
            if days is None:
                return None
        return Reckoned(path, days, value.get("end_of_month") is True)

    def _when(self, raw: SourceMap, scope: Scope) -> Any:
        if "when" not in raw:
            return None
        return parse_condition(raw["when"], scope, raw.value_at["when"], self.findings)

    def _path(self, path: str, at: Position, scope: Scope) -> None:
        for name in re.findall(r"\{([^}]*)\}", path):
            if name.startswith("id_of."):
                if name.removeprefix("id_of.") not in self.ids:
                    message = (
                        f'"{name.removeprefix("id_of.")}" is no earlier request of this mapping'
                    )
                    self.findings.append(
                        Finding("PX314", message, at, should_be=one_of(self.ids), width=len(path))
                    )
                continue
            try:
                found = resolve(name, scope)
            except PathError as exc:
                self.findings.append(exc.finding("PX303", at, len(path)))
                continue
            if found.type.name != "document":
                message = f'"{name}" does not name a document, so it has no id in Xero'
                self.findings.append(Finding("PX302", message, at, width=len(path)))

    def _values(self, raw: SourceMap, scope: Scope) -> dict[str, object]:
        values: dict[str, object] = {}
        given = raw.get("with")
        if given is None:
            return values
        for name, value in given.items():
            at = given.value_at[name]
            if not isinstance(value, SourceMap):
                values[name] = value
                continue
            by = next(iter(value), "")
            if "plus_days" in value or "end_of_month" in value or by == "text":
                values[name] = self._reckoned(value, scope)
            elif by == "table":
                values[name] = self.tools.account(value, at, scope, self.roles)
            elif by == "field":
                values[name] = self.tools.path(value, "field", scope)
            elif by in ("bank", "account", "role"):
                values[name] = self.tools.account(value, at, scope, self.roles)
            else:
                self.findings.append(
                    Finding(
                        "PX105",
                        f'unknown key "{by}" in "{name}"',
                        value.key_at.get(by, at),
                        hint=did_you_mean(by, _SOURCES),
                        should_be=one_of(_SOURCES),
                        width=max(1, len(by)),
                    )
                )
        return values

    def _line(self, raw: SourceMap) -> LineSource | None:
        scope = self.tools.item_scope(raw, self.scope)
        if scope is None:
            return None
        amounts = [k for k in ("net", "debit", "credit") if k in raw]
        if len(amounts) != 1:
            self.findings.append(
                Finding(
                    "PX317",
                    "a line has one of `net`, `debit`, `credit`; this has "
                    + (" and ".join(f"`{a}`" for a in amounts) or "none"),
                    raw.key_at[amounts[1]] if amounts else raw.at,
                    width=len(amounts[1]) if amounts else 1,
                )
            )
            return None
        account = self.tools.account(raw["account"], raw.value_at["account"], scope, self.roles)
        if "tax" in raw and account is not None and account.by not in ("account", "table"):
            self.findings.append(
                Finding(
                    "PX318",
                    "a line with a tax code stands on a ledger account of the document, and this "
                    f"one stands on a {account.by}",
                    raw.key_at["tax"],
                    hint="leave `tax` out",
                    should_be="account: { account: gl_account }, or no tax",
                    width=len("tax"),
                )
            )
            return None
        net = self.tools.path(raw, amounts[0], scope)
        tax = self.tools.path(raw, "tax", scope) if "tax" in raw else None
        tax_amount = self.tools.path(raw, "tax_amount", scope) if "tax_amount" in raw else None
        describe = self._describe(raw, scope)
        if account is None or net is None or describe is None:
            return None
        return LineSource(
            each=raw.get("each"),
            when=self._when(raw, self.scope),
            account=account,
            tax=tax,
            net=net,
            tax_amount=tax_amount,
            describe=describe,
            sign=-1 if amounts[0] == "credit" else 1,
            merge=raw.get("merge", True) is not False and "each" in raw,
            at=raw.at,
            where=self.tools.where(raw, scope),
            share=self.tools.share(raw),
            group_by=self.tools.paths(raw, "group_by", scope),
            item=self._word(raw, "item", scope),
            tracking=self._tracking(raw, scope),
        )

    def _tracking(self, raw: SourceMap, scope: Scope) -> tuple[tuple[str, PathExpr | str], ...]:
        found = []
        for category in raw.get("tracking") or ():
            option = self._word(raw["tracking"], str(category), scope)
            if option is not None:
                found.append((str(category), option))
        return tuple(found)

    def _describe(self, raw: SourceMap, scope: Scope) -> Any:
        given = raw.get("describe")
        if isinstance(given, SourceList):
            return self._parts(given, scope)
        text = str(raw.get("describe", self.kind.title))
        if re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", text):
            try:
                return resolve(text, scope)
            except PathError as exc:
                # A field that is gone must never become its own name in the books.
                exc.hint = exc.hint or f'for the word itself write "{text.capitalize()}"'
                self.findings.append(exc.finding("PX303", raw.value_at["describe"], len(text)))
                return None
        try:
            return parse_text(text, scope)
        except PathError as exc:
            self.findings.append(
                exc.finding("PX310", raw.value_at["describe"], 1, raw.text_at.get("describe"))
            )
            return None

    def _parts(self, given: SourceList, scope: Scope) -> PartsExpr | None:
        """Text in parts, each written one way or several."""
        parts: list[tuple[TextExpr, ...]] = []
        whole = True
        for part, at in zip(given, given.item_at, strict=True):
            several = isinstance(part, SourceList)
            ways = part if several else (part,)
            places = part.item_at if several else (at,)
            made = []
            for way, place in zip(ways, places, strict=True):
                try:
                    made.append(parse_text(str(way), scope))
                except PathError as exc:
                    self.findings.append(exc.finding("PX310", place, len(str(way))))
                    whole = False
            parts.append(tuple(made))
        return PartsExpr(tuple(parts)) if whole else None
