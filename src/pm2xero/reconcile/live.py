"""What was sent against what is in Xero now, document by document."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pm2xero.outbox.records import StoredRequest
from pm2xero.pack.organisation import XeroTaxRate
from pm2xero.reconcile.books import Booked
from pm2xero.render.contracts import contract

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
GONE = frozenset(("VOIDED", "DELETED"))

# Fetches all objects of an endpoint by id: {"…id…": {…}}.
Fetch = Callable[[str], Mapping[str, Mapping[str, Any]]]
# The bodies that the document makes today, by request id.
Remade = Callable[[Booked], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Compared:
    """One request and what became of it in Xero; amounts in currency units.

    `verdict`: equal, sent_differs (the outbox no longer holds what the document makes), changed
    (Xero has other amounts), gone (voided or deleted there), missing.
    """

    request: str
    transaction: str
    xero_id: str
    document: Decimal
    sent: Decimal
    live: Decimal | None
    verdict: str


def compare(
    booked: Iterable[Booked],
    links: Mapping[tuple[str, str], str],
    fetch: Fetch,
    remade: Remade,
    rates: Mapping[str, XeroTaxRate],
) -> Iterator[Compared]:
    """Every confirmed creation of a document that is in Xero."""
    objects: dict[str, Mapping[str, Mapping[str, Any]]] = {}
    items = list(booked)
    taken_back = {
        r.xero_id for i in items for r in i.requests if r.state == "confirmed" and is_undo(r)
    }
    for item in items:
        if item.standing not in ("in_xero", "partial"):
            continue
        bodies = remade(item)
        for request in item.requests:
            made = contract(request.contract)
            if request.state != "confirmed" or made.method != "PUT" or made.id_name is None:
                continue
            endpoint = made.path.lstrip("/")
            if "{" in endpoint:
                continue
            if endpoint not in objects:
                objects[endpoint] = fetch(endpoint)
            xero_id = request.xero_id or links.get((request.transaction, made.id_name), "")
            if xero_id in taken_back:
                continue
            found = objects[endpoint].get(xero_id)
            yield _one(request, xero_id, bodies.get(request.id), found, rates)


def is_undo(request: StoredRequest) -> bool:
    """Whether a request takes back (voids or deletes) what an earlier one made."""
    made = contract(request.contract)
    return made.method == "POST" and json.loads(request.element).get("Status") in GONE


def _one(
    request: StoredRequest, xero_id: str, body: str | None, found: Mapping[str, Any] | None,
    rates: Mapping[str, XeroTaxRate],
) -> Compared:  # fmt: skip
    sent = body_total(request.element, rates)
    document = body_total(body, rates) if body is not None else sent
    live = _live_total(found) if found is not None else None
    if found is None:
        verdict = "missing"
    elif str(found.get("Status", "")) in GONE:
        verdict = "gone"
    elif sent != document:
        verdict = "sent_differs"
    elif live != document:
        verdict = "changed"
    else:
        verdict = "equal"
    return Compared(
        request.id, request.transaction, xero_id, document, sent, live, verdict
    )  # fmt: skip


def body_total(element: str, rates: Mapping[str, XeroTaxRate]) -> Decimal:
    """The total of a body in currency units, with the tax that Xero makes of its lines."""
    body = json.loads(element, parse_float=Decimal, parse_int=Decimal)
    if "Amount" in body:
        return Decimal(body["Amount"])
    if "Payments" in body:
        return sum((Decimal(p["Amount"]) for p in body["Payments"]), ZERO)
    if "JournalLines" in body:
        return _debits(body["JournalLines"])
    total = ZERO
    for line in body.get("LineItems", ()):
        net = Decimal(line["LineAmount"])
        total += net
        if body.get("LineAmountTypes") == "Exclusive":
            rate = rates.get(line.get("TaxType", ""))
            calculated = net * rate.rate / 100 if rate else ZERO
            given = line.get("TaxAmount")
            total += given if given is not None else calculated.quantize(CENT, ROUND_HALF_UP)
    return total


def _live_total(found: Mapping[str, Any]) -> Decimal:
    for key in ("Total", "TotalAmount", "Amount"):
        if found.get(key) is not None:
            return Decimal(str(found[key]))
    return _debits(found.get("JournalLines", ()))


def _debits(lines: Iterable[Mapping[str, Any]]) -> Decimal:
    amounts = [Decimal(str(line["LineAmount"])) for line in lines]
    return sum((a for a in amounts if a > 0), ZERO)
