"""Requests that cannot be in Xero, because what they pay or use was not touched there.

A payment, a batch payment and an allocation change what they are on, and are shown by it. So a list
of them need not be asked for, where what they are on is asked for anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from pm2xero.outbox.records import StoredRequest
from pm2xero.send.claims import USED, Claim, Links, claims_of
from pm2xero.send.fill_ids import placeholders
from pm2xero.send.lookup_table import ByKey, ByParts, HowToFind
from pm2xero.send.shown import Key, Shown
from pm2xero.xero.answers import Object
from pm2xero.xero.moments import as_moment

# What a document shows of what is on it [OAS], and the ids under which that may be known.
_ON_IT = ("Payments", "Allocations")
_IDS = ("PaymentID", "AllocationID", "BatchPaymentID")


def is_on_others(how: HowToFind | None) -> bool:
    """Whether what a contract makes is on documents that it names."""
    if isinstance(how, ByKey):
        return how.key.pays is not None or not USED.keys().isdisjoint(how.key.same)
    return isinstance(how, ByParts)


class Untouched:
    """What Xero shows of the documents that planned requests are on.

    Args:
        making: documents of Practice Management of which it is asked otherwise whether Xero has
            what they make.
        moments: one for each request; what changed in Xero later may have been touched by it.
    """

    def __init__(
        self,
        shown: Shown,
        links: Links,
        making: Collection[str],
        moments: Mapping[str, datetime],
        is_known: Callable[[str], bool],
    ) -> None:
        self._shown = shown
        self._links = links
        self._making = making
        self._moments = moments
        self._is_known = is_known

    def proves_absent(self, request: StoredRequest, how: HowToFind) -> bool:
        """Whether a request cannot be in Xero, though a moment ago it may have been sent.

        One document that it is on is enough, if that is not there yet or was not touched. Of one
        that goes in several calls it is the one to which all of its parts belong.
        """
        for id_name, transaction in placeholders(request):
            is_needed = not isinstance(how, ByParts) or f"<{id_name} of " in request.path
            made = (transaction, id_name) not in self._links and transaction in self._making
            if is_needed and made:
                return True
        claims = claims_of(request, self._links)
        if isinstance(how, ByParts):
            parent = request.path.strip("/").split("/")[0]
            claims = [claim for claim in claims if claim.endpoint == parent]
        there = self._shown.documents(claims)
        before = self._moments[request.id]
        return any(self._is_untouched(there, claim, before) for claim in claims)

    def _is_untouched(
        self, there: Mapping[Key, Object | None], claim: Claim, before: datetime
    ) -> bool:
        """unverified: that a document counts as changed when it is paid, or something is used."""
        document = there.get((claim.endpoint, claim.xero_id))
        at = as_moment((document or {}).get("UpdatedDateUTC"))
        if document is None or at is None or at > before:
            return False
        return all(any(self._is_known(id) for id in ids) for ids in _on(document))


def _on(document: Mapping[str, Any]) -> Iterator[list[str]]:
    """The ids of each thing that is on a document and stands."""
    for name in _ON_IT:
        for part in document.get(name) or ():
            yield [str(part[id]) for id in _IDS if part.get(id)]
