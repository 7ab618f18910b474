"""What a case shows of a pack: rules that fired, conditions true or false, fields written."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from pm2xero.decide.codegen import ItemTest, compile_item_test
from pm2xero.decide.decision import Decision
from pm2xero.decide.program import Program, items_getter
from pm2xero.decide.state import State
from pm2xero.decide.values import Getter
from pm2xero.pack.conditions import Atom, Condition, Quantified, atoms
from pm2xero.pack.model import Rule
from pm2xero.read.transaction import Transaction
from pm2xero.render.request import Request
from pm2xero.verify.cases.fields import Field
from pm2xero.verify.cases.model import Goal


def tests_of(condition: Condition | None) -> tuple[Atom, ...]:
    """Every test of a condition, also the parts of what is asked of the items of a list.

    A list's condition of a single part is one test: its part would say the same again.
    """
    found: list[Atom] = []
    for atom in atoms(condition):
        found.append(atom)
        if isinstance(atom, Quantified) and len(atoms(atom.where)) > 1:
            found.extend(atoms(atom.where))
    return tuple(found)


def label(rule: Rule, condition: Condition | None, atom: Atom) -> str:
    """A test in words; a part of a list's condition says of which list."""
    for outer in atoms(condition):
        if isinstance(outer, Quantified) and atom is not outer and atom in atoms(outer.where):
            return f"{atom} (of {outer.over.text})"
    return str(atom)


def outcome_of(rule: Rule) -> str:
    """The outcome of a rule, or that it warns."""
    return rule.outcome or "warning"


def decided(decision: Decision, program: Program) -> Iterator[Goal]:
    """The rules that fired and the outcome of the kind."""
    yield Goal("outcomes", decision.kind, decision.outcome)
    fired = {r.rule for r in decision.reasons} | {w.rule for w in decision.warnings}
    if decision.rule is not None:
        fired.add(decision.rule)
    for compiled in program.rules:
        if compiled.rule.id in fired:
            yield Goal("rules", compiled.rule.id, outcome_of(compiled.rule))


def tested(program: Program, tx: Transaction, state: State) -> Iterator[Goal]:
    """Each test of each rule of the kind with its truth for this transaction."""
    mask = program.truths(tx, state)
    for compiled in program.rules:
        rule = compiled.rule
        condition = rule.conditions[program.kind.name]
        for atom in tests_of(condition):
            words = label(rule, condition, atom)
            if atom.key in program.index and atom in atoms(condition):
                truth = bool(mask >> program.index[atom.key] & 1)
                yield Goal("conditions", rule.id, words, truth)
                continue
            for truth in _inner(program, condition, atom, tx, state):
                yield Goal("conditions", rule.id, words, truth)


def rendered(
    mapping: str, requests: tuple[Request, ...], fields: frozenset[Field]
) -> Iterator[Goal]:
    """The requests and the expressions of templates that were written."""
    for request in requests:
        yield Goal("requests", mapping, request.step.split(".")[0])
    for template, line, text in fields:
        yield Goal("fields", f"{template}:{line}", f"{{{{ {text} }}}}")


def _inner(
    program: Program, condition: Condition | None, atom: Atom, tx: Transaction, state: State
) -> set[bool]:
    """The truths that a part of a list's condition has over the items of the list."""
    found: set[bool] = set()
    for outer in atoms(condition):
        if isinstance(outer, Quantified) and atom in atoms(outer.where):
            items, test = _compiled(program, outer, atom)
            values: list[Any] = items(tx, None, state) or []
            found |= {bool(test(tx, item, state)) for item in values}
    return found




@cache
def _compiled(program: Program, outer: Quantified, atom: Atom) -> tuple[Getter, ItemTest]:
    return items_getter(outer, program.facts), compile_item_test(atom, program.facts)
