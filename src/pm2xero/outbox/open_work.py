"""What a sender needs of the outbox: only what is open, and what that names.

So a push costs by what is new, however many years lie behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import func, select

from pm2xero.outbox.asking import among, of
from pm2xero.outbox.database import Database
from pm2xero.outbox.memory import made_at
from pm2xero.outbox.ordering import by_characters
from pm2xero.outbox.past_schema import entries
from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.rows import OF_DOCUMENTS, STATES, current, load_requests, mine
from pm2xero.outbox.schema import contacts, links, requests, transactions
from pm2xero.outbox.states import RequestState
from pm2xero.outbox.wishes import only_looked_for


class OpenWork(Database):
    """Questions by what is needed; they change nothing."""

    def states_of(self, ids: Iterable[str]) -> dict[str, RequestState]:
        """The states of requests that count now; those that are not there are left out."""
        with self._read() as connection:
            rows = self._ask(connection, STATES, dict.fromkeys(ids))
            return {row.id: RequestState(row.state) for row in rows}

    def requests_of(self, transactions: Iterable[str]) -> list[StoredRequest]:
        """The requests of some documents that count now."""
        wanted = dict.fromkeys(transactions)
        with self._read() as connection:
            return load_requests(connection, self._organisation, OF_DOCUMENTS, wanted)

    def links_of(self, transactions: Iterable[str]) -> dict[tuple[str, str], str]:
        """Ids in Xero of some documents, by document and name of the id; as `links` chooses."""
        with self._read() as connection:
            rows = self._ask(connection, _LINKS, dict.fromkeys(transactions))
            return {(row.transaction_id, row.id_name): row.xero_id for row in rows}

    def only_looked_for(self, ids: Collection[str]) -> set[str]:
        """Those of the requests that are looked up in Xero and never sent."""
        with self._read() as connection:
            return only_looked_for(connection, self._organisation, ids)

    def made_at(self, ids: Collection[str]) -> dict[str, datetime]:
        """When documents were made in Practice Management, as far back as that may be.

        Where nothing says when a document was made, the beginning of its day counts, and of one
        without any day the beginning of time.
        """
        with self._read() as connection:
            rows = self._ask(connection, _DOCUMENTS, ids)
            return {row.id: made_at(row.document) for row in rows}

    def accounts_meant(
        self, revisions: Iterable[tuple[str, int]]
    ) -> dict[tuple[str, int], dict[str, tuple[str, str]]]:
        """AccountID and name by code, as they were when these revisions were decided."""
        wanted = set(revisions)
        found: dict[tuple[str, int], dict[str, tuple[str, str]]] = {}
        with self._read() as connection:
            rows = self._ask(connection, _ACCOUNTS, dict.fromkeys(id for id, _ in wanted))
            for by, revision, code, account_id, name in rows:
                if (by, revision) in wanted:
                    found.setdefault((by, revision), {})[code] = (account_id, name)
        return found

    def contacts_of(self, numbers: Iterable[str]) -> dict[str, tuple[str, str]]:
        """ContactID and name of those of the numbers that are known."""
        with self._read() as connection:
            rows = self._ask(connection, _CONTACTS, dict.fromkeys(numbers))
            return {row.number: (row.xero_id, row.name) for row in rows}

    def contacts_beginning(self, start: str) -> dict[str, tuple[str, str]]:
        """ContactID and name of the contacts whose numbers begin so."""
        with self._read() as connection:
            rows = connection.execute(
                select(contacts).where(
                    contacts.c.organisation == self._organisation,
                    contacts.c.number.startswith(start, autoescape=True),
                )
            )
            # Upper and lower case are one for LIKE in SQLite, and are not in numbers.
            found = [row for row in rows if row.number.startswith(start)]
        return {row.number: (row.xero_id, row.name) for row in found}

    def tally(self, states: Collection[RequestState]) -> Mapping[RequestState, int]:
        """How many requests count now in each of the states."""
        with self._read() as connection:
            rows = connection.execute(
                select(requests.c.state, func.count())
                .where(mine(self._organisation), requests.c.state.in_(tuple(states)))
                .group_by(requests.c.state)
            )
            found = {RequestState(state): count for state, count in rows}
        return {state: found[state] for state in RequestState if state in found}


_LINKS = (
    select(links.c.transaction_id, links.c.id_name, links.c.xero_id)
    .where(of(links), among(links.c.transaction_id))
    .order_by(links.c.document, links.c.revision, by_characters(links.c.request))
)
_DOCUMENTS = select(transactions.c.id, transactions.c.document).where(
    current(transactions), among(transactions.c.id)
)
_ACCOUNTS = select(
    entries.c.by, entries.c.revision, entries.c.account_code, entries.c.account_id,
    entries.c.account_name,
).where(
    of(entries),
    among(entries.c.by),
    entries.c.account_id.is_not(None),
    entries.c.account_code != "",
)  # fmt: skip
_CONTACTS = select(contacts).where(of(contacts), among(contacts.c.number))
