"""From a model of the solver to the smallest example that a person can read and replay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from pm2xero.decide.decider import Decider
from pm2xero.decide.memory_state import MemoryState
from pm2xero.firm.trust_holders import FIRM_FUNDS, entry_of, held_as, is_matter
from pm2xero.pack.language.paths import PathExpr
from pm2xero.pack.language.types import (
    TEXT,
    TRUST_GROUPS,
    FieldType,
    ListType,
    RecordType,
    ReferenceType,
    ScalarType,
    TaxCodeType,
)
from pm2xero.prove.domain import Place
from pm2xero.prove.example import Example, read
from pm2xero.prove.firm import changed
from pm2xero.prove.kind import KindProof, blocks
from pm2xero.prove.terms import Model, Term, both, no, same
from pm2xero.prove.words import OTHERS, fields_of
from pm2xero.prove.worlds import ABOUT

HUNDRED = 100_00
MOST_NAMES = 12


class Shower:
    """Makes examples of one kind for one firm."""

    def __init__(self, proof: KindProof, decider: Decider) -> None:
        self.proof = proof
        self.domain = proof.domain
        self.decider = decider
        firm = decider.organisation
        start = firm.integration_start.astimezone(UTC).date()
        lock = firm.xero.lock_date
        day = max(start, lock) if lock is not None else start
        self.date = day + timedelta(days=30)
        self.moment = datetime.combine(self.date, time(9), UTC)

    def smallest(self, wanted: Term, concerned: Iterable[str] = ()) -> Model | None:
        """A model with as little in it as can be.

        Args:
            concerned: rules that the example is about; of all others, as few as possible hold.
        """
        model = self.proof.ask(wanted)
        if model is None:
            return None
        kept: Term = wanted
        for wish in self._wishes(frozenset(concerned)):
            if model.holds(wish):
                kept = both(kept, wish)
                continue
            better = self.proof.ask(both(kept, wish))
            if better is not None:
                model, kept = better, both(kept, wish)
        return model

    def example(self, model: Model) -> Example:
        """The example that a model describes."""
        document = self._record(model, (), self.proof.kind.record)
        return Example(
            document,
            tuple(self._documents(model, document)),
            self._earlier(model, document),
            self._balances(model, document, self.decider),
        )

    def at_firm(self, model: Model, example: Example, firm: Mapping[str, Any]) -> Example:
        """The example with the trust money that it needs at a firm of another kind."""
        there = changed(self.decider, firm) if firm else self.decider
        balances = self._balances(model, example.transaction, there)
        return replace(example, trust_balances=balances)

    def different(self, firm: Mapping[str, Any]) -> dict[str, Any]:
        """What of a firm is not as it is here."""
        found = {}
        for path, value in firm.items():
            base, _, name = path.partition(".")
            own = self._own((base, name)) if name else None
            leaf = self.domain.leaves.get((base, name))
            if leaf is not None and own is not None and leaf[1].name != "flag":
                own = self.domain.words.plain(self.domain.words.constant(own), leaf[1])
            if not name or own != value:
                found[path] = value
        return found

    def _wishes(self, concerned: frozenset[str]) -> Iterator[Term]:
        proof, domain = self.proof, self.domain
        for rule in proof.rules:
            if blocks(rule) and rule.id not in concerned:
                yield no(proof.holds[rule.id])
        numbers = domain.words.number
        for name, word in (("status", "posted"), ("submission", "first")):
            leaf = domain.leaves.get((name,))
            if leaf is not None:
                yield same(leaf[0], numbers(word))
        for place, there in sorted(domain.present.items(), key=lambda p: str(p[0])):
            yield same(there, place[0] == "document" or self._own(place) is not None)
        several = 0
        for place, (term, kind) in domain.leaves.items():
            own = self._own(place)
            preferred = self._preferred(place, kind)
            if own is not None:
                yield same(term, domain.words.constant(own))
            elif preferred is not None:
                yield same(term, preferred)
            elif isinstance(kind, ReferenceType | TaxCodeType):
                names = list(domain.world.names(kind))[:MOST_NAMES]
                if names == list(OTHERS) and kind.name != "document":
                    # Where names mean nothing, two accounts are two: each has facts of its own.
                    names = names[several:] + names[:several]
                    several = (several + 1) % len(OTHERS)
                for name in names:
                    yield same(term, numbers(name))
            elif kind.name != "flag":
                yield same(term, numbers(OTHERS[0]))

    def _own(self, place: Place) -> Any:
        """The value that a setting has at this firm."""
        if place[0] not in ("organisation", "xero", "settings"):
            return None
        base: Any = place[0]
        path = PathExpr("", base, (str(place[1]),), None, None, TEXT)
        value = self.decider.program(self.proof.kind.name).facts.constant(path)
        return str(dict(value)) if isinstance(value, Mapping) else value

    def _preferred(self, place: Place, kind: FieldType) -> Any:
        """What stands at a place when nothing asks for anything else, as a term."""
        number = self.domain.words.number
        if place[-1] == "state" and place[0] == "document":
            return number("in_xero")
        if place[-1] == "currency":
            return number(self.decider.organisation.base_currency)
        if kind.name == "money":
            return 0 if place[-1] in ("tax", "withholding_tax", "calculated") else HUNDRED
        if kind.name == "date":
            return self.date.toordinal()
        if kind.name == "instant":
            return self.domain.words.constant(self.moment)
        if kind.name == "count":
            return 1
        if kind.name == "flag":
            return place[0] == "fact"
        if isinstance(kind, ScalarType) and kind.values:
            return number(kind.values[0])
        return None

    def _number(self, model: Model, place: Place, otherwise: int) -> int:
        leaf = self.domain.leaves.get(place)
        return otherwise if leaf is None else model.number(leaf[0])

    def _record(self, model: Model, place: Place, record: RecordType) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name, kind, needed in fields_of(record):
            at = (*place, name)
            there = self.domain.present.get(at)
            if needed or (there is not None and model.holds(there)):
                result[name] = self._value(model, at, kind)
        return result

    def _value(self, model: Model, place: Place, kind: FieldType) -> Any:
        if isinstance(kind, RecordType):
            return self._record(model, place, kind)
        if isinstance(kind, ListType):
            items = [] if kind.may_be_empty else [self._value(model, (*place, 0), kind.of)]
            index = len(items)
            while (place_ := (*place, index)) in self.domain.present:
                if not model.holds(self.domain.present[place_]):
                    break
                items.append(self._value(model, place_, kind.of))
                index += 1
            return items
        leaf = self.domain.leaves.get(place)
        if leaf is None:
            return self._filler(place, kind)
        if kind.name == "flag":
            return model.holds(leaf[0])
        return self.domain.words.plain(model.number(leaf[0]), kind)

    def _filler(self, place: Place, kind: FieldType) -> Any:
        """Something plausible where nothing looks."""
        firm = self.decider.organisation
        name = str(place[-1])
        if place == ("kind",):
            return self.proof.kind.name
        if place == ("id",):
            return "EXAMPLE-1"
        if name == "currency":
            return firm.base_currency
        if kind.name == "bank_account":
            return next(iter(firm.bank_accounts), "BANK")
        if kind.name == "ledger_account":
            return next(iter(firm.accounts), "ACCOUNT")
        if isinstance(kind, TaxCodeType):
            return next(iter(self.decider.pack.tax_codes), "NT")
        if kind.name == "flag":
            return False
        preferred = self._preferred(place, kind)
        if preferred is not None:
            return self.domain.words.plain(preferred, kind)
        return "-".join(str(p) for p in place)

    def _documents(self, model: Model, document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        seen = set()
        for place, there in self.domain.present.items():
            if place[0] != "document":
                continue
            name = _at(document, place[1:])
            if name is None or name in seen:
                continue
            seen.add(name)
            text, number = self.domain.words.text, self._number
            state = text(number(model, (*place, "state"), 0))
            fact = {"id": name, "state": state}
            if state == "in_xero" and model.holds(there):
                due = Decimal(number(model, (*place, "amount_due"), HUNDRED)) / 100
                fact |= {
                    "kind": text(number(model, (*place, "kind"), 0)),
                    "amount_due": f"{due:.2f}",
                    "contact": text(number(model, (*place, "contact"), 0)),
                }
            else:
                fact |= self._left(model, ("reversible", *place[1:]), "to_reverse")
                fact |= self._left(model, ("settled", *place[1:]), "to_put_back")
            fact |= self._about(model, place[1:])
            if state != "unknown" or "to_reverse" in fact:
                yield fact

    def _about(self, model: Model, place: Place) -> dict[str, str]:
        """What the document at a place says of itself, as far as anything asks."""
        said = {}
        for attribute in ABOUT:
            at = ("about", *place, attribute)
            there, leaf = self.domain.present.get(at), self.domain.leaves.get(at)
            if there is not None and leaf is not None and model.holds(there):
                said[attribute] = str(self.domain.words.plain(model.number(leaf[0]), leaf[1]))
        return said

    def _left(self, model: Model, place: Place, name: str) -> dict[str, str]:
        there = self.domain.present.get(place)
        if there is None or not model.holds(there):
            return {}
        left = Decimal(self._number(model, (*place, name), -HUNDRED)) / 100
        return {name: f"{left:.2f}"}

    def _earlier(self, model: Model, document: Mapping[str, Any]) -> dict[str, Any] | None:
        if ("submission",) not in self.domain.leaves:
            return None
        text = self.domain.words.text
        submission = text(self._number(model, ("submission",), 0))
        if submission == "first":
            return None
        step = {"newer": -1, "older": 1}.get(submission, 0)
        return {
            "revision": document["revision"] + step,
            "same_content": submission == "repeated",
            "outcome": text(self._number(model, ("earlier", "outcome"), 0)),
        }

    def _balances(
        self, model: Model, document: Mapping[str, Any], decider: Decider
    ) -> tuple[Mapping[str, str], ...] | None:
        """Enough trust money for everything but what is to be short, in cents."""
        short = {
            group: self._number(model, (f"trust {group}", group), 1)
            for group in TRUST_GROUPS
            if (place := (f"trust {group}",)) in self.domain.present
            and model.holds(self.domain.presence(place))
        }
        moves = decider.program(self.proof.kind.name).facts.trust_moves
        wanted = {
            True: Decimal(short.get("shortfall", 0)) / 100,
            False: Decimal(short.get("missing", 0)) / 100,
        }
        unknown = decider.organisation.trust_balances is None
        if moves is None or (unknown and not short):
            return None
        tx = read(document, decider)
        taken: dict[tuple[str, str], Decimal] = {}
        for holder, bank, amount in moves(tx, MemoryState()):
            taken[holder, bank] = taken.get((holder, bank), Decimal(0)) - amount
        found = []
        for (holder, bank), amount in taken.items():
            if holder == held_as(FIRM_FUNDS):
                # With none of the firm's own before, the document alone breaks the equation.
                if amount and "imbalance" not in short:
                    found.append({**entry_of(holder), "bank": bank, "amount": f"{amount:.2f}"})
            elif amount > 0:
                less, wanted[is_matter(holder)] = wanted[is_matter(holder)], Decimal(0)
                found.append({**entry_of(holder), "bank": bank, "amount": f"{amount - less:.2f}"})
        return tuple(found)


def _at(document: Any, place: Place) -> Any:
    for step in place:
        try:
            document = document[step]
        except (KeyError, IndexError):
            return None
    return document
