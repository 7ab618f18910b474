"""What is known of other documents while one is decided.

What a transaction did is kept with it as one `Effect`, so that a later revision takes its place
by being remembered: nothing is rolled back by hand. What is outstanding on a document, what is left
to reverse and what a matter holds are sums over the effects that count.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
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
        to_put_back: what its reversal puts back on what it settled, in currency units: -550.00 for
            a payment of 600.00 of which 550.00 is allocated; None for what settled nothing, or is
            not in Xero.
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
    to_put_back: Decimal | None = None

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
class Release:
    """A person's word that a document goes through although a rule holds it.

    Attributes:
        revision: the only revision that it is for.
        rule: id of the rule.
    """

    revision: int
    rule: str
    who: str
    why: str


@record
class Earlier:
    """What was decided before about the same id, and what a person said of any revision of it."""

    revision: int
    digest: bytes
    outcome: str
    releases: tuple[Release, ...] = ()


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
