"""The compiled rules of one kind: tests once, engine per new vector, verdicts remembered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pm2xero.decide.compile import ItemTest, compile_item_test, compile_truths
from pm2xero.decide.decision import Reason, Warning_
from pm2xero.decide.effects import Effects
from pm2xero.decide.engine import Ruleset
from pm2xero.decide.facts import Facts
from pm2xero.decide.roles_needed import compile_roles
from pm2xero.decide.state import State
from pm2xero.decide.tree import Branch, branch, holds
from pm2xero.decide.trust_moves import compile_trust_moves
from pm2xero.decide.values import Getter, getter, text_getter
from pm2xero.errors import EngineFault, Finding
from pm2xero.firm.chart import Chart
from pm2xero.pack.counts import Counts, counted
from pm2xero.pack.language.conditions import Atom, Quantified, atoms
from pm2xero.pack.model import OUTCOME_PRECEDENCE, Kind, Outcome, Pack, Rule
from pm2xero.read.transaction import Transaction
from pm2xero.xero.contracts import contract

MAX_REMEMBERED = 20_000

Writer = Callable[[Transaction, Any, list[Any], State], str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a vector of truths means: rules are indexes into the program's rules."""

    outcome: Outcome | None
    reasons: tuple[int, ...]
    warnings: tuple[int, ...]
    posts: tuple[int, ...]
    post: tuple[str | None, str] | None = None
    leaves: str | None = None
    counts: Counts = Counts.MISSING
    fixed: tuple[Reason, ...] | None = None
    warned: tuple[Warning_, ...] | None = None


class CompiledRule:
    """A rule of one kind with its texts as closures."""

    def __init__(self, rule: Rule, kind: str, facts: Facts) -> None:
        self.rule = rule
        self.kind = kind
        self.at = str(rule.at)
        self.fixed = all(isinstance(p, str) for t in rule.texts[kind].values() for p in t.parts)
        self.texts: dict[str, Writer] = {
            name: text_getter(text, facts) for name, text in rule.texts[kind].items()
        }
        condition = rule.conditions[kind]
        # A hold that a person ends is work for somebody, even where it holds every document.
        self.conditional = condition is not None or rule.may_release
        self.found: tuple[Getter, ItemTest] | None = None
        quantified = next((a for a in atoms(condition) if isinstance(a, Quantified)), None)
        if quantified is not None:
            self.found = (
                items_getter(quantified, facts),
                compile_item_test(quantified.where, facts),
            )

    def text(self, name: str) -> str:
        """One of the rule's texts when it names nothing of a transaction."""
        return (
            "".join(str(p) for p in self.rule.texts[self.kind][name].parts)
            if name in self.texts
            else ""
        )

    def fixed_reason(self) -> Reason:
        r = self.rule
        return Reason(
            r.code,
            self.text("reason"),
            self.text("remedy"),
            r.by_hand,
            r.id,
            self.at,
            r.outcome or "reject",
            self.conditional,
        )

    def fixed_warning(self) -> Warning_:
        r = self.rule
        return Warning_(r.code, self.text("warning"), r.id, self.at)

    def write(self, name: str, tx: Transaction, state: State) -> str:
        """One of the rule's texts for a transaction; empty when the rule has none."""
        writer = self.texts.get(name)
        if writer is None:
            return ""
        return writer(tx, None, self.items(tx, state), state)

    def items(self, tx: Transaction, state: State) -> list[Any]:
        """The items of a list that made the rule's condition true."""
        if self.found is None:
            return []
        items, test = self.found
        return [i for i in items(tx, None, state) or () if test(tx, i, state)]


def items_getter(quantified: Quantified, facts: Facts) -> Getter:
    """How the items of a condition's list are read."""
    return getter(quantified.over, facts)


# The values that a test looks at, each with its path; and the test's words and place in a vector.
ReadValues = Callable[[Transaction, State], Iterator[tuple[str, str]]]
ReadTest = tuple[str, int, ReadValues]


