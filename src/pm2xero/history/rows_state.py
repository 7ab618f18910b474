"""The state over rows: what is decided is seen at once, what was decided before is looked up.

Only what the documents at hand name is read, for many documents by few statements (`prepare`); what
one of them asks beyond that is read when it is asked, so that an answer never depends on what was
prepared. What this run decides lies over the rows until `forget` lets go of what is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from pm2xero.decide.cents import amount_of, cents_of
from pm2xero.decide.memory_state import MemoryState
from pm2xero.decide.state import NO_EFFECT, ZERO, About, DocumentFact, Earlier, Effect, Release
from pm2xero.outbox.past_records import Deeds, Dues, Said, Standing


class Rows(Protocol):
    """What the outbox knows of the past."""

    def dues(self, ids: Collection[str]) -> Mapping[str, Dues]:
        """The standing of each document, and what others did to it."""

    def deeds(self, id: str) -> Deeds:
        """What the posted revision of a document did to others."""

    def trust_totals(self, matters: Collection[str]) -> Mapping[tuple[str, str], int]:
        """What the matters' money moved by."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A decision that is not written yet."""

    revision: int
    digest: bytes
    outcome: str
    effect: Effect


class RowsState(MemoryState):
    """The past of a firm: its opening, the rows of the outbox, and what this run decides.

    Args:
        opening: documents and trust balances from before the first row.
    """

    def __init__(self, rows: Rows, opening: MemoryState) -> None:
        super().__init__(opening.trust_balances)
        self._rows = rows
        self._opening = opening
        self._loaded: set[str] = set()
        self._matters: set[str] = set()
        self._standings: dict[str, Standing] = {}
        self._own: set[str] = set()
        self._new: dict[str, Remembered] = {}
        self._releases: dict[str, tuple[Release, ...]] = {}
        self._settled_then: dict[str, Decimal] = {}

    def prepare(self, ids: Iterable[str], matters: Iterable[str]) -> None:
        """Read what documents at hand name: documents (their own ids, too) and matters."""
        self._load([i for i in dict.fromkeys(ids) if i not in self._loaded])
        self._load_matters([m for m in dict.fromkeys(matters) if m not in self._matters])

    def forget(self) -> None:
        """Let go of everything; all that was decided is written."""
        assert not self._new, "decisions that are not written cannot be forgotten"
        for kept in (
            self._seen, self._open, self._settled, self._reversed, self._standings, self._about,
            self._to_come, self._promised, self._releases, self._settled_then,
        ):  # fmt: skip
            kept.clear()
        for known in (self._loaded, self._matters, self._own):
            known.clear()
        if self._trust is not None:
            self._trust = dict(self._opening.trust_balances or {})

    def standing(self, id: str) -> Standing | None:
        """How a document stands by the rows, without what this run decided."""
        self._load_one(id)
        return self._standings.get(id)

    def written(self, standing: Standing) -> None:
        """A standing that will be written, so that it counts as that of the rows."""
        self._standings[standing.id] = standing

    def take(self, id: str) -> Remembered | None:
        """What was decided about an id since this was last asked."""
        return self._new.pop(id, None)

    def fact(self, id: str, more_due: Decimal, reversals: int) -> DocumentFact:
        """A document as it would be with more outstanding on it, or more reversals of it."""
        self._load_one(id)
        return super().fact(id, more_due, reversals)

    def earlier(self, id: str) -> Earlier | None:
        """The last decision about the id, or None."""
        self._load_one(id)
        earlier = super().earlier(id)
        said = self._releases.get(id)
        if earlier is None or said is None:
            return earlier
        return Earlier(earlier.revision, earlier.digest, earlier.outcome, said)

    def trust_balance(self, matter: str, bank: str) -> Decimal | None:
        """The matter's money in a trust bank; None when balances are not known."""
        if matter not in self._matters:
            self._load_matters([matter])
        return super().trust_balance(matter, bank)

    def effect_of(self, id: str) -> Effect:
        """What the revision that counts did to others; nothing of an id that was not posted."""
        self._load_one(id)
        standing = self._standings.get(id)
        if id not in self._own and standing is not None and standing.outcome == "post":
            return _effect(self._rows.deeds(id), standing)
        return super().effect_of(id)

    def _settled_by(self, id: str) -> Decimal | None:
        return super()._settled_by(id) if id in self._own else self._settled_then.get(id)

    def remember(
        self, id: str, revision: int, digest: bytes, outcome: str, effect: Effect = NO_EFFECT
    ) -> None:
        """Note the decision about an id; what its earlier revision did counts no more."""
        before = self.effect_of(id)
        earlier = super().earlier(id)
        if earlier is not None and before is not NO_EFFECT and id not in self._own:
            # From now on its deeds are those of this run, so that they can be counted back.
            self._put(id, earlier.revision, earlier.digest, "post", before)
        self._own.add(id)
        for other, _ in (*effect.settled, *effect.to_come):
            self._load_one(other)
        if effect.reverses is not None:
            self._load_one(effect.reverses)
        for matter, _, _ in (*effect.trust, *before.trust):
            if matter not in self._matters:
                self._load_matters([matter])
        effect = self._counted(id, revision, digest, outcome, effect)
        self._new[id] = Remembered(revision, digest, outcome, effect)

    def _load_one(self, id: str) -> None:
        if id not in self._loaded:
            self._load([id])

    def _load(self, ids: list[str]) -> None:
        if not ids:
            return
        for id, dues in self._rows.dues(ids).items():
            self._loaded.add(id)
            if dues.settles is not None:
                self._settled_then[id] = amount_of(dues.settles)
            if dues.settled:
                self._settled[id] = amount_of(dues.settled)
            if dues.reversed:
                self._reversed[id] = dues.reversed
            if dues.said is not None:
                self._about[id] = _about(dues.said)
            coming = {by: amount_of(cents) for by, cents in dues.to_come if by not in self._own}
            if coming:
                self._to_come.setdefault(id, {}).update(coming)
                for by in coming:
                    self._promised[by] = (*self._promised.get(by, ()), id)
            if dues.releases:
                self._releases[id] = tuple(Release(*word) for word in dues.releases)
            opened = self._opening.opened(id)
            if opened is not None:
                self._open[id] = opened
            standing = dues.standing
            if standing is None:
                continue
            self._standings[id] = standing
            effect = NO_EFFECT
            if standing.reversible is not None:
                effect = Effect(reversible=amount_of(standing.reversible))
            self._put(
                id, standing.revision, bytes.fromhex(standing.digest), standing.outcome, effect
            )
            if standing.opened is not None:
                self._open[id] = _opened(standing)

    def _load_matters(self, matters: list[str]) -> None:
        if not matters:
            return
        self._matters.update(matters)
        if self._trust is None:
            return
        for key, cents in self._rows.trust_totals(matters).items():
            self._trust[key] = self._trust.get(key, ZERO) + amount_of(cents)


