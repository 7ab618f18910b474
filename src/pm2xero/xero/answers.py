"""What may be believed of an answer of Xero: the one place where its shape is checked.

Two questions are asked of an answer. Of a list: is it the complete list that was asked for, with an
id in every object? Of a write: which element says what about which document? Whatever does not fit
raises, and whoever asked knows no more than before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec

from pm2xero.xero.client import Response

Object: TypeAlias = Mapping[str, Any]
Read: TypeAlias = Callable[[str, Mapping[str, str]], Response]

PAGE_SIZE = 1000
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_NO_ID = "00000000-0000-0000-0000-000000000000"
# More pages than any organisation has documents: 100,000 is where Xero itself gives up (400).
_MOST_PAGES = 200


class Unproven(Exception):
    """An answer that is no complete list, or no object, of what was asked for; proves nothing."""


class Misfit(Exception):
    """The answer to a write does not fit what was sent; nobody can say what was done."""


class Pagination(msgspec.Struct):
    """What a page says of its list; a count of -1 is none."""

    page: int = 0
    page_size: int = msgspec.field(name="pageSize", default=0)
    page_count: int = msgspec.field(name="pageCount", default=0)
    item_count: int = msgspec.field(name="itemCount", default=-1)


def is_id(value: object) -> bool:
    """Whether a value is an id of Xero: a UUID, but not the one of zeros that stands for none."""
    return isinstance(value, str) and value != _NO_ID and _UUID.fullmatch(value) is not None


def id_name_of(endpoint: str) -> str:
    """The name of the id of what an endpoint lists, such as InvoiceID."""
    return endpoint.removesuffix("s") + "ID"


def complete_list(
    read: Read, endpoint: str, query: Mapping[str, str], *, paged: bool = True
) -> list[Object]:
    """Every object that a list has, over all its pages.

    Raises:
        Unproven: a page is missing, an object has no id, or the answer is something else.
    """
    found: dict[str, Object] = {}
    page = 1
    while True:
        paging = {"page": str(page), "pageSize": str(PAGE_SIZE)} if paged else {}
        answer = read(f"/{endpoint}", {**query, **paging})
        items = objects_of(answer, endpoint)
        found |= {str(item[id_name_of(endpoint)]): item for item in items}
        said = _pagination(answer) if paged else None
        if not paged or _is_last(said, page, len(items)):
            _check_complete(said, len(found), endpoint)
            return list(found.values())
        page += 1
        if page > _MOST_PAGES:
            raise Unproven(f"Xero's list of {endpoint} has no end")


def objects_of(answer: Response, endpoint: str) -> list[Object]:
    """The objects of one page, each with its id.

    Raises:
        Unproven: it is no list of them; a list that is there always answers 200.
    """
    if answer.status != 200:
        raise Unproven(f"Xero answers {answer.status} to the list of {endpoint}")
    items = (answer.json or {}).get(endpoint)
    if not isinstance(items, list):
        raise Unproven(f"Xero's answer is no list of {endpoint}")
    id_name = id_name_of(endpoint)
    if not all(isinstance(item, dict) and is_id(item.get(id_name)) for item in items):
        raise Unproven(f"Xero's list of {endpoint} has an entry without id")
    return items


def one_object(read: Read, endpoint: str, id: str) -> Object | None:
    """One object by its id; None when Xero says (404) that it is not there.

    Raises:
        Unproven: the answer is something else.
    """
    answer = read(f"/{endpoint}/{id}", {})
    if answer.status == 404:
        return None
    items = objects_of(answer, endpoint)
    if len(items) != 1 or str(items[0][id_name_of(endpoint)]).lower() != id.lower():
        raise Unproven(f"Xero shows something else than the one of {endpoint} that was asked for")
    return items[0]


@dataclass(frozen=True, slots=True)
class Element:
    """What one element of the answer to a write says.

    Attributes:
        body: the element as Xero wrote it.
        xero_id: its id, when it can be one.
        errors: why it was refused; empty when it was not, or when no reason is given.
    """

    body: Object
    xero_id: str | None
    is_refused: bool
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def elements_of(answer: Response, wrapper: str, id_name: str | None, count: int) -> list[Element]:
    """One element for each document of a call, in its order.

    Raises:
        Misfit: there are more or fewer, or they are no elements.
    """
    said = answer.json or {}
    # What is taken out of a document comes back bare.
    items = said.get(wrapper) if wrapper in said or id_name not in said else [said]
    if not isinstance(items, list) or len(items) != count:
        raise Misfit("Xero's answer does not fit what was sent")
    if not all(isinstance(item, dict) for item in items):
        raise Misfit("Xero's answer does not fit what was sent")
    return [_element(item, id_name) for item in items]


def _element(item: Object, id_name: str | None) -> Element:
    found = item.get(id_name) if id_name else None
    errors = tuple(messages_of(item))
    return Element(
        body=item,
        xero_id=str(found) if is_id(found) else None,
        is_refused=bool(errors)
        or item.get("StatusAttributeString") == "ERROR"
        or item.get("HasErrors") is True
        or item.get("HasValidationErrors") is True,
        errors=errors,
        warnings=tuple(texts_of(item.get("Warnings"))),
    )


def messages_of(element: Object) -> list[str]:
    """The validation errors of one element, each once, also those within its parts."""
    found = list(texts_of(element.get("ValidationErrors")))
    for value in element.values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict) and part.get("ValidationErrors"):
                found.extend(messages_of(part))
    return list(dict.fromkeys(found))


def texts_of(errors: object) -> Iterator[str]:
    """The messages of a list of errors or warnings, fit to be stored and shown."""
    for error in errors if isinstance(errors, list) else ():
        text = error.get("Message") if isinstance(error, dict) else error
        if isinstance(text, str) and text.strip():
            yield plain(text)


def plain(text: str, longest: int = 1000) -> str:
    """A text of Xero on one line, without what a database or a terminal would choke on."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:longest]


def page_of(answer: Response, page: int, items: int) -> Pagination | None:
    """What a page says of its list; None for a list that has no pages.

    Raises:
        Unproven: it is another page, or has fewer items than by its own count it must.
    """
    said = _pagination(answer)
    if said is None:
        return None
    if said.page not in (0, page):
        raise Unproven("Xero shows another page of its list than was asked for")
    if said.item_count >= 0:
        due = min(said.page_size, said.item_count - (page - 1) * said.page_size)
        if said.page_size <= 0:
            # How much a page holds it does not say; the only one holds everything.
            due = said.item_count if said.page_count <= 1 else 1
        if items < due:
            raise Unproven("Xero shows a page of its list that is not complete")
    return said


def _pagination(answer: Response) -> Pagination | None:
    raw = (answer.json or {}).get("pagination")
    if raw is None:
        return None
    try:
        return msgspec.convert(raw, Pagination, strict=False)
    except msgspec.ValidationError:
        raise Unproven("Xero does not say which page of its list it shows") from None


def _is_last(said: Pagination | None, page: int, items: int) -> bool:
    if said is None:
        # Without a count only a page that is not full is the last one.
        return items < PAGE_SIZE
    if said.page not in (0, page):
        raise Unproven("Xero shows another page of its list than was asked for")
    return page >= said.page_count


def _check_complete(said: Pagination | None, found: int, endpoint: str) -> None:
    if said is not None and said.item_count >= 0 and said.item_count != found:
        raise Unproven(f"Xero's list of {endpoint} has {said.item_count} entries, not {found}")
