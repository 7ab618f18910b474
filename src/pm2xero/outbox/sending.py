"""What becomes of requests while they are sent; each step is one short transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, select, update

from pm2xero.outbox.blocking import block
from pm2xero.outbox.database import Database
from pm2xero.outbox.lease import check_lease
from pm2xero.outbox.links import write_links
from pm2xero.outbox.records import IN_FLIGHT, RequestState, StoredRequest
from pm2xero.outbox.rows import check_states
from pm2xero.outbox.schema import attempts, contacts, requests
from pm2xero.outbox.slots import give_back

# Unknown ones go again under the key of the call that was lost.
_CLAIMABLE: tuple[RequestState, ...] = ("planned", "unknown")
_OPEN: tuple[RequestState, ...] = (*IN_FLIGHT, "unknown")


class Sending(Database):
    """The steps of a request from planned to an answer."""

    def claim(self, requests: Sequence[StoredRequest], at: datetime) -> int:
        """Write down, before the call, that these requests are being sent together.

        Committed when it returns, so a crash from here on leaves them `sent` (`interrupted`).

        Returns:
            The number of the call within the organisation, from 1.

        Raises:
            StateConflict: PE105, one of them is neither planned nor unknown; none was claimed.
            LeaseLost: PE107, another process took over.
        """
        with self._write() as connection:
            if self._owner is not None:
                check_lease(connection, self._organisation, self._owner)
            rows = check_states(connection, self._organisation, requests, _CLAIMABLE, "sent")
            call = 1 + (
                connection.execute(
                    select(func.max(attempts.c.call)).where(
                        attempts.c.organisation == self._organisation
                    )
                ).scalar()
                or 0
            )
            if not requests:
                return int(call)
            connection.execute(
                _SET_SENT, [self._key(r) | {"n": rows[r.id].attempts + 1} for r in requests]
            )
            connection.execute(
                insert(attempts),
                [
                    {
                        "organisation": self._organisation,
                        "request": r.id,
                        "revision": r.revision,
                        "number": rows[r.id].attempts + 1,
                        "call": call,
                        "started_at": at,
                    }
                    for r in requests
                ],
            )
        return int(call)

    def confirm(
        self,
        results: Sequence[tuple[StoredRequest, str | None]],
        status: int | None,
        at: datetime,
    ) -> None:
        """Write down ids in Xero straight after the answer; also for unknown ones found there.

        Confirming again with the same id changes nothing.

        Raises:
            StateConflict: PE105, one was never sent, or is confirmed with another id.
        """
        with self._write() as connection:
            given = [r for r, _ in results]
            rows = check_states(
                connection, self._organisation, given, (*_OPEN, "confirmed"), "confirmed"
            )
            fresh = [(r, xero_id) for r, xero_id in results if rows[r.id].state != "confirmed"]
            again = [r for r, x in results if (r, x) not in fresh and rows[r.id].xero_id != x]
            check_states(connection, self._organisation, again, _OPEN, "confirmed with another id")
            if not fresh:
                return
            connection.execute(
                _SET_CONFIRMED, [self._key(r) | {"x": xero_id} for r, xero_id in fresh]
            )
            self._end(connection, [r for r, _ in fresh], "confirmed", at, status=status)
            write_links(connection, self._organisation, fresh)

    def refuse(
        self,
        request: StoredRequest,
        cause: str,
        message: str,
        status: int | None,
        at: datetime,
    ) -> None:
        """Xero refused the request, so what depends on it is blocked, near and far.

        Raises:
            StateConflict: PE105, it was not sent.
        """
        with self._write() as connection:
            check_states(connection, self._organisation, [request], _OPEN, "refused")
            self._mark(connection, [request], "rejected", cause, message)
            self._end(
                connection, [request], "rejected", at, status=status, cause=cause, message=message
            )
            block(connection, self._organisation, request.id, [request.id])
            give_back(connection, self._organisation, [request.id])

    def unknown(
        self, requests: Sequence[StoredRequest], cause: str, message: str, at: datetime
    ) -> None:
        """No answer that can be trusted: Xero must be asked before these go again.

        Raises:
            StateConflict: PE105, one of them was not sent.
        """
        with self._write() as connection:
            check_states(connection, self._organisation, requests, _OPEN, "unknown")
            self._mark(connection, requests, "unknown", cause, message)
            self._end(connection, requests, "unknown", at, cause=cause, message=message)

    def plan_again(self, requests: Sequence[StoredRequest]) -> None:
        """These are proved absent from Xero (or never left), so they may be sent again.

        Raises:
            StateConflict: PE105, one of them was not sent.
        """
        with self._write() as connection:
            check_states(connection, self._organisation, requests, _OPEN, "planned again")
            self._mark(connection, requests, "planned", None, None)
            self._end(connection, requests, "absent", self._clock())

    def save_contact(self, number: str, xero_id: str, name: str) -> None:
        """Remember which contact in Xero a participant's number stands for."""
        with self._write() as connection:
            this = and_(contacts.c.organisation == self._organisation, contacts.c.number == number)
            values = {"xero_id": xero_id, "name": name}
            if connection.execute(update(contacts).where(this).values(values)).rowcount == 0:
                connection.execute(
                    insert(contacts).values(
                        organisation=self._organisation, number=number, **values
                    )
                )

    def _key(self, request: StoredRequest) -> dict[str, Any]:
        return {"of_": self._organisation, "id_": request.id, "revision_": request.revision}

    def _mark(
        self,
        connection: Connection,
        given: Sequence[StoredRequest],
        state: RequestState,
        cause: str | None,
        message: str | None,
    ) -> None:
        if given:
            values = {"s": state, "c": cause, "m": message}
            connection.execute(_SET_STATE, [self._key(r) | values for r in given])

    def _end(
        self,
        connection: Connection,
        given: Sequence[StoredRequest],
        outcome: str,
        at: datetime,
        *,
        status: int | None = None,
        cause: str | None = None,
        message: str | None = None,
    ) -> None:
        if given:
            values = {"o": outcome, "t": at, "h": status, "c": cause, "m": message}
            connection.execute(_END_ATTEMPT, [self._key(r) | values for r in given])


_THIS = and_(
    requests.c.organisation == bindparam("of_"),
    requests.c.id == bindparam("id_"),
    requests.c.revision == bindparam("revision_"),
)
_SET_SENT = (
    update(requests)
    .where(_THIS)
    .values(state="sent", cause=None, message=None, attempts=bindparam("n"))
)
_SET_CONFIRMED = (
    update(requests)
    .where(_THIS)
    .values(state="confirmed", xero_id=bindparam("x"), cause=None, message=None)
)
_SET_STATE = (
    update(requests)
    .where(_THIS)
    .values(state=bindparam("s"), cause=bindparam("c"), message=bindparam("m"))
)
# The latest attempt; an answer found later (adopted, absent) ends it anew.
_END_ATTEMPT = (
    update(attempts)
    .where(
        attempts.c.organisation == bindparam("of_"),
        attempts.c.request == bindparam("id_"),
        attempts.c.revision == bindparam("revision_"),
        attempts.c.number == select(requests.c.attempts).where(_THIS).scalar_subquery(),
    )
    .values(
        outcome=bindparam("o"),
        ended_at=bindparam("t"),
        status=bindparam("h"),
        cause=bindparam("c"),
        message=bindparam("m"),
    )
)
