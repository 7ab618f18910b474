"""Rules that a firm meets as a whole: what they ask is the same for each of its documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pm2xero.decide.facts import Facts
from pm2xero.decide.values import say
from pm2xero.firm.chart import Chart
from pm2xero.pack.language.conditions import AllOf, AnyOf, Compare, Condition, Not, atoms
from pm2xero.pack.language.paths import PathExpr, TextExpr
from pm2xero.pack.language.plain_conditions import compared
from pm2xero.pack.model import Pack, Rule

Constant = Callable[[PathExpr], Any]

_BASES = ("organisation", "xero", "settings")


@dataclass(frozen=True, slots=True)
class FirmRule:
    """A rule that holds for a firm whatever a document says.

    Attributes:
        kinds: those for which it holds so.
    """

    rule: Rule
    kinds: tuple[str, ...]
    reason: str
    remedy: str

    @property
    def stops(self) -> bool:
        """Whether it turns documents down; otherwise it warns."""
        return self.rule.outcome in ("reject", "hold")


def kinds_posted(pack: Pack) -> tuple[str, ...]:
    """The kinds of which documents are sent: a rule posts them, and none turns all of them down."""
    found = []
    for name in pack.kinds:
        rules = pack.rules_of(name)
        never = any(r.outcome in ("reject", "skip") and r.conditions[name] is None for r in rules)
        if not never and any(r.outcome == "post" and r.mapping for r in rules):
            found.append(name)
    return tuple(found)


def firm_rules(pack: Pack, chart: Chart, kinds: tuple[str, ...]) -> Iterator[FirmRule]:
    """The rules that hold for the firm as it is set up, whatever its documents say."""
    for rule in pack.rules:
        if rule.outcome not in ("reject", "hold", None):
            continue
        hit = []
        for kind in kinds:
            condition = rule.conditions.get(kind)
            if kind not in rule.kinds or condition is None or not atoms(condition):
                continue
            if truth(condition, Facts(pack.kinds[kind], chart).constant):
                hit.append(kind)
        if hit:
            constant = Facts(pack.kinds[hit[0]], chart).constant
            texts = rule.texts.get(hit[0], {})
            reason = texts.get("reason") or texts.get("warning")
            yield FirmRule(
                rule, tuple(hit), _told(reason, constant), _told(texts.get("remedy"), constant)
            )


def truth(condition: Condition, constant: Constant) -> bool | None:
    """Whether a condition holds for every document, or for none; None where it depends on one."""
    if isinstance(condition, AllOf | AnyOf):
        decisive = isinstance(condition, AnyOf)
        parts = [truth(part, constant) for part in condition.parts]
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive
    if isinstance(condition, Not):
        inner = truth(condition.part, constant)
        return None if inner is None else not inner
    if not isinstance(condition, Compare) or not _is_constant(condition.path):
        return None
    operand: Any = condition.operand
    if isinstance(operand, PathExpr):
        if not _is_constant(operand):
            return None
        operand = constant(operand)
    return compared(condition.op, constant(condition.path), operand)


def _is_constant(path: PathExpr) -> bool:
    return path.base in _BASES and path.attribute is None and len(path.steps) == 1


def _told(text: TextExpr | None, constant: Constant) -> str:
    """A text of a rule with the values of the firm; what a document says is left open."""
    if text is None:
        return ""
    return "".join(
        part if isinstance(part, str) else say(constant(part)) if _is_constant(part) else "…"
        for part in text.parts
    )
