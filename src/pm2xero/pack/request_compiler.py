"""Compiles the requests of a mapping for one kind of document."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from pm2xero.errors import Finding, Position
from pm2xero.pack.expressions import Expressions
from pm2xero.pack.language.paths import PathError, PathExpr, Scope, TextExpr, resolve
from pm2xero.pack.language.types import describe
from pm2xero.pack.line_compiler import LineCompiler
from pm2xero.pack.model import HistoryNote, Kind, MappingSpec, Reckoned, RequestSpec, Role
from pm2xero.pack.yaml.read import SourceList, SourceMap
from pm2xero.pack.yaml.suggest import did_you_mean, one_of
from pm2xero.resources import schema_file

# What may be said of a contact, and what Xero calls it.
CONTACT_DETAILS = {
    "email": "EmailAddress", "line1": "AddressLine1", "line2": "AddressLine2",
    "line3": "AddressLine3", "line4": "AddressLine4", "city": "City", "region": "Region",
    "postal_code": "PostalCode", "country": "Country",
}  # fmt: skip
# What a name under `with` can be taken from.
_SOURCES = ("field", "bank", "account", "role", "table", "text")
_VERB = "write `put: ENDPOINT` to create, or `post: ENDPOINT/{FIELD}` to change"


@cache
def with_history() -> tuple[str, ...]:
    """The endpoints whose objects have a history that notes can be added to."""
    raw = json.loads(schema_file("xero/put.History").read_text(encoding="utf-8"))
    return tuple(raw["x-endpoints"])


@cache
def has_history(verb: str, path: str) -> bool:
    """Whether what a request makes or changes has a history that notes can be added to."""
    words = [part for part in path.split("/") if not part.startswith("{")]
    file = schema_file(f"xero/{verb}.{'.'.join(words)}")
    if len(words) != 1 or not file.is_file():
        return False
    # An overpayment is a bank transaction to Xero.
    made = str(json.loads(file.read_text(encoding="utf-8"))["x-path"])
    return made.strip("/").split("/")[0] in with_history()


class RequestCompiler:
    """Turns the requests of mappings into `RequestSpec`s for one kind."""

    def __init__(self, kind: Kind, roles: Mapping[str, Role]) -> None:
        self.roles = roles
        self.findings: list[Finding] = []
        self.tools = Expressions(self.findings, kind.settings)
        self.lines = LineCompiler(kind, roles, self.tools)
        self.ids: frozenset[str] = frozenset()
        self.every: tuple[str, ...] = ()
        self.scope = Scope(kind.name, kind.record, None, kind.settings)

    def compile(self, mapping: MappingSpec) -> tuple[tuple[RequestSpec, ...], tuple[Finding, ...]]:
        """The requests, and what is wrong with them."""
        specs: list[RequestSpec] = []
        raw_requests: Any = mapping.raw["requests"]
        self.every = tuple(str(raw["id"]) for raw in raw_requests)
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
            self.findings.append(self._verbs(raw, both=bool(verbs)))
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
            when=self.tools.when(raw, self.scope),
            needs=tuple(str(n) for n in raw.get("needs") or ()),
            values=self._values(raw, scope),
            contact=self.tools.paths(raw, "contact", scope),
            lines=tuple(s for line in raw.get("lines") or () if (s := self.lines.line(line))),
            movement=raw.get("movement"),
            when_tax_differs=raw.get("when_tax_differs"),
            becomes_document=raw.get("becomes") == "document",
            at=raw.at,
            value_at={**raw.value_at, **getattr(raw.get("with"), "value_at", {})},
            slot=str(raw.get("slot") or raw["id"]),
            status=self.tools.word(raw, "status", scope) or "AUTHORISED",
            contact_name=self.tools.text(raw, "contact_name", scope),
            contact_details=self._details(raw, scope),
            link=self._link(raw, scope),
            history=self._history(raw, path, scope),
        )

    def _history(self, raw: SourceMap, path: str, scope: Scope) -> HistoryNote | None:
        """The note for people in Xero, on what has a history there."""
        given = raw.get("history")
        if given is None:
            return None
        text = self.tools.text(given, "note", scope)
        if not has_history("put" if "put" in raw else "post", path):
            self.findings.append(
                Finding(
                    "PX323", f'what "{path}" makes has no history in Xero', raw.key_at["history"],
                    should_be=one_of(with_history(), 20), width=len("history"),
                    hint="write the note on the request that makes the document",
                )
            )  # fmt: skip
            return None
        if text is None:
            return None
        return HistoryNote(text, self.tools.when(given, self.scope), given.value_at["note"])

    def _link(self, raw: SourceMap, scope: Scope) -> TextExpr | None:
        """The address of the document in Practice Management, as Xero takes one."""
        text = self.tools.text(raw, "link", scope)
        if text is None:
            return None
        wrong = None
        if not re.match("https?://", text.text):
            wrong = "a link begins with https://"
        elif "xero" in text.text.lower():
            wrong = 'Xero takes no link with the word "xero" in it'
        if wrong is not None:
            at = raw.value_at["link"]
            self.findings.append(Finding("PX321", wrong, at, width=len(text.text)))
        return text

    def _details(self, raw: SourceMap, scope: Scope) -> tuple[tuple[str, PathExpr], ...]:
        """What is written of a new contact, read from the participant."""
        given = raw.get("contact_details")
        parties = self.tools.paths(raw, "contact", scope) if given is not None else ()
        if given is None or not parties:
            return ()
        inner = scope.with_item(parties[0].type)
        found = []
        for key in given:
            rows = given[key] if isinstance(given[key], SourceMap) else given
            for name in rows if rows is not given else (key,):
                path = self.tools.path(rows, name, inner)
                if path is not None and path.type.name not in ("text", "identifier"):
                    at, what = rows.value_at[name], describe(path.type)
                    message = f'"{path.text}" is {what}, not text'
                    self.findings.append(Finding("PX302", message, at, width=len(path.text)))
                elif path is not None:
                    found.append((CONTACT_DETAILS[name], path))
        return tuple(found)

    def _verbs(self, raw: SourceMap, *, both: bool) -> Finding:
        """A request that says both what is created and what is changed, or neither."""
        identity = str(raw["id"])
        if both:
            message = f'the request "{identity}" says both `put` and `post`'
            hint = "leave one out, or take the lower layer's away with `replace: [put, post]`"
            return Finding("PX315", message, raw.key_at["post"], hint=hint, width=len("post"))
        others = [i for i in self.every if i != identity]
        message = (
            f'the request "{identity}" says neither `put` nor `post`, and no lower layer has a '
            "request of this id"
        )
        change = f"one of {', '.join(others)} to change it; or a new one: {_VERB}"
        return Finding(
            "PX315", message, raw.value_at["id"], hint=did_you_mean(identity, others) or _VERB,
            should_be=change if others else None, width=len(identity),
        )  # fmt: skip

    def _reckoned(self, value: SourceMap, scope: Scope) -> Reckoned | None:
        """A date some days later or at the end of its month, or a text with values in it."""
        if "text" in value:
            text = self.tools.text(value, "text", scope)
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
                fields = {**scope.record.required, **scope.record.optional}
                known = [f"{{{n}}}" for n, t in fields.items() if t.name == "document"]
                known += [f"{{id_of.{i}}}" for i in sorted(self.ids)]
                should = one_of(known, 10) if known else None
                self.findings.append(
                    Finding("PX302", message, at, should_be=should, width=len(path))
                )

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
