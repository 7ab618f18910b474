"""The ways that the documents of a kind can take through its mappings and its postings."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass

from pm2xero.decide.compile import ItemTest, compile_item_test
from pm2xero.decide.decider import Decider
from pm2xero.decide.state import State
from pm2xero.errors import Position
from pm2xero.pack.language.conditions import Condition
from pm2xero.pack.model import Kind, Pack
from pm2xero.read.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Branch:
    """One outcome of one condition of a mapping (or of the postings beside it).

    Attributes:
        condition: None for the mapping as a whole, which some document must use.
        at: where the condition, or the mapping, stands.
    """

    mapping: str
    condition: Condition | None
    truth: bool
    at: Position

    @property
    def key(self) -> tuple[str, str, bool]:
        """What tells branches apart."""
        return self.mapping, self.condition.key if self.condition else "", self.truth

    @property
    def words(self) -> str:
        """The branch as a message names it."""
        if self.condition is None:
            return f'the mapping "{self.mapping}"'
        truth = "holds" if self.truth else "does not hold"
        return f'the mapping "{self.mapping}" where "{self.condition}" {truth}'


class Branches:
    """Which branches of a kind were taken by documents that were booked."""

    def __init__(self, kind: Kind, decider: Decider) -> None:
        self._left: dict[tuple[str, str, bool], Branch] = {}
        self._tests: dict[str, dict[str, ItemTest]] = {}
        facts = decider.program(kind.name).facts
        for branch in _branches(kind, decider.pack):
            self._left[branch.key] = branch
            tests = self._tests.setdefault(branch.mapping, {})
            if branch.condition is not None and branch.condition.key not in tests:
                tests[branch.condition.key] = compile_item_test(branch.condition, facts)

    @property
    def left(self) -> tuple[Branch, ...]:
        """Branches that no document has taken yet."""
        return tuple(self._left.values())

    @property
    def roots(self) -> tuple[Branch, ...]:
        """Of those that are left: whole mappings, and single branches of the other mappings."""
        whole = {b.mapping for b in self.left if b.condition is None}
        return tuple(b for b in self.left if b.condition is None or b.mapping not in whole)

    def is_new(self, tx: Transaction, mapping: str, state: State) -> bool:
        """Whether a document would take a branch that none has taken."""
        return any(key in self._left for key in self._taken(tx, mapping, state))

    def take(self, tx: Transaction, mapping: str, state: State) -> None:
        """A document was booked."""
        for key in self._taken(tx, mapping, state):
            self._left.pop(key, None)

    def keep(self, keys: Container[tuple[str, str, bool]]) -> None:
        """Leave out all but these of the branches that are left."""
        self._left = {key: branch for key, branch in self._left.items() if key in keys}

    def _taken(
        self, tx: Transaction, mapping: str, state: State
    ) -> Iterator[tuple[str, str, bool]]:
        yield mapping, "", True
        for key, test in self._tests.get(mapping, {}).items():
            yield mapping, key, bool(test(tx, None, state))


def conditions_of(kind: Kind, pack: Pack) -> list[Condition]:
    """The conditions of all branches of a kind."""
    return [b.condition for b in _branches(kind, pack) if b.condition is not None]


def _branches(kind: Kind, pack: Pack) -> Iterator[Branch]:
    rules = [r for r in pack.rules_of(kind.name) if r.outcome == "post" and r.mapping]
    for mapping in dict.fromkeys(str(r.mapping) for r in rules):
        yield Branch(mapping, None, True, pack.mappings[mapping].at)
        places: dict[str, tuple[Condition, Position]] = {}
        for spec in pack.requests[mapping, kind.name]:
            for when, at in ((spec.when, spec.at), *((line.when, line.at) for line in spec.lines)):
                if when is not None:
                    places.setdefault(when.key, (when, at))
        for posting in kind.postings:
            if posting.when is not None:
                places.setdefault(posting.when.key, (posting.when, kind.at))
        for condition, at in places.values():
            for truth in (True, False):
                yield Branch(mapping, condition, truth, at)
        for rule in rules:
            when = rule.conditions[kind.name]
            # Whichever rule posts by it: none may leave a part over and not say so.
            if rule.mapping == mapping and pack.mappings[mapping].left_over and when is not None:
                yield Branch(mapping, when, True, rule.at)
