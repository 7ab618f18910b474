"""What a request needs of documents that are in Xero already: that they stand, and are open enough.

A payment, a batch payment and a refund use up what is open on what they pay; an allocation uses up
both sides. Documents that are made in the same run have no id yet, and nobody else can have them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from pm2xero.outbox.records import StoredRequest
from pm2xero.send.fill_ids import known_id
from pm2xero.xero.answers import is_id
from pm2xero.xero.contracts import contract
from pm2xero.xero.purpose import Purpose

# The field that says how much of a document is open, by endpoint [OAS].
OPEN_AMOUNT: Mapping[str, str] = MappingProxyType(
    {
        "Invoices": "AmountDue",
        "CreditNotes": "RemainingCredit",
        "Overpayments": "RemainingCredit",
        "Prepayments": "RemainingCredit",
    }
)
# The fields that name such a document, with its endpoint.
USED: Mapping[str, str] = MappingProxyType(
    {
        "Invoice": "Invoices",
        "CreditNote": "CreditNotes",
        "Overpayment": "Overpayments",
        "Prepayment": "Prepayments",
    }
)
_PARENT = re.compile(r"/([A-Za-z]+)/([^/]+)/Allocations")

Links = Mapping[tuple[str, str], str]


@dataclass(frozen=True, slots=True)
class Claim:
    """A document in Xero that a request needs.

    Attributes:
        xero_id: in small letters.
        amount: what the request uses up of it, in the document's currency; None where it is only
            changed, or where that is not known.
    """

    endpoint: str
    xero_id: str
    amount: Decimal | None


def claims_of(row: StoredRequest, links: Links) -> list[Claim]:
    """The documents that a request needs and that have an id, each with all that it uses up.

    What takes something back needs nothing: where that is gone, it is done.
    """
    if row.purpose is Purpose.UNDO:
        return []
    if row.purpose is Purpose.CREATE and not any(f'"{name}ID"' in row.element for name in USED):
        return []
    element = json.loads(row.element, parse_float=Decimal)
    if row.purpose is Purpose.UPDATE:
        made = contract(row.contract)
        endpoint, name = row.path.strip("/").split("/")[0], made.id_name or ""
        own = _known(name, element.get(name), links)
        return [Claim(endpoint, own, None)] if own and endpoint in OPEN_AMOUNT else []
    sums: dict[tuple[str, str], Decimal] = {}
    parent = _parent(row, links)
    for endpoint, id, amount in _used(element, links):
        sums[endpoint, id] = sums.get((endpoint, id), Decimal(0)) + amount
    amounts = list(_amounts(element))
    if parent is not None:
        sums[parent] = sum(amounts, Decimal(0))
    # Xero takes several allocations one by one, so some of them may be there already: how much of
    # them is still to come is seen when they are sent.
    in_parts = parent is not None and len(amounts) > 1
    return [Claim(e, id, None if in_parts else amount) for (e, id), amount in sums.items()]


def _parent(row: StoredRequest, links: Links) -> tuple[str, str] | None:
    match = _PARENT.fullmatch(row.path)
    if match is None or match[1] not in OPEN_AMOUNT:
        return None
    id = _known(f"{match[1].removesuffix('s')}ID", match[2], links)
    return (match[1], id) if id is not None else None


def _used(element: Any, links: Links) -> Iterator[tuple[str, str, Decimal]]:
    for part in _parts(element):
        for name, endpoint in USED.items():
            named = part.get(name)
            if not isinstance(named, Mapping):
                continue
            id = _known(f"{name}ID", named.get(f"{name}ID"), links)
            if id is not None and (amount := _amount(part)) is not None:
                yield endpoint, id, amount


def _amounts(element: Any) -> Iterator[Decimal]:
    for part in _parts(element):
        if (amount := _amount(part)) is not None:
            yield amount


def _parts(element: Any) -> Iterator[Mapping[str, Any]]:
    """A body, and the payments or allocations in it."""
    if isinstance(element, Mapping):
        yield element
        for value in element.values():
            if isinstance(value, list):
                yield from (part for part in value if isinstance(part, Mapping))


def _amount(part: Mapping[str, Any]) -> Decimal | None:
    try:
        return None if part.get("Amount") is None else Decimal(str(part["Amount"]))
    except InvalidOperation:
        return None


def _known(id_name: str, value: object, links: Links) -> str | None:
    """The id of a document, by itself or by its placeholder; None where it is not known yet."""
    if not isinstance(value, str):
        return None
    found = known_id(id_name, value, links) or value
    return found.lower() if is_id(found) else None
