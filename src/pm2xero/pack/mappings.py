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
    Scope,
    TextExpr,
    parse_text,
    resolve,
)
from pm2xero.pack.layers import Merged
from pm2xero.pack.model import Kind, LineSource, MappingSpec, RequestSpec, Role, Rule
from pm2xero.pack.yaml.read import SourceList, SourceMap
from pm2xero.pack.yaml.suggest import did_you_mean, one_of
from pm2xero.resources import root


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
            on_change=dict(entry.values.get("on_change") or {}),
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
                f'Xero takes no {verb.upper()} of "{endpoint}"',
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
        self.tools = KindBuilder(builder.merged, self.findings)
        self.scope = Scope(kind.name, kind.record)

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
        )

    def _when(self, raw: SourceMap, scope: Scope) -> Any:
        if "when" not in raw:
            return None
        return parse_condition(raw["when"], scope, raw.value_at["when"], self.findings)

    def _path(self, path: str, at: Position, scope: Scope) -> None:
        for name in re.findall(r"\{([^}]*)\}", path):
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
            if by == "field":
                values[name] = self.tools.path(value, "field", scope)
            elif by in ("bank", "account", "role"):
                values[name] = self.tools.account(value, at, scope, self.roles)
            else:
                self.findings.append(
                    Finding(
                        "PX105",
                        f'unknown key "{by}" in "{name}"',
                        value.key_at.get(by, at),
                        hint=did_you_mean(by, ("field", "bank", "account", "role")),
                        should_be=one_of(("field", "bank", "account", "role")),
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
        if "tax" in raw and account is not None and account.by != "account":
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
        )

    def _describe(self, raw: SourceMap, scope: Scope) -> Any:
        given = raw.get("describe")
        if isinstance(given, SourceList):
            return self._parts(given, scope)
        text = str(raw.get("describe", self.kind.title))
        if re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", text):
            try:
                return resolve(text, scope)
            except PathError as exc:
                # A plain word may be meant as text, unless it is nearly the name of a field.
                if exc.hint is not None:
                    at = raw.value_at["describe"]
                    self.findings.append(exc.finding("PX303", at, len(text)))
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
