"""A transaction of a kind with every value unknown, as far as conditions look at it.

A value is known or missing, and a whole number, a truth, or the number of a text: money in cents,
dates as days, moments as microseconds. Only what is asked for is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from pm2xero.decide.amounts import has_money
from pm2xero.pack.language.paths import PathExpr
from pm2xero.pack.language.types import (
    DERIVED_LISTS,
    SUBMISSION,
    FieldType,
    ListType,
    RecordType,
    ReferenceType,
    ScalarType,
    TaxCodeType,
    belongs,
    trust_group,
)
from pm2xero.pack.model import Kind
from pm2xero.pack.rules import reference_fields
from pm2xero.prove.terms import (
    Term,
    boolean,
    both,
    choose,
    either,
    implies,
    integer,
    no,
    order,
    same,
    size,
    total,
)
from pm2xero.prove.words import EPOCH, Words, fields_of

Place = tuple[str | int, ...]
MOST_CENTS = 10**15 - 1
DAYS = (date(1900, 1, 1).toordinal(), date(9990, 12, 31).toordinal())
MOMENTS = tuple((d - EPOCH.date().toordinal()) * 86_400_000_000 for d in DAYS)


@dataclass(frozen=True, slots=True)
class Value:
    """What a path yields: whether there is anything, and what; `items` for a list's field."""

    known: Term
    term: Term = None
    items: tuple[tuple[Term, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list: whether it is there, where it stands, its type."""

    there: Term
    place: Place
    type: FieldType


class World(Protocol):
    """What lies outside of the document: the firm, Xero and other documents."""

    def constant(self, path: PathExpr) -> Value:
        """A value of the organisation or of Xero."""

    def fact(self, place: Place, reference: FieldType, attribute: str) -> Value:
        """A fact about what the reference at a place names."""

    def reference(self, place: Place, reference: FieldType) -> Term:
        """The number of the name at a place."""

    def names(self, reference: FieldType) -> Iterable[str]:
        """Names for a reference, the ones that suit an example best first."""

    def roles(self) -> tuple[Item, ...]:
        """The accounts that the postings of the kind may need."""


class Domain:
    """The unknowns of one kind, and what holds for all of its documents."""

    def __init__(self, kind: Kind, words: Words, prefix: str = "") -> None:
        """`prefix` keeps the names of two domains apart where they do not mean the same."""
        self.kind = kind
        self.words = words
        self._prefix = prefix
        self.leaves: dict[Place, tuple[Term, FieldType]] = {}
        self.present: dict[Place, Term] = {}
        self.axioms: list[Term] = []
        self._texts: list[Term] = []
        self._patterns: list[tuple[Term, Term, Any]] = []
        self._lists: dict[Place, tuple[Item, ...]] = {}
        self.world: World
        # When a document needs a role; filled in by whoever turns conditions into formulas.
        self.needs_role: dict[str, Term] = {}

    def finish(self) -> list[Term]:
        """All axioms, once nothing more will be asked."""
        for term in self._texts:
            self.axioms.append(self.words.any_text(term))
        for name, term, suits in self._patterns:
            self.axioms.append(same(name, self.words.such(term, suits)))
        self._texts, self._patterns = [], []
        return self.axioms

    def learn(self, other: Domain) -> None:
        """Take over unknowns that only another domain of the same words has made."""
        for place, leaf in other.leaves.items():
            self.leaves.setdefault(place, leaf)
        for place, there in other.present.items():
            self.present.setdefault(place, there)

    def value(self, path: PathExpr, item: Item | None) -> Value:
        """What a path yields for the document, or for an item of one of its lists."""
        if path.base in ("organisation", "xero", "settings"):
            return self.world.constant(path)
        if path.base in ("submission", "earlier"):
            return self._past(path.base)
        if path.base == "amounts":
            return Value(True, total(self._sizes((), self.kind.record, True)))
        if path.base == "trust":
            step = path.steps[0]
            group = (f"trust {trust_group(step)[0]}",)
            return Value(self.presence(group), self.leaf((*group, step), path.type))
        if path.base == "item":
            assert item is not None
            return self._walk(item.place, item.type, path, path.steps, True)
        return self._walk((), self.kind.record, path, path.steps, True)

    def items(self, path: PathExpr, item: Item | None = None) -> tuple[Term, tuple[Item, ...]]:
        """Whether a list is there, and its items."""
        first = path.steps[0]
        if first in DERIVED_LISTS and self.kind.record.field(first) is None:
            if first == "roles":
                return True, self.world.roles()
            return True, tuple(self.references(DERIVED_LISTS[first].of))
        place: Place = ()
        known: Term = True
        kind: FieldType = self.kind.record
        for step in path.steps:
            assert isinstance(kind, RecordType)
            place = (*place, step)
            if step in kind.optional:
                known = both(known, self.presence(place))
            kind = kind.optional.get(step) or kind.required[step]
        assert isinstance(kind, ListType)
        return known, self.listed(place, kind)

    def listed(self, place: Place, kind: ListType) -> tuple[Item, ...]:
        """The items of the list at a place; the first is always there, unless it may be empty."""
        known = self._lists.get(place)
        if known is None:
            count = self.words.items(".".join(str(s) for s in place))
            before: Term = True
            made: list[Item] = []
            for index in range(count):
                always = index == 0 and not kind.may_be_empty
                there = True if always else self.presence((*place, index))
                self.axioms.append(implies(there, before))
                made.append(Item(there, (*place, index), kind.of))
                before = there
            known = self._lists[place] = tuple(made)
        return known

    def references(self, wanted: FieldType) -> Iterator[Item]:
        """Every place where the document names something of a reference type, however deep."""
        yield from self._references(wanted, (), self.kind.record, True)

    def _references(
        self, wanted: FieldType, place: Place, kind: FieldType, there: Term
    ) -> Iterator[Item]:
        if belongs(kind, wanted):
            yield Item(there, place, kind)
        elif isinstance(kind, ListType):
            if _has(kind.of, wanted):
                for item in self.listed(place, kind):
                    here = both(there, item.there)
                    yield from self._references(wanted, item.place, item.type, here)
        elif isinstance(kind, RecordType):
            for field, of, needed in fields_of(kind):
                if _has(of, wanted):
                    inner = (*place, field)
                    here = there if needed else both(there, self.presence(inner))
                    yield from self._references(wanted, inner, of, here)

    def presence(self, place: Place) -> Term:
        """Whether something optional is there."""
        found = self.present.get(place)
        if found is None:
            found = self.present[place] = boolean(_name("has", place))
        return found

    def leaf(self, place: Place, kind: FieldType) -> Term:
        """The unknown at a place."""
        found = self.leaves.get(place)
        if found is None:
            term = self._new(_name("", place), kind)
            self.leaves[place] = found = (term, kind)
        return found[0]

    def such(self, term: Term, suits: Any) -> Term:
        """A truth about a text that Python decides."""
        name = boolean(f"{self._prefix}suits {len(self._patterns)} {term}")
        self._patterns.append((name, term, suits))
        return name

    def _new(self, name: str, kind: FieldType) -> Term:
        if kind.name == "flag":
            return boolean(name)
        term = integer(name)
        if isinstance(kind, ScalarType) and kind.values:
            numbers = [self.words.number(v) for v in kind.values]
            self.axioms.append(either(*(same(term, n) for n in numbers)))
        elif kind.name == "money":
            self._between(term, -MOST_CENTS, MOST_CENTS)
        elif kind.name == "date":
            self._between(term, *DAYS)
        elif kind.name == "instant":
            self._between(term, *MOMENTS)
        elif kind.name == "count":
            self._between(term, 0, 2**31)
        else:
            self._texts.append(term)
        return term

    def _between(self, term: Term, least: int, most: int) -> None:
        self.axioms += [order(term, ">=", least), order(term, "<=", most)]

    def _sizes(self, place: Place, kind: FieldType, there: Term) -> Iterator[Term]:
        """The size of each amount that is there, whatever its sign."""
        if isinstance(kind, RecordType):
            for field, of, needed in fields_of(kind):
                if has_money(of):
                    inner = (*place, field)
                    here = there if needed else both(there, self.presence(inner))
                    yield from self._sizes(inner, of, here)
        elif isinstance(kind, ListType):
            for item in self.listed(place, kind):
                yield from self._sizes(item.place, item.type, both(there, item.there))
        else:
            yield choose(there, size(self.leaf(place, kind)), 0)

    def _past(self, base: str) -> Value:
        known = ("earlier", "outcome") in self.leaves
        submission = self.leaf(("submission",), SUBMISSION)
        outcome = self.leaf(("earlier", "outcome"), ScalarType("text", _OUTCOMES))
        first = same(submission, self.words.number("first"))
        if not known:
            newer = same(submission, self.words.number("newer"))
            revision = self.leaf(("revision",), ScalarType("count"))
            self.axioms.append(implies(newer, order(revision, ">=", 1)))
        return Value(True, submission) if base == "submission" else Value(no(first), outcome)

    def _walk(
        self, place: Place, kind: FieldType, path: PathExpr, steps: tuple[str, ...], known: Term
    ) -> Value:
        for index, step in enumerate(steps):
            if isinstance(kind, RecordType):
                inner = kind.field(step)
                if inner is None:
                    return Value(*self._derived(step))
                optional = step in kind.optional
                place, kind = (*place, step), inner
                if optional:
                    known = both(known, self.presence(place))
                continue
            assert isinstance(kind, ListType)
            items = self.listed(place, kind)
            rest = [self._walk(i.place, i.type, path, steps[index:], True) for i in items]
            return Value(known, items=tuple((i.there, v) for i, v in zip(items, rest, strict=True)))
        if path.attribute == "count":
            assert isinstance(kind, ListType)
            there = total(choose(i.there, 1, 0) for i in self.listed(place, kind))
            return Value(True, choose(known, there, 0))
        if isinstance(kind, ReferenceType | TaxCodeType):
            name = self.world.reference(place, kind)
            if path.attribute is None:
                return Value(known, name)
            fact = self.world.fact(place, kind, path.attribute)
            return Value(both(known, fact.known), fact.term)
        if isinstance(kind, ListType):
            items = self.listed(place, kind)
            scalar = isinstance(kind.of, ScalarType)
            return Value(
                known,
                items=tuple(
                    (i.there, Value(True, self.leaf(i.place, kind.of) if scalar else None))
                    for i in items
                ),
            )
        if isinstance(kind, RecordType):
            return Value(known)
        return Value(known, self.leaf(place, kind))

    def _derived(self, name: str) -> tuple[Term, Term]:
        items = self.world.roles() if name == "roles" else tuple(
            self.references(DERIVED_LISTS[name].of)
        )  # fmt: skip
        return True, total(choose(i.there, 1, 0) for i in items)


_OUTCOMES = ("post", "reject", "hold", "skip")


def _name(prefix: str, place: Place) -> str:
    return ".".join(str(p) for p in place) if not prefix else f"{prefix} {_name('', place)}"


def _has(kind: FieldType, wanted: FieldType) -> bool:
    """Whether a value of a type names something of a reference type anywhere."""
    if isinstance(kind, RecordType):
        return bool(reference_fields(kind, wanted))
    return _has(kind.of, wanted) if isinstance(kind, ListType) else belongs(kind, wanted)
