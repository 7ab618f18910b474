"""What lies outside of a document, for the solver: any firm there could be, or one firm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from pm2xero.decide.facts import Facts
from pm2xero.firm.chart import AccountFact, Chart
from pm2xero.firm.tax_rates import TaxFact
from pm2xero.pack.language.paths import PathExpr
from pm2xero.pack.language.types import (
    ATTRIBUTES,
    DOCUMENT_STATES,
    MONEY,
    TAX_STATES,
    TEXT,
    FieldType,
    ReferenceType,
    ScalarType,
    TaxCodeType,
)
from pm2xero.pack.model import Kind, Pack
from pm2xero.prove.domain import Domain, Item, Place, Value
from pm2xero.prove.terms import (
    Term,
    both,
    choose,
    either,
    implies,
    no,
    same,
    size,
    taxed,
)
from pm2xero.prove.words import OTHERS

# What a document says of itself, whatever was decided about it.
ABOUT = ("number", "date", "bank", "amount", "due_then", "waits_for")
UNMAPPED = "NOT-MAPPED"
UNDECLARED = "NOT-DECLARED"
_ACCOUNT = ReferenceType("ledger_account")
_LATER = ("name", "status", "class", "type")


class _World:
    """What both worlds share: other documents are unknown in either."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self._documents: dict[Place, tuple[Term, ...]] = {}
        self._reversals: dict[Place, tuple[Term, ...]] = {}
        self._put_back: dict[Place, tuple[Term, ...]] = {}
        self._said: dict[str, dict[Place, tuple[Term, ...]]] = {}

    def reference(self, place: Place, reference: FieldType) -> Term:
        """The number of the name at a place."""
        return self.domain.leaf(place, reference)

    def names(self, reference: FieldType) -> Iterable[str]:
        """Names for a reference, the ones that suit an example best first."""
        return OTHERS

    def needed(self, role: str) -> Term:
        """Whether the document needs a role."""
        return self.domain.needs_role.get(role, True)

    def document(self, place: Place, attribute: str, reference: ReferenceType) -> Value:
        """A fact about another document: the same wherever the same document is named."""
        state, detailed, kind, due, contact = self._facts(place)
        if attribute == "id":
            return Value(True, self.domain.leaf(place, ReferenceType("document")))
        if attribute == "state":
            return Value(True, state)
        if attribute == "to_reverse":
            return Value(*self._reversal(place))
        if attribute == "to_put_back":
            return Value(*self._settled(place))
        if attribute in ABOUT:
            return Value(*self._about(place, attribute))
        if attribute == "suits":
            number = self.domain.words.number
            suits = either(*(same(kind, number(k)) for k in reference.refers_to))
            return Value(detailed, suits if reference.refers_to else True)
        if attribute == "wanted":
            return Value(True, self.domain.words.number(" or ".join(reference.refers_to)))
        return Value(detailed, {"kind": kind, "amount_due": due, "contact": contact}[attribute])

    def _facts(self, place: Place) -> tuple[Term, ...]:
        found = self._documents.get(place)
        if found is not None:
            return found
        domain = self.domain
        domain.leaf(place, ReferenceType("document"))
        at: Place = ("document", *place)
        state = domain.leaf((*at, "state"), ScalarType("text", DOCUMENT_STATES))
        detailed = domain.presence(at)
        found = (
            state,
            detailed,
            domain.leaf((*at, "kind"), TEXT),
            domain.leaf((*at, "amount_due"), MONEY),
            domain.leaf((*at, "contact"), TEXT),
        )
        in_xero = domain.words.number("in_xero")
        domain.axioms.append(implies(detailed, same(state, in_xero)))
        self._alike(place, found, self._documents)
        return found

    def _reversal(self, place: Place) -> tuple[Term, ...]:
        """Whether the document at a place carries an amount to be reversed, and what is left."""
        found = self._reversals.get(place)
        if found is not None:
            return found
        domain = self.domain
        state, detailed, *_ = self._facts(place)
        at: Place = ("reversible", *place)
        found = (domain.presence(at), domain.leaf((*at, "to_reverse"), MONEY))
        in_xero = same(state, domain.words.number("in_xero"))
        # Of what is not in Xero it is only known that it was reversed.
        gone = both(no(in_xero), same(found[1], 0))
        domain.axioms.append(implies(found[0], either(both(in_xero, no(detailed)), gone)))
        self._alike(place, found, self._reversals)
        return found

    def _settled(self, place: Place) -> tuple[Term, ...]:
        """Whether the document at a place settled others, and what its reversal puts back."""
        found = self._put_back.get(place)
        if found is not None:
            return found
        domain = self.domain
        state, detailed, *_ = self._facts(place)
        at: Place = ("settled", *place)
        found = (domain.presence(at), domain.leaf((*at, "to_put_back"), MONEY))
        in_xero = same(state, domain.words.number("in_xero"))
        domain.axioms.append(implies(found[0], both(in_xero, no(detailed))))
        self._alike(place, found, self._put_back)
        return found

    def _about(self, place: Place, attribute: str) -> tuple[Term, ...]:
        """Whether it is known what a document says of itself, and what it says."""
        known = self._said.setdefault(attribute, {})
        found = known.get(place)
        if found is not None:
            return found
        domain = self.domain
        state = self._facts(place)[0]
        at: Place = ("about", *place)
        kind = ATTRIBUTES["document"][attribute]
        there = domain.presence((*at, attribute))
        there_at = (*at, attribute)
        is_bank = isinstance(kind, ReferenceType)
        term = self.reference(there_at, kind) if is_bank else domain.leaf(there_at, kind)
        found = (there, term)
        domain.axioms.append(implies(there, no(same(state, domain.words.number("unknown")))))
        self._alike(place, found, known)
        return found

    def _alike(
        self, place: Place, found: tuple[Term, ...], known: dict[Place, tuple[Term, ...]]
    ) -> None:
        """Facts about a document are the same wherever it is named."""
        domain = self.domain
        for other, facts in known.items():
            equal = both(*(same(a, b) for a, b in zip(found, facts, strict=True)))
            alike = same(domain.leaves[place][0], domain.leaves[other][0])
            domain.axioms.append(implies(alike, equal))
        known[place] = found


