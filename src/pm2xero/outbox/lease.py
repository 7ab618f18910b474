"""One writer per organisation: a lease that lives as long as its heartbeat."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from pm2xero.errors import Finding, LeaseLost, LeaseTaken
from pm2xero.outbox.asking import ask, change, of, write
from pm2xero.outbox.database import Database
from pm2xero.outbox.records import Lease
from pm2xero.outbox.schema import leases

# A process that was killed is missed after this.
TTL = timedelta(minutes=2)


class Leasing(Database):
    """Who may write; times are those of the injected clock."""

    def acquire_lease(self, owner: str, ttl: timedelta) -> bool:
        """Take the lease when it is free, one's own, or its heartbeat is older than `ttl`.

        A heartbeat that lies in the future by more than that was written by a clock that was
        wrong, or is read by one: nobody can wait for it. Whoever still lives by it finds out
        before it writes or sends anything, as from now on `claim` refuses to work for it.
        """
        now = self._clock()
        with self._write() as connection:
            held = next(self._ask(connection, _HELD), None)
            if held is None:
                row = {"organisation": self._organisation, "owner": owner, "heartbeat": now}
                write(connection, _ADD, [row])
            elif held.owner == owner or abs(now - held.heartbeat) > ttl:
                change(connection, _TAKE, self._organisation, owner_=owner, now_=now)
            else:
                return False
        self._owner = owner
        return True

    @contextmanager
    def writing(self, owner: str, ttl: timedelta = TTL) -> Iterator[None]:
        """Be the only writer of the organisation for a while.

        Raises:
            LeaseTaken: PE110, another process is.
        """
        if not self.acquire_lease(owner, ttl):
            raise LeaseTaken(
                Finding(
                    "PE110",
                    "another process is sending for this organisation",
                    should_be="try again when it is done, or two minutes after it was killed",
                )
            )
        try:
            yield
        finally:
            self.release(owner)

    def heartbeat(self, owner: str) -> None:
        """Say that the owner is alive.

        Raises:
            LeaseLost: PE107, the lease is not the owner's any more.
        """
        with self._write() as connection:
            check_lease(connection, self._organisation, owner)
            change(connection, _TAKE, self._organisation, owner_=owner, now_=self._clock())

    def release(self, owner: str) -> None:
        """Give the lease back; nothing happens when it is somebody else's."""
        with self._write() as connection:
            change(connection, _GIVE_BACK, self._organisation, owner_=owner)
        if self._owner == owner:
            self._owner = None

    def lease(self) -> Lease | None:
        """Who holds the lease, dead or alive."""
        with self._read() as connection:
            row = next(self._ask(connection, _HELD), None)
        return Lease(row.owner, row.heartbeat) if row is not None else None


_HELD = select(leases).where(of(leases))
_ADD = insert(leases)
_TAKE = (
    update(leases).where(of(leases)).values(owner=bindparam("owner_"), heartbeat=bindparam("now_"))
)
_GIVE_BACK = delete(leases).where(of(leases), leases.c.owner == bindparam("owner_"))


def check_lease(connection: Connection, organisation: str, owner: str) -> None:
    """Make sure that the owner may still write.

    Raises:
        LeaseLost: PE107, it may not.
    """
    held_by = next((row.owner for row in ask(connection, _HELD, organisation)), None)
    if held_by != owner:
        now = f"{held_by} writes" if held_by else "nobody writes"
        raise LeaseLost(
            Finding(
                "PE107",
                f"{now} for {organisation} now, not {owner}",
                should_be="push again when no other push is running",
            )
        )
