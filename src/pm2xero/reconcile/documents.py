"""What was sent against what is in Xero now, document by document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from pm2xero.firm.snapshot import XeroTaxRate
from pm2xero.history.requests import alive, taken_back
from pm2xero.outbox.records import Actor, StoredRequest, hash_of
from pm2xero.outbox.states import RequestState
from pm2xero.reconcile.pm_side import Booked
from pm2xero.xero.contracts import contract
from pm2xero.xero.documents import Contents, contents_of_body, contents_of_object
from pm2xero.xero.purpose import GONE, Purpose

ZERO = Decimal("0.00")
NOTHING = Contents(ZERO, None, {}, ZERO, {})
Objects = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Compared:
    """One request and what became of it in Xero; amounts in currency units.

    Attributes:
        document: what the document made when it was decided.
        details: what differs besides the total, in words.
        verdict: equal; sent_differs (the outbox no longer holds what was sent);
            behind (Practice Management has a later revision that is not in Xero); voided_here
            (it is taken back in Practice Management, not in Xero); by_hand_otherwise (entered in
            Xero by hand, with other amounts); changed, gone, missing (in Xero: other contents,
            voided or deleted, not found).
    """

    request: str
    transaction: str
    xero_id: str
    document: Decimal
    sent: Decimal
    live: Decimal | None
    verdict: str
    day: date
    details: tuple[str, ...] = ()


class Live:
    """Objects of Xero, fetched by endpoint when they are first asked for."""

    def __init__(self, fetch: Callable[[str], Objects], rates: Mapping[str, XeroTaxRate]) -> None:
        self._fetch = fetch
        self._objects: dict[str, Objects] = {}
        self.rates = rates

    def objects(self, endpoint: str) -> Objects:
        """All objects of an endpoint by id."""
        if endpoint not in self._objects:
            self._objects[endpoint] = self._fetch(endpoint)
        return self._objects[endpoint]

    def made_by(self, request: StoredRequest) -> Mapping[str, Any] | None:
        """What a confirmed creation made, or None when it is not there."""
        endpoint = contract(request.contract).path.lstrip("/")
        return self.objects(endpoint).get(str(request.xero_id))

    def contents(self, request: StoredRequest) -> Contents | None:
        """What the object says, unless it is gone."""
        found = self.made_by(request)
        if found is None or str(found.get("Status", "")) in GONE:
            return None
        return contents_of_object(found, self.rates)


def compare(booked: Iterable[Booked], live: Live) -> Iterator[Compared]:
    """Every creation of a document that is in Xero, by the latest body that was sent for it."""
    items = list(booked)
    gone = taken_back(r for item in items for r in item.requests)
    for item in items:
        if item.standing not in ("in_xero", "partial"):
            continue
        for made in alive(item.requests, gone):
            last = _last_change(made, item.requests)
            yield _one(item, made, last, live)


def _last_change(made: StoredRequest, requests: Iterable[StoredRequest]) -> StoredRequest:
    """The confirmed request that says what the object must be now."""
    changes = [
        r
        for r in requests
        if r.state is RequestState.CONFIRMED
        and r.xero_id == made.xero_id
        and r.purpose is not Purpose.UNDO
    ]
    return max(changes, key=lambda r: r.revision)


def _one(item: Booked, made: StoredRequest, last: StoredRequest, live: Live) -> Compared:
    found = live.made_by(made)
    there = contents_of_object(found, live.rates) if found is not None else None
    sent = contents_of_body(last.element, live.rates)
    wanted = sent
    details: list[str] = []
    if found is None:
        verdict = "missing"
    elif str(found.get("Status", "")) in GONE:
        verdict = "gone"
    elif item.is_behind:
        verdict = "voided_here" if item.is_voided else "behind"
        details = [item.message] if item.message else []
    elif _is_by_hand(last):
        # Whoever enters a document by hand may split its lines otherwise; its total must be right.
        wanted = sent = replace(there or NOTHING, total=abs(item.money))
        details = _other_accounts(item, there) if there is not None else []
        right = there is not None and there.total == wanted.total and not details
        verdict = "equal" if right else "by_hand_otherwise"
    elif wanted is None or hash_of(last.path, last.element) != last.body_hash:
        verdict = "sent_differs"
        wanted = None
        details = there.differences(sent) if there is not None and sent is not None else []
    elif there is not None and not there.same(wanted):
        verdict = "changed"
        details = wanted.differences(there)
    else:
        verdict = "equal"
    return Compared(
        made.id,
        made.transaction,
        str(made.xero_id),
        item.money if item.is_behind else wanted.total if wanted else item.money,
        sent.total if sent else ZERO,
        there.total if there else None,
        verdict,
        item.date,
        tuple(details),
    )


def _other_accounts(item: Booked, there: Contents) -> list[str]:
    """Where an entry by hand books other amounts than the document's journal, in words."""
    journal: dict[str, Decimal] = {}
    for entry in item.entries:
        code = entry.account
        journal[code] = journal.get(code, ZERO) + entry.amount
    return [
        f"account {code} {abs(journal.get(code, ZERO)):,.2f}, there {abs(net):,.2f}"
        for code, net in there.accounts.items()
        if abs(journal.get(code, ZERO)) != abs(net)
    ]


def _is_by_hand(request: StoredRequest) -> bool:
    """Whether a person entered it in Xero and said so."""
    return request.actor is Actor.PERSON
