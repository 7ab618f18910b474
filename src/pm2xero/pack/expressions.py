"""Reads what stands in kinds and mappings alike: paths, accounts, texts, shares, conditions."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pm2xero.errors import Finding, Position
from pm2xero.pack.language.condition_parser import parse_condition
from pm2xero.pack.language.conditions import Condition, atoms
from pm2xero.pack.language.paths import (
    AccountExpr,
    PathError,
    PathExpr,
    Scope,
    TextExpr,
    parse_text,
    resolve,
)
from pm2xero.pack.language.types import (
    FieldType,
    ListType,
    RecordType,
    ReferenceType,
    TableType,
    describe,
)
from pm2xero.pack.model import Role, Share
from pm2xero.pack.yaml.read import SourceList, SourceMap
from pm2xero.pack.yaml.suggest import did_you_mean, one_of


class Expressions:
    """Reads expressions in the scope of a kind; every fault goes to `findings`."""

    def __init__(self, findings: list[Finding], settings: Mapping[str, FieldType]) -> None:
        self.findings = findings
        self.settings = settings

    def when(
        self, raw: SourceMap, scope: Scope, inner: Scope | None = None
    ) -> Condition | None:  # fmt: skip
        """What is asked of the document; `inner` is the scope of the items beside it."""
        if "when" not in raw:
            return None
        at, own = raw.value_at["when"], list[Finding]()
        found = parse_condition(raw["when"], scope, at, own)
        if inner is not None and "each" in raw:
            own = self._of_items(raw, inner, found, own)
        self.findings.extend(own)
        return found

    def _of_items(
        self, raw: SourceMap, inner: Scope, found: Condition | None, told: list[Finding]
    ) -> list[Finding]:
        """What is told of a `when` that may be meant for the items of `each`."""
        each, key_at = raw["each"], raw.key_at["when"]
        if told:
            if parse_condition(raw["when"], inner, raw.value_at["when"], []) is None:
                return told
            message = f"`when` asks of the document, and this asks of the items of {each}"
            return [
                Finding(
                    "PX303", message, key_at, width=len("when"),
                    hint="write `where`, which asks of each item",
                )
            ]  # fmt: skip
        item = inner.item
        if isinstance(item, RecordType):
            for atom in atoms(found):
                path = getattr(atom, "path", None)
                if path is None or path.base != "transaction" or "transaction." in path.text:
                    continue
                if item.field(path.steps[0]) is not None:
                    message = (
                        f'this asks for "{path.text}" of the document, and each item of {each} '
                        "has one of its own"
                    )
                    hint = f"`where` asks of the items; or write transaction.{path.text}"
                    told.append(
                        Finding("PX322", message, key_at, hint=hint, severity="warning",
                                width=len("when"))
                    )  # fmt: skip
        return told

    def where(self, raw: SourceMap, inner: Scope) -> Condition | None:
        """Which items of `each` are meant."""
        if "where" not in raw:
            return None
        if "each" not in raw:
            self.findings.append(
                Finding(
                    "PX301", "`where` asks of the items of `each`, and there is no `each` here",
                    raw.key_at["where"], width=len("where"),
                    hint="write `when`, which asks of the document",
                )
            )  # fmt: skip
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
            self.fault(
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
            self.fault("PX309", f'there is no role "{raw}"', at, roles, str(raw))
            return None
        return AccountExpr("role", role=str(raw))

    def _table(self, raw: SourceMap, scope: Scope, roles: Mapping[str, Role]) -> AccountExpr | None:
        """An account out of a table of the firm, by a field; another where it has no such row."""
        name = str(raw["table"])
        kind = self.settings.get(name) or scope.settings.get(name)
        if not isinstance(kind, TableType) or kind.of.name != "ledger_account":
            tables = [n for n, t in scope.settings.items() if isinstance(t, TableType)]
            self.fault(
                "PX320", f'there is no table of accounts "{name}"', raw.value_at["table"], tables,
                name,
            )  # fmt: skip
            return None
        lacking = [k for k in ("by", "otherwise") if k not in raw]
        if lacking:
            self.fault("PX106", f'a table lacks "{lacking[0]}"', raw.at)
            return None
        path = self.path(raw, "by", scope)
        otherwise = self.account(raw["otherwise"], raw.value_at["otherwise"], scope, roles)
        if path is None or otherwise is None:
            return None
        return AccountExpr("table", path=path, table=name, otherwise=otherwise)

    def word(self, raw: SourceMap, key: str, scope: Scope) -> PathExpr | str | None:
        """A word, or `{ field: PATH }` for what a field holds."""
        value = raw.get(key)
        if isinstance(value, SourceMap):
            return self.path(value, "field", scope)
        return None if value is None else str(value)

    def text(self, raw: SourceMap, key: str, scope: Scope) -> TextExpr | None:
        """A text with {paths} in it."""
        if key not in raw:
            return None
        try:
            return parse_text(str(raw[key]), scope)
        except PathError as exc:
            text_at = raw.text_at.get(key)
            self.findings.append(exc.finding("PX310", raw.value_at[key], 1, text_at))
            return None

    def fault(self, code: str, message: str, at: Position, known: Any = (), word: str = "") -> None:
        """Tell a fault; `word` is what was written where one of the `known` should be."""
        hint = did_you_mean(word, known) if word else None
        should = one_of(known, 30) if known else None
        self.findings.append(
            Finding(code, message, at, hint=hint, should_be=should, width=max(1, len(word)))
        )
