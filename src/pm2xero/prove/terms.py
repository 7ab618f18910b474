"""The solver's formulas, with what is already true or false folded away.

A term is a formula of z3 or a plain Python value; both mix freely here, so that a test whose
outcome is known never reaches the solver.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from operator import ge, gt, le, lt
from typing import Any

import z3  # type: ignore[import-untyped]  # z3-solver ships no types

Term = Any


def boolean(name: str) -> Term:
    """An unknown truth."""
    return z3.Bool(name)


def integer(name: str) -> Term:
    """An unknown whole number."""
    return z3.Int(name)


# z3's own operators look at the sorts of both sides, each time anew, and take most of the time of
# making a formula. Here it is known that truths meet truths and numbers numbers.
_CONTEXT = z3.main_ctx()
_COMPARED = {"<": lt, "<=": le, ">": gt, ">=": ge}
_ORDERS = {"<": z3.Z3_mk_lt, "<=": z3.Z3_mk_le, ">": z3.Z3_mk_gt, ">=": z3.Z3_mk_ge}


@lru_cache(maxsize=4096)
def _whole(number: int) -> Term:
    return z3.IntVal(number, _CONTEXT)


def _number(term: Term) -> Term:
    return _whole(term) if type(term) is int else term


def _truth(made: Any) -> Term:
    return z3.BoolRef(made, _CONTEXT)


def _joined(make: Any, parts: list[Term]) -> Term:
    listed = (z3.Ast * len(parts))(*[p.ast for p in parts])
    return _truth(make(_CONTEXT.ref(), len(parts), listed))


def both(*parts: Term) -> Term:
    """All parts hold."""
    left = []
    for part in parts:
        if part is False:
            return False
        if part is not True:
            left.append(part)
    if not left:
        return True
    return left[0] if len(left) == 1 else _joined(z3.Z3_mk_and, left)


def either(*parts: Term) -> Term:
    """At least one part holds."""
    left = []
    for part in parts:
        if part is True:
            return True
        if part is not False:
            left.append(part)
    if not left:
        return False
    return left[0] if len(left) == 1 else _joined(z3.Z3_mk_or, left)


def no(part: Term) -> Term:
    """The part does not hold."""
    if isinstance(part, bool):
        return not part
    return _truth(z3.Z3_mk_not(_CONTEXT.ref(), part.ast))


def implies(condition: Term, consequence: Term) -> Term:
    """Where the condition holds, so does the consequence."""
    return either(no(condition), consequence)


def same(left: Term, right: Term) -> Term:
    """Two truths or two numbers are equal."""
    if isinstance(left, bool):
        left, right = right, left
    if isinstance(right, bool):
        if isinstance(left, bool):
            return left == right
        return left if right else no(left)
    if type(left) is int and type(right) is int:
        return left == right
    return _truth(z3.Z3_mk_eq(_CONTEXT.ref(), _number(left).ast, _number(right).ast))


def choose(condition: Term, then: Term, otherwise: Term) -> Term:
    """One of two numbers or truths."""
    if isinstance(condition, bool):
        return then if condition else otherwise
    if type(then) is int or type(otherwise) is int:
        then, otherwise = _number(then), _number(otherwise)
    return z3.If(condition, then, otherwise)


def order(left: Term, sign: str, right: Term) -> Term:
    """Two numbers compared by `<`, `<=`, `>` or `>=`."""
    if type(left) is int and type(right) is int:
        return _COMPARED[sign](left, right)
    return _truth(_ORDERS[sign](_CONTEXT.ref(), _number(left).ast, _number(right).ast))


def total(parts: Iterable[Term]) -> Term:
    """The sum of numbers."""
    listed = list(parts)
    if not listed:
        return 0
    return listed[0] if len(listed) == 1 else z3.Sum(listed)


def size(number: Term) -> Term:
    """A number without its sign."""
    return abs(number) if isinstance(number, int) else z3.If(number >= 0, number, -number)


def taxed(net: Term, rate: Decimal) -> Term:
    """The tax on a net amount in cents at a rate in per cent, half a cent away from zero."""
    part = Fraction(rate) / 100
    top, bottom = part.numerator, part.denominator

    def half_up(amount: Term) -> Term:
        doubled = 2 * top * amount + bottom
        return doubled // (2 * bottom) if isinstance(amount, int) else doubled / (2 * bottom)

    return choose(order(net, ">=", 0), half_up(net), -half_up(-net))


class Model:
    """One way to make everything that was asked true."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def holds(self, term: Term) -> bool:
        """The truth of a term; what was left open counts as false."""
        if isinstance(term, bool):
            return term
        return bool(z3.is_true(self._model.eval(term, model_completion=True)))

    def number(self, term: Term) -> int:
        """The value of a number; what was left open is 0."""
        if isinstance(term, int):
            return term
        return int(self._model.eval(term, model_completion=True).as_long())


