"""Entries in Xero that are documents of Practice Management after all: a person entered them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cached_property

from pm2xero.history.requests import is_creation
from pm2xero.outbox.records import Action, Actor, StoredRequest
from pm2xero.outbox.states import RequestState
from pm2xero.reconcile.accounts import Balances
from pm2xero.reconcile.documents import Compared, Live, is_by_hand
from pm2xero.reconcile.foreign_entries import ENDPOINTS, ByOthers
from pm2xero.reconcile.pm_side import Booked
from pm2xero.reconcile.xero_journal import Bookkeeper
from pm2xero.xero.contracts import contract
from pm2xero.xero.purpose import GONE

ZERO = Decimal("0.00")


class Matcher:
    """Knows which documents a person entered, or still has to, and what each must book.

    Args:
        actions: what persons said; a document may be resolved again to name one more id.
        former: ids of what was sent of documents that a person corrected since.
    """

    def __init__(
        self, booked: Iterable[Booked], actions: Iterable[Action], live: Live, books: Bookkeeper,
        former: Mapping[str, Collection[str]],
    ) -> None:  # fmt: skip
        self._former = former
        self._booked = list(booked)
        self._live = live
        self._books = books
        self._named: dict[str, set[str]] = {}
        for action in actions:
            ids = self._named.setdefault(action.transaction, set())
            if action.what == "resolve" and action.xero_id:
                ids.add(action.xero_id)
            elif action.what == "unresolve" and action.xero_id:
                ids.discard(action.xero_id)

    @property
    def named(self) -> frozenset[str]:
        """Every id in Xero that a person named for a document."""
        return frozenset(id for ids in self._named.values() for id in ids)

    def judged(self, compared: Compared) -> Compared:
        """A comparison in the light of everything that is linked to the document.

        What a person entered may be only the difference to what was sent before, or one of
        several parts: together they must book what the document does.
        """
        if compared.verdict == "equal":
            return self._whole(compared)
        if compared.verdict != "by_hand_otherwise":
            return compared
        item = next(b for b in self._booked if b.id == compared.transaction)
        # What nets to nothing, such as a journal within one account, says nothing of an amount.
        if not _journal(item) or self._left_of(item):
            return compared
        return replace(compared, verdict="equal", live=compared.document, details=())

    def _whole(self, compared: Compared) -> Compared:
        """What a person said of one part does not make the others right."""
        item = self._unnamed.get(compared.transaction)
        left = self._left_of(item) if item is not None else {}
        if not left:
            return compared
        details = tuple(
            f"account {code} {amount:,.2f}, there 0.00" for code, amount in left.items()
        )
        return replace(compared, verdict="by_hand_otherwise", details=details)

    @cached_property
    def _unnamed(self) -> Mapping[str, Booked]:
        """The documents of which a person entered a part without an id of its own, by id."""
        return {item.id: item for item in self._booked if any(map(_has_no_id, item.requests))}

    def told(self, entries: Iterable[ByOthers]) -> tuple[ByOthers, ...]:
        """The entries that are others' own; those like a document that waits bear its id.

        A document may have been entered in several parts of which a person named one: an entry
        that books just what is left of it belongs to it.
        """
        free = list(entries)
        for item in self._booked:
            if _is_done_by_hand(item):
                found = _like(self._left_of(item), item, free)
                if found is not None:
                    free.remove(found)
        for item in self._booked:
            if _waits(item):
                found = _like(_journal(item), item, [e for e in free if e.document is None])
                if found is not None:
                    free[free.index(found)] = replace(found, document=item.id)
        return tuple(free)

    def _left_of(self, item: Booked) -> Balances:
        """What the journal of a document books beyond what is linked to it."""
        left = _journal(item)
        linked = {
            str(r.xero_id): contract(r.contract).path.lstrip("/")
            for r in item.requests
            if r.xero_id and is_creation(r)
        }
        for id in (*self._named.get(item.id, ()), *self._former.get(item.id, ())):
            linked.setdefault(id, "")
        for id, sent_to in linked.items():
            # A person may make it as another kind of document than would have been sent.
            is_there = sent_to and id in self._live.objects(sent_to)
            endpoint = sent_to if is_there else self._endpoint_of(id)
            found = self._live.objects(endpoint).get(id) if endpoint else None
            if found is not None and str(found.get("Status", "")) in GONE:
                continue
            for account, amount in self._books.booking(endpoint, found).postings if found else ():
                left[account] = left.get(account, ZERO) - amount
        return {account: amount for account, amount in left.items() if amount}

    def _endpoint_of(self, id: str) -> str:
        lists = (*ENDPOINTS, "Payments", "BatchPayments")
        return next((name for name in lists if id in self._live.objects(name)), "")


def _has_no_id(request: StoredRequest) -> bool:
    by_hand = request.state is RequestState.CONFIRMED and request.actor is Actor.PERSON
    return by_hand and request.xero_id is None and is_creation(request)


def _journal(item: Booked) -> Balances:
    sums: Balances = {}
    for entry in item.entries:
        account = entry.account
        sums[account] = sums.get(account, ZERO) + entry.amount
    return {account: amount for account, amount in sums.items() if amount}


def _is_done_by_hand(item: Booked) -> bool:
    """A person's reason is kept with the request, if the document has any."""
    return item.standing == "in_xero" and (is_by_hand(item) or not item.requests)


def _waits(item: Booked) -> bool:
    """Whether a person might enter it, or has: it is not in Xero as far as the outbox knows."""
    rejected = item.standing == "unsupported" and item.by_hand
    return rejected or item.standing in ("held", "refused", "pending", "left_over")


def _like(
    books: Mapping[str, Decimal], item: Booked, entries: Iterable[ByOthers]
) -> ByOthers | None:
    """An entry that books just this, best one of the same day."""
    same = [e for e in entries if books and dict(e.accounts) == dict(books)]
    return min(same, key=lambda e: (abs(e.day - item.date), e.xero_id), default=None)
