"""Finds what a person entered in Xero for documents that were not sent, so that it is confirmed.

A pair is certain or it is none: every account to the cent, the day, and whose it is must be the
same, and nothing else in Xero may be taken for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pm2xero.reconcile.accounts import Accounts
from pm2xero.reconcile.clients import Clients
from pm2xero.reconcile.pm_side import Booked
from pm2xero.reconcile.to_enter import ToEnter, to_enter

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry in Xero that was not sent from here.

    Attributes:
        accounts: what it booked, by account; debits are positive.
        contact: as Xero shows it, or None where such an entry has none.
    """

    endpoint: str
    xero_id: str
    day: date
    accounts: Mapping[str, Decimal]
    contact: Mapping[str, Any] | None
    what: str


@dataclass(frozen=True, slots=True)
class Match:
    """A document, and the entries in Xero that are it: one for each part of it."""

    document: Booked
    entries: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Matched:
    """What was found for the documents that wait for a person.

    Attributes:
        open: documents to be entered without an entry in Xero that is just theirs.
        doubtful: documents for which there are more entries than they need.
    """

    pairs: tuple[Match, ...]
    open: tuple[Booked, ...]
    doubtful: tuple[Booked, ...]


Key = tuple[date, tuple[tuple[str, Decimal], ...]]


def match(
    work: Iterable[Booked], candidates: Sequence[Candidate], accounts: Accounts, clients: Clients,
    base: str,
) -> Matched:  # fmt: skip
    """Pair documents with entries, those that exclude each other not at all.

    Args:
        base: the currency of Xero's ledger; what is in another has no amount there to look for.
    """
    by_key: dict[Key, list[Candidate]] = {}
    for candidate in candidates:
        by_key.setdefault(_key(candidate.day, candidate.accounts.items()), []).append(candidate)
    items = list(work)
    parts = {item.id: to_enter(item, accounts) if item.currency == base else () for item in items}
    wanted: dict[str, list[list[Candidate]]] = {}
    claims: dict[str, set[tuple[str, int]]] = {}
    for item in items:
        found = [_fitting(item, part, by_key, clients) for part in parts[item.id]]
        wanted[item.id] = found
        for place, fitting in enumerate(found):
            for candidate in fitting:
                claims.setdefault(candidate.xero_id, set()).add((item.id, place))
    pairs, still_open, doubtful = [], [], []
    for item in items:
        found = wanted[item.id]
        if not found or not all(found):
            if item.by_hand:
                still_open.append(item)
        elif any(len(fitting) > 1 or len(claims[fitting[0].xero_id]) > 1 for fitting in found):
            doubtful.append(item)
        else:
            pairs.append(Match(item, tuple(fitting[0] for fitting in found)))
    return Matched(tuple(pairs), tuple(still_open), tuple(doubtful))


def _fitting(
    item: Booked, part: ToEnter, by_key: Mapping[Key, list[Candidate]], clients: Clients
) -> list[Candidate]:
    key = _key(part.day, part.accounts)
    # A journal that nets to nothing, as between matters of one account, says too little.
    return [
        candidate
        for candidate in (by_key.get(key, ()) if key[1] else ())
        if clients.differs(item.contact, item.participant, candidate.contact) is None
    ]


def _key(day: date, accounts: Iterable[tuple[str, Decimal]]) -> Key:
    return day, tuple(sorted((account, amount) for account, amount in accounts if amount))