class AnyFirm(_World):
    """Every chart, organisation and Xero there could be; a little more than that in taxes.

    The rate of a tax code is not followed: what it makes of a net amount may be anything. What
    cannot be here cannot be in any firm; what can be here needs a firm to show it.
    """

    def __init__(self, domain: Domain, kind: Kind, pack: Pack) -> None:
        super().__init__(domain)
        self._made: set[Place] = set()
        self._by_system = {("role", name) for name, role in pack.roles.items() if role.system}
        self._roles = tuple(kind.role_conditions())

    def constant(self, path: PathExpr) -> Value:
        """A value of the organisation or of Xero."""
        place: Place = (path.base, *path.steps)
        optional = path.steps[0] in ("default_contact", "lock_date")
        known = self.domain.presence(place) if optional else True
        return Value(known, self.domain.leaf(place, path.type))

    def roles(self) -> tuple[Item, ...]:
        """The accounts that the postings of the kind may need."""
        return tuple(Item(self.needed(r), ("role", r), _ACCOUNT) for r in self._roles)

    def fact(self, place: Place, reference: FieldType, attribute: str) -> Value:
        """A fact about what the reference at a place names."""
        if reference.name == "document":
            assert isinstance(reference, ReferenceType)
            return self.document(place, attribute, reference)
        if isinstance(reference, TaxCodeType):
            return self._tax(place, reference, attribute)
        at: Place = ("fact", *place)
        attributes = ATTRIBUTES[reference.name]
        mapped = self.domain.leaf((*at, "mapped"), attributes["mapped"])
        in_xero = self.domain.leaf((*at, "in_xero"), attributes["in_xero"])
        if at not in self._made:
            self._made.add(at)
            self.domain.axioms.append(implies(in_xero, mapped))
            if place in self._by_system:
                self.domain.axioms.append(implies(mapped, in_xero))
        if attribute in ("mapped", "in_xero"):
            return Value(True, mapped if attribute == "mapped" else in_xero)
        if attribute == "id":
            return Value(True, self.domain.leaf(place, reference))
        known = in_xero if attribute in _LATER else mapped
        if attribute == "system":
            known = both(in_xero, self.domain.presence((*at, "system")))
        return Value(known, self.domain.leaf((*at, attribute), attributes[attribute]))

    def _tax(self, place: Place, reference: TaxCodeType, attribute: str) -> Value:
        domain = self.domain
        at: Place = ("fact", *place)
        state = domain.leaf((*at, "state"), ScalarType("text", TAX_STATES))
        mapped = same(state, domain.words.number("mapped"))
        if attribute == "state":
            return Value(True, state)
        if attribute == "mapped":
            return Value(True, mapped)
        if attribute == "suits_account":
            account = self.fact((*place[:-1], reference.account), _ACCOUNT, "class")
            suits = domain.leaf((*at, attribute), ATTRIBUTES["tax_code"][attribute])
            return Value(both(mapped, account.known), suits)
        if attribute in ("calculated", "off_by"):
            net = domain.leaf((*place[:-1], reference.on), MONEY)
            made = domain.leaf((*at, "calculated"), MONEY)
            domain.axioms.append(implies(same(net, 0), same(made, 0)))
            if attribute == "calculated":
                return Value(mapped, made)
            return Value(mapped, size(made - domain.leaf((*place[:-1], reference.amount), MONEY)))
        known = domain.presence((*at, attribute)) if attribute != "type" else no(
            same(state, domain.words.number("undeclared"))
        )  # fmt: skip
        return Value(known, domain.leaf((*at, attribute), TEXT))


