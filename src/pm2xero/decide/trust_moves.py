"""How a document moves the money in trust, by the postings that its kind declares.

Of each trust bank it is kept whose the money is: of which matter, owed as interest to a statutory
body, placed with a regulator, and the firm's own. The last is what is left: all that a posting
books on a trust bank, or on an account with trust money that the bank holds (`held_in`), adds up to
nothing unless the firm's own share changes. So the trust equation holds by construction:

    bank + statutory deposits = matters + interest payable + the firm's own funds
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from pm2xero.decide.compile import compile_item_test
from pm2xero.decide.facts import Facts, TrustMoves
from pm2xero.decide.state import State
from pm2xero.decide.values import getter
from pm2xero.firm.trust_holders import FIRM_FUNDS, held_as
from pm2xero.pack.model import Kind, Posting
from pm2xero.read.transaction import Transaction

TRUST = "trust"
# Holder (None where the posting only moves the bank), bank, amount of a debit.
_Part = Callable[[Transaction, State], Iterator[tuple[str | None, str, Decimal]]]


def compile_trust_moves(kind: Kind, facts: Facts) -> TrustMoves | None:
    """The movements of money in trust that a document of the kind makes: (holder, bank, amount).

    A matter's money and the firm's funds, and what is owed to others, grow with a credit; what is
    placed elsewhere (an asset) grows with a debit. Amounts are in currency units.
    """
    if not any(p.held_in or p.account.by == "bank" for p in kind.postings):
        return None
    parts = [_part(p, facts) for p in kind.postings if p.held_in or p.account.by == "bank"]
    assets = {
        held_as(name)
        for name, role in facts.chart.pack.roles.items()
        if role.account_class == "ASSET"
    }
    firm = held_as(FIRM_FUNDS)

    def moves(tx: Transaction, state: State) -> list[tuple[str, str, Decimal]]:
        made: list[tuple[str, str, Decimal]] = []
        own: dict[str, Decimal] = {}
        for part in parts:
            for holder, bank, debit in part(tx, state):
                own[bank] = own[bank] + debit if bank in own else debit
                if holder is not None:
                    made.append((holder, bank, debit if holder in assets else -debit))
        made += [(firm, bank, amount) for bank, amount in own.items() if amount]
        return made

    return moves


def _part(posting: Posting, facts: Facts) -> _Part:
    amount = getter(posting.amount, facts)
    test = compile_item_test(posting.when, facts) if posting.when is not None else None
    each, sign, bank_of = posting.each, posting.sign, facts.chart.bank
    matters = [getter(m, facts) for m in posting.matter]
    place = posting.held_in or posting.account.path
    assert place is not None
    held_in = getter(place, facts)
    role = posting.account.role
    fixed = held_as(role) if role is not None and not matters else None

    def part(tx: Transaction, state: State) -> Iterator[tuple[str | None, str, Decimal]]:
        if test is not None and not test(tx, None, state):
            return
        for item in (tx.fields[each] or ()) if each else (None,):
            bank, moved = held_in(tx, item, state), amount(tx, item, state)
            if bank is None or moved is None or bank_of(bank).purpose != TRUST:
                continue
            holder = _first(matters, tx, item, state) if matters else fixed
            if matters and holder is None:
                continue
            yield holder, bank, moved if sign == 1 else -moved

    return part


def _first(getters: list[Any], tx: Transaction, item: Any, state: State) -> Any:
    for get in getters:
        value = get(tx, item, state)
        if value is not None:
            return value
    return None
