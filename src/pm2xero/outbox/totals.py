"""Counts and sums that the database makes, whatever the length of the past."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import and_, func, select

from pm2xero.outbox.database import Database
from pm2xero.outbox.ordering import by_characters
from pm2xero.outbox.past_schema import bookings
from pm2xero.outbox.records import StoredDecision
from pm2xero.outbox.rows import decision_of
from pm2xero.outbox.schema import decisions


@dataclass(frozen=True, slots=True)
class DecisionTotal:
    """Documents that were last decided alike; money in currency units.

    Attributes:
        counts: how their money counts while it is not in Xero; None, and no currency, of what was
            decided before that was written down.
    """

    outcome: str
    code: str | None
    by_hand: bool
    count: int
    money: Decimal
    counts: str | None = None
    currency: str | None = None


class Totals(Database):
    """How much of everything there is."""

    def decision_totals(self) -> list[DecisionTotal]:
        """The last decisions about all documents, by what they have in common."""
        by = (
            decisions.c.outcome, decisions.c.code, decisions.c.by_hand, bookings.c.counts,
            bookings.c.currency,
        )  # fmt: skip
        # Of another currency, only what was booked says the amount.
        cents = func.coalesce(bookings.c.cents, decisions.c.cents)
        written = and_(
            bookings.c.organisation == decisions.c.organisation,
            bookings.c.id == decisions.c.id,
            bookings.c.revision == decisions.c.revision,
        )
        with self._read() as connection:
            rows = connection.execute(
                select(*by, func.count(), func.sum(cents))
                .select_from(decisions.outerjoin(bookings, written))
                .where(decisions.c.organisation == self._organisation, decisions.c.latest)
                .group_by(*by)
            ).all()
        found = [
            DecisionTotal(
                outcome, code, by_hand, count, Decimal(int(cents)).scaleb(-2), counts, currency
            )
            for outcome, code, by_hand, counts, currency, count, cents in rows
        ]
        return sorted(
            found,
            key=lambda t: (t.outcome, t.code or "", t.by_hand, t.counts or "", t.currency or ""),
        )

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
                .order_by(by_characters(decisions.c.id))
            ).all()
        return [decision_of(row) for row in rows]
