"""Finds out whether a call whose outcome is unknown was carried out.

unverified: that Xero's GET shows a document as soon as it is saved; no source says otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pm2xero.send.conclusions import Seen
from pm2xero.send.fill_ids import Ready
from pm2xero.send.lookup_table import ByAbsence, ByKey, ByParts, ByState, HowToFind, load_table
from pm2xero.send.named import at_once, by_days, named
from pm2xero.xero.addresses import LONGEST_QUERY, blocks, encoded_length
from pm2xero.xero.answers import Object, Read, Unproven, complete_list, id_name_of, one_object
from pm2xero.xero.contracts import with_suffix
from pm2xero.xero.natural_key import (
    GONE,
    NaturalKey,
    is_as_sent,
    is_gone,
    paired,
    same_number,
    same_value,
)

LinkedTo = Callable[[str], str | None]
SameContact = Callable[[Mapping[str, Any], Mapping[str, Any]], bool]

# The counts that may stand behind a number that stays taken; see `parcel.renumbered`.
RENUMBERED = (2, 3)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was seen of one request.

    Attributes:
        xero_id: its id when it stands, or is a draft; None too where such a thing has no id.
        rivals: the ids of which a person must choose, if there are any.
        why: what kept a look-up from proving anything.
        is_number_kept: its number is that of a document that was taken back, and stays taken.
        is_unnamed: no rival bears its name; they are what was sent in all else.
        gone: ids of documents that were taken back, and are what was sent in all else.
    """

    seen: Seen
    xero_id: str | None = None
    rivals: tuple[str, ...] = ()
    why: str = ""
    is_number_kept: bool = False
    is_unnamed: bool = False
    gone: tuple[str, ...] = ()


_ABSENT = Sighting(Seen.ABSENT)
# The body of what is looked for and of which nothing is known, not even a name.
_UNSAID = b"{}"


@dataclass(frozen=True, slots=True)
class Eyes:
    """What a look-up sees with.

    Attributes:
        read: makes a GET.
        linked_to: the request that a document of Xero is known to belong to.
        same_contact: whether two contacts are one, because they were merged in Xero.
        is_document: whether a word is the id of a document; set after the outbox was lost, with
            which the words of people were lost that said what they had entered themselves.
    """

    read: Read
    linked_to: LinkedTo
    same_contact: SameContact
    is_document: Callable[[str], bool] | None = None

    def may_be_renamed(
        self, key: NaturalKey, found: Object, wrong: Collection[str], sent: Collection[str]
    ) -> bool:
        """Whether it may be the document under another name.

        A person may have entered it, without the id; or it was sent under another number.

        Args:
            sent: the names of all that are looked up.
        """
        if self.is_document is None or not key.is_but_for_name(wrong):
            return False
        (name,) = wrong
        word = str(found.get(name) or "")
        if name == key.number:
            return all(not same_number(other, word) for other in sent)
        return not self.is_document(next(iter(word.split()), ""))


class Lookups:
    """The look-ups of all contracts."""

    def __init__(self, table: Mapping[str, HowToFind]) -> None:
        self._table = table

    def find(self, members: Sequence[Ready], eyes: Eyes) -> dict[str, Sighting]:
        """What became of these requests, all of one contract, by request id."""
        how = self._table.get(members[0].contract.name)
        told = [m for m in members if how is not None and not _is_unsaid(m)]
        # Nothing tells whether these were done, so only a person can.
        unseen = {m.row.id: Sighting(Seen.UNSEEN) for m in members if m not in told}
        return {**unseen, **(self._find(how, told, eyes) if how is not None and told else {})}

    def _find(self, how: HowToFind, members: Sequence[Ready], eyes: Eyes) -> dict[str, Sighting]:
        if not isinstance(how, ByKey):
            return {member.row.id: _one_by_one(how, member, eyes) for member in members}
        try:
            return _by_key(how, members, eyes)
        except Unproven as fault:
            return {member.row.id: Sighting(Seen.UNPROVEN, why=str(fault)) for member in members}

    def key(self, contract: str) -> NaturalKey | None:
        """What a document that a contract makes shares with the one in Xero, if a list shows it."""
        how = self._table.get(contract)
        return how.key if isinstance(how, ByKey | ByParts) else None

    def parts(self, contract: str) -> str | None:
        """The list of parts that a contract adds to a document, if it does."""
        how = self._table.get(contract)
        return how.parts if isinstance(how, ByParts) else None

    def parts_there(self, member: Ready, eyes: Eyes) -> list[bool]:
        """For each part of a request whether Xero has it.

        Raises:
            Unproven: Xero does not show the document that the parts belong to.
        """
        how = self._table[member.contract.name]
        assert isinstance(how, ByParts)
        return [hit is not None for hit in _parts_there(how, member, eyes)]


