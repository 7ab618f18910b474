"""What stands in Xero twice: an entry of others that bears the natural key of one of ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pm2xero.history.requests import alive, taken_back
from pm2xero.outbox.records import StoredRequest
from pm2xero.reconcile.documents import Live
from pm2xero.send.lookup import Lookups, load_lookups
from pm2xero.xero.contracts import contract
from pm2xero.xero.natural_key import NaturalKey, is_standing

Object = Mapping[str, Any]


class NaturalKeys:
    """By which keys the documents that were sent are known in Xero.

    An entry of others is a double when it says whose it is as one of ours does: the number and the
    contact of an invoice, or a reference that begins with our own id. Neither its day nor its
    amount can clear it. So is a credit note that answers an invoice of ours by its number (or the
    other way round), also where ours was taken back: what it undoes is undone from here, too.
    """

    def __init__(self, requests: Iterable[StoredRequest], live: Live) -> None:
        rows = list(requests)
        self._live = live
        self._sent = alive(rows, taken_back(rows))
        self._lookups: Lookups = load_lookups()
        self._by_word: dict[tuple[str, str], list[StoredRequest]] | None = None
        self._made = alive(rows, ())
        self._numbered: dict[tuple[str, str], list[StoredRequest]] | None = None

    def owner_of(self, endpoint: str, found: Object) -> tuple[str, str] | None:
        """The document whose natural key an object of Xero bears, and the id of its own."""
        for row in self._alike(endpoint, found):
            key, ours = self._lookups.key(row.contract), self._live.made_by(row)
            if key is None or ours is None or not is_standing(ours):
                continue
            if _is_double(key, ours, found, row.transaction):
                return row.transaction, str(row.xero_id)
        other = self._answered(endpoint, found)
        return (other.transaction, str(other.xero_id)) if other is not None else None

    def _answered(self, endpoint: str, found: Object) -> StoredRequest | None:
        """The invoice of ours that a credit note of others names, or the other way round."""
        if endpoint not in _TRADE:
            return None
        if self._numbered is None:
            self._numbered = {}
            for row in self._made:
                ours = self._live.made_by(row)
                if ours is not None and _place(row) in _TRADE:
                    for word in _numbers(ours):
                        key = (word, _contact(ours))
                        self._numbered.setdefault(key, []).append(row)
        named = [*_numbers(found), *str(found.get("Reference") or "").casefold().split()[:1]]
        for word in named:
            for row in self._numbered.get((word, _contact(found)), ()):
                if _place(row) != endpoint:
                    return row
        return None

    def _alike(self, endpoint: str, found: Object) -> Iterator[StoredRequest]:
        if self._by_word is None:
            self._by_word = {}
            for row in self._sent:
                for word in self._words(row):
                    self._by_word.setdefault((_place(row), word), []).append(row)
        words = set(_numbers(found))
        for name in ("Reference", "Narration"):
            words.update(str(found.get(name) or "").casefold().split())
        for word in sorted(words):
            yield from self._by_word.get((endpoint, word), ())

    def _words(self, row: StoredRequest) -> Iterator[str]:
        yield row.transaction.casefold()
        yield from _numbers(self._live.made_by(row) or {})


# What one of them books, the other takes back.
_TRADE = ("Invoices", "CreditNotes")


def _place(row: StoredRequest) -> str:
    return contract(row.contract).path.lstrip("/")


def _contact(found: Object) -> str:
    contact = found.get("Contact")
    return str(contact.get("ContactID") or "") if isinstance(contact, Mapping) else ""


def _numbers(found: Object) -> Iterator[str]:
    for name in ("InvoiceNumber", "CreditNoteNumber"):
        if found.get(name):
            yield str(found[name]).casefold()


def _is_double(key: NaturalKey, ours: Object, found: Object, transaction: str) -> bool:
    named = [name for name in key.identity if ours.get(name)]
    if not named and not (key.tag and ours.get(key.tag)):
        return False
    own = {*key.identity, "Contact", *([key.tag] if key.tag else [])}
    return not own & key.mismatches(ours, found, transaction)
