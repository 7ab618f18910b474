"""Whether Xero has something of what is planned: the mark of a folder restored from a copy.

An outbox that was restored together with the file that vouches for it looks whole. What was sent
since the copy was made has changed in Xero since then, bears our references, and is unknown here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Protocol

from pm2xero.outbox.records import Link, StoredRequest
from pm2xero.send.claims import Links, claims_of
from pm2xero.send.fill_ids import names_of
from pm2xero.send.lookup_table import ByKey, ByParts, HowToFind
from pm2xero.send.shown import Shown
from pm2xero.send.untouched import Untouched, is_on_others
from pm2xero.send.wanted import Wanted, endpoint_of
from pm2xero.xero.addresses import blocks
from pm2xero.xero.answers import Object, Unproven, complete_list, id_name_of
from pm2xero.xero.client import Response
from pm2xero.xero.moments import as_moment
from pm2xero.xero.purpose import Purpose

# So far Xero's clock and ours may differ.
_CLOCKS = timedelta(hours=1)

# More numbers than these fit into no single call.
_FEW = 200

# A GET with a query and headers.
Ask = Callable[[str, Mapping[str, str], Mapping[str, str]], Response]


class Past(Protocol):
    """What is asked of the outbox."""

    def link_of(self, xero_id: str) -> Link | None:
        """Which request made a document of Xero."""

    def links_of(self, transactions: Iterable[str]) -> Links:
        """Ids in Xero of what some documents made."""

    def requests_of(self, transactions: Iterable[str]) -> Sequence[StoredRequest]:
        """The requests of some documents."""

    def made_at(self, transactions: Collection[str]) -> Mapping[str, datetime]:
        """When documents were made in Practice Management, as far back as that may be."""


def is_ahead(
    planned: Sequence[StoredRequest],
    table: Mapping[str, HowToFind],
    since: datetime,
    past: Past,
    ask: Ask,
    shown: Shown,
) -> bool:
    """Whether something of what is planned may be in Xero, changed there since a moment.

    Lists are asked for what has changed, one call for each. What is on other documents (a payment,
    an allocation) needs no list where one of those was not touched. Documents that are looked at
    anyway are found by their numbers, in the same call as what is planned.

    Args:
        shown: keeps what was shown, for whoever looks at it next.
    """
    return _Comparison(planned, table, since, past, ask, shown).is_ahead()


class _Comparison:
    def __init__(
        self,
        planned: Sequence[StoredRequest],
        table: Mapping[str, HowToFind],
        since: datetime,
        past: Past,
        ask: Ask,
        shown: Shown,
    ) -> None:
        self._new = [row for row in planned if row.purpose is Purpose.CREATE]
        self._table = table
        self._past = past
        made = past.made_at({row.transaction for row in self._new})
        # A push of something else may have come between a restored copy and this one, so of what
        # was made before the last push it counts when it was made.
        self._moments = {
            row.id: min(since, made.get(row.transaction, since)) - _CLOCKS for row in self._new
        }
        self._before = min(self._moments.values(), default=since - _CLOCKS)
        self._header = {"If-Modified-Since": format_datetime(self._before, usegmt=True)}
        self._ask = ask
        self._shown = shown
        self._links = past.links_of(names_of(planned))
        self._claims = [claim for row in planned for claim in claims_of(row, self._links)]
        self._wanted: dict[str, Wanted] = defaultdict(Wanted)

    def is_ahead(self) -> bool:
        alone = [row for row in self._new if not is_on_others(self._table.get(row.contract))]
        for row in alone:
            if isinstance(how := self._table.get(row.contract), ByKey):
                self._wanted[how.endpoint].add(how, row)
        numbered = {e: found for e in [*self._wanted] if (found := self._numbered(e)) is not None}
        if any(self._is_unknown(endpoint, changed) for endpoint, changed in numbered.items()):
            return True
        for endpoint in numbered:
            del self._wanted[endpoint]
        making = {row.transaction for row in alone}
        # All of them at once: many ids go in a call, and the look ahead needs the same.
        self._shown.documents(self._claims)
        untouched = Untouched(self._shown, self._links, making, self._moments, self._is_known)
        for row in self._new:
            how = self._table.get(row.contract)
            if how is None or not is_on_others(how) or untouched.proves_absent(row, how):
                continue
            if isinstance(how, ByKey):
                self._wanted[how.endpoint].add(how, row)
            elif isinstance(how, ByParts):
                self._wanted[endpoint_of(row)].parts.add(how.parts)
        return any(self._is_unknown(e, self._changed(e)) for e in [*self._wanted])

    def _is_known(self, xero_id: str) -> bool:
        return self._past.link_of(xero_id) is not None

    def _changed(self, endpoint: str) -> list[Object] | None:
        """What has changed in a list; None where it could not be seen whole."""

        def read(path: str, query: Mapping[str, str]) -> Response:
            return self._ask(path, query, self._header)

        try:
            return complete_list(read, endpoint, {}, paged=self._wanted[endpoint].paged)
        except Unproven:
            return None

    def _numbered(self, endpoint: str) -> list[Object] | None:
        """What has changed of the documents with the numbers of those that are planned.

        In the same call those are shown that others are on. None where no single call does both.
        """
        wanted = self._wanted[endpoint]
        ids = {claim.xero_id for claim in self._claims if claim.endpoint == endpoint}
        is_few = 0 < len(ids) <= _FEW and len(wanted.numbers) <= _FEW
        if not is_few or wanted.numbering is None or not wanted.is_by_numbers:
            return None
        parameter, field = wanted.numbering
        links = [link for id in sorted(ids) if (link := self._past.link_of(id)) is not None]
        made = {link.request for link in links}
        known = self._past.requests_of({link.transaction for link in links})
        rows = [*(row for row in known if row.id in made), *self._new]
        numbers = {str(json.loads(row.element).get(field) or "") for row in rows
                   if endpoint_of(row) == endpoint}  # fmt: skip
        parts = list(blocks(sorted(numbers)))
        if len(parts) != 1 or any(not number or "," in number for number in numbers):
            return None
        try:
            found = complete_list(
                lambda path, query: self._ask(path, query, {}),
                endpoint, {parameter: ",".join(parts[0])},
            )  # fmt: skip
        except Unproven:
            return None
        for document in found:
            self._shown.keep(endpoint, document)
        return [document for document in found if self._may_have_changed(document)]

    def _may_have_changed(self, document: Object) -> bool:
        at = as_moment(document.get("UpdatedDateUTC"))
        return at is None or at > self._before

    def _is_unknown(self, endpoint: str, changed: list[Object] | None) -> bool:
        """Whether one of the changed documents may be one that is planned, and is not known."""
        if changed is None:
            # A look that could not see everything vouches for nothing.
            return True
        wanted = self._wanted[endpoint]
        name = id_name_of(endpoint)
        for document in changed:
            self._shown.note(endpoint, document)
        return any(
            (wanted.could_be(document) and not self._is_known(str(document[name])))
            or any(not self._is_known(id) for id in wanted.parts_of(document))
            for document in changed
        )