def load_lookups(path: Path | None = None) -> Lookups:
    """The look-ups of a table; of the pack's when no file is named.

    Raises:
        PackError: with everything that is wrong in the file.
    """
    return Lookups(load_table(path))


def _is_unsaid(member: Ready) -> bool:
    return member.contract.method == "PUT" and member.element == _UNSAID


def _one_by_one(how: ByState | ByParts | ByAbsence, member: Ready, eyes: Eyes) -> Sighting:
    try:
        if isinstance(how, ByState):
            return _by_state(how, member, eyes)
        if isinstance(how, ByAbsence):
            return _by_absence(how, member, eyes)
        return _by_parts(how, member, eyes)
    except Unproven as fault:
        return Sighting(Seen.UNPROVEN, why=str(fault))


def _by_key(how: ByKey, members: Sequence[Ready], eyes: Eyes) -> dict[str, Sighting]:
    sent = {member.row.id: element_of(member) for member in members}
    transactions = {member.row.id: member.row.transaction for member in members}
    # Whoever asked for it to be sent has seen what is there.
    looked = {member.row.id for member in members if member.row.cause == "resend"}
    id_name = id_name_of(how.endpoint)
    numbers = {str(e.get(how.key.number or "")) for e in sent.values()}
    listed = _shown(how, [(transactions[r], e) for r, e in sent.items()], eyes)
    gone = [doc for doc in listed if is_gone(doc)]
    # Where a document that was taken back keeps the number, ours may have a count behind it.
    kept = {r for r, e in sent.items() if any(how.key.is_of(e, doc) for doc in gone)}
    listed += _renumbered(how, [sent[r] for r in kept], eyes.read)
    found = {str(doc[id_name]): doc for doc in listed if not is_gone(doc)}
    owners: dict[str, str | None] = {}
    candidates: dict[str, list[str]] = {}
    suspects: dict[str, list[str]] = {}
    bears_name: set[tuple[str, str]] = set()
    for request, element in sent.items():
        for id_, shown in found.items():
            doc = how.key.with_number_of(element, shown) if request in kept else shown
            wrong = how.key.mismatches(element, doc, transactions[request], eyes.same_contact)
            if wrong == {(how.key.pays or ("",))[0]}:
                # A list may leave out what a batch pays; the batch itself shows it.
                whole = one_object(eyes.read, how.endpoint, id_) or doc
                wrong = how.key.mismatches(element, whole, transactions[request])
            is_it = not wrong
            is_like = how.key.is_suspect(element, wrong)
            bears_name.update({(request, id_)} if is_like else ())
            if not is_like and request not in looked:
                is_like = eyes.may_be_renamed(how.key, doc, wrong, numbers)
            if not is_it and not is_like:
                continue
            if id_ not in owners:
                owners[id_] = eyes.linked_to(id_)
            if owners[id_] in (None, request):
                (candidates if is_it else suspects).setdefault(request, []).append(id_)
    given, rivals = paired(list(sent), candidates)
    taken = set(given.values())
    result: dict[str, Sighting] = {}
    for request in sent:
        if request in given:
            seen = Seen.STANDS if is_as_sent(sent[request], found[given[request]]) else Seen.DRAFT
            result[request] = Sighting(seen, given[request])
        elif request in rivals:
            result[request] = Sighting(Seen.RIVALS, rivals=rivals[request])
        elif left := tuple(i for i in suspects.get(request, ()) if i not in taken):
            is_unnamed = not any((request, id_) in bears_name for id_ in left)
            result[request] = Sighting(Seen.RIVALS, rivals=left, is_unnamed=is_unnamed)
        else:
            same = tuple(
                str(doc[id_name])
                for doc in gone
                if not how.key.mismatches(
                    sent[request], doc, transactions[request], eyes.same_contact
                )
                and eyes.linked_to(str(doc[id_name])) in (None, request)
            )
            result[request] = Sighting(Seen.ABSENT, is_number_kept=request in kept, gone=same)
    return result


