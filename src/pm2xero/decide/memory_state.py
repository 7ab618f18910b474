"""The state of one run, kept in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from pm2xero.decide.packed import HEAD, OUTCOMES, POSTED, effect_in, packed_of, reversible_of
from pm2xero.decide.state import (
    NO_EFFECT,
    NOTHING_SAID,
    ZERO,
    About,
    DocumentFact,
    Earlier,
    Effect,
    State,
    TrustMoved,
)

_STATE_OF = {
    "post": "in_xero",
    "reject": "rejected",
    "hold": "waiting",
    "skip": "rejected",
    "before_integration": "before_integration",
    "waiting": "waiting",
}
_DECIDED = {"before_integration": "reject", "waiting": "skip"}


class MemoryState:
    """State of one run, kept in memory: about 200 bytes of a transaction, more of what is open."""

    def __init__(self, trust_balances: Mapping[tuple[str, str], Decimal] | None = None) -> None:
        self._seen: dict[str, bytes] = {}
        # Documents that can be paid, with their whole amounts, and what was settled of any.
        self._open: dict[str, DocumentFact] = {}
        self._settled: dict[str, Decimal] = {}
        self._reversed: dict[str, int] = {}
        self._about: dict[str, About] = {}
        # What will be put back on documents, and by whom; and the documents that each names.
        self._to_come: dict[str, dict[str, Decimal]] = {}
        self._promised: dict[str, tuple[str, ...]] = {}
        self._trust = dict(trust_balances) if trust_balances is not None else None

    def document(self, id: str) -> DocumentFact:
        """The document of that id; state `unknown` when it was never seen."""
        return self.fact(id, ZERO, 0)

    def fact(self, id: str, more_due: Decimal, reversals: int) -> DocumentFact:
        """A document as it would be with more outstanding on it, or more reversals of it."""
        fact = self._open.get(id)
        reversals += self._reversed.get(id, 0)
        if fact is not None:
            due = fact.amount_due
            if due is not None:
                due = due - self._settled.get(id, ZERO) + more_due
            left = fact.to_reverse
            if left is not None and reversals > 0:
                left = ZERO
            coming = self._to_come.get(id)
            return DocumentFact(
                id, fact.state, fact.kind, due, fact.contact, fact.request, fact.xero_id, left,
                self._about.get(id, fact.about),
                tuple(sorted(coming.items())) if coming else fact.to_come, fact.to_put_back,
            )  # fmt: skip
        # Of what is not in Xero (of before, or still to come) nothing is left once it was reversed.
        gone = ZERO if reversals > 0 else None
        packed = self._seen.get(id)
        if packed is None:
            return DocumentFact(id, "unknown", to_reverse=gone)
        state = _STATE_OF[OUTCOMES[packed[0]]]
        amount = reversible_of(packed) if state == "in_xero" else None
        if amount is not None:
            amount = ZERO if reversals > 0 else -amount
        elif state != "in_xero":
            amount = gone
        settled = self._settled_by(id) if state == "in_xero" else None
        return DocumentFact(
            id, state, to_reverse=amount, about=self._about.get(id, NOTHING_SAID),
            to_put_back=None if settled is None else -settled,
        )  # fmt: skip

    def _settled_by(self, id: str) -> Decimal | None:
        """What a transaction took off other documents; None where it settled nothing."""
        settled = effect_in(self._seen[id]).settled
        return sum((amount for _, amount in settled), ZERO) if settled else None

    def earlier(self, id: str) -> Earlier | None:
        """The last decision about the id, or None."""
        packed = self._seen.get(id)
        if packed is None:
            return None
        outcome = OUTCOMES[packed[0]]
        revision = int.from_bytes(packed[1:9], "big")
        return Earlier(revision, packed[9 : HEAD - 1], _DECIDED.get(outcome, outcome))

    def trust_balance(self, matter: str, bank: str) -> Decimal | None:
        """The matter's money in a trust bank; None when balances are not known."""
        if self._trust is None:
            return None
        return self._trust.get((matter, bank), ZERO)

    def trust_given_back(self) -> TrustMoved:
        """Nothing: all that was decided is in the balances."""
        return ()

    def effect_of(self, id: str) -> Effect:
        """What the revision that counts did to others; nothing of an id that was not posted."""
        packed = self._seen.get(id)
        return effect_in(packed) if packed is not None else NO_EFFECT

    def without(self, id: str) -> State:
        """The same past, as if this id had never been decided."""
        return Without(self, id)

    @property
    def trust_balances(self) -> Mapping[tuple[str, str], Decimal] | None:
        """All balances of matters; None when they are not known."""
        return self._trust

    def opened(self, id: str) -> DocumentFact | None:
        """A document that can be paid, with its whole amount."""
        return self._open.get(id)

    def add_open(self, fact: DocumentFact) -> None:
        """Make a document known that can be paid or used up, such as one from before."""
        self._open[fact.id] = fact

    def remember(
        self, id: str, revision: int, digest: bytes, outcome: str, effect: Effect = NO_EFFECT
    ) -> None:
        """Note the decision about an id; what its earlier revision did counts no more."""
        self._counted(id, revision, digest, outcome, effect)

    def _counted(
        self, id: str, revision: int, digest: bytes, outcome: str, effect: Effect
    ) -> Effect:  # fmt: skip
        """Count a decision in place of the earlier one; returns what of its effect is possible."""
        before = self._seen.get(id)
        if before is not None:
            self._count(effect_in(before), -1)
            if before[0] == POSTED:
                self._open.pop(id, None)
        if effect is not NO_EFFECT:
            effect = self._possible(effect)
            self._count(effect, 1)
            if effect.opened is not None:
                self._open[id] = effect.opened
            if effect.about is not NOTHING_SAID:
                self._about[id] = effect.about
        if effect.to_come or self._to_come:
            self._expect(id, effect)
        self._put(id, revision, digest, outcome, effect)
        return effect

    def _put(
        self, id: str, revision: int, digest: bytes, outcome: str, effect: Effect
    ) -> None:  # fmt: skip
        self._seen[id] = packed_of(revision, digest, outcome, effect)

    def _possible(self, effect: Effect) -> Effect:
        """Nothing can be put back on a document that never came, beyond what was taken off it."""
        if all(a >= 0 or i in self._open for i, a in effect.settled):
            return effect
        kept: list[tuple[str, Decimal]] = []
        for id, amount in effect.settled:
            if id not in self._open:
                taken = sum((a for i, a in kept if i == id), self._settled.get(id, ZERO))
                amount = max(amount, min(-taken, ZERO))
            kept.append((id, amount))
        return replace(effect, settled=tuple(kept))

    def _expect(self, by: str, effect: Effect) -> None:
        """What a transaction will put back on documents, in place of what it was to before."""
        for id in self._promised.pop(by, ()):
            self._to_come[id].pop(by, None)
        if effect.to_come:
            self._promised[by] = tuple(dict.fromkeys(id for id, _ in effect.to_come))
        for id, amount in effect.to_come:
            coming = self._to_come.setdefault(id, {})
            coming[by] = coming.get(by, ZERO) + amount

    def _count(self, effect: Effect, sign: int) -> None:
        for id, amount in effect.settled:
            self._settled[id] = self._settled.get(id, ZERO) + sign * amount
        if self._trust is not None:
            for matter, bank, amount in effect.trust:
                key = (matter, bank)
                self._trust[key] = self._trust.get(key, ZERO) + sign * amount
        if effect.reverses is not None:
            self._reversed[effect.reverses] = self._reversed.get(effect.reverses, 0) + sign


