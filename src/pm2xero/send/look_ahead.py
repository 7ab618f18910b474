"""A look at Xero before anything is sent, in few calls: may what is planned be sent as it is?

Documents that are to be paid, credited or changed are asked for by their ids, many in a call. What
Xero does not show is not judged: then Xero itself is the judge, as ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from pm2xero.firm.snapshot import XeroSnapshot
from pm2xero.outbox.records import Link, StoredRequest
from pm2xero.outbox.states import RequestState
from pm2xero.send.batching import in_order, is_undo, takes_back, undone_before
from pm2xero.send.claims import Links, claims_of
from pm2xero.send.obstacles import Freed, InXero, Obstacle, Planned, contents_of, obstacles
from pm2xero.send.shown import Key, Shown
from pm2xero.send.together import together
from pm2xero.xero.answers import Object, Read
from pm2xero.xero.errors import ErrorTable
from pm2xero.xero.history import last_change
from pm2xero.xero.moments import as_moment
from pm2xero.xero.purpose import Purpose

# Of so many documents it is asked who changed them: each costs a call.
_NAMED = 3
# So far Xero's clock and ours may differ where they are compared by the minute.
_SLACK = timedelta(minutes=1)


class Past(Protocol):
    """What is asked of the outbox."""

    def requests_of(self, transactions: Iterable[str]) -> Sequence[StoredRequest]:
        """The requests of some documents."""

    def accounts_meant(
        self, revisions: Iterable[tuple[str, int]]
    ) -> Mapping[tuple[str, int], Mapping[str, tuple[str, str]]]:
        """AccountID and name by code, as they were when revisions of documents were decided."""

    def sent_about(self, at: datetime, slack: timedelta) -> bool:
        """Whether a call of ours was on its way at a moment, or so much earlier or later."""

    def link_of(self, xero_id: str) -> Link | None:
        """Which request made a document of Xero."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A document of ours that was changed in Xero since the last push, and not by this product.

    Attributes:
        document: its id in Practice Management.
        by: who changed it last, where Xero says it.
    """

    document: str
    endpoint: str
    xero_id: str
    at: datetime
    status: str
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a look showed.

    Attributes:
        calls, received: what the look cost; the bytes of Xero's answers.
    """

    obstacles: tuple[Obstacle, ...] = ()
    changes: tuple[Changed, ...] = ()
    calls: int = 0
    received: int = 0

    @property
    def waiting(self) -> dict[str, tuple[str, str]]:
        """Cause and message of each request that waits."""
        return {o.request: (o.cause, o.message) for o in self.obstacles}

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "waiting": [
                {"request": o.request, "cause": o.cause, "message": o.message}
                for o in self.obstacles
            ],
            "changed_in_xero": [
                {
                    "document": c.document,
                    "endpoint": c.endpoint,
                    "xero_id": c.xero_id,
                    "at": c.at.isoformat(),
                    "status": c.status,
                    "by": c.by,
                }
                for c in self.changes
            ],
            "calls": self.calls,
            "bytes": self.received,
        }


def look_ahead(
    rows: Sequence[StoredRequest],
    links: Links,
    past: Past,
    shown: Shown,
    read: Read,
    words: ErrorTable,
    chart: XeroSnapshot | None,
    since: datetime | None = None,
) -> Outlook:
    """Look at what these planned requests need, and say which of them must wait.

    Args:
        rows: the planned ones, in the order of their documents.
        links: ids in Xero of what they name.
        shown: what was asked for before is not asked for again.
        chart: the organisation, accounts and tax rates of Xero as they are now; None where that
            is not known, and not judged.
        since: when the last push ended; what changed after that is told.

    Raises:
        StopRun: Xero does not answer, or refuses the sign-in.
    """
    looker = _Look(rows, links, past)
    planned = looker.planned()
    documents = shown.documents(c for item in planned for c in item.claims)
    changes = _Changes({**shown.changed, **documents}, past, read, since)
    there = InXero(chart, documents, looker.changing, changes.called, changes.ending)
    withheld: dict[str, Obstacle] = {}
    while True:
        found = obstacles(planned, there, words, withheld)
        every = {o.request: o for o in together(rows, found, past, words)}
        if every.keys() <= withheld.keys() | {o.request for o in found}:
            break
        # What they would use up or set free is not counted.
        withheld |= {id: o for id, o in every.items() if id not in withheld}
    every = {**withheld, **every}
    ordered = (every[row.id] for row in rows if row.id in every)
    return Outlook(tuple(ordered), tuple(changes.told()))


