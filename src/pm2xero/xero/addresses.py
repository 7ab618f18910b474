"""How long an address may be: lists of ids and numbers are asked for in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

# Xero answers 404 to a list whose address is longer than about 2,000 characters; what comes before
# and after the values has 200 at most.
LONGEST_QUERY = 1700


def blocks(values: Sequence[str], between: str = ",") -> Iterator[list[str]]:
    """The values in lists whose address is short enough once it is encoded."""
    part: list[str] = []
    for value in values:
        if part and encoded_length(between.join((*part, value))) > LONGEST_QUERY:
            yield part
            part = []
        part.append(value)
    if part:
        yield part


def encoded_length(value: str) -> int:
    """Characters that a value of a query takes in an address."""
    return len(urlencode({"": value}))
