"""Writing a batch: every element on its own savepoint, results in the order sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pm2xero.sandbox import records
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.problems import Invalid, post_data_invalid, validation_exception
from pm2xero.sandbox.resource import Resource, Writer
from pm2xero.sandbox.wire import ZERO_ID, Wire, parse_body, parse_date

T = TypeVar("T")

_DATES = ("Date", "DueDate")
_PASSING = "A transient error, please try again"
# What only Xero says; the official clients send it back, and it is ignored.
_READ_ONLY = frozenset(
    {
        "HasAttachments",
        "HasErrors",
        "HasValidationErrors",
        "HasAccount",
        "StatusAttributeString",
        "ValidationErrors",
        "Warnings",
        "UpdatedDateUTC",
    }
)


@dataclass(frozen=True, slots=True)
class Elements:
    """The elements of a body; `bare` when it was one object outside its collection."""

    items: tuple[Wire, ...]
    bare: bool


def read_elements(body: bytes, collection: str) -> Elements:
    """The elements of a write.

    Raises:
        Problem: 400 PostDataInvalidException when the body has none.
    """
    parsed = parse_body(body)
    bare = False
    if isinstance(parsed, dict):
        inner = [value for key, value in parsed.items() if key.lower() == collection.lower()]
        bare = not inner
        parsed = inner[0] if inner else [parsed]
    if isinstance(parsed, dict):
        parsed = [parsed]
    if not isinstance(parsed, list) or not parsed:
        raise post_data_invalid(f"The body has no {collection}")
    if not all(isinstance(element, dict) for element in parsed):
        raise post_data_invalid(f"An element of {collection} is no object")
    return Elements(tuple(_writable(element) for element in parsed), bare)


def _writable(element: Wire) -> Wire:
    return {name: value for name, value in element.items() if name not in _READ_ONLY}


def write(
    books: Books, resource: Resource, writer: Writer, elements: Sequence[Wire], summarise: bool
) -> Wire:
    """Save elements and answer with their GET shapes.

    Raises:
        Problem: 400 when an element failed and errors are summarised.
    """
    outcomes = each(books, elements, lambda element: writer(books, element))
    ids = [outcome.id for outcome in outcomes if not isinstance(outcome, Invalid)]
    saved = list({record.id: record for record in records.among(books.store, "id", ids)}.values())
    rendered = resource.render(books, saved, True)
    shapes = {str(shape[resource.id_field]): shape for shape in rendered}
    return {
        resource.endpoint: results(
            books,
            elements,
            [
                outcome if isinstance(outcome, Invalid) else shapes[outcome.id]
                for outcome in outcomes
            ],
            resource.id_field,
            summarise=summarise,
            warnings=[() if isinstance(o, Invalid) else o.warnings for o in outcomes],
        )
    }


def each(books: Books, elements: Sequence[Wire], act: Callable[[Wire], T]) -> list[T | Invalid]:
    """Do something for each element; what an invalid one had begun is undone."""
    outcomes: list[T | Invalid] = []
    unlucky = books.mishaps.failing(len(elements))
    for place, element in enumerate(elements):
        try:
            with books.store.savepoint():
                if place == unlucky:
                    raise Invalid(_PASSING)
                outcomes.append(act(element))
        except Invalid as error:
            outcomes.append(error)
    return outcomes


def results(
    books: Books,
    elements: Sequence[Wire],
    outcomes: Sequence[Wire | Invalid],
    id_field: str,
    *,
    summarise: bool = True,
    warnings: Sequence[tuple[str, ...]] | None = None,
) -> list[Wire]:
    """What is said about each element.

    Raises:
        Problem: 400 ValidationException with those that failed, when `summarise` is set.
    """
    answered = [
        _failed(element, outcome, id_field)
        if isinstance(outcome, Invalid)
        else _saved(outcome, warned, summarise)
        for element, outcome, warned in zip(
            elements, outcomes, warnings or [()] * len(elements), strict=True
        )
    ]
    saved = [not isinstance(outcome, Invalid) for outcome in outcomes]
    failed = [answer for answer, is_saved in zip(answered, saved, strict=True) if not is_saved]
    if failed and (summarise or books.mishaps.happens("refuses_mixed_calls")):
        keeps = books.mishaps.rules.keeps_valid_elements
        raise validation_exception(failed, keeps=keeps)
    return books.mishaps.answered(answered, saved, id_field)


def _saved(shape: Wire, warnings: Sequence[str], summarise: bool) -> Wire:
    said: Wire = {}
    if not summarise:
        said["StatusAttributeString"] = "WARNING" if warnings else "OK"
    if warnings:
        said["Warnings"] = [{"Message": message} for message in warnings]
    return {**shape, **said}


def _failed(element: Mapping[str, Any], error: Invalid, id_field: str) -> Wire:
    echo = {**element}
    for field in _DATES:
        if echo.get(field):
            echo[field] = parse_date(echo[field])
    return {
        id_field: ZERO_ID,
        **echo,
        "StatusAttributeString": "ERROR",
        "HasErrors": True,
        "HasValidationErrors": True,
        "ValidationErrors": [{"Message": message} for message in error.messages],
    }
