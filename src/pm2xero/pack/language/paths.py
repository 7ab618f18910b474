"""Paths, accounts and short texts as they stand in YAML, resolved against a kind's fields.

A name means the item's field where there is an item that has it, otherwise the transaction's;
`transaction.`, `organisation.`, `xero.` say it outright. `document_id` can be followed as
`document.…` to what is known of the document it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from pm2xero.errors import Finding, Position
from pm2xero.pack.language.types import (
    ATTRIBUTES,
    COUNT,
    DERIVED_LISTS,
    ROOTS,
    SUBMISSION,
    FieldType,
    ListType,
    RecordType,
    ReferenceType,
    TaxCodeType,
)
from pm2xero.pack.yaml.suggest import did_you_mean, one_of

Base = Literal[
    "transaction", "item", "organisation", "xero", "settings", "trust", "amounts", "earlier",
    "submission",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class PathExpr:
    """A resolved path.

    Attributes:
        text: the path as it was written.
        base: where it starts.
        steps: field names below the base; an attribute of a reference comes last.
        attribute: the fact about a reference (`status`, `amount_due`), or None.
        holder: type of the reference that the attribute belongs to, or None.
        type: what the path yields.
        record: the innermost record that the last step stands in; a tax code needs its siblings.
    """

    text: str
    base: Base
    steps: tuple[str, ...]
    attribute: str | None
    holder: ReferenceType | TaxCodeType | None
    type: FieldType


@dataclass(frozen=True, slots=True)
class AccountExpr:
    """An account by what it does, by the field that names it, or out of a table of the firm.

    Attributes:
        path: the field that names the account or bank, or the row of the table.
        table: the setting that holds a ledger account for each row.
        otherwise: the account where the table has no such row.
    """

    by: Literal["role", "account", "bank", "table"]
    role: str | None = None
    path: PathExpr | None = None
    table: str | None = None
    otherwise: AccountExpr | None = None


@dataclass(frozen=True, slots=True)
class TextExpr:
    """Text with {paths} in it; literals and paths in turn."""

    text: str
    parts: tuple[str | PathExpr, ...]


@dataclass(frozen=True, slots=True)
class PartsExpr:
    """Text in parts; of the ways to write a part, the first whose values are all there counts.

    A part that speaks of something missing is left out, and so is one that was written before.
    """

    parts: tuple[tuple[TextExpr, ...], ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which names can be used at a place: the kind's record, and an item where there is one."""

    kind: str
    record: RecordType
    item: FieldType | None = None
    settings: Mapping[str, FieldType] = field(default_factory=dict)

    def with_item(self, item: FieldType) -> Scope:
        """The same scope inside `any`, `every` or `each`."""
        return Scope(self.kind, self.record, item, self.settings)


class PathError(Exception):
    """A path that cannot be resolved; carries the sentence and the hint.

    `within` is the part of a longer text that is at fault: where it starts, and its length.
    """

    def __init__(self, message: str, hint: str | None = None, should_be: str | None = None) -> None:
        super().__init__(message)
        self.message, self.hint, self.should_be = message, hint, should_be
        self.within: tuple[int, int] | None = None

    def finding(
        self, code: str, at: Position, width: int = 1, text_at: Position | None = None
    ) -> Finding:
        """The same as a finding at a place; `text_at` is where the text as written begins."""
        if self.within is not None and text_at is not None:
            start, width = self.within
            at = Position(text_at.file, text_at.line, text_at.column + start)
        return Finding(
            code, self.message, at, hint=self.hint, should_be=self.should_be, width=width
        )


def resolve(text: str, scope: Scope) -> PathExpr:
    """Resolve a path in a scope.

    Raises:
        PathError: the path names nothing that the kind has.
    """
    names = text.split(".")
    if any(not n for n in names):
        raise PathError(f'"{text}" is not a path')
    first, rest = names[0], names[1:]
    if first == "submission" and not rest:
        return PathExpr(text, "submission", (), None, None, SUBMISSION)
    if first == "settings" and first not in _names(scope.record):
        return _setting(text, rest, scope.settings)
    if first in ROOTS and first not in _names(scope.record):
        return _root(text, first, rest)
    if first == "transaction":
        if not rest:
            raise PathError('"transaction" must be followed by a field, as in transaction.amount')
        return _walk(text, "transaction", scope.record, rest)
    item = scope.item
    if isinstance(item, RecordType) and _known(item, first):
        return _walk(text, "item", item, names)
    if isinstance(item, ReferenceType | TaxCodeType):
        attributes = ATTRIBUTES[item.name]
        if first in attributes and not rest:
            return PathExpr(text, "item", (), first, item, attributes[first])
    if _known(scope.record, first) or first in DERIVED_LISTS:
        return _walk(text, "transaction", scope.record, names)
    known = set(_names(scope.record)) | set(ROOTS)
    where = f"{scope.kind} has no field"
    if isinstance(item, RecordType):
        known |= set(_names(item))
        where = f"neither the item nor {scope.kind} has a field"
    elif item is not None:
        known |= set(ATTRIBUTES.get(item.name, ()))
    raise PathError(f'{where} "{first}"', did_you_mean(first, known), one_of(known, 30))


