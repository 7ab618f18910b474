"""Closures that read the value of a path from a transaction; for texts, postings and mappings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pm2xero.decide.facts import Facts
from pm2xero.decide.state import State
from pm2xero.pack.language.paths import PartsExpr, PathExpr, TextExpr
from pm2xero.pack.language.types import (
    DERIVED_LISTS,
    ListType,
    RecordType,
    ReferenceType,
    TaxCodeType,
    trust_group,
)
from pm2xero.read.transaction import Transaction

# What a path is read from: the transaction, the item at hand (or None), the state.
Getter = Callable[[Transaction, Any, State], Any]


def getter(path: PathExpr, facts: Facts) -> Getter:
    """A closure that gives the value of a path, or None where something on the way is missing."""
    if path.base in ("organisation", "xero", "settings"):
        constant = facts.constant(path)
        return lambda tx, item, state: constant
    if path.base == "submission":
        return lambda tx, item, state: facts.past(tx, state)[0]
    if path.base == "earlier":
        return lambda tx, item, state: facts.past(tx, state)[1]
    if path.base == "amounts":
        together = facts.together
        return lambda tx, item, state: together(tx.fields)
    if path.base == "trust":
        group, index = trust_group(path.steps[0])
        short: Callable[[Transaction, State], tuple[Any, ...]] = getattr(facts, group)
        return lambda tx, item, state: short(tx, state)[index]
    if path.base == "transaction" and path.steps[0] in DERIVED_LISTS:
        return _followed(path, derived_list(path.steps[0], facts), facts)
    return _followed(path, _stepped(path), facts)


def derived_list(name: str, facts: Facts) -> Getter:
    """A list that every kind has: the roles, banks or documents that a transaction names."""
    if facts.kind.record.field(name) is not None:
        return lambda tx, item, state: tx.fields[name]
    if name == "roles":
        roles_of = facts.roles_of
        if roles_of is not None:
            return lambda tx, item, state: roles_of(tx, state)
        return lambda tx, item, state: list(facts.roles)
    return lambda tx, item, state: facts.named(name, tx.fields)


def _stepped(path: PathExpr) -> Getter:
    steps = path.steps
    on_item = path.base == "item"
    if len(steps) == 1:
        step = steps[0]
        if on_item:
            return lambda tx, item, state: item[step]
        return lambda tx, item, state: tx.fields[step]
    if isinstance(path.type, ListType) and len(steps) == 2:
        outer, inner = steps

        def column(tx: Transaction, item: Any, state: State) -> Any:
            holder = (item if on_item else tx.fields)[outer]
            if isinstance(holder, list):
                return [v for i in holder if (v := i[inner]) is not None]
            return None if holder is None else holder[inner]

        return column

    if len(steps) == 2 and not on_item:
        head, tail = steps

        def two(tx: Transaction, item: Any, state: State) -> Any:
            value = tx.fields[head]
            return None if value is None else value[tail]

        return two

    def walk(tx: Transaction, item: Any, state: State) -> Any:
        value = item if on_item else tx.fields
        for step in steps:
            if value is None:
                return None
            value = value[step]
        return value

    return walk


def _followed(path: PathExpr, base: Getter, facts: Facts) -> Getter:
    attribute = path.attribute
    if attribute is None:
        return base
    if attribute == "count":
        return lambda tx, item, state: None if (v := base(tx, item, state)) is None else len(v)
    holder = path.holder
    if isinstance(holder, TaxCodeType):
        return _tax_getter(path, holder, base, facts)
    assert isinstance(holder, ReferenceType)
    look = facts.lookup(holder.name)
    if attribute == "wanted":
        wanted = facts.wanted(holder)
        return lambda tx, item, state: wanted
    if attribute == "suits":
        return _suits(base, holder, look)
    slot = "account_class" if attribute == "class" else attribute

    def follow(tx: Transaction, item: Any, state: State) -> Any:
        name = base(tx, item, state)
        return None if name is None else getattr(look(name, state), slot)

    return follow


def _suits(base: Getter, holder: ReferenceType, look: Callable[[Any, State], Any]) -> Getter:
    """Whether the document is of a kind that the field may refer to."""
    allowed = holder.refers_to

    def suits(tx: Transaction, item: Any, state: State) -> Any:
        name = base(tx, item, state)
        kind = None if name is None else look(name, state).kind
        return None if kind is None else not allowed or kind in allowed

    return suits


def _tax_getter(path: PathExpr, holder: TaxCodeType, base: Getter, facts: Facts) -> Getter:
    attribute = path.attribute

    def follow(tx: Transaction, item: Any, state: State) -> Any:
        code = base(tx, item, state)
        fact = facts.tax(code, item[holder.account], facts.kind.side)
        if attribute == "calculated":
            return fact.calculated(item[holder.on])
        if attribute == "off_by":
            return fact.off_by(item[holder.on], item[holder.amount])
        return getattr(fact, str(attribute))

    return follow


def text_getter(
    text: TextExpr, facts: Facts
) -> Callable[[Transaction, Any, list[Any], State], str]:
    """A closure that writes a sentence; `found` items fill the paths of the item scope."""
    parts: list[str | tuple[Getter, bool]] = [
        p if isinstance(p, str) else (getter(p, facts), p.base == "item") for p in text.parts
    ]

    def write(tx: Transaction, item: Any, found: list[Any], state: State) -> str:
        out = []
        for part in parts:
            if isinstance(part, str):
                out.append(part)
                continue
            read, of_item = part
            if of_item and found:
                shown = dict.fromkeys(say(read(tx, f, state)) for f in found)
                out.append(", ".join(shown))
            else:
                out.append(say(read(tx, item, state)))
        return "".join(out)

    return write


def parts_getter(text: PartsExpr, facts: Facts) -> Callable[[Transaction, Any, State], str]:
    """A closure that writes text in parts, without those that speak of something missing."""
    parts = [
        [[p if isinstance(p, str) else getter(p, facts) for p in way.parts] for way in part]
        for part in text.parts
    ]

    def write(tx: Transaction, item: Any, state: State) -> str:
        made: dict[str, None] = {}
        for part in parts:
            for way in part:
                values = [p if isinstance(p, str) else p(tx, item, state) for p in way]
                if all(v is not None and v != "" for v in values):
                    made["".join(say(v) for v in values)] = None
                    break
        return ", ".join(made)

    return write


def say(value: Any) -> str:
    """A value as a bookkeeper reads it."""
    if value is None:
        return "(none)"
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(say(v) for v in value)
    if isinstance(value, dict):
        return str(value.get("display_name") or value.get("name") or value.get("id") or "")
    return str(value)


def is_record_list(path: PathExpr) -> bool:
    """Whether a path yields a list of records, so that items have fields."""
    return isinstance(path.type, ListType) and isinstance(path.type.of, RecordType)
