"""What a posted transaction does to others: documents opened and settled, trust money moved.

All of it is declared with the kind (`opens`, `settles`, `postings`); this module only compiles it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from pm2xero.decide.facts import Facts
from pm2xero.decide.state import ZERO, About, DocumentFact, MemoryState, State
from pm2xero.decide.trust_moves import compile_trust_moves
from pm2xero.decide.values import Getter, getter
from pm2xero.pack.model import Kind, Settles
from pm2xero.read.transaction import Transaction, money_of


class Effects:
    """Applies a posted transaction of one kind to the state."""

    def __init__(self, kind: Kind, facts: Facts, request: Callable[[str], str | None]) -> None:
        self._kind = kind.name
        self._facts = facts
        self._request = request
        self._opens: tuple[Getter, Getter] | None = None
        if kind.opens is not None:
            self._opens = (getter(kind.opens.amount, facts), getter(kind.opens.contact, facts))
        self._parts = [_compile_settles(s, facts) for s in kind.settles]
        self._trust = compile_trust_moves(kind, facts)
        self._reverses = kind.record.field("reversal_of") is not None
        # What can be paid has its amount due instead.
        self._has_amount = kind.opens is None

    def to_come(self, tx: Transaction, state: State) -> dict[str, Decimal]:
        """What the transaction would put back on documents, if it stood in Xero."""
        back: dict[str, Decimal] = {}
        if self._reverses and tx.fields["reversal_of"] is not None:
            for parts in self._parts:
                for document, amount in parts(tx, state):
                    if amount is not None and amount < ZERO:
                        back[document] = back.get(document, ZERO) - amount
        return back

    def about(self, tx: Transaction) -> About:
        """What the document says of itself, for others that refer to it."""
        fields = tx.fields
        banks = self._facts.banks(fields)
        return About(
            fields.get("number"), fields.get("date"), next(iter(banks), None), money_of(tx)
        )

    def reversible(self, tx: Transaction) -> Decimal | None:
        """The amount that a reversal of the transaction takes back, in currency units."""
        if not self._has_amount:
            return None
        amount = money_of(tx)
        return amount if amount != ZERO else None

    def apply(self, tx: Transaction, mapping: str, state: MemoryState) -> None:
        """Make the transaction's effect seen by all that follow."""
        if self._opens is not None:
            amount = self._opens[0](tx, None, state)
            contact = self._opens[1](tx, None, state)
            step = self._request(mapping)
            request = f"{tx.id}/{step}" if step else None
            fact = DocumentFact(tx.id, "in_xero", self._kind, amount, contact, request)
            state.add_open(fact)
        self._move(tx, state, 1)

    def revert(self, tx: Transaction, state: MemoryState) -> None:
        """Take the transaction's effect back, as if it had never been posted."""
        if self._opens is not None:
            state.drop_open(tx.id)
        self._move(tx, state, -1)

    def _move(self, tx: Transaction, state: MemoryState, sign: int) -> None:
        for parts in self._parts:
            for document, settled in parts(tx, state):
                state.settle(document, settled if sign == 1 else -settled)
        if self._trust is not None:
            for matter, bank, amount in self._trust(tx, state):
                state.move_trust(matter, bank, amount if sign == 1 else -amount)
        if self._reverses and (reversed_ := tx.fields["reversal_of"]) is not None:
            state.reverse(reversed_, sign)


Settled = Callable[[Transaction, State], Iterator[tuple[str, Decimal]]]


def _compile_settles(settles: Settles, facts: Facts) -> Settled:
    """What a document takes off others: their ids and amounts."""
    document, amount = getter(settles.document, facts), getter(settles.amount, facts)
    each = settles.each

    def parts(tx: Transaction, state: State) -> Iterator[tuple[str, Decimal]]:
        for item in (tx.fields[each] or ()) if each else (None,):
            yield document(tx, item, state), amount(tx, item, state)

    return parts
