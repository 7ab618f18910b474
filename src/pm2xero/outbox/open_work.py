"""What a sender needs of the outbox: only what is open, and what that names.

So a push costs by what is new, however many years lie behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import func, select

from pm2xero.outbox.database import Database
from pm2xero.outbox.memory import made_at
from pm2xero.outbox.ordering import by_characters
from pm2xero.outbox.past_schema import entries
from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.rows import chunks, load_requests, mine
from pm2xero.outbox.schema import contacts, links, requests, transactions
from pm2xero.outbox.states import RequestState
from pm2xero.outbox.wishes import only_looked_for


class OpenWork(Database):
    """Questions by what is needed; they change nothing."""

    def states_of(self, ids: Iterable[str]) -> dict[str, RequestState]:
        """The states of requests that count now; those that are not there are left out."""
        found: dict[str, RequestState] = {}
        with self._read() as connection:
            for part in chunks(dict.fromkeys(ids)):
                rows = connection.execute(
                    select(requests.c.id, requests.c.state).where(
                        mine(self._organisation), requests.c.id.in_(part)
                    )
                )
                found.update((row.id, RequestState(row.state)) for row in rows)
        return found

    def requests_of(self, transactions: Iterable[str]) -> list[StoredRequest]:
        """The requests of some documents that count now."""
        found: list[StoredRequest] = []
        with self._read() as connection:
            for part in chunks(dict.fromkeys(transactions)):
                of_them = requests.c.transaction_id.in_(part)
                found += load_requests(connection, self._organisation, of_them)
        return found

    def links_of(self, transactions: Iterable[str]) -> dict[tuple[str, str], str]:
        """Ids in Xero of some documents, by document and name of the id; as `links` chooses."""
        found: dict[tuple[str, str], str] = {}
        with self._read() as connection:
            for part in chunks(dict.fromkeys(transactions)):
                rows = connection.execute(
                    select(links.c.transaction_id, links.c.id_name, links.c.xero_id)
                    .where(
                        links.c.organisation == self._organisation,
                        links.c.transaction_id.in_(part),
                    )
                    .order_by(links.c.document, links.c.revision, by_characters(links.c.request))
                )
                found.update(((row.transaction_id, row.id_name), row.xero_id) for row in rows)
        return found

    def only_looked_for(self, ids: Collection[str]) -> set[str]:
        """Those of the requests that are looked up in Xero and never sent."""
        with self._read() as connection:
            return only_looked_for(connection, self._organisation, ids)

    def made_at(self, ids: Collection[str]) -> dict[str, datetime]:
        """When documents were made in Practice Management, as far back as that may be.

        Where nothing says when a document was made, the beginning of its day counts, and of one
        without any day the beginning of time.
        """
        found: dict[str, datetime] = {}
        with self._read() as connection:
            for part in chunks(ids):
                rows = connection.execute(
                    select(transactions.c.id, transactions.c.document).where(
                        mine(self._organisation, transactions), transactions.c.id.in_(part)
                    )
                )
                found.update((row.id, made_at(row.document)) for row in rows)
        return found

    def accounts_meant(
        self, revisions: Iterable[tuple[str, int]]
    ) -> dict[tuple[str, int], dict[str, tuple[str, str]]]:
        """AccountID and name by code, as they were when these revisions were decided."""
        wanted = set(revisions)
        found: dict[tuple[str, int], dict[str, tuple[str, str]]] = {}
        with self._read() as connection:
            for part in chunks(dict.fromkeys(id for id, _ in wanted)):
                rows = connection.execute(
                    select(
                        entries.c.by, entries.c.revision, entries.c.account_code,
                        entries.c.account_id, entries.c.account_name,
                    ).where(
                        entries.c.organisation == self._organisation,
                        entries.c.by.in_(part),
                        entries.c.account_id.is_not(None),
                        entries.c.account_code != "",
                    )
                )  # fmt: skip
                for by, revision, code, account_id, name in rows:
                    if (by, revision) in wanted:
                        found.setdefault((by, revision), {})[code] = (account_id, name)
        return found

    def contacts_of(self, numbers: Iterable[str]) -> dict[str, tuple[str, str]]:
        """ContactID and name of those of the numbers that are known."""
        found: dict[str, tuple[str, str]] = {}
        with self._read() as connection:
            for part in chunks(dict.fromkeys(numbers)):
                rows = connection.execute(
                    select(contacts).where(
                        contacts.c.organisation == self._organisation, contacts.c.number.in_(part)
                    )
                )
                found.update((row.number, (row.xero_id, row.name)) for row in rows)
        return found

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
