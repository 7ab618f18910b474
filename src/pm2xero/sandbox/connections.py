"""Which organisations a user has connected to which app."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pm2xero.sandbox.problems import not_found
from pm2xero.sandbox.store import Store
from pm2xero.sandbox.wire import Wire


@dataclass(frozen=True, slots=True)
class Connections:
    """The connections of the one user that there is.

    Attributes:
        names: of every organisation that the user may connect, by id.
    """

    store: Store
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    names: Mapping[str, str]

    def connect(self, client: str, tenant: str, event: str) -> None:
        """Connect an organisation, or see it connected once more by a later consent."""
        now = f"{self.clock():%Y-%m-%dT%H:%M:%S}.0000000"
        self.store.execute(
            "INSERT INTO connection (id, client, tenant, event, made, updated)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (client, tenant)"
            " DO UPDATE SET event = excluded.event, updated = excluded.updated",
            (self.new_id(), client, tenant, event, now, now),
        )

    def holds(self, client: str, tenant: str) -> bool:
        """Whether an app may reach an organisation."""
        found = self.store.find(
            "SELECT 1 FROM connection WHERE client = ? AND tenant = ?", (client, tenant)
        )
        return found is not None

    def listed(self, client: str, event: str | None = None) -> list[Wire]:
        """Those of an app, or of one consent."""
        rows = self.store.rows(
            "SELECT id, event, tenant, made, updated FROM connection"
            " WHERE client = ? ORDER BY made, id",
            (client,),
        )
        return [
            {
                "id": id_,
                "authEventId": of,
                "tenantId": tenant,
                "tenantType": "ORGANISATION",
                "tenantName": self.names.get(tenant, ""),
                "createdDateUtc": made,
                "updatedDateUtc": updated,
            }
            for id_, of, tenant, made, updated in rows
            if event in (None, of)
        ]

    def disconnect(self, client: str, id_: str) -> None:
        """Take one connection back, as its app or the firm does.

        Raises:
            Problem: 404, the app has no such connection.
        """
        where = "client = ? AND id = ?"
        if self.store.find(f"SELECT 1 FROM connection WHERE {where}", (client, id_)) is None:
            raise not_found()
        self.store.execute(f"DELETE FROM connection WHERE {where}", (client, id_))

    def forget(self, client: str) -> None:
        """Take every connection of an app back."""
        self.store.execute("DELETE FROM connection WHERE client = ?", (client,))
