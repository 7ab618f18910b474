"""Finds out whether a call whose outcome is unknown was carried out (`mappings/xero/lookup.yaml`).

unverified: that Xero's GET shows a document as soon as it is saved; no source says otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pm2xero.errors import Finding, PackError, Position
from pm2xero.pack.yaml.read import SourceMap, read_yaml
from pm2xero.pack.yaml.schema import check
from pm2xero.resources import root
from pm2xero.send.fill_ids import Ready
from pm2xero.xero.client import Response
from pm2xero.xero.natural_key import NaturalKey, Sum, as_date, paired, same_value

Read = Callable[[str, Mapping[str, str]], Response]
LinkedTo = Callable[[str], str | None]

_PAGE = 1000
# Values of one list parameter, so that the address stays below 2,000 characters.
_VALUES = 40


@dataclass(frozen=True, slots=True)
class ByKey:
    """Found in a list by its natural key; the parameter is used when there is one."""

    endpoint: str
    dates: str
    parameter: str | None
    by: str | None
    paged: bool
    key: NaturalKey


@dataclass(frozen=True, slots=True)
class ByState:
    """A change of one document, made when the field has the value that was sent."""

    endpoint: str
    reached: str


@dataclass(frozen=True, slots=True)
class ByParts:
    """Parts that were added to one document."""

    parts: str
    key: NaturalKey


Lookup = ByKey | ByState | ByParts


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was seen of one request.

    Attributes:
        xero_id: when found; None too where such a thing has no id.
        rivals: when several: the ids of which a person must choose, if there are any.
    """

    kind: Literal["found", "absent", "several"]
    xero_id: str | None = None
    rivals: tuple[str, ...] = ()


_ABSENT = Sighting("absent")


@dataclass(frozen=True, slots=True)
class Rest:
    """What Xero has not got of a request: all of it, some parts, or nothing (`left` is None).

    Attributes:
        xero_id: of its first part, when it is all there.
    """

    left: Ready | None
    xero_id: str | None = None


@dataclass(frozen=True, slots=True)
class _There:
    """A part that Xero has."""

    xero_id: str | None


class Lookups:
    """The lookups of all contracts.

    Args of `find` are `read`, which makes a GET and answers with 200 or 404, and `linked_to`, the
    request that a document of Xero is known to belong to.
    """

    def __init__(self, by_contract: Mapping[str, Lookup]) -> None:
        self._by_contract = by_contract

    def find(
        self, members: Sequence[Ready], read: Read, linked_to: LinkedTo
    ) -> dict[str, Sighting]:
        """What became of these requests, all of one contract, by request id."""
        lookup = self._by_contract.get(members[0].contract.name)
        if lookup is None:
            # Nothing tells whether it was done, so only a person can.
            return {member.row.id: Sighting("several") for member in members}
        if isinstance(lookup, ByKey):
            return _by_key(lookup, members, read, linked_to)
        if isinstance(lookup, ByState):
            return {member.row.id: _by_state(lookup, member, read) for member in members}
        return {member.row.id: _by_parts(lookup, member, read, linked_to) for member in members}

    def key(self, contract: str) -> NaturalKey | None:
        """What a document that a contract makes shares with the one in Xero, if a list shows it."""
        lookup = self._by_contract.get(contract)
        return lookup.key if isinstance(lookup, ByKey) else None

    def rest(self, member: Ready, read: Read, linked_to: LinkedTo) -> Rest:
        """What is left to send of a request of several parts."""
        lookup = self._by_contract.get(member.contract.name)
        if not isinstance(lookup, ByParts):
            return Rest(member)
        found = _parts_there(lookup, member, read, linked_to)
        left = [place for place, hit in enumerate(found) if hit is None]
        if found and not left:
            return Rest(None, found[0].xero_id if found[0] else None)
        return Rest(member if len(left) == len(found) else member.only(lookup.parts, left))


def load_lookups(path: Path | None = None) -> Lookups:
    """Read the table; the one of the pack when no file is named.

    Raises:
        PackError: with everything that is wrong in the file.
    """
    return _loaded(path or root() / "mappings" / "xero" / "lookup.yaml")


@cache
def _loaded(path: Path) -> Lookups:
    tree = read_yaml(path, path.name)
    findings: list[Finding] = check("xero_lookup.schema", tree, Position(path.name))
    if findings:
        raise PackError(*findings)
    return Lookups({name: _lookup(raw) for name, raw in tree["lookups"].items()})


def _lookup(raw: SourceMap) -> Lookup:
    if "document" in raw:
        return ByState(raw["document"], raw["reached"])
    sums = tuple(_sum(entry) for entry in raw.get("sums", ()))
    key = NaturalKey(tuple(raw["same"]), sums, frozenset(raw.get("gone", ())))
    if "parts" in raw:
        return ByParts(raw["parts"], key)
    narrow = raw["narrow"]
    return ByKey(
        endpoint=raw["list"],
        dates=narrow["dates"],
        parameter=narrow.get("parameter"),
        by=narrow.get("by"),
        paged=raw.get("paged", True),
        key=key,
    )


