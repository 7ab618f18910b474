"""Reads the mapping under `when:` into a condition tree, saying every fault with its place."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, cast

from pm2xero.errors import Finding, Position
from pm2xero.pack.language.conditions import (
    OPERATORS,
    ORDER_DATE,
    ORDER_MONEY,
    STRUCTURE,
    TWO_FIELDS,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Literal_,
    Not,
    Operator,
    Quantified,
    Repeated,
    Sum,
    atoms,
)
from pm2xero.pack.language.literals import (
    LiteralError,
    family,
    literal,
    looks_like_path,
    operators_of,
    suggest_operator,
    twin,
)
from pm2xero.pack.language.paths import PathError, PathExpr, Scope, resolve
from pm2xero.pack.language.types import (
    FieldType,
    ListType,
    ScalarType,
    describe,
)
from pm2xero.pack.yaml.read import SourceList, SourceMap
from pm2xero.pack.yaml.suggest import did_you_mean, one_of


def parse_condition(
    raw: Any, scope: Scope, at: Position, findings: list[Finding]
) -> Condition | None:
    """Turn the mapping under `when` into a tree; every fault goes to `findings`.

    Returns None when there is nothing to test or when it could not be read.
    """
    parser = _Parser(scope, findings)
    return parser.mapping(raw, at)


def _plain(value: Any) -> bool:
    return not isinstance(value, SourceMap | SourceList)


class _Parser:
    def __init__(self, scope: Scope, findings: list[Finding]) -> None:
        self.scope = scope
        self.findings = findings

    def fault(
        self, code: str, message: str, at: Position, *, hint: str | None = None,
        should_be: str | None = None, width: int = 1,
    ) -> None:  # fmt: skip
        self.findings.append(
            Finding(code, message, at, hint=hint, should_be=should_be, width=width)
        )

    def mapping(self, raw: Any, at: Position) -> Condition | None:
        if not isinstance(raw, SourceMap):
            self.fault(
                "PX301", "a condition is written as `field: test`", at,
                should_be="when: { currency: { differs_from: organisation.base_currency } }",
            )  # fmt: skip
            return None
        if not raw:
            self.fault("PX301", "an empty condition tests nothing", at, hint="leave `when` out")
            return None
        parts: list[Condition] = []
        handled: set[str] = set()
        for key in raw:
            if key in handled:
                continue
            part = self.entry(key, raw, handled)
            if part is not None:
                parts.append(part)
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def entry(self, key: str, raw: SourceMap, handled: set[str]) -> Condition | None:
        value, key_at, value_at = raw[key], raw.key_at[key], raw.value_at[key]
        if key in ("any", "every"):
            handled.add("where")
            return self.quantified(key, raw)
        if key == "where":
            if "any" not in raw and "every" not in raw:
                self.fault("PX301", "`where` needs `any: LIST` or `every: LIST` beside it", key_at)
            return None
        if key in ("all_of", "any_of"):
            return self.group(key, value, value_at)
        if key == "not":
            part = self.mapping(value, value_at)
            return Not(part) if part is not None else None
        if key == "sum":
            handled.update(k for k in raw if k in OPERATORS)
            return self.sum(raw)
        if key == "repeated":
            path = self.path(str(value), value_at)
            if path is not None and not isinstance(path.type, ListType):
                self.fault(
                    "PX302", f'"{value}" is {describe(path.type)}, not the field of a list',
                    value_at, width=len(str(value)),
                )  # fmt: skip
                return None
            return Repeated(path, value_at) if path else None
        if key in OPERATORS and "sum" in raw:
            return None
        path = self.path(key, key_at)
        return self.tests(path, value, value_at) if path is not None else None

    def path(self, text: str, at: Position) -> PathExpr | None:
        try:
            return resolve(text, self.scope)
        except PathError as exc:
            if self.scope.item is None and exc.hint is None:
                exc.hint = did_you_mean(text, STRUCTURE)
            self.findings.append(exc.finding("PX303", at, len(text)))
            return None

    def group(self, key: str, value: Any, at: Position) -> Condition | None:
        if not isinstance(value, SourceList) or not value:
            self.fault("PX301", f"`{key}` takes a list of conditions", at)
            return None
        parts = [self.mapping(v, p) for v, p in zip(value, value.item_at, strict=True)]
        good = tuple(p for p in parts if p is not None)
        if len(good) != len(parts):
            return None
        return AllOf(good) if key == "all_of" else AnyOf(good)

    def quantified(self, key: str, raw: SourceMap) -> Condition | None:
        if "where" not in raw:
            self.fault(
                "PX301", f"`{key}` needs `where:` beside it, to say what is asked of an item",
                raw.key_at[key], width=len(key),
                should_be=f"{{ {key}: {raw[key]}, where: {{ … }} }}",
            )  # fmt: skip
            return None
        over = self.path(str(raw[key]), raw.value_at[key])
        if over is None:
            return None
        if not isinstance(over.type, ListType) or over.attribute:
            self.fault(
                "PX302", f'"{raw[key]}" is {describe(over.type)}, not a list', raw.value_at[key],
                width=len(str(raw[key])),
            )  # fmt: skip
            return None
        inner = _Parser(self.scope.with_item(over.type.of), self.findings)
        where = inner.mapping(raw["where"], raw.value_at["where"])
        if where is None:
            return None
        if any(isinstance(a, Quantified) for a in atoms(where)):
            self.fault("PX301", "`any` inside `any` is not supported", raw.key_at["where"])
            return None
        return Quantified("any" if key == "any" else "every", over, where, raw.key_at[key])

    def sum(self, raw: SourceMap) -> Condition | None:
        value, at = raw["sum"], raw.value_at["sum"]
        texts = value if isinstance(value, SourceList) else [value]
        places = value.item_at if isinstance(value, SourceList) else [at]
        paths = [self.path(str(t), p) for t, p in zip(texts, places, strict=True)]
        ops = [k for k in raw if k in OPERATORS]
        if not ops:
            self.fault(
                "PX301", "`sum` needs something to compare with", at,
                should_be="{ sum: lines.net, differs_from: totals.net }",
            )  # fmt: skip
        parts: list[Condition] = []
        good = tuple(p for p in paths if p is not None)
        for path in good:
            kind = path.type.of if isinstance(path.type, ListType) else path.type
            if kind.name != "money":
                place = places[texts.index(path.text)]
                self.fault(
                    "PX302", f'"{path.text}" is {describe(kind)}, not money', place,
                    width=len(path.text),
                )  # fmt: skip
                return None
        for op in ops:
            operand = self.operand(op, raw[op], raw.value_at[op], ScalarType("money"))
            if operand is None or isinstance(operand, tuple) or len(good) != len(paths):
                return None
            if not isinstance(operand, Decimal | PathExpr):
                return None
            parts.append(Sum(good, op, operand, raw.key_at["sum"]))
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def tests(self, path: PathExpr, value: Any, at: Position) -> Condition | None:
        if isinstance(value, SourceList):
            return self.test(path, "in", value, at)
        if not isinstance(value, SourceMap):
            return self.test(path, "is", value, at)
        parts: list[Condition] = []
        for key in value:
            if key not in OPERATORS:
                self.fault(
                    "PX304", f'unknown operator "{key}"', value.key_at[key], width=len(key),
                    hint=suggest_operator(key, path.type),
                    should_be=one_of(operators_of(path.type), 20),
                )  # fmt: skip
                continue
            part = self.test(path, key, value[key], value.value_at[key], value.key_at[key])
            if part is not None:
                parts.append(part)
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def test(
        self, path: PathExpr, op: str, value: Any, at: Position, op_at: Position | None = None
    ) -> Condition | None:
        kind = path.type
        allowed = operators_of(kind)
        if op not in allowed:
            other = twin(op, kind)
            hint = f'did you mean "{other}"?' if other else None
            if isinstance(kind, ListType):
                hint = f"ask it of the items, as in `any: {path.text}` with `where:`"
            self.fault(
                "PX302", f'"{op}" cannot test "{path.text}", which is {describe(kind)}',
                op_at or at, hint=hint, should_be=one_of(allowed, 20),
                width=len(op) if op_at else max(1, len(str(value))) if _plain(value) else 1,
            )  # fmt: skip
            return None
        operand = self.operand(op, value, at, kind)
        if operand is None:
            return None
        return Compare(path, cast(Operator, op), operand, at)

    def operand(
        self, op: str, value: Any, at: Position, kind: FieldType
    ) -> Literal_ | tuple[Literal_, ...] | PathExpr | None:
        if op == "present":
            if not isinstance(value, bool):
                self.fault("PX305", "`present` is true or false", at, width=max(1, len(str(value))))
                return None
            return value
        if op in ("in", "not_in"):
            if not isinstance(value, SourceList) or not value:
                example = f"{op}: [{value}]" if value and _plain(value) else None
                self.fault(
                    "PX305", f"`{op}` takes a list of values", at, should_be=example,
                    width=max(1, len(str(value))) if example else 1,
                )  # fmt: skip
                return None
            literals = [self.literal(v, p, kind) for v, p in zip(value, value.item_at, strict=True)]
            good = tuple(v for v in literals if v is not None)
            return good if len(good) == len(literals) else None
        if op in TWO_FIELDS:
            return self.other_path(value, at, kind)
        if op == "matches":
            try:
                re.compile(str(value))
            except re.error as exc:
                width = max(1, len(str(value)))
                self.fault("PX305", f"this is not a pattern: {exc.msg}", at, width=width)
                return None
            return str(value)
        if op == "longer_than":
            return self.literal(value, at, ScalarType("count"))
        if op in ORDER_MONEY | ORDER_DATE and looks_like_path(value):
            return self.other_path(value, at, kind)
        return self.literal(value, at, kind)

    def other_path(self, value: Any, at: Position, kind: FieldType) -> PathExpr | None:
        other = self.path(str(value), at)
        if other is None:
            return None
        if family(other.type) != family(kind):
            self.fault(
                "PX302", f'"{value}" is {describe(other.type)} and cannot be compared with '
                f"{describe(kind)}", at, width=len(str(value)),
            )  # fmt: skip
            return None
        return other

    def literal(self, value: Any, at: Position, kind: FieldType) -> Literal_ | None:
        try:
            return literal(value, kind)
        except LiteralError as exc:
            values = kind.values if isinstance(kind, ScalarType) else ()
            self.fault(
                "PX305", str(exc), at, width=max(1, len(str(value))),
                hint=did_you_mean(value, values) if values else None,
                should_be=one_of(values) if values else None,
            )  # fmt: skip
            return None
