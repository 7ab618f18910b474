"""What the outbox knows, for the sender, the reports and the person at the keyboard."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Select, and_, bindparam, func, or_, select, tuple_

from pm2xero.outbox import past_questions as q
from pm2xero.outbox.asking import AnyRow, of
from pm2xero.outbox.database import PAGE, Database
from pm2xero.outbox.ordering import by_characters
from pm2xero.outbox.records import (
    Action,
    Attempt,
    Link,
    StoredDecision,
    StoredRequest,
    StoredTransaction,
)
from pm2xero.outbox.rows import (
    ALL,
    BY_ID,
    IN_STATES,
    LAST_ATTEMPT,
    OF_DOCUMENTS,
    OUTCOME_UNKNOWN,
    decision_of,
    load_requests,
    mine,
    transaction_of,
)
from pm2xero.outbox.schema import (
    attempts,
    contacts,
    decisions,
    human_actions,
    links,
    requests,
    transactions,
)
from pm2xero.outbox.states import IN_FLIGHT, UNSETTLED, RequestState
from pm2xero.xero.contracts import contract
from pm2xero.xero.purpose import Purpose


class Reading(Database):
    """Questions to the outbox; they change nothing."""

    def transaction(self, id: str) -> StoredTransaction | None:
        """The latest revision of a document."""
        with self._read() as connection:
            row = next(self._ask(connection, q.LATEST, [id]), None)
        return transaction_of(row) if row is not None else None

    def decision(self, id: str) -> StoredDecision | None:
        """The decision about the latest revision of a document."""
        with self._read() as connection:
            row = next(self._ask(connection, q.DECIDED, [id]), None)
        return decision_of(row) if row is not None else None

    def posted(self, id: str) -> tuple[StoredTransaction, StoredDecision] | None:
        """The highest revision of a document that was decided to be posted, with its decision."""
        with self._read() as connection:
            decided = next(self._ask(connection, _POSTED, id_=id), None)
            stored = next(self._ask(connection, _STORED, id_=id), None)
        if decided is None or stored is None:
            return None
        return transaction_of(stored), decision_of(decided)

    def transactions(self, *, latest: bool = False) -> Iterator[StoredTransaction]:
        """Every revision of every document in the order of posting, or only the latest of each.

        Flat in memory: pages are read as they are needed.
        """
        for row in self._pages(select(transactions), latest):
            yield transaction_of(row)

    def stored_documents(self) -> Iterator[tuple[str, str, bytes]]:
        """Id, digest and JSON of every revision of every document, in the order of posting."""
        place = (transactions.c.sequence, transactions.c.id, transactions.c.revision)
        query = select(*place, transactions.c.digest, transactions.c.document)
        for _, id, _, digest, document in self._pages(query, latest=False):
            yield id, digest, document

    def decisions(self, *, latest: bool = False) -> Iterator[StoredDecision]:
        """The decision about every revision that `transactions` gives, in the same order."""
        query = select(decisions, transactions.c.sequence).join(transactions, _SAME_DOCUMENT)
        for row in self._pages(query, latest):
            yield decision_of(row)

    def requests(
        self,
        *,
        states: Collection[RequestState] | None = None,
        transaction: str | None = None,
    ) -> list[StoredRequest]:
        """The requests that count now, by level and place; of some states or one document."""
        asked, values = ALL, None
        if transaction is not None:
            asked, values = OF_DOCUMENTS, [transaction]
        elif states is not None:
            asked, values = IN_STATES, list(states)
        with self._read() as connection:
            found = load_requests(connection, self._organisation, asked, values)
        return found if states is None else [r for r in found if r.state in states]

    def request(self, id: str) -> StoredRequest | None:
        """One request by its id, as its latest revision has it."""
        with self._read() as connection:
            found = load_requests(connection, self._organisation, BY_ID, [id])
        return found[0] if found else None

    def interrupted(self) -> list[StoredRequest]:
        """Requests whose call was begun and never answered; after a crash they are unknown."""
        return self.requests(states=IN_FLIGHT)

    def lost_at(self, looked_up: Collection[str]) -> datetime | None:
        """When the last call was lost of those that have no result; None when there are none.

        Args:
            looked_up: causes of an unknown outcome for which looking again changes nothing.
        """
        query = (
            select(func.max(func.coalesce(attempts.c.ended_at, attempts.c.started_at)))
            .join(
                requests,
                LAST_ATTEMPT,
            )
            .where(
                mine(self._organisation),
                requests.c.state.in_(UNSETTLED),
                # What was refused, or found not to be there, has no call on its way.
                OUTCOME_UNKNOWN,
                or_(requests.c.cause.is_(None), requests.c.cause.not_in(looked_up)),
            )
        )
        with self._read() as connection:
            found = connection.execute(query).scalar()
        assert found is None or isinstance(found, datetime)
        return found

    def attempts(self, request: str | None = None) -> list[Attempt]:
        """Every attempt, or those of one request over all its revisions, in order of calls."""
        query = select(attempts).where(attempts.c.organisation == self._organisation)
        if request is not None:
            query = query.where(attempts.c.request == request)
        with self._read() as connection:
            rows = connection.execute(
                query.order_by(attempts.c.call, by_characters(attempts.c.request))
            ).all()
        return [
            Attempt(
                row.request,
                row.revision,
                row.number,
                row.call,
                row.started_at,
                row.ended_at,
                row.status,
                row.outcome,
                row.cause,
                row.message,
            )
            for row in rows
        ]

    def sent_about(self, at: datetime, slack: timedelta) -> bool:
        """Whether a call of ours was on its way at a moment, or so much earlier or later."""
        ours = attempts.c.organisation == self._organisation
        query = select(attempts.c.call).where(
            ours,
            attempts.c.started_at <= at + slack,
            func.coalesce(attempts.c.ended_at, attempts.c.started_at) >= at - slack,
        )
        with self._read() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def last_answer(self) -> datetime | None:
        """When Xero last answered a call that carried documents; None when it never did."""
        query = select(func.max(attempts.c.ended_at).label("at"))
        with self._read() as connection:
            row = connection.execute(
                query.where(
                    attempts.c.organisation == self._organisation, attempts.c.status.is_not(None)
                )
            ).first()
        return row.at if row is not None else None

    def links(self) -> dict[tuple[str, str], str]:
        """Ids in Xero by document and name of the id, such as ("AU-0007", "InvoiceID").

        Where several requests of a document made the same sort of id, the one that became the
        document counts, and of several such the one of the highest revision.
        """
        with self._read() as connection:
            rows = connection.execute(
                select(links.c.transaction_id, links.c.id_name, links.c.xero_id)
                .where(links.c.organisation == self._organisation)
                .order_by(links.c.document, links.c.revision, by_characters(links.c.request))
            ).all()
        return {(transaction, id_name): xero_id for transaction, id_name, xero_id in rows}

    def former_ids(self) -> dict[str, set[str]]:
        """Ids in Xero of what documents became before a person's word took the request's place."""
        with self._read() as connection:
            rows = connection.execute(
                select(requests.c.transaction_id, requests.c.xero_id).where(
                    requests.c.organisation == self._organisation,
                    requests.c.current.is_(False),
                    requests.c.state == RequestState.CONFIRMED,
                    requests.c.xero_id.is_not(None),
                    requests.c.contract.startswith("put."),
                )
            ).all()
        found: dict[str, set[str]] = {}
        for transaction, xero_id in rows:
            found.setdefault(transaction, set()).add(xero_id)
        return found

    def ids_ever(self, transaction: str) -> set[str]:
        """Ids in Xero that a document ever had: of what was sent, and what persons named for it."""
        with self._read() as connection:
            sent = connection.execute(
                select(requests.c.xero_id, requests.c.contract).where(
                    requests.c.organisation == self._organisation,
                    requests.c.transaction_id == transaction,
                    requests.c.state == RequestState.CONFIRMED,
                    requests.c.purpose == Purpose.CREATE,
                    requests.c.xero_id.is_not(None),
                )
            ).all()
            said = connection.execute(
                select(human_actions.c.what, human_actions.c.xero_id)
                .where(
                    human_actions.c.organisation == self._organisation,
                    human_actions.c.transaction_id == transaction,
                    human_actions.c.what.in_(("resolve", "unresolve")),
                    human_actions.c.xero_id.is_not(None),
                )
                .order_by(human_actions.c.id)
            ).all()
        named: set[str] = set()
        for what, xero_id in said:
            (named.add if what == "resolve" else named.discard)(xero_id)
        return named | {xero_id for xero_id, name in sent if contract(name).creates}

    def link_of(self, xero_id: str) -> Link | None:
        """What of ours became this document in Xero; None when it is not ours."""
        with self._read() as connection:
            row = connection.execute(
                select(links)
                .where(links.c.organisation == self._organisation, links.c.xero_id == xero_id)
                .order_by(
                    links.c.document.desc(), links.c.revision.desc(), by_characters(links.c.request)
                )
            ).first()
        if row is None:
            return None
        return Link(row.transaction_id, row.id_name, row.xero_id, row.request)

    def contact(self, number: str) -> tuple[str, str] | None:
        """ContactID and name in Xero of a participant's number, once known."""
        with self._read() as connection:
            row = connection.execute(
                select(contacts.c.xero_id, contacts.c.name).where(
                    contacts.c.organisation == self._organisation, contacts.c.number == number
                )
            ).first()
        return (row.xero_id, row.name) if row is not None else None

    def contacts(self) -> dict[str, tuple[str, str]]:
        """ContactID and name of every participant's number that is known."""
        with self._read() as connection:
            rows = connection.execute(
                select(contacts).where(contacts.c.organisation == self._organisation)
            ).all()
        return {row.number: (row.xero_id, row.name) for row in rows}

    def actions(self) -> list[Action]:
        """What people decided, oldest first."""
        with self._read() as connection:
            rows = connection.execute(
                select(human_actions)
                .where(human_actions.c.organisation == self._organisation)
                .order_by(human_actions.c.id)
            ).all()
        return [
            Action(
                row.at,
                row.who,
                row.what,
                row.transaction_id,
                row.why,
                row.xero_id,
                tuple(orjson.loads(row.changed)),
            )
            for row in rows
        ]

    def _pages(self, query: Select[Any], latest: bool) -> Iterator[AnyRow]:
        place = tuple_(transactions.c.sequence, transactions.c.id, transactions.c.revision)
        base = query.where(transactions.c.organisation == self._organisation)
        if latest:
            base = base.where(transactions.c.current)
        base = base.order_by(*place.clauses).limit(PAGE)
        page = base
        while True:
            with self._read() as connection:
                rows = connection.execute(page).all()
            yield from rows
            if len(rows) < PAGE:
                return
            last = rows[-1]
            page = base.where(place > (last.sequence, last.id, last.revision))


_SAME_DOCUMENT = and_(
    transactions.c.organisation == decisions.c.organisation,
    transactions.c.id == decisions.c.id,
    transactions.c.revision == decisions.c.revision,
)
_OF_POSTED = and_(of(decisions), decisions.c.id == bindparam("id_"), decisions.c.outcome == "post")
_POSTED = select(decisions).where(_OF_POSTED).order_by(decisions.c.revision.desc()).limit(1)
_STORED = (
    select(transactions)
    .join(decisions, _SAME_DOCUMENT)
    .where(_OF_POSTED)
    .order_by(decisions.c.revision.desc())
    .limit(1)
)
