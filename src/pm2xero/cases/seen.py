"""What a case shows of a pack: rules that fired, conditions true or false, fields written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pm2xero.cases.fields import Field
from pm2xero.cases.model import Goal
from pm2xero.decide.compile import ItemTest, compile_item_test
from pm2xero.decide.decision import Decision
from pm2xero.decide.program import Program, items_getter
from pm2xero.decide.state import State
from pm2xero.decide.values import Getter
from pm2xero.pack.language.conditions import Atom, Condition, Quantified, atoms
from pm2xero.pack.model import Rule
from pm2xero.read.transaction import Transaction
from pm2xero.render.request import Request


def parts_of(outer: Quantified) -> tuple[Atom, ...]:
    """The tests that a list's condition is made of; none where it is a single one."""
    found = atoms(outer.where)
    return found if len(found) > 1 else ()


def tests_of(condition: Condition | None) -> Iterator[tuple[Atom, str]]:
    """Every test of a condition with its words, also what is asked of the items of a list."""
    for atom in atoms(condition):
        yield atom, str(atom)
        if isinstance(atom, Quantified):
            for part in parts_of(atom):
                yield part, label(atom, part)


def label(outer: Quantified, part: Atom) -> str:
    """A part of a list's condition in words."""
    return f"{part} (of {outer.over.text})"


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
    for watched in _watched(program):
        if watched.bit is not None:
            truths = {bool(mask >> watched.bit & 1)}
        else:
            items: list[Any] = watched.items(tx, None, state) or []
            truths = {bool(watched.test(tx, item, state)) for item in items}
        for truth in truths:
            yield Goal("conditions", watched.rule, watched.words, truth)


def rendered(
    mapping: str, requests: tuple[Request, ...], fields: frozenset[Field]
) -> Iterator[Goal]:
    """The requests and the expressions of templates that were written."""
    for request in requests:
        yield Goal("requests", mapping, request.step.split(".")[0])
    for template, line, text in fields:
        yield Goal("fields", f"{template}:{line}", f"{{{{ {text} }}}}")


@dataclass(frozen=True, slots=True)
class _Watched:
    """A test of a rule: a bit of the truths, or a test of the items of a list."""

    rule: str
    words: str
    bit: int | None
    items: Getter
    test: ItemTest


@lru_cache(maxsize=512)
def _watched(program: Program) -> tuple[_Watched, ...]:
    found = []
    for compiled in program.rules:
        rule = compiled.rule
        condition = rule.conditions[program.kind.name]
        for outer in atoms(condition):
            bit = program.index[outer.key]
            found.append(_Watched(rule.id, str(outer), bit, _nothing, _never))
            if isinstance(outer, Quantified):
                items = items_getter(outer, program.facts)
                for part in parts_of(outer):
                    test = compile_item_test(part, program.facts)
                    words = label(outer, part)
                    found.append(_Watched(rule.id, words, None, items, test))
    return tuple(found)


def _nothing(tx: Transaction, item: Any, state: State) -> Any:
    return None


def _never(tx: Transaction, item: Any, state: State) -> bool:
    return False