class Program:
    """All that is compiled for one kind; memory is bounded by MAX_REMEMBERED vectors."""

    def __init__(self, kind: Kind, pack: Pack, chart: Chart) -> None:
        self.kind = kind
        self.facts = Facts(kind, chart)
        self.facts.trust_moves = compile_trust_moves(kind, self.facts)
        self.facts.roles_of = compile_roles(self.facts)
        rules = pack.rules_of(kind.name)
        distinct: dict[str, Atom] = {}
        for rule in rules:
            for atom in atoms(rule.conditions[kind.name]):
                distinct.setdefault(atom.key, atom)
        self.atoms = list(distinct.values())
        self.index = {key: i for i, key in enumerate(distinct)}
        self.rules = [CompiledRule(r, kind.name, self.facts) for r in rules]
        self.truths = compile_truths(self.atoms, self.facts)
        self._trees: list[Branch | None] = [
            branch(c, self.index) if (c := r.conditions[kind.name]) is not None else None
            for r in rules
        ]
        # The tests of rules as they are told of, by the rule's index.
        self.told_tests: dict[int, Sequence[ReadTest]] = {}
        self._first = [i for i, r in enumerate(rules) if r.outcome != "post"]
        self._second = [i for i, r in enumerate(rules) if r.outcome == "post"]
        self._blocking: Ruleset | None = None
        self._posting: Ruleset | None = None
        self._verdicts: dict[int | tuple[int, frozenset[int]], Verdict] = {}
        request, final = self._document_request(pack), self._final(pack)
        self.effects = Effects(kind, self.facts, request, final)

    def verdict(self, mask: int, released: frozenset[int] = frozenset()) -> Verdict:
        """What the truths in `mask` mean; the engine is asked when they are first seen.

        Args:
            released: rules that a person set aside for the document; of others it is not heard.

        Raises:
            EngineFault: the engine and its shadow disagree, or it answered oddly.
        """
        key = (mask, released) if released else mask
        known = self._verdicts.get(key)
        if known is None:
            if len(self._verdicts) >= MAX_REMEMBERED:
                self._verdicts.clear()
            known = self._verdicts[key] = self._ask(mask, released)
        return known

    def releasable(self, ids: Collection[str]) -> frozenset[int]:
        """Those of the rules that a person may set aside, as indexes."""
        return frozenset(
            i for i, r in enumerate(self.rules) if r.rule.may_release and r.rule.id in ids
        )

    def _ask(self, mask: int, released: frozenset[int]) -> Verdict:
        if self._blocking is None:
            name = self.kind.name
            self._blocking = Ruleset(f"{name}-first", [self._trees[i] for i in self._first])
            self._posting = Ruleset(f"{name}-second", [self._trees[i] for i in self._second])
        assert self._posting is not None
        hits = [self._first[i] for i in self._blocking.match(mask)]
        reasons = [i for i in hits if self.rules[i].rule.outcome is not None and i not in released]
        warnings = [i for i in hits if self.rules[i].rule.outcome is None]
        posts: list[int] = []
        if not reasons:
            posts = [self._second[i] for i in self._posting.match(mask)]
        self._compare(mask, hits, None if reasons else posts)
        reasons.sort(key=lambda i: (OUTCOME_PRECEDENCE.index(_outcome(self.rules[i])), i))
        outcome = _outcome(self.rules[reasons[0]]) if reasons else None
        rules = [self.rules[i] for i in reasons]
        warners = [self.rules[i] for i in warnings]
        one = self.rules[posts[0]].rule if outcome is None and len(posts) == 1 else None
        return Verdict(
            outcome,
            tuple(reasons),
            tuple(warnings),
            tuple(posts),
            None if one is None or one.leaves_over else (one.mapping, one.id),
            rules[0].rule.leaves if rules else None,
            counted(r.rule for r in rules),
            tuple(r.fixed_reason() for r in rules) if all(r.fixed for r in rules) else None,
            tuple(r.fixed_warning() for r in warners) if all(r.fixed for r in warners) else None,
        )

    def _compare(self, mask: int, hits: list[int], posts: list[int] | None) -> None:
        shadow = [i for i in self._first if holds(self._trees[i], mask)]
        second = [i for i in self._second if holds(self._trees[i], mask)]
        if hits != shadow or (posts is not None and posts != second):
            raise EngineFault(
                Finding(
                    "PE004",
                    f"the rule engine and its check disagree about a {self.kind.name}",
                    hint="the transaction stays undetermined; please report it with the document",
                )
            )

    def _document_request(self, pack: Pack) -> Callable[[str], str | None]:
        name = self.kind.name

        def step(mapping: str) -> str | None:
            specs = pack.requests.get((mapping, name), ())
            return next((s.id for s in specs if s.becomes_document), None)

        return cache(step)

    def _final(self, pack: Pack) -> Callable[[str], bool]:
        name = self.kind.name

        def is_final(mapping: str) -> bool:
            """Whether Xero lets nobody take back something that the mapping creates."""
            specs = pack.requests.get((mapping, name), ())
            made = [contract(s.contract) for s in specs if s.method == "PUT"]
            return any(c.creates and c.undo is None for c in made)

        return cache(is_final)


def _outcome(rule: CompiledRule) -> Outcome:
    assert rule.rule.outcome is not None
    return rule.rule.outcome
