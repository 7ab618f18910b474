"""Whether Xero has what a document made that is voided and was never sent, as far as is known here.

A folder that was restored whole knows nothing of what was sent since the copy was made. Of a
voided document nothing is planned, so nothing of it would be compared with Xero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Protocol

from pm2xero.outbox.records import Link, StoredRequest
from pm2xero.send.ahead import Ask
from pm2xero.send.claims import Links
from pm2xero.send.fill_ids import names_of
from pm2xero.send.lookup_table import HowToFind
from pm2xero.send.wanted import wanted_of
from pm2xero.xero.answers import Object, Unproven, complete_list, id_name_of
from pm2xero.xero.auth import SignInError
from pm2xero.xero.budget import StopRun

# So far Xero's clock and ours may differ.
_CLOCKS = timedelta(hours=1)


class Past(Protocol):
    """What is asked of the outbox."""

    def link_of(self, xero_id: str) -> Link | None:
        """Which request made a document of Xero."""

    def links_of(self, transactions: Iterable[str]) -> Links:
        """Ids in Xero of what some documents made."""


@dataclass(frozen=True, slots=True)
class _List:
    """What has changed in a list since a moment; None where it could not be seen whole."""

    since: datetime
    changed: Sequence[Object] | None


class VoidedThere:
    """Asks each list for what has changed there, once for all documents that are not older.

    Args:
        since: when the outbox last knew all that it had sent.
    """

    def __init__(
        self, table: Mapping[str, HowToFind], since: datetime,
        past: Past, ask: Ask,
    ) -> None:  # fmt: skip
        self._table = table
        self._oldest = since
        self._past = past
        self._ask = ask
        self._lists: dict[str, _List] = {}

    def expect(self, made: Sequence[datetime]) -> None:
        """Documents will be asked for that were made at these times in Practice Management."""
        self._oldest = min((self._oldest, *made))

    def has(self, requests: Sequence[StoredRequest], made: datetime) -> bool:
        """Whether Xero may have something of what a document would have made.

        Args:
            made: when the document was made in Practice Management, as far back as that may be.
        """
        self.expect([made])
        try:
            return self._has(requests)
        except (StopRun, SignInError):
            # What could not be asked is not known to be absent; the push itself tells why.
            return True

    def _has(self, requests: Sequence[StoredRequest]) -> bool:
        links = self._past.links_of(names_of(requests))
        for endpoint, wanted in wanted_of(requests, self._table, links).items():
            name = id_name_of(endpoint)
            changed = self._changed(endpoint, paged=wanted.paged)
            if changed is None:
                # A look that could not see everything vouches for nothing.
                return True
            for document in changed:
                id = str(document[name])
                if wanted.is_done(id, document):
                    return True
                made = [id] if wanted.could_be(document) else []
                if any(self._past.link_of(i) is None for i in (*made, *wanted.parts_of(document))):
                    return True
        return False

    def _changed(self, endpoint: str, *, paged: bool) -> Sequence[Object] | None:
        before = self._lists.get(endpoint)
        if before is None or before.since > self._oldest:
            before = _List(self._oldest, self._read(endpoint, paged=paged))
            self._lists[endpoint] = before
        return before.changed

    def _read(self, endpoint: str, *, paged: bool) -> Sequence[Object] | None:
        at = format_datetime(self._oldest - _CLOCKS, usegmt=True)
        header = {"If-Modified-Since": at}
        try:
            return complete_list(
                lambda path, query: self._ask(path, query, header), endpoint, {}, paged=paged
            )
        except Unproven:
            return None
