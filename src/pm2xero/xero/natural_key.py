"""Compares a document that was sent with one that Xero has, by natural keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeAlias

from pm2xero.pack.language.conditions import Condition
from pm2xero.pack.language.plain_conditions import holds

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS_DATE = re.compile(r"/Date\((-?[0-9]{1,14})(?:[+-]\d{4})?\)/")
_ISO_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T.*)?")


@dataclass(frozen=True, slots=True)
class Sum:
    """A total of Xero's document that must equal a sum over what was sent.

    Attributes:
        when: applies only to elements of which this holds; None to all.
    """

    parts: str
    amount: str
    equals: str
    when: Condition | None = None

    def holds(self, sent: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
        """Whether the totals are equal; also where the sum cannot be made."""
        if self.when is not None and not holds(self.when, sent):
            return True
        amounts = [part.get(self.amount) for part in sent.get(self.parts) or []]
        if not amounts or None in amounts or found.get(self.equals) is None:
            return True
        total = sum((Decimal(str(amount)) for amount in amounts), Decimal(0))
        return _same_number(total, found[self.equals])


# What a document of Xero must say to be in the ledger; where nothing is said there are no drafts.
STANDING = frozenset(("AUTHORISED", "PAID", "POSTED"))
# What it says until somebody approves it.
DRAFTS = frozenset(("DRAFT", "SUBMITTED"))
# What it says when it was taken back, by whomever.
GONE = frozenset(("VOIDED", "DELETED", "ARCHIVED"))

Follow: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, Any]], bool]


def is_gone(found: Mapping[str, Any]) -> bool:
    """Whether a document of Xero was taken back."""
    return found.get("Status") in GONE or found.get("IsDeleted") is True


def is_standing(found: Mapping[str, Any]) -> bool:
    """Whether a document of Xero is in the ledger; a draft, or one to be approved, is not."""
    return not is_gone(found) and found.get("Status") in (None, *STANDING)


def is_as_sent(sent: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether a document of Xero stands, or is the draft that it was sent as."""
    return is_standing(found) or (sent.get("Status") in DRAFTS and found.get("Status") in DRAFTS)


