"""What is known of other documents while one is decided, and its keeper in memory.

What a transaction did is kept with it as one `Effect`, so that a later revision takes its place
by being remembered: nothing is rolled back by hand. What is outstanding on a document, what is left
to reverse and what a matter holds are sums over the effects that count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Protocol

import orjson

from pm2xero.records import record

ZERO = Decimal("0.00")


@record
class About:
    """What a document says of itself, whatever was decided about it.

    Attributes:
        number: its number in Practice Management.
        date: its accounting date.
        bank: the first bank account that it names.
        amount: what it is worth, in currency units.
    """

    number: str | None = None
    date: dt.date | None = None
    bank: str | None = None
    amount: Decimal | None = None


NOTHING_SAID = About()


@record
class DocumentFact:
    """What is known of a document that another one refers to.

    Attributes:
        state: in_xero (sent, or will be before what refers to it), waiting, rejected,
            before_integration, unknown.
        amount_due: what is outstanding (or left of a credit), in currency units.
        to_reverse: the amount that its reversal carries, in currency units: -600.00 for a payment
            of 600.00, and 0.00 once any of it was reversed (also of what is not in Xero); None for
            what carries no amount, or is not in Xero and not reversed.
        request: id of the request that creates it, None when it was there before.
        xero_id: its id in Xero, once known.
        to_come: what reversals that wait, or were refused and are to be entered by hand, will put
            back on it: their ids and amounts in currency units.
    """

    id: str
    state: str
    kind: str | None = None
    amount_due: Decimal | None = None
    contact: str | None = None
    request: str | None = None
    xero_id: str | None = None
    to_reverse: Decimal | None = None
    about: About = NOTHING_SAID
    to_come: tuple[tuple[str, Decimal], ...] = ()

    @property
    def due_then(self) -> Decimal | None:
        """What is outstanding once what waits is taken back; None where nothing waits."""
        if self.amount_due is None or not self.to_come:
            return None
        return self.amount_due + sum((amount for _, amount in self.to_come), ZERO)

    @property
    def waits_for(self) -> str | None:
        """The transactions that are to be taken back first."""
        return ", ".join(by for by, _ in self.to_come) or None

    @property
    def number(self) -> str | None:
        """Its number in Practice Management."""
        return self.about.number

    @property
    def date(self) -> dt.date | None:
        """Its accounting date."""
        return self.about.date

    @property
    def bank(self) -> str | None:
        """The first bank account that it names."""
        return self.about.bank

    @property
    def amount(self) -> Decimal | None:
        """What it is worth, in currency units."""
        return self.about.amount


# Whose money, in which trust bank, and by how much it grew, in currency units.
TrustMoved = tuple[tuple[str, str, Decimal], ...]


@record
class Effect:
    """What a decided transaction did; amounts in currency units.

    Attributes:
        opened: the document that can be paid or used up from now on, with its whole amount.
        reversible: the amount that a reversal of it takes back; None where it has none.
        settled: what it took off other documents (a negative amount put it back).
        trust: what it moved of money in trust: (holder, trust bank, amount).
        reverses: the transaction that it reverses.
        about: what it says of itself.
        to_come: what it will put back on documents, where it is not in Xero yet.
    """

    opened: DocumentFact | None = None
    reversible: Decimal | None = None
    settled: tuple[tuple[str, Decimal], ...] = ()
    trust: TrustMoved = ()
    reverses: str | None = None
    about: About = NOTHING_SAID
    to_come: tuple[tuple[str, Decimal], ...] = ()


NO_EFFECT = Effect()


@record
class Earlier:
    """What was decided before about the same id."""

    revision: int
    digest: bytes
    outcome: str


class State(Protocol):
    """The one interface through which decisions see the past; reading only."""

    def document(self, id: str) -> DocumentFact:
        """The document of that id; state `unknown` when it was never seen."""

    def earlier(self, id: str) -> Earlier | None:
        """The last decision about the id, or None."""

    def trust_balance(self, matter: str, bank: str) -> Decimal | None:
        """The matter's money in a trust bank; None when balances are not known."""

    def trust_given_back(self) -> TrustMoved:
        """The trust money that is not in the balances, because a correction is decided: what the
        revision before it moved."""


class Past(State, Protocol):
    """A state from which one transaction can be left out, so that its correction is decided."""

    def without(self, id: str) -> State:
        """The same past, as if this id had never been decided."""


class Keeper(Past, Protocol):
    """A state that can be told what was decided."""

    def remember(
        self, id: str, revision: int, digest: bytes, outcome: str, effect: Effect = NO_EFFECT
    ) -> None:
        """Note the decision about an id; what its earlier revision did counts no more.

        Args:
            outcome: what others are to think of it; it may say why it cannot be paid yet.
        """


