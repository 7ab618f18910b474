"""What a posted transaction does to others: documents opened and settled, trust money moved.

All of it is declared with the kind (`opens`, `settles`, `postings`); this module only compiles it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pm2xero.decide.compile import compile_item_test
from pm2xero.decide.facts import Facts, TrustMoves
from pm2xero.decide.state import ZERO, DocumentFact, Effect, State
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
    """Says what a posted transaction of one kind does to others."""

    def __init__(self, kind: Kind, facts: Facts, request: Callable[[str], str | None]) -> None:
        self._kind = kind.name
        self._request = request
        self._opens: tuple[Getter, Getter] | None = None
        if kind.opens is not None:
            self._opens = (getter(kind.opens.amount, facts), getter(kind.opens.contact, facts))
        self._settles = [_compile_settles(s, facts) for s in kind.settles]
        self._trust = compile_trust_moves(kind, facts)
        self._reverses = kind.record.field("reversal_of") is not None

    def of(self, tx: Transaction, mapping: str, state: State) -> Effect:
        """What the transaction does when it is posted by a mapping."""
        settled = [pair for settle in self._settles for pair in settle(tx, state)]
        return Effect(
            self._opened(tx, mapping, state) if self._opens is not None else None,
            self._reversible(tx),
            tuple(settled),
            tuple(self._trust(tx, state)) if self._trust is not None else (),
            tx.fields["reversal_of"] if self._reverses else None,
        )

    def _opened(self, tx: Transaction, mapping: str, state: State) -> DocumentFact:
        assert self._opens is not None
        amount, contact = (read(tx, None, state) for read in self._opens)
        step = self._request(mapping)
        request = f"{tx.id}/{step}" if step else None
        return DocumentFact(tx.id, "in_xero", self._kind, amount, contact, request)

    def _reversible(self, tx: Transaction) -> Decimal | None:
        """What can be paid has its amount due instead."""
        if self._opens is not None:
            return None
        amount = money_of(tx)
        return amount if amount != ZERO else None


def _compile_settles(
    settles: Settles, facts: Facts
) -> Callable[[Transaction, State], list[tuple[str, Decimal]]]:
    document, amount = getter(settles.document, facts), getter(settles.amount, facts)
    each = settles.each

    def settled(tx: Transaction, state: State) -> list[tuple[str, Decimal]]:
        items = (tx.fields[each] or ()) if each else (None,)
        return [(document(tx, item, state), amount(tx, item, state)) for item in items]

    return settled
