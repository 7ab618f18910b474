"""Which organisation of Xero an outbox is of: what it holds was sent there, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from pm2xero.outbox.database import Database
from pm2xero.outbox.pin_schema import xero_pins
from pm2xero.outbox.records import Actor
from pm2xero.outbox.rows import mine
from pm2xero.outbox.schema import requests
from pm2xero.outbox.states import RequestState
from pm2xero.xero.contracts import contract
from pm2xero.xero.purpose import Purpose


@dataclass(frozen=True, slots=True)
class OutboxPin:
    """Where an outbox's documents are.

    Attributes:
        is_real: Xero itself, and no emulated one.
        at: when it was first pushed.
    """

    xero_organisation: str
    is_real: bool
    at: datetime


class Pinning(Database):
    """The pin of the firm's rows."""

    def pinned(self) -> OutboxPin | None:
        """What the first push pinned; None when there was none."""
        query = select(xero_pins).where(xero_pins.c.organisation == self._organisation)
        with self._read() as connection:
            row = connection.execute(query).first()
        return None if row is None else OutboxPin(row.xero_organisation, row.is_real, row.at)

    def some_confirmed(self, limit: int) -> list[str]:
        """Paths of some documents that Xero itself confirmed, such as `/Invoices/5b8e0c1e-…`.

        An id that a person named says nothing of where it is.
        """
        query = (
            select(requests.c.contract, requests.c.xero_id)
            .where(
                mine(self._organisation),
                requests.c.state == RequestState.CONFIRMED,
                requests.c.purpose == Purpose.CREATE,
                requests.c.xero_id.is_not(None),
                requests.c.becomes_document,
                requests.c.actor == Actor.PRODUCT,
            )
            .limit(limit)
        )
        with self._read() as connection:
            rows = connection.execute(query).all()
        return [f"{contract(row.contract).path}/{row.xero_id}" for row in rows]


def write_pin(connection: Connection, organisation: str, pin: OutboxPin) -> None:
    """Pin a firm's rows for good, within the caller's transaction; a pin that stands stays."""
    mine = xero_pins.c.organisation == organisation
    if connection.execute(select(xero_pins.c.at).where(mine)).first() is None:
        connection.execute(
            insert(xero_pins).values(
                organisation=organisation,
                xero_organisation=pin.xero_organisation,
                is_real=pin.is_real,
                at=pin.at,
            )
        )
