"""What another version of a pack would have done to real documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from pm2xero.compare.bodies import ValueChange, changes, packed
from pm2xero.pipeline import Pipeline
from pm2xero.read.stream import Source
from pm2xero.read.transaction import money_of

Effect = Literal[
    "unchanged", "newly posted", "newly rejected", "other outcome", "other reasons",
    "bodies changed",
]  # fmt: skip
EFFECTS: tuple[Effect, ...] = (
    "unchanged", "newly posted", "newly rejected", "other outcome", "other reasons",
    "bodies changed",
)  # fmt: skip
ZERO = Decimal("0.00")
# How many documents of an effect are told one by one.
LISTED = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """One document as one version decides it; `bodies` is what would be sent, packed."""

    id: str
    kind: str
    outcome: str
    codes: tuple[str, ...]
    message: str
    bodies: bytes
    money: Decimal


@dataclass(frozen=True, slots=True)
class Touched:
    """A document that another version treats otherwise."""

    old: Seen
    new: Seen

    @property
    def values(self) -> tuple[ValueChange, ...]:
        """The values of bodies that both versions would send otherwise."""
        posted = self.old.outcome == self.new.outcome == "post"
        return changes(self.old.bodies, self.new.bodies) if posted else ()


@dataclass(slots=True)
class Tally:
    """Documents of one effect: how many, their money, and the first of them."""

    count: int = 0
    money: Decimal = ZERO
    first: list[Touched] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Impact:
    """The documents by effect; amounts in the firm's currency."""

    tallies: dict[Effect, Tally]
    currency: str

    @property
    def touched(self) -> int:
        """How many documents are treated otherwise."""
        return sum(t.count for e, t in self.tallies.items() if e != "unchanged")


def impact(old: Pipeline, new: Pipeline, sources: list[Source]) -> Impact:
    """Run the same documents through both; each version sees its own earlier decisions."""
    before = dict(_run(old, sources))
    tallies: dict[Effect, Tally] = {effect: Tally() for effect in EFFECTS}
    for ordinal, seen in _run(new, sources):
        was = before.pop(ordinal)
        effect = effect_of(was, seen)
        tally = tallies[effect]
        tally.count += 1
        tally.money += seen.money
        tally.kinds[seen.kind] = tally.kinds.get(seen.kind, 0) + 1
        if effect != "unchanged" and len(tally.first) < LISTED:
            tally.first.append(Touched(was, seen))
    return Impact(tallies, new.organisation.base_currency)


def effect_of(old: Seen, new: Seen) -> Effect:
    """What the new version does otherwise with a document."""
    if old.outcome != new.outcome:
        if new.outcome == "post":
            return "newly posted"
        return "newly rejected" if new.outcome == "reject" else "other outcome"
    if new.outcome == "post":
        return "bodies changed" if old.bodies != new.bodies else "unchanged"
    return "other reasons" if old.codes != new.codes else "unchanged"


def _run(pipeline: Pipeline, sources: Iterable[Source]) -> Iterator[tuple[int, Seen]]:
    for result in pipeline.run(pipeline.order(list(sources)), with_requests=True):
        decision = result.decision
        yield (
            result.ordinal,
            Seen(
                decision.id or "",
                decision.kind or "",
                decision.outcome,
                tuple(r.code for r in decision.reasons),
                decision.reasons[0].message if decision.reasons else "",
                packed(result.requests),
                money_of(result.transaction),
            ),
        )
