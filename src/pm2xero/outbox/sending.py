"""What becomes of requests while they are sent; each step is one short transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, select, update

from pm2xero.errors import Finding, StateConflict
from pm2xero.outbox.asking import change, of, write
from pm2xero.outbox.blocking import block, block_again, unblock
from pm2xero.outbox.database import Database
from pm2xero.outbox.lease import check_lease
from pm2xero.outbox.links import write_links
from pm2xero.outbox.moving import move
from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.rows import check_states, mine
from pm2xero.outbox.schema import attempts, contacts, requests
from pm2xero.outbox.states import Event, RequestState
from pm2xero.outbox.wishes import rest_as_wished


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
            rows = check_states(connection, self._organisation, requests, Event.CLAIM)
            ((last,),) = self._ask(connection, _LAST_CALL)
            call = 1 + (last or 0)
            if not requests:
                return int(call)
            self._move(connection, requests, Event.CLAIM)
            write(
                connection,
                _ADD_ATTEMPT,
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
            rows = check_states(connection, self._organisation, given, Event.CONFIRM)
            known = {id for id, row in rows.items() if row.state == RequestState.CONFIRMED}
            other = [r for r, x in results if r.id in known and rows[r.id].xero_id != x]
            if other:
                raise _other_id(other)
            fresh = [(r, xero_id) for r, xero_id in results if r.id not in known]
            if not fresh:
                return
            self._move(connection, [r for r, _ in fresh], Event.CONFIRM)
            write(connection, _SET_ID, [self._key(r) | {"x": xero_id} for r, xero_id in fresh])
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
            check_states(connection, self._organisation, [request], Event.REFUSE)
            self._move(connection, [request], Event.REFUSE, cause, message)
            self._end(
                connection, [request], "rejected", at, status=status, cause=cause, message=message
            )
            block(connection, self._organisation, request.id, [request.id])

    def turn_away(self, request: StoredRequest, cause: str, message: str) -> None:
        """The request cannot be sent, as what it names cannot be used; it never left.

        Raises:
            StateConflict: PE105, it is not planned.
        """
        with self._write() as connection:
            check_states(connection, self._organisation, [request], Event.TURN_AWAY)
            self._move(connection, [request], Event.TURN_AWAY, cause, message)
            block(connection, self._organisation, request.id, [request.id])

    def wait(self, given: Sequence[tuple[StoredRequest, str | None, str | None]]) -> None:
        """These stay planned and are not sent now, for a cause and its message; None takes it away.

        Raises:
            StateConflict: PE105, one of them is not planned.
        """
        with self._write() as connection:
            check_states(connection, self._organisation, [r for r, _, _ in given], Event.WAIT)
            for request, cause, message in given:
                self._move(connection, [request], Event.WAIT, cause, message)

    def give_up(
        self, request: StoredRequest, cause: str, message: str, status: int | None, at: datetime
    ) -> None:
        """It left again and again and is not in Xero; what depends on it is blocked.

        Args:
            message: Xero's last answer, in words.

        Raises:
            StateConflict: PE105, it was not sent.
        """
        with self._write() as connection:
            check_states(connection, self._organisation, [request], Event.GIVE_UP)
            self._move(connection, [request], Event.GIVE_UP, cause, message)
            self._end(
                connection, [request], "absent", at, status=status, cause=cause, message=message
            )
            block(connection, self._organisation, request.id, [request.id])

    def unknown(
        self, requests: Sequence[StoredRequest], cause: str, message: str, at: datetime
    ) -> None:
        """No answer that can be trusted: Xero must be asked before these go again.

        Raises:
            StateConflict: PE105, one of them was not sent.
        """
        with self._write() as connection:
            check_states(connection, self._organisation, requests, Event.DOUBT)
            self._move(connection, requests, Event.DOUBT, cause, message)
            self._end(connection, requests, "unknown", at, cause=cause, message=message)

    def plan_again(self, requests: Sequence[StoredRequest]) -> Mapping[str, RequestState]:
        """These are proved absent from Xero (or never left), so they may be sent again.

        Returns:
            those that a person wants to stay where they are, with the state in which they rest.

        Raises:
            StateConflict: PE105, one of them was not sent.
        """
        with self._write() as connection:
            check_states(connection, self._organisation, requests, Event.ABSENT)
            self._move(connection, requests, Event.ABSENT)
            self._end(connection, requests, "absent", self._clock())
            # What they need may have stopped since they were sent.
            block_again(connection, self._organisation, [r.id for r in requests])
            return rest_as_wished(connection, self._organisation, requests)

    def try_again(self, causes: Collection[str]) -> list[str]:
        """What Xero refused for causes that end by themselves is looked up, and sent once more.

        Returns:
            the ids of these requests, and of those that were blocked by them.
        """
        with self._write() as connection:
            rows = connection.execute(
                select(requests.c.id).where(
                    mine(self._organisation),
                    requests.c.state == RequestState.REJECTED,
                    requests.c.cause.in_(causes),
                )
            )
            ids = [id for (id,) in rows]
            move(connection, self._organisation, ids, Event.RECHECK)
            block_again(connection, self._organisation, ids)
            return [*ids, *unblock(connection, self._organisation, ids)]

    def set_aside(self, request: StoredRequest, cause: str, message: str) -> None:
        """It is not in Xero, and a person must say whether it is to be; it is held until then.

        Raises:
            StateConflict: PE105, its outcome is not open.
        """
        with self._write() as connection:
            check_states(connection, self._organisation, [request], Event.ABSENT)
            self._move(connection, [request], Event.ABSENT)
            self._end(connection, [request], "absent", self._clock())
            self._move(connection, [request], Event.HOLD, cause, message)
            block(connection, self._organisation, request.id, [request.id])

    def save_contact(self, number: str, xero_id: str, name: str) -> None:
        """Remember which contact in Xero a participant's number stands for."""
        with self._write() as connection:
            values = {"xero_id": xero_id, "name": name}
            told = {"number_": number, "xero_id_": xero_id, "name_": name}
            if change(connection, _SET_CONTACT, self._organisation, **told) == 0:
                row = {"organisation": self._organisation, "number": number, **values}
                write(connection, _ADD_CONTACT, [row])

    def _key(self, request: StoredRequest) -> dict[str, Any]:
        return {"of_": self._organisation, "id_": request.id, "revision_": request.revision}

    def _move(
        self,
        connection: Connection,
        given: Sequence[StoredRequest],
        event: Event,
        cause: str | None = None,
        message: str | None = None,
        **values: Any,
    ) -> None:
        ids = [r.id for r in given]
        move(connection, self._organisation, ids, event, cause=cause, message=message, **values)

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
        values = {"o": outcome, "t": at, "h": status, "c": cause, "m": message}
        write(connection, _END_ATTEMPT, [self._key(r) | values for r in given])


_THIS = and_(
    requests.c.organisation == bindparam("of_"),
    requests.c.id == bindparam("id_"),
    requests.c.revision == bindparam("revision_"),
)
_LAST_CALL = select(func.max(attempts.c.call)).where(of(attempts))
_ADD_ATTEMPT = insert(attempts)
_SET_CONTACT = (
    update(contacts)
    .where(of(contacts), contacts.c.number == bindparam("number_"))
    .values(xero_id=bindparam("xero_id_"), name=bindparam("name_"))
)
_ADD_CONTACT = insert(contacts)
_SET_ID = update(requests).where(_THIS).values(xero_id=bindparam("x"))
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


def _other_id(given: Sequence[StoredRequest]) -> StateConflict:
    return StateConflict(
        *(
            Finding("PE105", f"{r.id} is confirmed and cannot be confirmed with another id")
            for r in given
        )
    )
