"""The questions that can be asked about the rules of one kind, in any firm or in one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pm2xero.firm.chart import Chart
from pm2xero.pack.language.conditions import AllOf, Condition
from pm2xero.pack.model import OUTCOME_PRECEDENCE, Pack, Rule
from pm2xero.prove.domain import Domain
from pm2xero.prove.encode import Encoder
from pm2xero.prove.terms import Asking, Model, Term, boolean, both, either, no, same
from pm2xero.prove.words import Words
from pm2xero.prove.worlds import AnyFirm, OneFirm


@dataclass(frozen=True, slots=True)
class Seen:
    """What must be told apart besides what conditions name: that of an actual document or firm.

    Attributes:
        texts: texts that occur.
        names: accounts, banks and tax codes that occur.
        lists: how many items each list has, by its path.
    """

    texts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    lists: Mapping[str, int] = field(default_factory=dict)


class KindProof:
    """The rules of a kind as formulas.

    Args:
        chart: None for any firm there could be.
        also: conditions besides those of the rules that `term` will be asked for.
        words: those of several proofs that are to speak of the same document; `prefix` then
            keeps apart what is not the same in them.
    """

    def __init__(
        self, pack: Pack, kind: str, chart: Chart | None, seen: Seen | None = None,
        also: Iterable[Condition] = (), words: Words | None = None, prefix: str = "",
    ) -> None:  # fmt: skip
        self.kind = pack.kinds[kind]
        self.rules = pack.rules_of(kind)
        seen = seen or Seen()
        also = tuple(also)
        postings = (p.when for p in self.kind.postings)
        conditions = (*(r.conditions[kind] for r in self.rules), *postings, *also)
        words = words or Words(conditions, seen.texts, seen.names)
        for name, count in seen.lists.items():
            words.want_items(name, count)
        self.domain = Domain(self.kind, words, prefix)
        if chart is None:
            self.domain.world = AnyFirm(self.domain, self.kind, pack)
        else:
            self.domain.world = OneFirm(self.domain, chart)
        self.encoder = Encoder(self.domain)
        self.encoder.roles(self.kind)
        self.holds: dict[str, Term] = {}
        self.asking = Asking()
        names = []
        for rule in self.rules:
            term = self.encoder.condition(rule.conditions[kind])
            if not isinstance(term, bool):
                name = boolean(f"{prefix}rule {rule.id}")
                names.append(same(name, term))
                term = name
            self.holds[rule.id] = term
        for condition in also:
            self.encoder.condition(condition)
        balances = chart is None or chart.organisation.trust_balances is not None
        self.encoder.trust(self.kind.postings, balances_known=balances)
        blocked = either(*(self.holds[r.id] for r in self.rules if blocks(r)))
        if not isinstance(blocked, bool):
            name = boolean(f"{prefix}blocked")
            names.append(same(name, blocked))
            blocked = name
        self.blocked = blocked
        # The name of the kind is a word like the others, so it comes before "any of the words".
        itself = tuple(self._itself())
        self.known = (*self.domain.finish(), *names, *itself)
        self.asking.know(*self.known)

    def _itself(self) -> Iterable[Term]:
        """The document is of its kind, and does not refer to itself."""
        leaves, number = self.domain.leaves, self.domain.words.number
        if ("kind",) in leaves:
            yield same(leaves[("kind",)][0], number(self.kind.name))
        own = leaves.get(("id",))
        for term, kind in leaves.values():
            if own is not None and kind.name == "document":
                yield no(same(own[0], term))

    def holding(self, rule: Rule) -> Term:
        """The rule takes part in the decision: it holds and, when it posts, nothing blocks."""
        held = self.holds[rule.id]
        return both(held, no(self.blocked)) if rule.outcome == "post" else held

    def outcomes(self) -> dict[tuple[str, str], Term]:
        """Everything that can become of a document: outcome, and mapping where it is posted.

        One and only one holds of each document; `undecided` is for gaps and conflicts.
        """
        found: dict[tuple[str, str], Term] = {}
        before: Term = False
        for outcome in OUTCOME_PRECEDENCE:
            held = either(*(self.holds[r.id] for r in self.rules if r.outcome == outcome))
            if outcome != "post":
                found[outcome, ""] = both(held, no(before))
                before = either(before, held)
        posts = [r for r in self.rules if r.outcome == "post"]
        single: Term = False
        for rule in posts:
            others = either(*(self.holds[o.id] for o in posts if o is not rule))
            alone = both(no(self.blocked), self.holds[rule.id], no(others))
            key = ("post", str(rule.mapping))
            found[key] = either(found.get(key, False), alone)
            single = either(single, alone)
        found["undecided", ""] = both(no(self.blocked), no(single))
        return found

    def gap(self) -> Term:
        """No rule says what becomes of the document."""
        posts = (self.holds[r.id] for r in self.rules if r.outcome == "post")
        return both(no(self.blocked), no(either(*posts)))

    def conflict(self, one: Rule, two: Rule) -> Term:
        """Both would post the document and nothing blocks it."""
        return both(self.holding(one), self.holds[two.id])

    def alone(self, rule: Rule, others: Iterable[Rule]) -> Term:
        """The rule holds and none of the others does."""
        return both(self.holds[rule.id], no(either(*(self.holds[o.id] for o in others))))

    def ask(self, wanted: Term) -> Model | None:
        """A way to make it true, or None when there is none."""
        return self.asking.ask(wanted)

    def reached(self, rules: Iterable[Rule]) -> set[str]:
        """Which of the rules some document can reach."""
        left = {r.id: self.holding(r) for r in rules if r.id in self.holds}
        found = {i for i, t in left.items() if t is True}
        for name in found:
            del left[name]
        while left:
            model = self.ask(either(*left.values()))
            if model is None:
                break
            hits = {i for i, t in left.items() if model.holds(t)}
            found |= hits
            for name in hits:
                del left[name]
        return found

    def parts(self, rule: Rule) -> list[tuple[Condition, Term]]:
        """The tests that a rule asks for together, each with its formula."""
        return [(c, self.term(c)) for c in _together(rule.conditions[self.kind.name])]

    def term(self, condition: Condition) -> Term:
        """The formula of a condition of a rule, or of one that was named when this was made."""
        known = len(self.domain.axioms)
        term = self.encoder.condition(condition)
        self.asking.know(*self.domain.finish()[known:])
        return term


def blocks(rule: Rule) -> bool:
    """Whether the rule keeps a document from being posted."""
    return rule.outcome not in (None, "post")


def _together(condition: Condition | None) -> Iterable[Condition]:
    if isinstance(condition, AllOf):
        for part in condition.parts:
            yield from _together(part)
    elif condition is not None:
        yield condition