def parse_text(text: str, scope: Scope, extra: Mapping[str, Scope] | None = None) -> TextExpr:
    """Resolve the {paths} of a sentence; `extra` maps prefixes such as `found` to their scope.

    Raises:
        PathError: a path in braces names nothing.
    """
    parts: list[str | PathExpr] = []
    start = 0
    for index, piece in enumerate(re.split(r"\{([^{}]*)\}", text)):
        is_path = index % 2 == 1
        try:
            if is_path:
                parts.append(_placeholder(piece, scope, extra or {}))
            elif piece:
                parts.append(_plain(piece))
        except PathError as exc:
            offset, length = exc.within or (1 if is_path else 0, max(1, len(piece)))
            exc.within = (start + offset, length)
            raise
        start += len(piece) + (2 if is_path else 0)
    return TextExpr(text, tuple(parts))


def _plain(piece: str) -> str:
    lone = re.search(r"[{}]", piece)
    if lone is None:
        return piece
    word = "opened and never closed" if lone[0] == "{" else "closed and was never opened"
    error = PathError(f"a brace is {word}", "write {field} to put a value in")
    error.within = (lone.start(), 1)
    raise error


def _placeholder(piece: str, scope: Scope, extra: Mapping[str, Scope]) -> PathExpr:
    prefix, _, remainder = piece.partition(".")
    if prefix in extra and remainder:
        inner = resolve(remainder, extra[prefix])
        if inner.base != "item":
            raise PathError(f'"{piece}" must name a field of the item that was found')
        return inner
    if prefix == "found":
        raise PathError(
            "{found.…} needs a condition with `any` in the same rule, to say what was found"
        )
    return resolve(piece.strip(), scope)


def _names(record: RecordType) -> Iterable[str]:
    return (*record.required, *record.optional)


def _known(record: RecordType, name: str) -> bool:
    return record.field(name) is not None or _alias(record, name) is not None


def _alias(record: RecordType, name: str) -> str | None:
    """`document` for `document_id`, when that field refers to a document."""
    candidate = f"{name}_id"
    kind = record.field(candidate)
    return candidate if isinstance(kind, ReferenceType) else None


def _setting(text: str, rest: list[str], settings: Mapping[str, FieldType]) -> PathExpr:
    name = ".".join(rest)
    if name not in settings:
        known = one_of(settings) if settings else "settings: in a pack"
        raise PathError(
            f'no pack declares the setting "{name}"',
            did_you_mean(name, settings, "settings"),
            known,
        )
    return PathExpr(text, "settings", (name,), None, None, settings[name])


def _root(text: str, first: str, rest: list[str]) -> PathExpr:
    attributes = ROOTS[first]
    if len(rest) != 1 or rest[0] not in attributes:
        missing = ".".join(rest) or "nothing"
        raise PathError(
            f'{first} has no "{missing}"',
            did_you_mean(missing, attributes, first),
            one_of(attributes),
        )
    return PathExpr(text, cast(Base, first), (rest[0],), None, None, attributes[rest[0]])


def _walk(text: str, base: Base, record: RecordType, names: list[str]) -> PathExpr:
    current: FieldType = record
    steps: list[str] = []
    for depth, name in enumerate(names):
        if isinstance(current, RecordType):
            kind = current.field(name)
            if kind is None and depth == 0 and name in DERIVED_LISTS:
                kind = DERIVED_LISTS[name]
            if kind is None and (alias := _alias(current, name)) and depth + 1 < len(names):
                name, kind = alias, current.field(alias)
            if kind is None:
                known = set(_names(current))
                above = ".".join(text.split(".")[: depth - len(names)])
                owner = f'"{above}"' if depth else "the document"
                raise PathError(
                    f'{owner} has no field "{name}"',
                    did_you_mean(name, known, above),
                    one_of(known),
                )
            current = kind
            steps.append(name)
            continue
        last = depth == len(names) - 1
        if isinstance(current, ReferenceType | TaxCodeType):
            attributes = ATTRIBUTES[current.name]
            if last and name in attributes:
                return PathExpr(text, base, tuple(steps), name, current, attributes[name])
            raise PathError(
                f'a {current.name.replace("_", " ")} has no "{name}"',
                did_you_mean(name, attributes, ".".join(text.split(".")[: depth - len(names)])),
                one_of(attributes),
            )
        if isinstance(current, ListType) and last and name == "count":
            return PathExpr(text, base, tuple(steps), "count", None, COUNT)
        if isinstance(current, ListType) and isinstance(current.of, RecordType):
            inner = current.of.field(name)
            if last and inner is not None:
                return PathExpr(text, base, (*steps, name), None, None, ListType(inner))
        raise PathError(f'"{".".join(names[:depth])}" has nothing below it named "{name}"')
    return PathExpr(text, base, tuple(steps), None, None, current)
