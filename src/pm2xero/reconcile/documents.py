"""What was sent against what is in Xero now, document by document."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from pm2xero.firm.snapshot import XeroTaxRate
from pm2xero.history.requests import LEFT_OVER, alive
from pm2xero.outbox.records import Actor, StoredRequest, hash_of
from pm2xero.outbox.states import RequestState
from pm2xero.reconcile.accounts import Accounts
from pm2xero.reconcile.clients import Clients
from pm2xero.reconcile.pm_side import Booked, BookedEntry
from pm2xero.records import record
from pm2xero.xero.contracts import contract
from pm2xero.xero.documents import (
    Called,
    Contents,
    body_of,
    by_code,
    contents_of_body,
    contents_of_object,
)
from pm2xero.xero.natural_key import is_gone, is_standing
from pm2xero.xero.purpose import Purpose

ZERO = Decimal("0.00")
NOTHING = Contents(ZERO, None, {}, ZERO, {})
# Where a person's entry is looked for.
_LISTS = (
    "Invoices", "CreditNotes", "BankTransactions", "BankTransfers", "ManualJournals", "Payments",
    "BatchPayments",
)  # fmt: skip
Objects = Mapping[str, Mapping[str, Any]]


@record
class Compared:
    """One request and what became of it in Xero; amounts in currency units.

    Attributes:
        document: what the document made when it was decided.
        details: what differs besides the total, in words.
        verdict: equal; sent_differs (the outbox no longer holds what was sent);
            behind (Practice Management has a later revision that is not in Xero); voided_here
            (it is taken back in Practice Management, not in Xero); by_hand_otherwise (entered in
            Xero by hand, with other amounts); by_hand_of_another (on another client); draft (in
            Xero, but not in its ledger); changed, gone, missing (in Xero: other contents, voided or
            deleted, not found).
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
        self._read: dict[str, Contents] = {}
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

    def anywhere(self, xero_id: str) -> Mapping[str, Any] | None:
        """An object by its id alone, in whichever list it is."""
        lists = (self.objects(name) for name in _LISTS)
        return next((found[xero_id] for found in lists if xero_id in found), None)

    def read(
        self, xero_id: str, found: Mapping[str, Any], called: Called = by_code
    ) -> Contents:  # fmt: skip
        """What an object says; it is read once, with the names of accounts of the first reader."""
        known = self._read.get(xero_id)
        if known is None:
            known = self._read[xero_id] = contents_of_object(found, self.rates, called)
        return known

    def contents(self, request: StoredRequest, *, even_gone: bool = False) -> Contents | None:
        """What the object says, unless it is gone."""
        found = self.made_by(request)
        if found is None or (is_gone(found) and not even_gone):
            return None
        return self.read(str(request.xero_id), found)


class Comparer:
    """Compares documents with what they became in Xero.

    Args:
        accounts: what Xero's accounts are called now.
        gone: ids in Xero of what was taken back from here, whenever that was.
    """

    def __init__(
        self, live: Live, accounts: Accounts, clients: Clients, gone: Collection[str]
    ) -> None:
        self._live = live
        self._accounts = accounts
        self._clients = clients
        self._gone = gone

    def all(self, booked: Iterable[Booked]) -> Iterator[Compared]:
        """Every creation of a document that is in Xero, by the latest body sent for it."""
        for item in booked:
            if item.standing in ("in_xero", "partial"):
                for made in alive(item.requests, self._gone):
                    yield self._one(item, made, _last_change(made, item.requests))

    def _one(self, item: Booked, made: StoredRequest, last: StoredRequest) -> Compared:
        live = self._live
        found = live.made_by(made)
        if found is None and _is_by_hand(last):
            # A person may make it as another kind of document than would have been sent.
            found = live.anywhere(str(made.xero_id))
        called = self._accounts.called
        there = live.read(str(made.xero_id), found, called) if found is not None else None
        sent = contents_of_body(last.element, live.rates, self._called_then(item))
        wanted = sent
        details: list[str] = []
        if found is None:
            verdict = "missing"
        elif is_gone(found):
            verdict = "gone"
        elif not is_standing(found):
            # What a person left as a draft, or handed in for approval, is in no ledger.
            verdict = "draft"
        elif item.is_behind:
            verdict = "voided_here" if item.is_voided else "behind"
            details = [item.message] if item.message else []
        elif _is_by_hand(last):
            # Whoever enters a document by hand may split its lines otherwise; its total, and whose
            # it is, must be right.
            journal, money = item.entries, abs(item.money)
            if is_left_over(last, item):
                journal = item.left_over
                money = sum((e.amount for e in journal if e.amount > 0), ZERO)
            wanted = sent = replace(there or NOTHING, total=money)
            details = _other_accounts(journal, there) if there is not None else []
            right = there is not None and there.total == wanted.total and not details
            verdict = "equal" if right else "by_hand_otherwise"
            other = self._other_client(item, {}, found)
            if other:
                verdict, details = "by_hand_of_another", [other]
        elif wanted is None or hash_of(last.path, last.element) != last.body_hash:
            verdict = "sent_differs"
            wanted = None
            details = there.differences(sent) if there is not None and sent is not None else []
        else:
            details = wanted.differences(there) if there is not None else []
            contact = _contact_of(last.element)
            # A payment names nobody: it is whose its document is, whoever pays.
            other = self._other_client(item, contact, found) if contact else None
            details += [other] if other else []
            same = there is not None and there.total == wanted.total and not details
            verdict = "equal" if same else "changed"
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

    def _other_client(
        self, item: Booked, sent: Mapping[str, Any], found: Mapping[str, Any]
    ) -> str | None:
        """That it stands on somebody else in Xero, in words."""
        there = found.get("Contact")
        settled = found.get("Invoice") or found.get("CreditNote")
        if there is None and isinstance(settled, Mapping):
            there = settled.get("Contact")
        if sent:
            number = sent.get("ContactNumber")
            return self._clients.differs(number, str(sent.get("Name") or ""), there)
        if there is None:
            return None
        return self._clients.differs(item.contact, item.participant, there)

    def _called_then(self, item: Booked) -> Called:
        """What the accounts are called now that a body names by the codes of its day."""

        def called(named: Mapping[str, Any], prefix: str = "") -> str:
            if named.get("AccountID"):
                return self._accounts.called(named, prefix)
            code = str(named.get(f"{prefix}Code") or "")
            return item.codes.get(code) or self._accounts.coded(code)

        return called


def is_by_hand(item: Booked) -> bool:
    """Whether a person entered a part of the document that was to be sent, and said so."""
    return any(
        r.state is RequestState.CONFIRMED and r.actor is Actor.PERSON and not is_left_over(r, item)
        for r in item.requests
    )


def is_left_over(request: StoredRequest, item: Booked) -> bool:
    """Whether it stands for what a person entered beside what was sent, and not for the whole."""
    return request.step == LEFT_OVER and any(
        r.xero_id for r in item.requests if r.step != LEFT_OVER
    )


def _contact_of(element: str) -> Mapping[str, Any]:
    """The contact that a body names."""
    found = body_of(element).get("Contact")
    return found if isinstance(found, Mapping) else {}


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


def _other_accounts(entries: Iterable[BookedEntry], there: Contents) -> list[str]:
    """Where an entry by hand books other amounts than the journal, in words."""
    journal: dict[str, Decimal] = {}
    for entry in entries:
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