@dataclass(frozen=True, slots=True)
class NaturalKey:
    """What two documents must share to be the same.

    Attributes:
        identity: fields that say whose document it is; when only they are equal it is the same
            document, changed by somebody, or one that must not be made a second time.
        tag: a text that begins with the document's id in Practice Management; more may follow.
        same: further fields that must be equal.
        pays: list of what is paid, with the fields that each part must share.
    """

    same: tuple[str, ...]
    sums: tuple[Sum, ...] = ()
    identity: tuple[str, ...] = ()
    tag: str | None = None
    pays: tuple[str, tuple[str, ...]] | None = None

    def matches(
        self, sent: Mapping[str, Any], found: Mapping[str, Any], transaction: str = ""
    ) -> bool:
        """Whether a document of Xero is the one that was sent; fields not sent do not count."""
        return not is_gone(found) and not self.mismatches(sent, found, transaction)

    def mismatches(
        self,
        sent: Mapping[str, Any],
        found: Mapping[str, Any],
        transaction: str = "",
        same_contact: Follow | None = None,
        *,
        shown_only: bool = False,
    ) -> set[str]:
        """Where the two say something else.

        Args:
            transaction: the id in Practice Management, which begins the text of `tag`.
            same_contact: whether two contacts that look different are one, as they were merged.
            shown_only: what is not shown in `found` does not speak against it.
        """

        def counts(name: str) -> bool:
            return name in sent and not (shown_only and not _is_shown(sent[name], found.get(name)))

        fields = [name for name in (*self.identity, *self.same) if counts(name)]
        wrong = {name for name in fields if not same_value(sent[name], found.get(name))}
        tag = self.tag
        if tag and counts(tag) and not same_tag(sent[tag], found.get(tag), transaction):
            wrong.add(tag)
        wrong.update(total.equals for total in self.sums if not total.holds(sent, found))
        if self.pays is not None and not (shown_only and not self._is_loaded(found)):
            parts, names = self.pays
            if not _same_parts(names, sent.get(parts), found.get(parts)):
                wrong.add(parts)
        # It may cost a call, so it is asked last, and not where so much differs that it is another
        # document whoever its contact is.
        if "Contact" in wrong and same_contact is not None and len(self._kinds(wrong)) <= 2:
            there = found.get("Contact")
            if isinstance(there, Mapping) and same_contact(sent["Contact"], there):
                wrong.discard("Contact")
        return wrong

    def _kinds(self, wrong: Collection[str]) -> set[str]:
        """What differs, where all totals are one thing."""
        totals = {total.equals for total in self.sums}
        return {"total" if name in totals else name for name in wrong}

    def is_of(self, sent: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
        """Whether a document bears the number of the one that was sent, whatever else it says."""
        named = [name for name in self.identity if name in sent]
        return bool(named) and all(same_value(sent[name], found.get(name)) for name in named)

    @property
    def number(self) -> str | None:
        """The field that numbers a document, where one does."""
        return next((name for name in self.identity if name.endswith("Number")), None)

    @property
    def has_name(self) -> bool:
        """Whether a document bears a name: a number, or the id of Practice Management."""
        return self.number is not None or self.tag is not None

    def name_in(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """What of a body names the document alone; nothing where it bears no name.

        A number is one of whose it is: two suppliers may give the same one.
        """
        if self.number is not None:
            named = (*self.identity, "Contact") if said.get(self.number) else ()
        else:
            named = (self.tag,) if self.tag is not None and said.get(self.tag) else ()
        return {name: said[name] for name in named if said.get(name)}

    def is_name(self, sent: Mapping[str, Any]) -> bool:
        """Whether what is looked for is known by nothing but its name; see `name_in`."""
        return not set(sent) - {*self.identity, "Contact", self.tag}

    def with_number_of(
        self, sent: Mapping[str, Any], found: Mapping[str, Any]
    ) -> Mapping[str, Any]:  # fmt: skip
        """A document of Xero as if it bore the number that was sent, where only a count is more."""
        name = self.number
        ours, theirs = (sent.get(name), found.get(name)) if name is not None else (None, None)
        if name is None or not isinstance(ours, str) or not isinstance(theirs, str):
            return found
        return {**found, name: ours} if same_number(ours, theirs) else found

    def is_suspect(self, sent: Mapping[str, Any], wrong: Collection[str]) -> bool:
        """Whether something that differs may be the document all the same.

        It bears the id of Practice Management, or is what was sent but for one field.
        """
        if self.tag is not None and self.tag in sent:
            return self.tag not in wrong
        fields = self._kinds(wrong)
        return len(fields) == 1 and not {*self.identity, *(self.pays or ())[:1]} & fields

    def is_but_for_name(self, wrong: Collection[str]) -> bool:
        """Whether all is equal but its name, an amount among it.

        The name is its number, or the id of Practice Management.
        """
        names = [name for name in (self.number, self.tag) if name is not None]
        return list(wrong) in [[name] for name in names] and bool(
            self.sums or "Amount" in self.same
        )

    def echoes(
        self, sent: Mapping[str, Any], found: Mapping[str, Any], transaction: str = ""
    ) -> bool:
        """Whether an answer is about what was sent; what it leaves out cannot speak against it."""
        return not self.mismatches(sent, found, transaction, shown_only=True)

    def _is_loaded(self, found: Mapping[str, Any]) -> bool:
        """Whether the parts of what is paid are shown; an empty list may mean "not loaded"."""
        parts, names = self.pays or ("", ())
        shown = found.get(parts)
        named = [name for name in names if name != "Amount"]
        return (
            isinstance(shown, list)
            and bool(shown)
            and all(isinstance(p, Mapping) and any(p.get(n) for n in named) for p in shown)
        )


def same_tag(sent: object, found: object, transaction: str) -> bool:
    """Whether two texts begin with the same id of Practice Management, as a word of its own."""
    if not isinstance(sent, str) or not isinstance(found, str):
        return same_value(sent, found)
    head, there = head_of_tag(sent, transaction).casefold(), _plain(found)
    return there == head or there.startswith(head + " ")


def head_of_tag(sent: str, transaction: str) -> str:
    """A text up to the id of Practice Management; the whole of one that does not have it."""
    whole, id = " ".join(sent.split()), " ".join(transaction.split())
    if id and (whole == id or whole.startswith(f"{id} ")):
        return id
    # A journal's text has a title before the id.
    named = re.search(rf"(?<!\S){re.escape(id)}(?!\S)", whole, re.IGNORECASE)
    return whole[: named.end()] if transaction and named else whole


# What Xero may put behind a number.
_COUNT = re.compile(r"(?: \([0-9]+\))?")


def same_number(ours: str, theirs: str) -> bool:
    """Whether two numbers are one: Xero's may have a count in brackets behind it.

    It has where the number itself stays taken by a document that a person voided.
    """
    head, there = _plain(ours), _plain(theirs)
    return there.startswith(head) and _COUNT.fullmatch(there, len(head)) is not None


def same_value(sent: Any, found: Any) -> bool:
    """Whether two values mean the same: dates in any form, objects by the keys they share."""
    if found is None:
        return sent in (None, "")
    if isinstance(sent, Mapping):
        shared = [name for name in sent if isinstance(found, Mapping) and found.get(name)]
        return bool(shared) and all(same_value(sent[name], found[name]) for name in shared)
    if isinstance(sent, int | Decimal) and not isinstance(sent, bool):
        return _same_number(Decimal(sent), found)
    if isinstance(sent, str) and isinstance(found, str):
        day = as_date(found)
        if day is not None and as_date(sent) is not None:
            return day == as_date(sent)
        return _plain(sent) == _plain(found)
    if isinstance(sent, list) or isinstance(found, list):
        return False
    return bool(sent == found)


@lru_cache(maxsize=4096)
def as_date(text: str) -> date | None:
    """The day of `YYYY-MM-DD`, with or without a time, or of `/Date(ms)/`; None otherwise."""
    try:
        if match := _MS_DATE.fullmatch(text):
            return (_EPOCH + timedelta(milliseconds=int(match[1]))).date()
        match = _ISO_DATE.fullmatch(text)
        return date.fromisoformat(match[1]) if match else None
    except (ValueError, OverflowError):
        # One before the year 1 or after 9999 is none.
        return None


def paired(
    wanted: Sequence[str], candidates: Mapping[str, Sequence[str]]
) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Which found document belongs to which request, and where that cannot be said.

    Documents with equal natural keys are interchangeable: as many as there are requests for them
    are handed out in order. More documents than requests leave it open.

    Args:
        candidates: ids of the documents that match each request.

    Returns:
        ids by request; and the ids that compete, by request.
    """
    groups: dict[frozenset[str], list[str]] = {}
    for request in wanted:
        if candidates.get(request):
            groups.setdefault(frozenset(candidates[request]), []).append(request)
    given: dict[str, str] = {}
    open_: dict[str, tuple[str, ...]] = {}
    taken: set[str] = set()
    for ids, requests in groups.items():
        left = [id_ for id_ in candidates[requests[0]] if id_ not in taken]
        if len(left) > len(requests):
            open_.update({request: tuple(sorted(ids)) for request in requests})
            continue
        for request, id_ in zip(requests, left, strict=False):
            given[request] = id_
            taken.add(id_)
    return given, open_


def _same_parts(names: Sequence[str], sent: object, found: object) -> bool:
    """Whether both lists have the same parts, in any order."""
    left = [part for part in found if isinstance(part, Mapping)] if isinstance(found, list) else []
    for part in sent if isinstance(sent, list) else []:
        said = [name for name in names if name in part]
        hit = next((o for o in left if all(same_value(part[n], o.get(n)) for n in said)), None)
        if hit is None:
            return False
        left.remove(hit)
    return not left


def _is_shown(sent: object, found: object) -> bool:
    """Whether an answer shows a value in a form that can be compared."""
    if found in (None, ""):
        return False
    if isinstance(sent, Mapping):
        return isinstance(found, Mapping) and any(found.get(name) for name in sent)
    return True


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _same_number(sent: Decimal, found: Any) -> bool:
    try:
        return sent == Decimal(str(found))
    except InvalidOperation:
        return False