def _by_state(how: ByState, member: Ready, eyes: Eyes) -> Sighting:
    element = element_of(member)
    id_name = str(member.contract.id_name)
    id_ = str(element.get(id_name) or unquote(member.path.rsplit("/", 1)[-1]))
    changed = {name: value for name, value in element.items() if name != id_name}
    is_undo = changed.get(how.reached) in GONE
    # A change of more than the one field shows nowhere for certain; it is harmless to repeat.
    if len(changed) != 1:
        return _ABSENT
    found = one_object(eyes.read, how.endpoint, id_)
    if found is None:
        # Xero goes on showing what is taken back. What it never showed here a person entered as
        # another kind of document, and there it stands.
        raise Unproven(f"Xero has no {id_} among its {how.endpoint}, nor one that was taken back")
    # Whoever took it back: what is gone is gone, and its number needs no other name any more.
    if is_gone(found):
        return Sighting(Seen.STANDS, id_) if is_undo or how.reached not in changed else _ABSENT
    if all(same_value(value, found.get(name)) for name, value in changed.items()):
        return Sighting(Seen.STANDS, id_)
    return _ABSENT


def _by_absence(how: ByAbsence, member: Ready, eyes: Eyes) -> Sighting:
    endpoint, parent, _, part = (unquote(step) for step in member.path.strip("/").split("/"))
    there = _shown_parts(how.parts, endpoint, parent, eyes.read)
    id_name = str(member.contract.id_name)
    if any(str(other.get(id_name)).lower() == part.lower() for other in there):
        return _ABSENT
    # A list that does not name its parts by id cannot say that one of them is gone.
    if any(id_name not in other for other in there):
        raise Unproven(f"Xero does not show the ids of the {how.parts}")
    return Sighting(Seen.STANDS, part)


@dataclass(frozen=True, slots=True)
class _There:
    """A part that Xero has; it may have no id."""

    xero_id: str | None


def _by_parts(how: ByParts, member: Ready, eyes: Eyes) -> Sighting:
    if member.whole is not None:
        hit = _parts_there(how, member.whole, eyes)[member.place]
        return Sighting(Seen.STANDS, hit.xero_id) if hit is not None else _ABSENT
    found = _parts_there(how, member, eyes)
    # Where only some are there the rest is sent, so as a whole it is not.
    if not found or found[0] is None or None in found:
        return _ABSENT
    return Sighting(Seen.STANDS, found[0].xero_id)


def _parts_there(how: ByParts, member: Ready, eyes: Eyes) -> list[_There | None]:
    """For each part that was sent the one of Xero, or None when it is not there."""
    endpoint, parent, *_ = (unquote(step) for step in member.path.strip("/").split("/"))
    there = _shown_parts(how.parts, endpoint, parent, eyes.read)
    id_name = str(member.contract.id_name)
    result: list[_There | None] = []
    for part in element_of(member).get(how.parts) or []:
        hit = None
        for place, candidate in enumerate(there):
            id_ = candidate.get(id_name)
            is_free = id_ is None or eyes.linked_to(str(id_)) in (None, member.row.id)
            if is_free and how.key.matches(part, candidate):
                hit = _There(str(id_) if id_ is not None else None)
                del there[place]
                break
        result.append(hit)
    return result


