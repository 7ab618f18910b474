"""Why a transaction was decided as it was: every candidate rule, every test with its values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pm2xero.decide.compile import compile_item_test
from pm2xero.decide.decider import Decider
from pm2xero.decide.decision import Decision, Reason, Warning_
from pm2xero.decide.facts import Facts
from pm2xero.decide.program import Program, items_getter
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
        Tested(
            str(atom),
            bool(mask >> program.index[atom.key] & 1),
            tuple(_values(atom, program.facts, tx, state)),
        )
        for atom in atoms(condition)
    )
    return Candidate(rule.id, str(rule.at), rule.outcome or "warning", applies, tests)


def _values(atom: Atom, facts: Facts, tx: Transaction, state: State) -> Iterator[tuple[str, str]]:
    if isinstance(atom, Compare):
        yield atom.path.text, _say(getter(atom.path, facts)(tx, None, state))
        if isinstance(atom.operand, PathExpr):
            yield atom.operand.text, _say(getter(atom.operand, facts)(tx, None, state))
    elif isinstance(atom, Sum):
        for path in atom.paths:
            value = getter(path, facts)(tx, None, state)
            if isinstance(value, list):
                value = sum(value, Decimal("0.00"))
            yield path.text, _say(value)
        if isinstance(atom.operand, PathExpr):
            yield atom.operand.text, _say(getter(atom.operand, facts)(tx, None, state))
    elif isinstance(atom, Repeated):
        yield atom.path.text, _say(getter(atom.path, facts)(tx, None, state))
    else:
        yield from _item_values(atom, facts, tx, state)


def _item_values(
    atom: Quantified, facts: Facts, tx: Transaction, state: State
) -> Iterator[tuple[str, str]]:
    """The values of each item that made an `any` true, or an `every` false."""
    test = compile_item_test(atom.where, facts)
    items = items_getter(atom, facts)(tx, None, state) or []
    yield f"{atom.over.text}.count", str(len(items))
    for number, item in enumerate(items):
        if test(tx, item, state) != (atom.which == "any"):
            continue
        for part in atoms(atom.where):
            if isinstance(part, Compare):
                read = getter(part.path, facts)
                yield f"{atom.over.text}[{number}].{part.path.text}", _say(read(tx, item, state))


def _say(value: Any) -> str:
    return "(missing)" if value is None else say(value)
