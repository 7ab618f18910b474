"""What a person decides about a document; every decision is logged with who and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, insert, select, update

from pm2xero.errors import Finding, OutboxError, StateConflict
from pm2xero.outbox.blocking import block_again, block_on, unblock
from pm2xero.outbox.database import Database
from pm2xero.outbox.links import write_links
from pm2xero.outbox.memory import VOIDED
from pm2xero.outbox.moving import move
from pm2xero.outbox.records import Actor, HumanAction, StoredRequest
from pm2xero.outbox.rows import OF_DOCUMENTS, load_requests, mine
from pm2xero.outbox.schema import human_actions, requests, transactions
from pm2xero.outbox.states import IN_FLIGHT, TRANSITIONS, Event, RequestState
from pm2xero.outbox.wishes import only_looked_for
from pm2xero.xero.contracts import contract
from pm2xero.xero.purpose import Purpose

_RESENT = TRANSITIONS[Event.RESEND]
_RECHECKED = TRANSITIONS[Event.RECHECK]
_LOOKED_UP = "It left once before, so it is looked up before it is sent again"
_MAY_BE_THERE = "It may be in Xero, so it is looked up first; it is not sent again: {why}"


class People(Database):
    """Hold, skip, resend and resolve.

    Each returns the ids of all requests that it changed, those of dependants included. A document
    with nothing to change is logged all the same, with an empty list. A request that may be in Xero
    is held or skipped once a look-up has shown that it is not there, and stays unknown until then.

    Raises:
        OutboxError: PE106, no such document.
        StateConflict: PE105, a call with it is on its way.
    """

    def hold(self, transaction_id: str, who: str, why: str, at: datetime) -> list[str]:
        """Do not send the document until it is resent; what depends on it waits too."""
        return self._stop("hold", Event.HOLD, transaction_id, who, why, at)

    def skip(self, transaction_id: str, who: str, why: str, at: datetime) -> list[str]:
        """Never send the document; what depends on it is blocked."""
        return self._stop("skip", Event.SKIP, transaction_id, who, why, at)

    def resend(self, transaction_id: str, who: str, why: str, at: datetime) -> list[str]:
        """Plan again what stopped, and all that was blocked by it.

        Whatever left once may be in Xero, so the next push looks it up before it is sent again.
        """
        with self._write() as connection:
            before = self._open(connection, transaction_id)
            # What another outbox may have sent never left from here, and is unknown all the same.
            doubtful = [r for r in before if r.attempts or r.state == RequestState.UNKNOWN]
            left = [r for r in doubtful if r.state in _RECHECKED.sources]
            kept = [r for r in before if r not in left and r.state in _RESENT.sources]
            again = [r.id for r in before if r in left or r in kept]
            self._put(connection, [r.id for r in kept], Event.RESEND, None, None)
            self._put(connection, [r.id for r in left], Event.RECHECK, "resend", _LOOKED_UP)
            blocked = set(block_again(connection, self._organisation, again))
            was_blocked = {r.id for r in before if r.state == RequestState.BLOCKED}
            freed = unblock(connection, self._organisation, again)
            changed = [i for i in again if i not in blocked & was_blocked]
            changed += [i for i in freed if i not in changed]
            self._log(connection, "resend", transaction_id, who, why, at, None, changed)
        return changed

    def resolve(
        self,
        transaction_id: str,
        who: str,
        why: str,
        at: datetime,
        xero_id: str,
        found_in: str | None = None,
    ) -> list[str]:
        """The document is in Xero already, under this id: count it as confirmed.

        Where a part of it has left, the word is of one part, and the others are left as they are:
        they are still sent, or looked up. Of what never left, a person has entered the whole. The
        id goes to the part that is of the endpoint where it was found, else to one of unknown
        outcome, to the one that becomes the document, or to the first.

        Args:
            found_in: the endpoint that has the id, such as Payments.

        Raises:
            OutboxError: PE115 when another part of the document has made what has the id.
        """
        with self._write() as connection:
            given = self._open(connection, transaction_id)
            still_open = [r for r in given if r.state != RequestState.CONFIRMED]
            bearer = _bearer(still_open, found_in)
            if (own := _own(xero_id, bearer, given)) is not None:
                raise _ours_already(xero_id, own, bearer)
            if bearer is not None and _is_of_a_part(bearer, given):
                still_open = [bearer]
            results: list[tuple[StoredRequest, str | None]] = [
                (r, xero_id if r is bearer else None) for r in still_open
            ]
            for request, id in results:
                by = {"xero_id": id, "actor": Actor.PERSON}
                self._put(connection, [request.id], Event.RESOLVE, None, why, **by)
            write_links(connection, self._organisation, results)
            changed = [r.id for r in still_open]
            changed += unblock(connection, self._organisation, [*changed, *_blockers(still_open)])
            self._log(connection, "resolve", transaction_id, who, why, at, xero_id, changed)
        return changed

    def rename(
        self, transaction_id: str, who: str, why: str, at: datetime, wrong: str, right: str
    ) -> list[str]:
        """A person named a wrong id for what was entered by hand: this is the right one.

        Raises:
            OutboxError: PE112 when nobody named the wrong one for the document.
        """
        with self._write() as connection:
            given = self._open(connection, transaction_id)
            said = select(human_actions.c.what, human_actions.c.xero_id).where(
                human_actions.c.organisation == self._organisation,
                human_actions.c.transaction_id == transaction_id,
                human_actions.c.what.in_(("resolve", "unresolve")),
            )
            named: set[str] = set()
            for what, xero_id in connection.execute(said.order_by(human_actions.c.id)):
                (named.add if what == "resolve" else named.discard)(xero_id)
            if wrong not in named:
                raise _never_named(transaction_id, wrong, named)
            bearers = [r for r in given if r.state == RequestState.CONFIRMED and r.xero_id == wrong]
            for request in bearers:
                connection.execute(
                    update(requests)
                    .where(mine(self._organisation), requests.c.id == request.id)
                    .values(xero_id=right, message=why)
                )
            write_links(connection, self._organisation, [(r, right) for r in bearers])
            changed = [r.id for r in bearers]
            self._log(connection, "unresolve", transaction_id, who, why, at, wrong, changed)
            self._log(connection, "resolve", transaction_id, who, why, at, right, changed)
        return changed

    def _stop(
        self,
        action: HumanAction,
        event: Event,
        transaction_id: str,
        who: str,
        why: str,
        at: datetime,
    ) -> list[str]:
        with self._write() as connection:
            given = self._open(connection, transaction_id)
            taken = [r for r in given if r.state in TRANSITIONS[event].sources]
            stopped = [r.id for r in taken]
            self._put(connection, stopped, event, action, why)
            doubtful = [r.id for r in given if r.state is RequestState.UNKNOWN]
            passed: list[str] = []
            if event is Event.SKIP:
                # It is never sent, so whoever has looked may say that Xero has nothing of it. The
                # word is about that alone: what follows of the document need not rest, too.
                sought = only_looked_for(connection, self._organisation, doubtful)
                passed = [id for id in doubtful if id in sought]
                doubtful = [id for id in doubtful if id not in sought]
                self._put(connection, passed, Event.PASS_BY, VOIDED, why)
            self._put(connection, doubtful, Event.KEEP_BACK, action, _MAY_BE_THERE.format(why=why))
            unblock(connection, self._organisation, _blockers(taken))
            blocked = block_on(connection, self._organisation, [*stopped, *passed])
            changed = stopped + blocked + doubtful
            self._log(connection, action, transaction_id, who, why, at, None, changed)
        return [*passed, *changed]

    def _open(self, connection: Connection, transaction_id: str) -> list[StoredRequest]:
        known = connection.execute(
            select(transactions.c.id).where(
                mine(self._organisation, transactions), transactions.c.id == transaction_id
            )
        ).first()
        if known is None:
            raise OutboxError(Finding("PE106", f"{transaction_id} is not in the outbox"))
        found = load_requests(connection, self._organisation, OF_DOCUMENTS, [transaction_id])
        flying = [r for r in found if r.state in IN_FLIGHT]
        if flying:
            raise StateConflict(
                *(
                    Finding(
                        "PE105",
                        f"a call with {r.id} is on its way",
                        should_be="wait for the push that sends it, or push again after a crash",
                    )
                    for r in flying
                )
            )
        return found

    def _put(
        self,
        connection: Connection,
        ids: list[str],
        event: Event,
        cause: str | None,
        message: str | None,
        **values: Any,
    ) -> None:
        said = {"cause": cause, "message": message, "blocked_by": None}
        move(connection, self._organisation, ids, event, **said, **values)

    def _log(
        self, connection: Connection, what: HumanAction, transaction_id: str, who: str, why: str,
        at: datetime, xero_id: str | None, changed: list[str],
    ) -> None:  # fmt: skip
        log(connection, self._organisation, what, transaction_id, who, why, at, xero_id, changed)


def log(
    connection: Connection, organisation: str, what: HumanAction, about: str, who: str, why: str,
    at: datetime, xero_id: str | None, changed: list[str],
) -> None:  # fmt: skip
    """Write down what a person decided.

    Args:
        about: the document, or what stands for one that cannot be read.
        changed: ids of the requests that it changed.
    """
    connection.execute(
        insert(human_actions).values(
            organisation=organisation,
            at=at,
            who=who,
            what=what,
            transaction_id=about,
            why=why,
            xero_id=xero_id,
            changed=orjson.dumps(changed).decode(),
        )
    )


def _never_named(transaction: str, wrong: str, named: set[str]) -> OutboxError:
    """The finding for an id that nobody named for a document."""
    listed = " or ".join(sorted(named)) or "none was named for it"
    message = f"{wrong} was never named for {transaction}"
    return OutboxError(Finding("PE112", message, should_be=listed))


def _own(
    xero_id: str, bearer: StoredRequest | None, given: Iterable[StoredRequest]
) -> StoredRequest | None:
    """Another part of the document, which has made what has this id; it is counted once."""
    if bearer is None or bearer.purpose is not Purpose.CREATE:
        return None
    made = (r for r in given if r.purpose is Purpose.CREATE and r.xero_id == xero_id)
    return next((r for r in made if r.id != bearer.id and r.slot != bearer.slot), None)


def _ours_already(
    xero_id: str, own: StoredRequest, bearer: StoredRequest | None
) -> OutboxError:  # fmt: skip
    message = f"{xero_id} is what {own.id} made in Xero, and no part of it that was entered by hand"
    what = f"the id of what was entered for {bearer.id}" if bearer is not None else "another id"
    return OutboxError(Finding("PE115", message, should_be=what))


def _blockers(given: Iterable[StoredRequest]) -> set[str]:
    """What blocked these; what follows on them may have another reason to wait now, or none."""
    return {r.blocked_by for r in given if r.blocked_by is not None}


def _is_of_a_part(bearer: StoredRequest, given: Iterable[StoredRequest]) -> bool:
    """Whether a word about a creation is of it alone, as something of the document has left."""
    left = (RequestState.CONFIRMED, RequestState.UNKNOWN)
    made = (r.state for r in given if r.purpose is Purpose.CREATE)
    return bearer.purpose is Purpose.CREATE and any(state in left for state in made)


def _bearer(still_open: Sequence[StoredRequest], found_in: str | None) -> StoredRequest | None:
    """The part of a document that an id in Xero is of; None where nothing is open."""

    def fits(request: StoredRequest) -> tuple[bool, bool, bool]:
        place = contract(request.contract).path.strip("/")
        return (
            place == found_in,
            request.state == RequestState.UNKNOWN,
            request.becomes_document,
        )

    return max(still_open, key=fits, default=None)
