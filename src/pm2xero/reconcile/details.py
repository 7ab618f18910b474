"""What a document says that its journal does not: what it pays, and the tax of each line.

Whoever enters it by hand needs both; it is read from the document itself, as it was exported.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from pm2xero.history.opening import OpenedPast
from pm2xero.history.stored_document import typed
from pm2xero.history.taxes import TaxReader
from pm2xero.read.transaction import Transaction

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Paid:
    """A document that is paid: its number in Practice Management, or its id where it has none."""

    number: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Detail:
    """Amounts in currency units, as they stand on the document.

    Attributes:
        pays: what it pays as far as that is open in Xero, empty where nothing is; None where it is
            no payment of anything.
        taxes: the tax of each line by its account and net amount, in the order of lines.
    """

    pays: tuple[Paid, ...] | None = None
    taxes: Mapping[tuple[str, Decimal], tuple[Decimal, ...]] = field(default_factory=dict)


NO_DETAIL = Detail()


def details_of(past: OpenedPast, ids: Collection[str]) -> dict[str, Detail]:
    """The details of documents by id, of their latest revisions."""
    taxes = TaxReader(past.pipeline)
    found = {}
    for stored in past.outbox.latest(ids):
        tx = typed(past.pipeline, stored)
        if tx is not None:
            found[tx.id] = Detail(_pays(past, tx), taxes.of_lines(tx))
    return found


def _pays(past: OpenedPast, tx: Transaction) -> tuple[Paid, ...] | None:
    program = past.pipeline.decider.program(tx.kind)
    if not program.kind.settles:
        return None
    pairs = program.effects.settles(tx, past.state)
    # What was decided to be sent, and then was refused, is counted as paid.
    others = past.state.without(tx.id)
    paid = []
    for document, amount in pairs:
        if document is None or amount is None:
            continue
        fact = others.document(document)
        # Xero takes no more on a document than is open there; what is beyond it is an overpayment.
        open_there = amount if fact.amount_due is None else min(amount, max(fact.amount_due, ZERO))
        if open_there or not amount:
            paid.append(Paid(fact.number or document, open_there))
    return tuple(paid)