class _Look:
    def __init__(self, rows: Sequence[StoredRequest], links: Links, past: Past) -> None:
        self._rows = rows
        self._links = links
        self._past = past
        # What requests of this run change or replace: how much of it is open then, only Xero knows.
        self.changing: set[Key] = set()

    def planned(self) -> list[Planned]:
        """The requests with what was known when they were made, in the order of sending."""
        ids = self._past.accounts_meant((row.transaction, row.revision) for row in self._rows)
        touched = {row.id: takes_back(row) for row in self._rows if _is_change(row)}
        every = {transaction for names in touched.values() for transaction in names}
        # Those of this run need not be in the outbox yet.
        known = {row.id: row for row in self._past.requests_of(every)} if every else {}
        known |= {row.id: row for row in self._rows if row.transaction in every}
        made: dict[str, list[StoredRequest]] = {}
        for row in known.values():
            if row.purpose is Purpose.CREATE:
                made.setdefault(row.transaction, []).append(row)
        undoing = [row for row in self._rows if is_undo(row)]
        after = undone_before(self._rows, undoing, list(known.values()))
        return [
            self._one(row, ids.get((row.transaction, row.revision), {}), [
                maker
                for transaction in touched.get(row.id, ())
                for maker in made.get(transaction, ())
                if row.target in (None, maker.id)
            ])
            for row in in_order(self._rows, after)
        ]  # fmt: skip

    def _one(
        self,
        row: StoredRequest,
        meant: Mapping[str, tuple[str, str]],
        before: Sequence[StoredRequest],
    ) -> Planned:
        claims = claims_of(row, self._links)
        frees: list[Freed] = []
        if row.purpose is Purpose.UNDO:
            for maker in before:
                is_there = maker.state is RequestState.CONFIRMED
                frees += (Freed(maker.id, c, is_there) for c in claims_of(maker, self._links))
                if is_there and maker.xero_id is not None:
                    # Where another one takes its place, that has no id yet.
                    endpoint = maker.path.strip("/").split("/")[0]
                    self.changing.add((endpoint, maker.xero_id.lower()))
        elif _is_change(row):
            for other in (*claims, *(c for m in before for c in claims_of(m, self._links))):
                self.changing.add((other.endpoint, other.xero_id))
        says = contents_of(row)
        every_day = (says.day, *(contents_of(maker).day for maker in before))
        days = tuple(day for day in every_day if day is not None)
        return Planned(row, says, claims, meant, days, frees)


def _is_change(row: StoredRequest) -> bool:
    return is_undo(row) or row.purpose is not Purpose.CREATE


class _Changes:
    """When documents were changed in Xero, and by whom."""

    def __init__(
        self,
        documents: Mapping[Key, Object | None],
        past: Past,
        read: Read,
        since: datetime | None,
    ) -> None:
        self._documents = documents
        self._past = past
        self._read = read
        self._since = since
        self._people: dict[Key, str | None] = {}

    def called(self, endpoint: str, xero_id: str) -> str:
        """A document as a person knows it: by its id here, and its number in Xero."""
        found = self._documents.get((endpoint, xero_id)) or {}
        number = found.get("InvoiceNumber") or found.get("CreditNoteNumber")
        link = self._past.link_of(xero_id)
        known = link.transaction if link is not None else None
        if known is not None and number and str(number) != known:
            return f"{known} ({number})"
        return known or str(number or xero_id)

    def ending(self, endpoint: str, xero_id: str) -> str:
        """When others changed it last, and who, as the end of a sentence."""
        found = self._documents.get((endpoint, xero_id))
        at = as_moment((found or {}).get("UpdatedDateUTC"))
        if at is None or self._is_ours(at):
            return ""
        by = self._by(endpoint, xero_id, at)
        return f"; changed there on {_written(at)}{f' by {by}' if by else ''}"

    def _is_ours(self, at: datetime) -> bool:
        """Whether a push of ours may have made a change; nothing of ours is after the last one."""
        if self._since is not None and at > self._since:
            return False
        return self._past.sent_about(at, _SLACK)

    def told(self) -> list[Changed]:
        """What others changed since the last push."""
        found = []
        for (endpoint, id), document in self._documents.items():
            at = as_moment((document or {}).get("UpdatedDateUTC"))
            if document is None or self._since is None or at is None or at <= self._since:
                continue
            link = self._past.link_of(id)
            if link is not None:
                by = self._by(endpoint, id, at)
                status = str(document.get("Status") or "")
                found.append(Changed(link.transaction, endpoint, id, at, status, by))
        return found

    def _by(self, endpoint: str, xero_id: str, at: datetime) -> str | None:
        key = (endpoint, xero_id)
        if key not in self._people and len(self._people) < _NAMED:
            self._people[key] = last_change(self._read, endpoint, xero_id)
        return self._people.get(key)


def _written(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