class Without:
    """The past without one transaction: how a correction of it is decided."""

    def __init__(self, state: MemoryState, id: str) -> None:
        self._state = state
        self._id = id
        self._effect = state.effect_of(id)

    def given_back(self) -> tuple[str, ...]:
        """The documents on which what the transaction settled is outstanding again."""
        reverses = () if self._effect.reverses is None else (self._effect.reverses,)
        return (*(id for id, _ in self._effect.settled), *reverses)

    def document(self, id: str) -> DocumentFact:
        """The document of that id, with what the transaction settled of it outstanding again."""
        if id == self._id:
            return DocumentFact(id, "unknown")
        settled = sum((a for i, a in self._effect.settled if i == id), ZERO)
        fact = self._state.fact(id, settled, -1 if self._effect.reverses == id else 0)
        others = tuple((by, amount) for by, amount in fact.to_come if by != self._id)
        return fact if others == fact.to_come else replace(fact, to_come=others)

    def earlier(self, id: str) -> Earlier | None:
        """The last decision about another id."""
        return None if id == self._id else self._state.earlier(id)

    def trust_balance(self, matter: str, bank: str) -> Decimal | None:
        """The matter's money in a trust bank before the transaction moved any."""
        balance = self._state.trust_balance(matter, bank)
        if balance is None:
            return None
        return balance - sum(
            (a for m, b, a in self._effect.trust if (m, b) == (matter, bank)), ZERO
        )

    def trust_given_back(self) -> TrustMoved:
        """What the transaction moved: holder, bank, and by how much."""
        return self._effect.trust
