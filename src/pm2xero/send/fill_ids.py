"""Fills in the ids of Xero that were not known when a request was rendered, and makes bodies."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import orjson

from pm2xero.outbox.records import StoredRequest
from pm2xero.xero.contracts import Contract, contract

_PLACEHOLDER = re.compile(r"<([A-Za-z]+) of (.+?)>(?=/|$)")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class MissingId(Exception):
    """An id that a request needs is not known; the text names it."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A request with every id filled in.

    Attributes:
        element: exact bytes of the one document.
        salt: counts the keys that were used before; the same salt gives the same key again.
        whole: the request with all its parts, where this is one of several.
        place: which of them it is, from 0.
    """

    row: StoredRequest
    contract: Contract
    path: str
    element: bytes
    salt: int
    whole: Ready | None = None
    place: int = 0

    def under_new_key(self) -> Ready:
        """The same request, so that Xero does not answer from its memory."""
        return replace(self, salt=self.salt + 1)

    def with_text(self, field: str, text: str) -> Ready:
        """The same request with another text in a field."""
        tree = json.loads(self.element, parse_float=_exact)
        return replace(self, element=orjson.dumps({**tree, field: text}))

    def parts(self, name: str) -> list[Ready]:
        """One request for each of its parts; itself when it has one only."""
        tree = json.loads(self.element, parse_float=_exact)
        if len(tree[name]) < 2:
            return [self]
        return [
            replace(self, element=orjson.dumps({**tree, name: [part]}), whole=self, place=place)
            for place, part in enumerate(tree[name])
        ]


def fill(
    row: StoredRequest,
    links: Mapping[tuple[str, str], str],
    contact_id: Callable[[str], str | None],
    salt: int,
) -> Ready:
    """A request with the ids of other documents and of its contact.

    Only a whole value under the key of its own name (`"InvoiceID": "<InvoiceID of …>"`) is
    replaced, so a text that merely looks like it stays as it is. Amounts keep their digits.

    Raises:
        MissingId: a document or a contact has no id yet.
    """

    def known(id_name: str, transaction: str) -> str:
        found = links.get((transaction, id_name))
        if found is None:
            raise MissingId(f"the {id_name} of {transaction} is not known")
        return found

    def of_path(match: re.Match[str]) -> str:
        return quote(known(match[1], match[2]), safe="")

    tree = json.loads(row.element, parse_float=_exact)
    return Ready(
        row=row,
        contract=contract(row.contract),
        path=_PLACEHOLDER.sub(of_path, row.path),
        element=orjson.dumps(_filled(tree, known, contact_id)),
        salt=salt,
    )


def contact_of(row: StoredRequest) -> tuple[str, str] | None:
    """Number and name of the contact that a request names; None when it names none."""
    if '"ContactNumber"' not in row.element:
        return None
    tree = json.loads(row.element)
    named = tree.get("Contact") if isinstance(tree, dict) else None
    if not isinstance(named, dict) or "ContactNumber" not in named:
        return None
    number = str(named["ContactNumber"])
    return number, str(named.get("Name") or number)


def details_of(row: StoredRequest) -> Mapping[str, Any]:
    """What a request says of its contact besides number and name, for when it is new in Xero."""
    if '"Contact"' not in row.element:
        return {}
    named = json.loads(row.element).get("Contact")
    if not isinstance(named, dict):
        return {}
    return {k: v for k, v in named.items() if k not in ("ContactID", "ContactNumber", "Name")}


def references(row: StoredRequest) -> set[str]:
    """Every document that a request names: by its placeholder, or by its id where it is known."""
    found = {match[0] for match in _PLACEHOLDER.finditer(row.path)}
    found.update(part for part in row.path.split("/") if _UUID.fullmatch(part))
    return found | set(_references(json.loads(row.element)))


def placeholders(row: StoredRequest) -> Iterator[tuple[str, str]]:
    """Every (name of the id, transaction) that a request waits for, or seems to."""
    for match in _PLACEHOLDER.finditer(row.path):
        yield match[1], match[2]
    if "<" in row.element:
        yield from _placeholders(json.loads(row.element))


def names_of(rows: Iterable[StoredRequest]) -> set[str]:
    """The documents whose ids in Xero some requests name."""
    return {transaction for row in rows for _, transaction in placeholders(row)}


def known_id(id_name: str, text: str, links: Mapping[tuple[str, str], str]) -> str | None:
    """The id that a placeholder stands for; None where it is none, or the id is not known yet."""
    match = _whole(id_name, text)
    return links.get((match[2], match[1])) if match is not None else None


def body(members: Sequence[Ready]) -> bytes:
    """The body of a call that carries these documents, all of one contract."""
    if members[0].contract.method == "DELETE":
        return b""
    wrapper = members[0].contract.wrapper
    if wrapper is None:
        return members[0].element
    return b'{"%b":[%b]}' % (wrapper.encode(), b",".join(member.element for member in members))


def idempotency_key(members: Sequence[Ready]) -> str:
    """One key for a call: the same for the same documents with the same contents, in any run.

    40 characters of the 128 that Xero takes.
    """
    digest = hashlib.blake2b(digest_size=20)
    for member in members:
        digest.update(f"{member.row.key}\x1f{member.salt}\x1f{member.path}\x1f".encode())
        digest.update(member.element)
        digest.update(b"\x1e")
    return digest.hexdigest()


def _exact(digits: str) -> orjson.Fragment:
    return orjson.Fragment(digits)


def _filled(
    value: Any,
    known: Callable[[str, str], str],
    contact_id: Callable[[str], str | None],
) -> Any:
    if isinstance(value, list):
        return [_filled(item, known, contact_id) for item in value]
    if not isinstance(value, dict):
        return value
    filled: dict[str, Any] = {}
    for name, item in value.items():
        if name == "Contact" and isinstance(item, dict) and "ContactNumber" in item:
            filled[name] = _contact(item, contact_id)
        elif isinstance(item, str) and (match := _whole(name, item)):
            filled[name] = known(match[1], match[2])
        elif isinstance(item, dict | list):
            filled[name] = _filled(item, known, contact_id)
        else:
            filled[name] = item
    return filled


def _contact(named: Mapping[str, Any], contact_id: Callable[[str], str | None]) -> dict[str, str]:
    # Only the id: whatever else a document says about its contact changes the contact in Xero.
    number = str(named["ContactNumber"])
    found = contact_id(number)
    if found is None:
        raise MissingId(f"the contact {number} has no id in Xero")
    return {"ContactID": found}


def _whole(name: str, text: str) -> re.Match[str] | None:
    if not text.startswith("<"):
        return None
    match = _PLACEHOLDER.fullmatch(text)
    return match if match is not None and match[1] == name else None


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _references(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(item, str):
                yield from _references(item)
            elif name.endswith("ID") and (_whole(name, item) or _UUID.fullmatch(item)):
                yield item


def _placeholders(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _placeholders(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if isinstance(item, str):
                if match := _whole(name, item):
                    yield match[1], match[2]
            else:
                yield from _placeholders(item)