def _sum(raw: SourceMap) -> Sum:
    parts, _, amount = raw["of"].partition(".")
    when = {name: tuple(values) for name, values in raw.get("when", {}).items()}
    return Sum(parts, amount, raw["equals"], when)


def _by_key(
    lookup: ByKey, members: Sequence[Ready], read: Read, linked_to: LinkedTo
) -> dict[str, Sighting]:
    sent = {member.row.id: _element(member) for member in members}
    id_name = str(members[0].contract.id_name)
    found = list(_listed(lookup, list(sent.values()), read))
    owners: dict[str, str | None] = {}
    candidates: dict[str, list[str]] = {}
    for request, element in sent.items():
        matching = [str(doc[id_name]) for doc in found if lookup.key.matches(element, doc)]
        for id_ in matching:
            if id_ not in owners:
                owners[id_] = linked_to(id_)
        candidates[request] = [id_ for id_ in matching if owners[id_] in (None, request)]
    given, rivals = paired(list(sent), candidates)
    return {
        request: Sighting("found", given[request])
        if request in given
        else Sighting("several", rivals=rivals[request])
        if request in rivals
        else _ABSENT
        for request in sent
    }


def _by_state(lookup: ByState, member: Ready, read: Read) -> Sighting:
    element = _element(member)
    id_name = str(member.contract.id_name)
    id_ = str(element.get(id_name) or member.path.rsplit("/", 1)[-1])
    # A change of more than the one field shows nowhere for certain; it is harmless to repeat.
    if set(element) - {id_name, lookup.reached}:
        return _ABSENT
    found = _one(read(f"/{lookup.endpoint}/{quote(id_, safe='')}", {}), lookup.endpoint)
    if found and same_value(element.get(lookup.reached), found.get(lookup.reached)):
        return Sighting("found", id_)
    return _ABSENT


def _by_parts(lookup: ByParts, member: Ready, read: Read, linked_to: LinkedTo) -> Sighting:
    found = _parts_there(lookup, member, read, linked_to)
    # Where only some are there the rest is sent (`rest`), so as a whole it is not.
    if not found or found[0] is None or None in found:
        return _ABSENT
    return Sighting("found", found[0].xero_id)


def _parts_there(
    lookup: ByParts, member: Ready, read: Read, linked_to: LinkedTo
) -> list[_There | None]:
    """For each part that was sent the one of Xero, or None when it is not there."""
    path = member.path.rsplit("/", 1)[0]
    document = _one(read(path, {}), path.split("/")[1])
    there = list(document.get(lookup.parts) or []) if document else []
    id_name = str(member.contract.id_name)
    result: list[_There | None] = []
    for part in _element(member).get(lookup.parts) or []:
        hit = None
        for place, candidate in enumerate(there):
            id_ = candidate.get(id_name)
            is_free = id_ is None or linked_to(str(id_)) in (None, member.row.id)
            if is_free and lookup.key.matches(part, candidate):
                hit = _There(id_)
                del there[place]
                break
        result.append(hit)
    return result


def _listed(
    lookup: ByKey, elements: Sequence[Mapping[str, Any]], read: Read
) -> Iterator[Mapping[str, Any]]:
    for query in _queries(lookup, elements):
        page = 1
        while True:
            paging = {"page": str(page), "pageSize": str(_PAGE)} if lookup.paged else {}
            answer = read(f"/{lookup.endpoint}", {**query, **paging}).json or {}
            found = answer.get(lookup.endpoint) or []
            yield from found
            pages = int((answer.get("pagination") or {}).get("pageCount") or 1)
            if not lookup.paged or not found or page >= pages:
                break
            page += 1


def _queries(lookup: ByKey, elements: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    if lookup.parameter and lookup.by:
        values = [str(element.get(lookup.by) or "") for element in elements]
        # The parameter separates its values by commas and has no way to quote one.
        if all(value and "," not in value for value in values):
            values = list(dict.fromkeys(values))
            for start in range(0, len(values), _VALUES):
                yield {lookup.parameter: ",".join(values[start : start + _VALUES])}
            return
    days = [day for e in elements if (day := as_date(str(e.get(lookup.dates) or "")))]
    if not days:
        yield {}
        return
    first, last = (f"DateTime({d.year}, {d.month:02}, {d.day:02})" for d in (min(days), max(days)))
    yield {"where": f"{lookup.dates}>={first} AND {lookup.dates}<={last}"}


def _one(answer: Response, endpoint: str) -> Mapping[str, Any] | None:
    found = (answer.json or {}).get(endpoint) or []
    return found[0] if found else None


def _element(member: Ready) -> dict[str, Any]:
    element: dict[str, Any] = json.loads(member.element, parse_float=Decimal)
    return element
