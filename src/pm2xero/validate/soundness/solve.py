"""Documents that take a branch which chance has not taken, or the proof that none does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pm2xero.decide.decider import Decider
from pm2xero.pack.model import Kind, Rule
from pm2xero.prove.example import Example
from pm2xero.prove.kind import KindProof
from pm2xero.prove.show import Shower
from pm2xero.prove.terms import Term, both, either, no
from pm2xero.validate.soundness.branches import Branch, conditions_of


@dataclass(frozen=True, slots=True)
class Way:
    """A document that is posted and takes the branch, with what it needs around it."""

    example: Example


class Ways:
    """Asks the solver about the branches of one kind at one firm."""

    def __init__(self, decider: Decider, kind: Kind) -> None:
        self._proof = KindProof(
            decider.pack, kind.name, decider.chart, also=conditions_of(kind, decider.pack)
        )
        self._shower = Shower(self._proof, decider)

    def possible(self, branch: Branch) -> bool:
        """Whether any document that is posted can take the branch."""
        return self._proof.ask(self._wanted(branch)) is not None

    def way(self, branch: Branch) -> Way:
        """A way through a branch that is possible."""
        rules = [r.id for r in self._posting(branch)]
        model = self._shower.smallest(self._wanted(branch), rules)
        assert model is not None, "only asked of what is possible"
        return Way(self._shower.example(model))

    def _posting(self, branch: Branch) -> list[Rule]:
        rules = self._proof.rules
        return [r for r in rules if r.outcome == "post" and r.mapping == branch.mapping]

    def _wanted(self, branch: Branch) -> Term:
        proof = self._proof
        wanted = either(*(proof.holding(r) for r in self._posting(branch)))
        if branch.condition is None:
            return wanted
        term = proof.term(branch.condition)
        return both(wanted, term if branch.truth else no(term))


def renamed(value: Any, path: tuple[str, ...], names: Mapping[str, str]) -> Any:
    """A copy in which the documents at a path have other ids."""
    if isinstance(value, list):
        return [renamed(item, path, names) for item in value]
    if not path:
        return names.get(value, value)
    if not isinstance(value, dict) or path[0] not in value:
        return value
    return {**value, path[0]: renamed(value[path[0]], path[1:], names)}