class Known:
    """A state in which something else came before one document."""

    def __init__(self, state: Past, earlier: Earlier) -> None:
        self._state = state
        self._earlier = earlier

    def without(self, id: str) -> State:
        """The same past, as if this id had never been decided."""
        return self._state.without(id)

    def document(self, id: str) -> DocumentFact:
        """The document of that id; state `unknown` when it was never seen."""
        return self._state.document(id)

    def earlier(self, id: str) -> Earlier | None:
        """What came before."""
        return self._earlier

    def trust_balance(self, matter: str, bank: str) -> Decimal | None:
        """The matter's money in a trust bank; None when balances are not known."""
        return self._state.trust_balance(matter, bank)

    def trust_given_back(self) -> TrustMoved:
        """As the state says."""
        return self._state.trust_given_back()


_OUTCOMES = ("post", "reject", "hold", "skip", "before_integration", "waiting")
_POSTED = 0
_CODES = {name: bytes((i,)) for i, name in enumerate(_OUTCOMES)}
_STATE_OF = {
    "post": "in_xero",
    "reject": "rejected",
    "hold": "waiting",
    "skip": "rejected",
    "before_integration": "before_integration",
    "waiting": "waiting",
}
_DECIDED = {"before_integration": "reject", "waiting": "skip"}


# An outcome, a revision, 8 bytes of the digest and whether an amount follows; then the amount in
# cents, and what was done to others as JSON.
_HEAD = 18
_CENTS = 8
_LARGEST = 2**64 - 1


@lru_cache(maxsize=256)
def _outcome_and_revision(outcome: str, revision: int) -> bytes:
    return _CODES[outcome] + min(revision, _LARGEST).to_bytes(8, "big")


def cents_of(amount: Decimal) -> int:
    """An amount in currency units as whole cents."""
    return int(amount.scaleb(2))


def amount_of(cents: int) -> Decimal:
    """Whole cents as an amount in currency units."""
    return Decimal(cents).scaleb(-2)


def _packed(revision: int, digest: bytes, outcome: str, effect: Effect) -> bytes:
    head = _outcome_and_revision(outcome, revision) + digest[:8].ljust(8, b"\0")
    if effect is NO_EFFECT:
        return head + b"\0"
    if effect.reversible is None:
        head += b"\0"
    else:
        head += b"\1" + cents_of(effect.reversible).to_bytes(_CENTS, "big", signed=True)
    if not (effect.settled or effect.trust or effect.reverses):
        return head
    done = (
        [(i, cents_of(a)) for i, a in effect.settled],
        [(m, b, cents_of(a)) for m, b, a in effect.trust],
        effect.reverses,
    )
    return head + orjson.dumps(done)


def _reversible(packed: bytes) -> Decimal | None:
    if not packed[_HEAD - 1]:
        return None
    return amount_of(int.from_bytes(packed[_HEAD : _HEAD + _CENTS], "big", signed=True))


def _unpacked(packed: bytes) -> Effect:
    start = _HEAD + (_CENTS if packed[_HEAD - 1] else 0)
    if len(packed) == start:
        return Effect(None, _reversible(packed))
    settled, trust, reverses = orjson.loads(packed[start:])
    return Effect(
        None,
        _reversible(packed),
        tuple((i, amount_of(c)) for i, c in settled),
        tuple((m, b, amount_of(c)) for m, b, c in trust),
        reverses,
    )


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
                tuple(sorted(coming.items())) if coming else fact.to_come,
            )  # fmt: skip
        # Of what is not in Xero (of before, or still to come) nothing is left once it was reversed.
        gone = ZERO if reversals > 0 else None
        packed = self._seen.get(id)
        if packed is None:
            return DocumentFact(id, "unknown", to_reverse=gone)
        state = _STATE_OF[_OUTCOMES[packed[0]]]
        amount = _reversible(packed) if state == "in_xero" else None
        if amount is not None:
            amount = ZERO if reversals > 0 else -amount
        elif state != "in_xero":
            amount = gone
        return DocumentFact(id, state, to_reverse=amount, about=self._about.get(id, NOTHING_SAID))

    def earlier(self, id: str) -> Earlier | None:
        """The last decision about the id, or None."""
        packed = self._seen.get(id)
        if packed is None:
            return None
        outcome = _OUTCOMES[packed[0]]
        revision = int.from_bytes(packed[1:9], "big")
        return Earlier(revision, packed[9 : _HEAD - 1], _DECIDED.get(outcome, outcome))

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
        return _unpacked(packed) if packed is not None else NO_EFFECT

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
            self._count(_unpacked(before), -1)
            if before[0] == _POSTED:
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
        self._seen[id] = _packed(revision, digest, outcome, effect)

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
