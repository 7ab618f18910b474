"""What a posted transaction does to others: documents opened and settled, trust money moved.

All of it is declared with the kind (`opens`, `settles`, `postings`); this module only compiles it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pm2xero.decide.compile import compile_item_test
from pm2xero.decide.facts import Facts, TrustMoves
from pm2xero.decide.state import ZERO, DocumentFact, MemoryState, State
from pm2xero.decide.values import Getter, getter
from pm2xero.pack.model import Kind, Posting, Settles
from pm2xero.read.transaction import Transaction, money_of

TRUST_ROLE = "trust_liability"


def compile_trust_moves(kind: Kind, facts: Facts) -> TrustMoves | None:
    """The movements of matters' money by the kind's postings: (matter, bank, amount).

    A credit to the trust liability adds to the matter's money, a debit takes from it.
    """
    moves = [_trust_move(p, facts) for p in kind.postings if p.matter and p.held_in]
    if not moves:
        return None

    if len(moves) == 1:
        return moves[0]

    def all_moves(tx: Transaction, state: State) -> list[tuple[str, str, Decimal]]:
        return [m for move in moves for m in move(tx, state)]

    return all_moves


def _trust_move(posting: Posting, facts: Facts) -> TrustMoves:
    matters = [getter(p, facts) for p in posting.matter]
    assert posting.held_in is not None
    held_in = getter(posting.held_in, facts)
    amount = getter(posting.amount, facts)
    test = compile_item_test(posting.when, facts) if posting.when is not None else None
    each, sign = posting.each, -posting.sign

    first = matters[0] if len(matters) == 1 else _first_of(matters)

    def one(tx: Transaction, state: State) -> list[tuple[str, str, Decimal]]:
        if test is not None and not test(tx, None, state):
            return []
        matter = first(tx, None, state)
        bank = held_in(tx, None, state)
        if matter is None or bank is None:
            return []
        moved = amount(tx, None, state)
        return [(matter, bank, moved if sign == 1 else -moved)]

    def moves(tx: Transaction, state: State) -> list[tuple[str, str, Decimal]]:
        if test is not None and not test(tx, None, state):
            return []
        made = []
        for item in (tx.fields[each] or ()) if each else ():
            matter = first(tx, item, state)
            bank = held_in(tx, item, state)
            if matter is not None and bank is not None:
                moved = amount(tx, item, state)
                made.append((matter, bank, moved if sign == 1 else -moved))
        return made

    return moves if each else one


def _first_of(getters: list[Getter]) -> Getter:
    return lambda tx, item, state: _first(getters, tx, item, state)


def _first(getters: list[Getter], tx: Transaction, item: Any, state: State) -> Any:
    for get in getters:
        value = get(tx, item, state)
        if value is not None:
            return value
    return None


class Effects:
    """Applies a posted transaction of one kind to the state."""

    def __init__(self, kind: Kind, facts: Facts, request: Callable[[str], str | None]) -> None:
        self._kind = kind.name
        self._request = request
        self._opens: tuple[Getter, Getter] | None = None
        if kind.opens is not None:
            self._opens = (getter(kind.opens.amount, facts), getter(kind.opens.contact, facts))
        self._settles = [_compile_settles(s, facts) for s in kind.settles]
        self._trust = compile_trust_moves(kind, facts)
        self._reverses = kind.record.field("reversal_of") is not None
        # What can be paid has its amount due instead.
        self._has_amount = kind.opens is None

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
        for settle in self._settles:
            settle(tx, state, sign)
        if self._trust is not None:
            for matter, bank, amount in self._trust(tx, state):
                state.move_trust(matter, bank, amount if sign == 1 else -amount)
        if self._reverses and (reversed_ := tx.fields["reversal_of"]) is not None:
            state.reverse(reversed_, sign)


def _compile_settles(
    settles: Settles, facts: Facts
) -> Callable[[Transaction, MemoryState, int], None]:
    document, amount = getter(settles.document, facts), getter(settles.amount, facts)
    each = settles.each

    def apply(tx: Transaction, state: MemoryState, sign: int) -> None:
        for item in (tx.fields[each] or ()) if each else (None,):
            settled = amount(tx, item, state)
            state.settle(document(tx, item, state), settled if sign == 1 else -settled)

    return apply
