"""What a posted transaction does to others: documents opened and settled, trust money moved.

All of it is declared with the kind (`opens`, `settles`, `postings`); this module only compiles it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from pm2xero.decide.facts import Facts
from pm2xero.decide.state import ZERO, About, DocumentFact, Effect, State
from pm2xero.decide.trust_moves import compile_trust_moves
from pm2xero.decide.values import Getter, getter
from pm2xero.pack.model import Kind, Settles
from pm2xero.read.transaction import Transaction, money_of


class Effects:
    """Says what a posted transaction of one kind does to others."""

    def __init__(
        self, kind: Kind, facts: Facts, request: Callable[[str], str | None],
        is_final: Callable[[str], bool] = lambda mapping: False,
    ) -> None:  # fmt: skip
        """`is_final` says of a mapping whether what it makes can never be taken back."""
        self._kind = kind.name
        self._facts = facts
        self._request = request
        self._is_final = is_final
        self._opens: tuple[Getter, Getter] | None = None
        if kind.opens is not None:
            self._opens = (getter(kind.opens.amount, facts), getter(kind.opens.contact, facts))
        self._settles = [_compile_settles(s, facts) for s in kind.settles]
        self._trust = compile_trust_moves(kind, facts)
        self._reverses = kind.record.field("reversal_of") is not None

    def of(self, tx: Transaction, mapping: str, state: State) -> Effect:
        """What the transaction does when it is posted by a mapping."""
        settled = self.settles(tx, state)
        return Effect(
            self._opened(tx, mapping, state) if self._opens is not None else None,
            None if self._is_final(mapping) else self._reversible(tx),
            tuple(settled),
            tuple(self._trust(tx, state)) if self._trust is not None else (),
            tx.fields["reversal_of"] if self._reverses else None,
            self._about(tx),
        )

    def settles(self, tx: Transaction, state: State) -> list[tuple[str, Decimal]]:
        """What the transaction takes off other documents, whatever is decided about it."""
        return [pair for settle in self._settles for pair in settle(tx, state)]

    def stopped(self, tx: Transaction, state: State, *, waits: bool) -> Effect:
        """What is known of the transaction when it is not posted.

        Args:
            waits: it may still come to Xero, by itself or by hand; what it would put back on
                documents is then to come.
        """
        back: list[tuple[str, Decimal]] = []
        if waits and self._reverses and tx.fields["reversal_of"] is not None:
            back = [(i, -a) for i, a in self.settles(tx, state) if a is not None and a < ZERO]
        return Effect(about=self._about(tx), to_come=tuple(back))

    def _about(self, tx: Transaction) -> About:
        """What the document says of itself, for others that refer to it."""
        banks = self._facts.named("banks", tx.fields)
        number, day = tx.fields.get("number"), tx.fields.get("date")
        return About(number or None, day, next(iter(banks), None), money_of(tx))

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
