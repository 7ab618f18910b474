"""What keeps a request from being sent: Xero as it is now, held against what was planned.

A request that Xero would refuse is not sent to be refused. It waits with its reason and a remedy;
each push looks again, and sends it when the reason has gone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from pm2xero.firm.snapshot import XeroSnapshot
from pm2xero.outbox.records import StoredRequest
from pm2xero.send.claims import OPEN_AMOUNT, Claim
from pm2xero.xero.answers import Object
from pm2xero.xero.errors import ErrorTable, Waiting
from pm2xero.xero.natural_key import DRAFTS, as_date, is_gone
from pm2xero.xero.purpose import Purpose

# How an element of the API names an account by its code, besides AccountCode of a line.
_ACCOUNTS = ("Account", "BankAccount", "FromBankAccount", "ToBankAccount")

# By endpoint and id in small letters; None where Xero says that it has none.
Documents = Mapping[tuple[str, str], Object | None]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a request waits; the message ends with the remedy."""

    request: str
    cause: Waiting
    message: str
    money: Decimal = field(default=Decimal("0.00"), compare=False)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a body says that is held against the organisation.

    Attributes:
        accounts: their codes.
        day: where a lock date counts for it.
    """

    accounts: tuple[str, ...] = ()
    tax_types: tuple[str, ...] = ()
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Freed:
    """What one request of the past, or of the same run, used up, and another takes back.

    Attributes:
        by: the one that used it up.
        is_there: that one is in Xero; else it goes in the same run, or does not.
    """

    by: str
    claim: Claim
    is_there: bool


@dataclass(frozen=True, slots=True)
class Planned:
    """A request, and what was known when it was made.

    Attributes:
        claims: the documents in Xero that it needs.
        frees: what is open again where it takes back; an amount of None is not known.
        meant: AccountID and name by code, as they were then.
        dates: the days of what it makes, changes or takes back.
    """

    row: StoredRequest
    says: Contents = Contents()
    claims: Sequence[Claim] = ()
    meant: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    dates: Sequence[date] = ()
    frees: Sequence[Freed] = ()


@dataclass(frozen=True, slots=True)
class InXero:
    """Xero as it is now.

    Attributes:
        chart: the organisation, its accounts and tax rates; None where they are not judged.
        documents: those that were asked for; what is not among them is not judged.
        changing: documents that requests of this run change or replace: they are left to Xero.
        called: what a person calls a document of Xero.
        changed: when a document was changed, and by whom, as the end of a sentence.
    """

    chart: XeroSnapshot | None
    documents: Documents = field(default_factory=dict)
    changing: Collection[tuple[str, str]] = ()
    called: Callable[[str, str], str] = lambda endpoint, id: id
    changed: Callable[[str, str], str] = lambda endpoint, id: ""


def obstacles(
    planned: Iterable[Planned],
    there: InXero,
    words: ErrorTable,
    withheld: Collection[str] = (),
) -> list[Obstacle]:
    """Why which of the requests must wait, in the order of sending.

    What goes uses up what is open, or sets it free again.

    Args:
        withheld: requests that do not go, whatever is found here.
    """
    judge = _Judge(there, words, withheld)
    return [found for item in planned if (found := judge.of(item)) is not None]


def archived_contact(row: StoredRequest, contact: str, words: ErrorTable) -> Obstacle:
    """A request whose contact is archived in Xero waits."""
    cause = Waiting.CONTACT_ARCHIVED
    return Obstacle(row.id, cause, words.waits(cause).sentence(contact=contact), row.money)


class _Judge:
    def __init__(self, there: InXero, words: ErrorTable, withheld: Collection[str]) -> None:
        self._there = there
        self._words = words
        self._used: dict[tuple[str, str], Decimal] = {}
        # What does not go, though it was to.
        self._stopped = set(withheld)
        # Requests of this run that have gone before.
        self._gone: set[str] = set()
        # How much of these is open is not known from here on.
        self._unsure = set(there.changing)

    def of(self, item: Planned) -> Obstacle | None:
        chart = self._there.chart
        found = None
        if chart is not None:
            found = (
                self._locked(item, chart.lock_date)
                or self._account(item, chart)
                or self._tax_type(item, chart)
            )
        found = found or self._claims(item)
        if found is None and self._stopped.isdisjoint((item.row.id, *item.row.needs)):
            self._goes(item)
        else:
            self._stays(item)
        return found

    def _goes(self, item: Planned) -> None:
        self._gone.add(item.row.id)
        for claim in item.claims:
            self._use(claim, 1)
        for freed in item.frees:
            if freed.claim.amount is None:
                self._unsure.add((freed.claim.endpoint, freed.claim.xero_id))
            elif freed.is_there or freed.by in self._gone:
                self._use(freed.claim, -1)

    def _stays(self, item: Planned) -> None:
        self._stopped.add(item.row.id)
        # What was to follow it waits for it, whatever is open.
        self._unsure.update((f.claim.endpoint, f.claim.xero_id) for f in item.frees)

    def _use(self, claim: Claim, sign: int) -> None:
        key = (claim.endpoint, claim.xero_id)
        self._used[key] = self._used.get(key, Decimal(0)) + sign * (claim.amount or Decimal(0))

    def _waits(self, item: Planned, cause: Waiting, **values: str) -> Obstacle:
        sentence = self._words.waits(cause).sentence(**values)
        return Obstacle(item.row.id, cause, sentence, item.row.money)

    def _locked(self, item: Planned, lock: date | None) -> Obstacle | None:
        for day in item.dates:
            # unverified: whether Xero refuses the lock date itself; its help says so.
            if lock is not None and day <= lock:
                return self._waits(item, Waiting.LOCKED, date=f"{day}", lock_date=f"{lock}")
        return None

    def _account(self, item: Planned, chart: XeroSnapshot) -> Obstacle | None:
        for code in item.says.accounts:
            now = chart.accounts.get(code)
            meant, was = item.meant.get(code, ("", ""))
            if now is None:
                return self._waits(item, Waiting.ACCOUNT_GONE, account=code, was=was)
            if meant and now.id and meant.lower() != now.id.lower():
                return self._waits(
                    item, Waiting.ACCOUNT_RECODED, account=code, was=was, now=now.name
                )
            if now.status != "ACTIVE":
                return self._waits(item, Waiting.ACCOUNT_ARCHIVED, account=code, now=now.name)
        return None

    def _tax_type(self, item: Planned, chart: XeroSnapshot) -> Obstacle | None:
        for name in item.says.tax_types:
            # One that is never listed may be fine: a firm's list need not have the one for no tax.
            rate = chart.tax_rates.get(name)
            if rate is not None and rate.status != "ACTIVE":
                return self._waits(item, Waiting.TAX_TYPE, tax_type=name)
        return None

    def _claims(self, item: Planned) -> Obstacle | None:
        for claim in item.claims:
            key = (claim.endpoint, claim.xero_id)
            if key not in self._there.documents or key in self._unsure:
                continue
            found = self._there.documents[key]
            name = self._there.called(*key)
            if found is None:
                return self._waits(item, Waiting.MISSING, document=name)
            status = str(found.get("Status") or "")
            if is_gone(found):
                return self._waits(
                    item, Waiting.GONE, document=name, status=status,
                    changed=self._there.changed(*key),
                )  # fmt: skip
            if claim.amount is None:
                continue
            if status in DRAFTS:
                return self._waits(
                    item, Waiting.NOT_APPROVED, document=name, status=status,
                    changed=self._there.changed(*key),
                )  # fmt: skip
            due = _amount(found.get(OPEN_AMOUNT[claim.endpoint]))
            used = self._used.get(key, Decimal(0))
            if due is not None and claim.amount > due - used:
                return self._waits(
                    item, Waiting.PAID, document=name, amount=f"{claim.amount:,.2f}",
                    due=f"{due:,.2f}", taken=_taken(used), changed=self._there.changed(*key),
                )  # fmt: skip
        return None


def contents_of(row: StoredRequest) -> Contents:
    """What a body says that is held against the organisation."""
    element = orjson.loads(row.element)
    codes: dict[str, None] = {}
    taxes: dict[str, None] = {}
    for part in _maps(element):
        if isinstance(code := part.get("AccountCode"), str) and code:
            codes[code] = None
        for name in _ACCOUNTS:
            named = part.get(name)
            if isinstance(named, Mapping) and isinstance(code := named.get("Code"), str) and code:
                codes[code] = None
        if isinstance(tax := part.get("TaxType"), str) and tax:
            taxes[tax] = None
    day = None
    # Nothing is locked for a draft; what takes something back has no day of its own.
    if row.purpose is not Purpose.UNDO and element.get("Status") not in DRAFTS:
        day = as_date(str(element.get("Date") or ""))
    return Contents(tuple(codes), tuple(taxes), day)


def _maps(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for inner in value.values():
            yield from _maps(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _maps(inner)


def _taken(used: Decimal) -> str:
    """What goes before it takes or sets free, as the end of a sentence."""
    if not used:
        return ""
    did = "takes" if used > 0 else "sets free"
    return f", and what goes before it {did} {abs(used):,.2f}"


def _amount(value: object) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except InvalidOperation:
        return None
