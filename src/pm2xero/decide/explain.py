"""Why a transaction was decided as it was: every candidate rule, every test with its values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pm2xero.decide.compile import compile_item_test
from pm2xero.decide.decider import Decider
from pm2xero.decide.decision import Decision, Reason, Warning_
from pm2xero.decide.facts import Facts
from pm2xero.decide.program import Program, ReadTest, ReadValues, items_getter
from pm2xero.decide.state import State
from pm2xero.decide.tree import branch, holds
from pm2xero.decide.values import getter, say
from pm2xero.pack.language.conditions import Atom, Compare, Quantified, Repeated, Sum, atoms
from pm2xero.pack.language.paths import PathExpr
from pm2xero.read.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Tested:
    """One test: its words, whether it held, and the values it looked at."""

    text: str
    held: bool
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule that may apply to the kind, and whether it did."""

    rule: str
    at: str
    outcome: str
    applies: bool
    tests: tuple[Tested, ...]


def candidates(decider: Decider, tx: Transaction, state: State) -> list[Candidate]:
    """Every rule of the transaction's kind, in the order in which reasons are named."""
    program = decider.program_of(tx)
    mask = program.truths(tx, state)
    return [_candidate(program, i, mask, tx, state) for i in range(len(program.rules))]


def deciding_facts(
    decider: Decider, tx: Transaction, state: State, decision: Decision
) -> list[dict[str, Any]]:
    """What the rules looked at that decided: their tests, and the values at that moment.

    Rules without a condition looked at nothing, so they are left out.

    Args:
        state: the past as the document saw it, before it was applied.
    """
    told: tuple[Reason | Warning_, ...] = (*decision.reasons, *decision.warnings)
    named = {decision.rule, *(part.rule for part in told)} - {None, ""}
    if not named:
        return []
    program = decider.program_of(tx)
    wanted = [
        index
        for index, compiled in enumerate(program.rules)
        if compiled.rule.id in named and compiled.rule.conditions[program.kind.name] is not None
    ]
    if not wanted:
        return []
    mask = program.truths(tx, state)
    found = (_candidate(program, index, mask, tx, state) for index in wanted)
    return [
        {"rule": rule.rule, "at": rule.at,
         "tests": [{"test": t.text, "held": t.held, "values": dict(t.values)} for t in rule.tests]}
        for rule in found
    ]  # fmt: skip


def _candidate(program: Program, index: int, mask: int, tx: Transaction, state: State) -> Candidate:
    rule = program.rules[index].rule
    condition = rule.conditions[program.kind.name]
    applies = condition is None or holds(branch(condition, program.index), mask)
    tests = tuple(
        Tested(text, bool(mask >> bit & 1), tuple(values(tx, state)))
        for text, bit, values in _tests(program, index)
    )
    return Candidate(rule.id, str(rule.at), rule.outcome or "warning", applies, tests)


def _tests(program: Program, index: int) -> Sequence[ReadTest]:
    """The tests of a rule, compiled when they are first told of."""
    found = program.told_tests.get(index)
    if found is None:
        condition = program.rules[index].rule.conditions[program.kind.name]
        found = program.told_tests[index] = [
            (str(atom), program.index[atom.key], _reader(atom, program.facts))
            for atom in atoms(condition)
        ]
    return found


def _reader(atom: Atom, facts: Facts) -> ReadValues:
    """How the values that a test looks at are read."""
    if isinstance(atom, Quantified):
        return _items_reader(atom, facts)
    paths = list(atom.paths) if isinstance(atom, Sum) else [atom.path]
    if not isinstance(atom, Repeated) and isinstance(atom.operand, PathExpr):
        paths.append(atom.operand)
    read = [(path.text, getter(path, facts)) for path in paths]
    summed = isinstance(atom, Sum)

    def values(tx: Transaction, state: State) -> Iterator[tuple[str, str]]:
        for text, get in read:
            value = get(tx, None, state)
            if summed and isinstance(value, list):
                value = sum(value, Decimal("0.00"))
            yield text, _say(value)

    return values


def _items_reader(atom: Quantified, facts: Facts) -> ReadValues:
    """Of each item that made an `any` true, or an `every` false."""
    test = compile_item_test(atom.where, facts)
    items = items_getter(atom, facts)
    over, wanted = atom.over.text, atom.which == "any"
    compared = [part.path for part in atoms(atom.where) if isinstance(part, Compare)]
    parts = [(path.text, getter(path, facts)) for path in compared]

    def values(tx: Transaction, state: State) -> Iterator[tuple[str, str]]:
        found = items(tx, None, state) or []
        yield f"{over}.count", str(len(found))
        for number, item in enumerate(found):
            if test(tx, item, state) == wanted:
                for text, read in parts:
                    yield f"{over}[{number}].{text}", _say(read(tx, item, state))

    return values


def _say(value: Any) -> str:
    return "(missing)" if value is None else say(value)