class Asking:
    """A solver that keeps its facts and answers one question after the other."""

    def __init__(self) -> None:
        self._solver = z3.Solver()
        # Guess "true" first: a single answer then shows many rules at once.
        self._solver.set("phase_selection", 1)
        self.questions = 0

    def know(self, *facts: Term) -> None:
        """Facts that hold for every later question."""
        for fact in facts:
            if fact is not True:
                self._solver.add(fact)

    def ask(self, *wanted: Term) -> Model | None:
        """A model in which everything wanted holds, or None when there is none.

        Raises:
            RuntimeError: the solver gave up, so nothing is known.
        """
        if any(w is False for w in wanted):
            return None
        literals = [self._literal(w) for w in wanted if w is not True]
        self.questions += 1
        answer = self._solver.check(*literals)
        if answer == z3.unknown:
            raise RuntimeError(f"the solver gave up: {self._solver.reason_unknown()}")
        return Model(self._solver.model()) if answer == z3.sat else None

    def clash(self, wanted: list[Term]) -> list[int]:
        """Which of the wanted terms cannot hold together; empty when they all can."""
        literals = [self._literal(w) for w in wanted]
        if self._solver.check(*literals) != z3.unsat:
            return []
        core = {c.get_id() for c in self._solver.unsat_core()}
        found = [i for i, literal in enumerate(literals) if literal.get_id() in core]
        for index in list(found):
            fewer = [literals[i] for i in found if i != index]
            if self._solver.check(*fewer) == z3.unsat:
                found.remove(index)
        return found

    def fewest_broken(
        self, wishes: list[tuple[Term, int]], near: Mapping[int, tuple[Term, int]], *wanted: Term
    ) -> tuple[Model, list[int]] | None:
        """What is wanted with as few wishes broken as possible, and which are broken.

        Args:
            wishes: formulas, each with how much it counts.
            near: for some wishes, by index: a number and what it should be close to if broken.
        """
        if any(w is False for w in wanted):
            return None
        solver = z3.Optimize()
        solver.add(self._solver.assertions())
        solver.add([w for w in wanted if w is not True])
        for wish, weight in wishes:
            if not isinstance(wish, bool):
                solver.add_soft(wish, weight)
        if solver.check() != z3.sat:
            return None
        model = Model(solver.model())
        broken = [i for i, (w, _) in enumerate(wishes) if not model.holds(w)]
        far = [size(near[i][0] - near[i][1]) for i in broken if i in near]
        if far:
            closer = z3.Optimize()
            closer.add(self._solver.assertions())
            closer.add([w for w in wanted if w is not True])
            kept = (w for i, (w, _) in enumerate(wishes) if i not in broken)
            closer.add([w for w in kept if not isinstance(w, bool)])
            closer.minimize(total(far))
            if closer.check() == z3.sat:
                model = Model(closer.model())
        return model, broken

    def _literal(self, term: Term) -> Term:
        """A name for a formula: the solver takes only plain truths as assumptions."""
        if isinstance(term, bool):
            name = z3.Bool(f"always {term}")
            self._solver.add(name == term)
            return name
        if z3.is_const(term):
            return term
        name = z3.FreshBool("asked")
        self._solver.add(z3.Implies(name, term))
        return name
