"""What is known of other documents while one is decided, and its in-memory keeper.

Only open documents keep their details; of what is settled or cannot be paid, an id and a digest
remain, about 200 bytes each.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Protocol

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


class Known:
    """A state in which something else came before one document."""

    def __init__(self, state: State, earlier: Earlier) -> None:
        self._state = state
        self._earlier = earlier

    def document(self, id: str) -> DocumentFact:
        """The document of that id; state `unknown` when it was never seen."""
        return self._state.document(id)

    def earlier(self, id: str) -> Earlier | None:
        """What came before."""
        return self._earlier

    def trust_balance(self, matter: str, bank: str) -> Decimal | None:
        """The matter's money in a trust bank; None when balances are not known."""
        return self._state.trust_balance(matter, bank)


_OUTCOMES = ("post", "reject", "hold", "skip", "before_integration", "waiting")
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


# An outcome, a revision, and 8 bytes of the digest; then, of what can be reversed, its amount in
# cents and how often it was reversed.
_HEAD = 13
_CENTS = 8


@lru_cache(maxsize=256)
def _packed(outcome: str, revision: int) -> bytes:
    return _CODES[outcome] + min(revision, 0xFFFFFFFF).to_bytes(4, "big")


def _left(packed: bytes) -> Decimal | None:
    """The amount of a reversal; what is there at all was posted with an amount."""
    if len(packed) <= _HEAD:
        return None
    if packed[-1]:
        return ZERO
    return Decimal(-int.from_bytes(packed[_HEAD:-1], "big", signed=True)).scaleb(-2)


class MemoryState:
    """State of one run, kept in memory; see the module's words for its size."""

    def __init__(self, trust_balances: Mapping[tuple[str, str], Decimal] | None = None) -> None:
        self._seen: dict[str, bytes] = {}
        self._open: dict[str, DocumentFact] = {}
        self._about: dict[str, About] = {}
        # What will be put back on documents, by document and by whom; and on which, by whom.
        self._to_come: dict[str, dict[str, Decimal]] = {}
        self._comes_from: dict[str, tuple[str, ...]] = {}
        self._ahead: dict[str, Decimal] = {}
        # How often something was reversed that is not in Xero (of before, or still to come).
        self._reversed: dict[str, int] = {}
        self._trust = dict(trust_balances) if trust_balances is not None else None

    def document(self, id: str) -> DocumentFact:
        """The document of that id; state `unknown` when it was never seen."""
        fact = self._open.get(id)
        if fact is not None:
            about, to_come = self._about.get(id), self._to_come.get(id)
            if about is not None or to_come is not None:
                coming = tuple(to_come.items()) if to_come else ()
                fact = replace(fact, about=about or fact.about, to_come=coming or fact.to_come)
            return fact
        packed = self._seen.get(id)
        if packed is None:
            return DocumentFact(id, "unknown", to_reverse=self._left_elsewhere(id))
        state = _STATE_OF[_OUTCOMES[packed[0]]]
        left = _left(packed) if state == "in_xero" else self._left_elsewhere(id)
        return DocumentFact(id, state, to_reverse=left, about=self._about.get(id, NOTHING_SAID))

    def _left_elsewhere(self, id: str) -> Decimal | None:
        """Nothing is left of what was reversed here, though it is not in Xero (or not yet)."""
        return ZERO if self._reversed.get(id) else None

    def earlier(self, id: str) -> Earlier | None:
        """The last decision about the id, or None."""
        packed = self._seen.get(id)
        if packed is None:
            return None
        outcome = _OUTCOMES[packed[0]]
        revision = int.from_bytes(packed[1:5], "big")
        return Earlier(revision, packed[5:_HEAD], _DECIDED.get(outcome, outcome))

    def trust_balance(self, matter: str, bank: str) -> Decimal | None:
        """The matter's money in a trust bank; None when balances are not known."""
        if self._trust is None:
            return None
        return self._trust.get((matter, bank), ZERO)

    def add_open(self, fact: DocumentFact) -> None:
        """Make a document known that can be paid or used up."""
        self._open[fact.id] = fact
        if ahead := self._ahead.pop(fact.id, ZERO):
            self.settle(fact.id, ahead)

    def drop_open(self, id: str) -> None:
        """Forget a document that could be paid."""
        self._open.pop(id, None)

    def forget(self, id: str) -> None:
        """Forget the decision about an id, so that a correction is decided afresh."""
        self._seen.pop(id, None)
        self._about.pop(id, None)

    def expect(self, by: str, amounts: Mapping[str, Decimal]) -> None:
        """Note what a transaction that is not in Xero will put back, in place of what it did."""
        for document in self._comes_from.pop(by, ()):
            coming = self._to_come[document]
            del coming[by]
            if not coming:
                del self._to_come[document]
        for document, amount in amounts.items():
            self._to_come.setdefault(document, {})[by] = amount
        if amounts:
            self._comes_from[by] = tuple(amounts)

    def tell(self, id: str, about: About) -> None:
        """Note what a document says of itself."""
        self._about[id] = about

    def remember(
        self, id: str, revision: int, digest: bytes, outcome: str, amount: Decimal | None = None
    ) -> None:
        """Note the decision about an id; `outcome` may say why a document cannot be paid yet.

        Args:
            amount: what a posted transaction carries, in currency units, where it can be reversed.
        """
        packed = (_packed(outcome, revision) + digest[:8]).ljust(_HEAD, b"\0")
        if amount is not None:
            times = min(self._reversed.pop(id, 0), 255)
            packed += int(amount.scaleb(2)).to_bytes(_CENTS, "big", signed=True) + bytes((times,))
        self._seen[id] = packed

    def reverse(self, id: str, by: int) -> None:
        """Note one reversal more of a transaction (1), or one less (-1)."""
        packed = self._seen.get(id)
        if packed is not None and len(packed) > _HEAD:
            self._seen[id] = packed[:-1] + bytes((min(max(packed[-1] + by, 0), 255),))
        elif id not in self._open:
            self._reversed[id] = max(self._reversed.get(id, 0) + by, 0)
        fact = self._open.get(id)
        if by > 0 and fact is not None and fact.to_reverse is not None:
            self._open[id] = replace(fact, to_reverse=ZERO)

    def settle(self, id: str, amount: Decimal) -> None:
        """Take an amount off what a document has outstanding (a negative amount puts it back)."""
        fact = self._open.get(id)
        if fact is None and not self._seen.get(id, b"").startswith(_CODES["post"]):
            # A person entered what pays it before it came itself.
            self._ahead[id] = max(self._ahead.get(id, ZERO) + amount, ZERO)
        if fact is not None and fact.amount_due is not None:
            self._open[id] = DocumentFact(
                id, fact.state, fact.kind, fact.amount_due - amount, fact.contact, fact.request,
                fact.xero_id, fact.to_reverse,
            )  # fmt: skip

    def move_trust(self, matter: str, bank: str, amount: Decimal) -> None:
        """Add to (or take from) a matter's money in a trust bank."""
        if self._trust is not None:
            key = (matter, bank)
            self._trust[key] = self._trust.get(key, ZERO) + amount
