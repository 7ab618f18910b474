"""Counts and sums that the database makes, whatever the length of the past."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select

from pm2xero.outbox.database import Database
from pm2xero.outbox.records import StoredDecision
from pm2xero.outbox.rows import decision_of
from pm2xero.outbox.schema import decisions


@dataclass(frozen=True, slots=True)
class DecisionTotal:
    """Documents that were last decided alike; money in currency units."""

    outcome: str
    code: str | None
    by_hand: bool
    count: int
    money: Decimal


class Totals(Database):
    """How much of everything there is."""

    def decision_totals(self) -> list[DecisionTotal]:
        """The last decisions about all documents, by outcome, code and whether by hand."""
        by = (decisions.c.outcome, decisions.c.code, decisions.c.by_hand)
        with self._read() as connection:
            rows = connection.execute(
                select(*by, func.count(), func.sum(decisions.c.cents))
                .where(decisions.c.organisation == self._organisation, decisions.c.latest)
                .group_by(*by)
            ).all()
        return [
            DecisionTotal(outcome, code, by_hand, count, Decimal(int(cents)).scaleb(-2))
            for outcome, code, by_hand, count, cents in rows
        ]

    def decided_as(self, outcome: str) -> list[StoredDecision]:
        """The last decisions of one outcome."""
        with self._read() as connection:
            rows = connection.execute(
                select(decisions)
                .where(
                    decisions.c.organisation == self._organisation,
                    decisions.c.latest,
                    decisions.c.outcome == outcome,
                )
                .order_by(decisions.c.id)
            ).all()
        return [decision_of(row) for row in rows]