def _shown_parts(parts: str, endpoint: str, parent: str, read: Read) -> list[Object]:
    """The parts that one document has, without those that were taken out.

    Raises:
        Unproven: it does not show them.
    """
    document = one_object(read, endpoint, parent)
    if document is None:
        raise Unproven(f"Xero does not show the one of {endpoint} that the {parts} belong to")
    shown = document.get(parts)
    if not isinstance(shown, list) or not all(isinstance(part, dict) for part in shown):
        raise Unproven(f"Xero does not show the {parts}")
    return [part for part in shown if not is_gone(part)]


def _shown(
    how: ByKey, sent: Sequence[tuple[str, Mapping[str, Any]]], eyes: Eyes
) -> list[Object]:  # fmt: skip
    """What may be one of the documents; after the outbox was lost also by its name, in one call."""
    elements = [element for _, element in sent]
    if eyes.is_document is None:
        return list(_listed(how, elements, eyes.read))
    if only := [(id, element) for id, element in sent if how.key.is_name(element)]:
        rest = [(id, element) for id, element in sent if not how.key.is_name(element)]
        found = [*_shown_by_name(how, only, eyes.read), *(_shown(how, rest, eyes) if rest else ())]
        return list({str(doc[id_name_of(how.endpoint)]): doc for doc in found}.values())
    if (query := at_once(how, sent)) is not None:
        # A list that does not take such a filter is asked twice.
        with suppress(Unproven):
            return complete_list(eyes.read, how.endpoint, query, paged=how.paged)
    twice = [*_listed(how, elements, eyes.read), *named(how, sent, eyes.read)]
    return list({str(doc[id_name_of(how.endpoint)]): doc for doc in twice}.values())


def _shown_by_name(
    how: ByKey, sent: Sequence[tuple[str, Mapping[str, Any]]], read: Read
) -> list[Object]:
    """What bears the names of documents of which no day is known."""
    if how.parameter is not None and how.by == how.key.number:
        return list(_listed(how, [element for _, element in sent], read))
    return named(how, sent, read)


def _listed(how: ByKey, elements: Sequence[Mapping[str, Any]], read: Read) -> Iterator[Object]:
    for query in _queries(how, elements):
        yield from complete_list(read, how.endpoint, query, paged=how.paged)


def _renumbered(
    how: ByKey, elements: Sequence[Mapping[str, Any]], read: Read
) -> list[Object]:  # fmt: skip
    """Documents whose numbers are those of the elements with a count behind them."""
    name = how.key.number
    if not elements or how.parameter is None or name is None or name != how.by:
        return []
    numbers = (str(element[name]) for element in elements)
    counted = [
        {name: with_suffix(number, str(count))} for number in numbers for count in RENUMBERED
    ]
    return [
        doc
        for query in _queries(how, counted)
        for doc in complete_list(read, how.endpoint, query, paged=how.paged)
    ]


def _queries(how: ByKey, elements: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    if how.parameter and how.by:
        values = list(dict.fromkeys(str(element.get(how.by) or "") for element in elements))
        # The parameter separates its values by commas and has no way to quote one.
        if all(v and "," not in v and encoded_length(v) < LONGEST_QUERY for v in values):
            yield from ({how.parameter: ",".join(part)} for part in blocks(values))
            return
    yield by_days(how, elements)


def element_of(member: Ready) -> dict[str, Any]:
    """What was sent of one document, with its fractions as Decimal."""
    element: dict[str, Any] = json.loads(member.element, parse_float=Decimal)
    return element