def _about(said: Said) -> About:
    return About(said.number or None, said.date, said.bank, amount_of(said.cents))


def _opened(standing: Standing) -> DocumentFact:
    assert standing.opened is not None
    return DocumentFact(
        standing.id, "in_xero", standing.kind, amount_of(standing.opened), standing.contact,
        standing.request,
    )  # fmt: skip


def _effect(deeds: Deeds, standing: Standing) -> Effect:
    return Effect(
        None,
        None if standing.reversible is None else amount_of(standing.reversible),
        tuple((document, amount_of(cents)) for document, cents in deeds.settled),
        tuple((matter, bank, amount_of(cents)) for matter, bank, cents in deeds.trust),
        deeds.reverses,
    )


def deeds_of(effect: Effect) -> Deeds:
    """An effect as it is written."""
    return Deeds(
        tuple((document, cents_of(amount)) for document, amount in effect.settled),
        tuple((matter, bank, cents_of(amount)) for matter, bank, amount in effect.trust),
        effect.reverses,
        tuple((document, cents_of(amount)) for document, amount in effect.to_come),
    )


def named_anew(effect: Effect, request: str) -> Effect:
    """The effect of a document that another request creates now."""
    if effect.opened is None:
        return effect
    return replace(effect, opened=replace(effect.opened, request=request))