class OneFirm(_World):
    """One firm's chart, tax codes and settings; of accounts that no rule can tell apart, one."""

    def __init__(self, domain: Domain, chart: Chart) -> None:
        super().__init__(domain)
        self.chart = chart
        self.facts = Facts(domain.kind, chart)
        self._choices: dict[str, list[AccountFact]] = {}
        self._roles: dict[Place, AccountFact] = {("role", f.id): f for f in self.facts.roles}

    def constant(self, path: PathExpr) -> Value:
        """A value of the organisation or of Xero."""
        value = self.facts.constant(path)
        if isinstance(value, Mapping):
            value = str(dict(value))
        return Value(
            value is not None, None if value is None else self.domain.words.constant(value)
        )

    def roles(self) -> tuple[Item, ...]:
        """The accounts that the postings of the kind may need."""
        return tuple(
            Item(self.needed(fact.id), place, _ACCOUNT) for place, fact in self._roles.items()
        )

    def reference(self, place: Place, reference: FieldType) -> Term:
        """The number of the name at a place: one that the firm has, or one that it lacks."""
        new = place not in self.domain.leaves
        term = self.domain.leaf(place, reference)
        if new and reference.name != "document":
            numbers = [self.domain.words.number(n) for n in self.names(reference)]
            self.domain.axioms.append(either(*(same(term, n) for n in numbers)))
        return term

    def names(self, reference: FieldType) -> Iterable[str]:
        """Names for a reference, the ones that suit an example best first."""
        if reference.name == "document":
            return OTHERS
        if isinstance(reference, TaxCodeType):
            codes = (*self.chart.pack.tax_codes, *self.domain.words.names, UNDECLARED)
            return list(dict.fromkeys(codes))
        return [f.id for f in self.choices(reference.name)]

    def choices(self, reference: str) -> list[AccountFact]:
        """Accounts (or banks) of which any two differ in what the rules look at."""
        found = self._choices.get(reference)
        if found is not None:
            return found
        bank = reference == "bank_account"
        organisation = self.chart.organisation
        look = self.chart.bank if bank else self.chart.ledger
        names: Iterable[str] = organisation.bank_accounts if bank else organisation.accounts
        seen = sorted(
            self.domain.words.attributes | {"class", "mapped", "in_xero", "purpose", "status"}
        )
        kinds: dict[tuple[Any, ...], AccountFact] = {}
        named = dict.fromkeys(self.domain.words.names)
        for name in (*named, *names, UNMAPPED):
            fact = look(name)
            own = (name,) if name in named else ()
            kinds.setdefault((*own, *(_of(fact, a) for a in seen)), fact)
        found = self._choices[reference] = list(kinds.values())
        return found

    def fact(self, place: Place, reference: FieldType, attribute: str) -> Value:
        """A fact about what the reference at a place names."""
        if reference.name == "document":
            assert isinstance(reference, ReferenceType)
            return self.document(place, attribute, reference)
        if isinstance(reference, TaxCodeType):
            return self._tax(place, reference, attribute)
        role = self._roles.get(place)
        if role is not None:
            return self._value([(True, _of(role, attribute))])
        name = self.reference(place, reference)
        number = self.domain.words.number
        facts = self.choices(reference.name)
        return self._value([(same(name, number(f.id)), _of(f, attribute)) for f in facts])

    def _tax(self, place: Place, reference: TaxCodeType, attribute: str) -> Value:
        code = self.reference(place, reference)
        at: Place = (*place[:-1], reference.account)
        account = self.reference(at, _ACCOUNT)
        number = self.domain.words.number
        classes: dict[str | None, list[AccountFact]] = {}
        for fact in self.choices("ledger_account"):
            classes.setdefault(fact.account_class, []).append(fact)
        cases: list[tuple[Term, TaxFact]] = []
        for facts in classes.values():
            here = either(*(same(account, number(f.id)) for f in facts))
            cases += [
                (
                    both(same(code, number(name)), here),
                    self.chart.tax(name, facts[0].id, self.domain.kind.side),
                )
                for name in self.names(reference)
            ]
        if attribute in ("calculated", "off_by"):
            return self._calculated(place, reference, cases, attribute)
        return self._value([(when, getattr(fact, attribute)) for when, fact in cases])

    def _calculated(
        self, place: Place, reference: TaxCodeType, cases: list[tuple[Term, TaxFact]],
        attribute: str,
    ) -> Value:  # fmt: skip
        net = self.domain.leaf((*place[:-1], reference.on), MONEY)
        rates: dict[Decimal, list[Term]] = {}
        for when, fact in cases:
            if fact.mapped and fact.rate is not None:
                rates.setdefault(fact.rate, []).append(when)
        term: Term = 0
        for rate, whens in rates.items():
            term = choose(either(*whens), taxed(net, rate), term)
        known = either(*(w for whens in rates.values() for w in whens))
        if attribute == "calculated":
            return Value(known, term)
        return Value(known, size(term - self.domain.leaf((*place[:-1], reference.amount), MONEY)))

    def _value(self, cases: list[tuple[Term, Any]]) -> Value:
        """One value out of several, of which exactly one case holds."""
        known = [(when, self.domain.words.constant(v)) for when, v in cases if v is not None]
        there = True if len(known) == len(cases) else either(*(when for when, _ in known))
        groups: dict[Any, list[Term]] = {}
        for when, value in known:
            groups.setdefault(value, []).append(when)
        if set(groups) <= {True, False} and all(isinstance(v, bool) for v in groups):
            return Value(there, either(*groups.get(True, [])))
        term: Term = 0
        for index, (value, whens) in enumerate(groups.items()):
            term = value if index == 0 else choose(either(*whens), value, term)
        return Value(there, term)


def _of(fact: AccountFact, attribute: str) -> Any:
    slot = "account_class" if attribute == "class" else attribute
    return getattr(fact, slot, None)
