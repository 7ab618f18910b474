"""Why a rule did not take part in a decision, and the least that would have to change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pm2xero.decide.decider import Decider
from pm2xero.decide.explain import Tested, candidates
from pm2xero.decide.program import Program
from pm2xero.decide.state import State
from pm2xero.decide.tree import Branch, branch, holds
from pm2xero.decide.values import say
from pm2xero.errors import Finding, UsageError
from pm2xero.firm.organisation import Organisation
from pm2xero.pack.language.conditions import Compare, Condition, Quantified, atoms
from pm2xero.pack.language.types import FieldType, ScalarType
from pm2xero.pack.model import OUTCOME_PRECEDENCE, Pack, Rule
from pm2xero.pack.yaml.suggest import did_you_mean
from pm2xero.prove.actual import DOCUMENT_FACTS, Actual
from pm2xero.prove.domain import Domain, Place
from pm2xero.prove.kind import KindProof, blocks
from pm2xero.prove.terms import Model, Term, both, either, no
from pm2xero.read.transaction import Transaction

MISSING = "(missing)"
# One more item of a list has to be filled in, so it counts as several changes.
NEW_ITEM = 5
# Values of which the nearest that does is the most telling.
_MEASURED = ("money", "date", "instant", "count")


@dataclass(frozen=True, slots=True)
class Change:
    """One value that would have to be another; both as a bookkeeper reads them."""

    path: str
    now: str
    then: str


@dataclass(frozen=True, slots=True)
class WhyNot:
    """How a rule stands to one transaction.

    Attributes:
        applies: the rule takes part in the decision already; then nothing else is said.
        for_kind: the rule is for transactions of this kind at all.
        failed: the tests of the rule that did not come out as it needs, with their values.
        blocked_by: rules that turn the transaction down before this one, which posts, is asked.
        changes: the fewest changes after which the rule takes part.
        possible: whether any change of the transaction and of what is known of others suffices.
        elsewhere: where none does: another organisation or chart of accounts could.
    """

    rule: Rule
    applies: bool
    for_kind: bool
    failed: tuple[Tested, ...] = ()
    blocked_by: tuple[Rule, ...] = ()
    changes: tuple[Change, ...] = ()
    possible: bool = True
    elsewhere: bool = False


def why_not(
    pack: Pack, organisation: Organisation, rule_id: str, tx: Transaction, state: State
) -> WhyNot:
    """What keeps a rule from taking part in the decision about a transaction.

    Raises:
        UsageError: PU912 when the pack has no rule of that id.
        RuntimeError: the solver gave up.
    """
    rule = next((r for r in pack.rules if r.id == rule_id), None)
    if rule is None:
        hint = did_you_mean(rule_id, [r.id for r in pack.rules])
        raise UsageError(Finding("PU912", f'the pack has no rule "{rule_id}"', hint=hint))
    if tx.kind not in rule.kinds:
        return WhyNot(rule, False, False, possible=False)
    decider = Decider(pack, organisation)
    program = decider.program_of(tx)
    mask = program.truths(tx, state)
    condition = rule.conditions[tx.kind]
    tree = branch(condition, program.index) if condition is not None else None
    blocking = _blocking(program, mask) if rule.outcome == "post" else ()
    if holds(tree, mask) and not blocking:
        return WhyNot(rule, True, True)
    failed = _failed_tests(decider, program, rule, tree, mask, tx, state)
    actual = Actual(program.facts, tx, state)
    proof = KindProof(pack, tx.kind, decider.chart, actual.seen())
    wishes = list(actual.wishes(proof.domain))
    own = proof.rules[[r.id for r in proof.rules].index(rule_id)]
    wanted = proof.holding(own)
    near = {
        i: (proof.domain.leaves[place][0], proof.domain.words.constant(value))
        for i, (place, value, _) in enumerate(wishes)
        if value is not None and proof.domain.leaves[place][1].name in _MEASURED
    }
    weighed = [(w, NEW_ITEM if isinstance(p[-1], int) and v is None else 1) for p, v, w in wishes]
    # Best is a document that the rule decides; otherwise one in whose decision it takes part.
    best = proof.asking.fewest_broken(weighed, near, both(wanted, no(_before(proof, own))))
    best = best or proof.asking.fewest_broken(weighed, near, wanted)
    if best is None:
        other = KindProof(pack, tx.kind, None)
        elsewhere = other.ask(other.holding(rule)) is not None
        return WhyNot(rule, False, True, failed, blocking, (), False, elsewhere)
    model, broken = best
    words = _Words(proof.domain, model, decider, proof.rules)
    changes = [_change(words, *wishes[i][:2]) for i in broken]
    return WhyNot(rule, False, True, failed, blocking, tuple(changes))


def _before(proof: KindProof, rule: Rule) -> Term:
    """Some other rule holds whose reason comes before that of the rule."""
    if not blocks(rule) or rule.outcome is None:
        return False
    rank = {r.id: (_rank(r), place) for place, r in enumerate(proof.rules) if r.outcome is not None}
    first = (r for r in proof.rules if blocks(r) and rank[r.id] < rank[rule.id])
    return either(*(proof.holds[r.id] for r in first))


def _rank(rule: Rule) -> int:
    assert rule.outcome is not None, "only asked of rules that decide"
    return OUTCOME_PRECEDENCE.index(rule.outcome) if blocks(rule) else len(OUTCOME_PRECEDENCE)


def _blocking(program: Program, mask: int) -> tuple[Rule, ...]:
    found = []
    for compiled in program.rules:
        condition = compiled.rule.conditions[program.kind.name]
        tree = branch(condition, program.index) if condition is not None else None
        if blocks(compiled.rule) and holds(tree, mask):
            found.append(compiled.rule)
    return tuple(found)


def _failed_tests(
    decider: Decider, program: Program, rule: Rule, tree: Branch | None, mask: int,
    tx: Transaction, state: State,
) -> tuple[Tested, ...]:  # fmt: skip
    if tree is None:
        return ()
    wrong = {str(program.atoms[i]) for i in _failed(tree, mask)}
    listed = next(c for c in candidates(decider, tx, state) if c.rule == rule.id)
    return tuple({t.text: t for t in listed.tests if t.text in wrong}.values())


def _failed(tree: Branch, mask: int) -> Iterator[int]:
    """The tests that keep a tree from holding."""
    if holds(tree, mask):
        return
    if tree.op == "atom":
        yield tree.atom
    for part in tree.parts:
        yield from _failed(part, mask)


class _Words:
    """How a value that the solver chose is told: as it is, where a document can hold it.

    The solver takes any word for any name; that an account be called like a tax code helps nobody.
    """

    def __init__(
        self, domain: Domain, model: Model, decider: Decider, rules: Iterable[Rule]
    ) -> None:  # fmt: skip
        self.domain = domain
        self.model = model
        firm, pack = decider.organisation, decider.pack
        self._names: dict[str, Collection[str]] = {
            "ledger_account": firm.accounts.keys(),
            "bank_account": firm.bank_accounts.keys(),
            "tax_code": pack.tax_codes.keys(),
            "document": (),
        }
        self._literals = {
            str(value)
            for rule in rules
            for atom in _compared(rule.conditions.get(domain.kind.name))
            for value in (atom.operand if isinstance(atom.operand, tuple) else (atom.operand,))
        } | {firm.base_currency}

    def then(self, leaf: tuple[Term, FieldType]) -> str:
        term, kind = leaf
        if kind.name == "flag":
            return say(self.model.holds(term))
        plain = self.domain.words.plain(self.model.number(term), kind)
        if kind.name == "money":
            return say(Decimal(plain))
        if kind.name in self._names:
            return str(plain) if plain in self._names[kind.name] else _OTHER[kind.name]
        if (
            kind.name in _MEASURED
            or (isinstance(kind, ScalarType) and kind.values)
            or str(plain) in self._literals
        ):
            return str(plain)
        return "(another text)"


_OTHER = {
    "ledger_account": "(a ledger account that organisation.yaml does not name)",
    "bank_account": "(a bank account that organisation.yaml does not name)",
    "tax_code": "(a tax code that the pack does not declare)",
    "document": "(the id of another document)",
}
_SUBMISSIONS = {
    "first": "the only record of this id",
    "repeated": "the same as an earlier record of this id",
    "conflicting": "other content under the revision of an earlier record",
    "newer": "a higher revision than an earlier record of this id",
    "older": "a lower revision than an earlier record of this id",
}


def _compared(condition: Condition | None) -> Iterator[Compare]:
    for atom in atoms(condition):
        if isinstance(atom, Compare):
            yield atom
        elif isinstance(atom, Quantified):
            yield from _compared(atom.where)


def _change(words: _Words, place: Place, now: Any) -> Change:
    domain, model = words.domain, words.model
    found = domain.leaves.get(place)
    if now is None:
        # Something must appear or go: say what, where its value is known.
        there = model.holds(domain.present[place])
        then = words.then(found) if there and found else "(present)"
        return Change(_path(place), MISSING if there else "(present)", then if there else MISSING)
    assert found is not None
    if place == ("submission",):
        return Change("revision", _SUBMISSIONS[str(now)], _SUBMISSIONS[words.then(found)])
    return Change(_path(place), say(now), words.then(found))


def _path(place: Place) -> str:
    if place[0] == "document":
        named = place[1:-1] if place[-1] in DOCUMENT_FACTS else place[1:]
        what = place[-1] if place[-1] in DOCUMENT_FACTS else "details in Xero"
        return f"{what} of the document in {_path(named)}"
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
