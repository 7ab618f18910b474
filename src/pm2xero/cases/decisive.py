"""What cases should show of a rule so that each of its tests is seen to decide (MC/DC).

A test decides where turning it round turns the rule round. Of each test both truths are wanted in
such a place; a rule without tests is to fire once. All is said as conditions, so the engine can
judge a document and the solver can find one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pm2xero.cases.seen import label, outcome_of, parts_of
from pm2xero.pack.language.conditions import (
    AllOf,
    AnyOf,
    Atom,
    Condition,
    Not,
    Quantified,
    atoms,
)
from pm2xero.pack.model import Pack, Rule


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing to be shown of a rule.

    Attributes:
        wanted: what must hold; None where the rule has no condition.
        posts: the rule posts, so nothing may turn the document down.
    """

    kind: str
    rule: str
    what: str
    wanted: Condition | None
    posts: bool

    @property
    def name(self) -> tuple[str, str]:
        """The same for the same wish of another kind."""
        return self.rule, self.what


def wishes(pack: Pack, kind: str) -> Iterator[Wish]:
    """Everything to be shown of the rules of a kind."""
    for rule in pack.rules_of(kind):
        condition = rule.conditions[kind]
        if condition is None:
            yield Wish(kind, rule.id, outcome_of(rule), None, rule.outcome == "post")
            continue
        for atom in dict.fromkeys(a.key for a in atoms(condition)):
            test = next(a for a in atoms(condition) if a.key == atom)
            yield from _both(kind, rule, condition, test)


def _both(kind: str, rule: Rule, condition: Condition, test: Atom) -> Iterator[Wish]:
    posts = rule.outcome == "post"
    inside = parts_of(test) if isinstance(test, Quantified) else ()
    for truth in (True, False):
        wanted = _decides(condition, test, truth)
        if wanted is not None and not (inside and truth):
            # Where a list's condition has parts, theirs say more than the whole does.
            what = f"{test} {'true' if truth else 'false'}"
            yield Wish(kind, rule.id, what, wanted, posts)
    for part in inside:
        assert isinstance(test, Quantified)
        for truth in (True, False):
            where = _decides(test.where, part, truth)
            if where is None:
                continue
            some = Quantified("any", test.over, where, test.at)
            around = _free(condition, test)
            wanted = some if around is None else AllOf((some, around))
            what = f"{label(test, part)} {'true' if truth else 'false'}"
            yield Wish(kind, rule.id, what, wanted, posts)


def _decides(condition: Condition, test: Atom, truth: bool) -> Condition | None:
    """The test has this truth, and turning it round would turn the condition round."""
    itself: Condition = test if truth else Not(test)
    around = _free(condition, test)
    if around is _NEVER:
        return None
    return itself if around is None else AllOf((itself, around))


def _free(condition: Condition, test: Atom) -> Condition | None:
    """When the truth of a condition hangs on a test; None for always."""
    held, failed = _put(condition, test, True), _put(condition, test, False)
    turned = (_and(held, _not(failed)), _and(failed, _not(held)))
    either = _or(*turned)
    if either is True:
        return None
    return _NEVER if either is False else either


# A condition that no document meets, told apart by being this very object.
_NEVER: Condition = AnyOf(())

_Part = Condition | bool


def _put(condition: Condition, test: Atom, truth: bool) -> _Part:
    if isinstance(condition, Not):
        return _not(_put(condition.part, test, truth))
    if isinstance(condition, AllOf | AnyOf):
        parts = [_put(p, test, truth) for p in condition.parts]
        return _and(*parts) if isinstance(condition, AllOf) else _or(*parts)
    return truth if condition.key == test.key else condition


def _not(part: _Part) -> _Part:
    return not part if isinstance(part, bool) else Not(part)


def _and(*parts: _Part) -> _Part:
    if any(p is False for p in parts):
        return False
    kept = tuple(p for p in parts if not isinstance(p, bool))
    return (kept[0] if len(kept) == 1 else AllOf(kept)) if kept else True


def _or(*parts: _Part) -> _Part:
    if any(p is True for p in parts):
        return True
    kept = tuple(p for p in parts if not isinstance(p, bool))
    return (kept[0] if len(kept) == 1 else AnyOf(kept)) if kept else False
