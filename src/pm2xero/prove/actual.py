"""A transaction and a state as they are, in the terms of a domain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pm2xero.decide.facts import Facts
from pm2xero.decide.state import State
from pm2xero.pack.language.types import (
    TRUST_GROUPS,
    FieldType,
    ListType,
    RecordType,
    ReferenceType,
    TaxCodeType,
    trust_group,
)
from pm2xero.prove.domain import Domain, Place
from pm2xero.prove.kind import Seen
from pm2xero.prove.terms import Term, same
from pm2xero.prove.words import fields_of
from pm2xero.read.transaction import Transaction

DOCUMENT_FACTS = ("state", "kind", "amount_due", "contact")


class Actual:
    """The values that a transaction and the state really have."""

    def __init__(self, facts: Facts, tx: Transaction, state: State) -> None:
        self.facts = facts
        self.tx = tx
        self.state = state

    def seen(self) -> Seen:
        """All texts of the transaction and of the documents it refers to."""
        texts: dict[str, None] = {}
        names: dict[str, None] = {}
        lists: dict[str, int] = {}
        for place, value, kind in _parts(self.tx.fields, self.facts.kind.record, ()):
            if kind.name == "list":
                lists[".".join(place)] = len(value)
            elif isinstance(value, str):
                texts[value] = None
                if isinstance(kind, ReferenceType | TaxCodeType) and kind.name != "document":
                    names[value] = None
        for name in self.facts.named("documents", self.tx.fields):
            fact = self.state.document(name)
            texts.update(dict.fromkeys(t for t in (fact.kind, fact.contact) if t))
        short = (self.facts.shortfall, self.facts.missing, self.facts.imbalance)
        whose = (of for find in short if (of := find(self.tx, self.state)[1]))
        return Seen((*texts, *whose), tuple(names), lists)

    def wishes(self, domain: Domain) -> Iterator[tuple[Place, Any, Term]]:
        """Place, value and formula of everything that is as it is."""
        for place, there in list(domain.present.items()):
            yield place, None, same(there, self.at(place) is not None)
        for place, (term, _) in list(domain.leaves.items()):
            value = self.at(place)
            if value is not None:
                yield place, value, same(term, domain.words.constant(value))

    def at(self, place: Place) -> Any:
        """The value at a place, None where there is nothing."""
        if place[0] == "submission":
            return self.facts.past(self.tx, self.state)[0]
        if place[0] == "earlier":
            return self.facts.past(self.tx, self.state)[1]
        base, _, group = str(place[0]).partition(" ")
        if base == "trust" and group in TRUST_GROUPS:
            found: tuple[Any, ...] = getattr(self.facts, group)(self.tx, self.state)
            return found[trust_group(str(place[-1]))[1] if len(place) > 1 else 0]
        if place[0] == "document":
            attribute = place[-1] if place[-1] in DOCUMENT_FACTS else None
            name = self.at(place[1:-1] if attribute else place[1:])
            fact = self.state.document(name) if name is not None else None
            return None if fact is None else getattr(fact, str(attribute or "amount_due"))
        if place[0] == "reversible":
            name = self.at(place[1:-1] if place[-1] == "to_reverse" else place[1:])
            return self.state.document(name).to_reverse if name is not None else None
        if place[0] == "settled":
            name = self.at(place[1:-1] if place[-1] == "to_put_back" else place[1:])
            return self.state.document(name).to_put_back if name is not None else None
        if place[0] == "about":
            name = self.at(place[1:-1])
            return getattr(self.state.document(name), str(place[-1])) if name is not None else None
        value: Any = self.tx.fields
        for step in place:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value


def _parts(
    value: Any, kind: FieldType, place: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any, FieldType]]:
    """Every value of a document with its place and type; items share the place of their list."""
    if value is None:
        return
    yield place, value, kind
    if isinstance(kind, RecordType):
        for name, inner, _ in fields_of(kind):
            yield from _parts(value.get(name), inner, (*place, name))
    elif isinstance(kind, ListType):
        for item in value:
            yield from _parts(item, kind.of, place)
