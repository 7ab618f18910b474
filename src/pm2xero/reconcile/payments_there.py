"""Payments and credits that somebody entered in Xero on documents that were sent."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from pm2xero.history.requests import alive, taken_back
from pm2xero.outbox.past_records import Dues
from pm2xero.outbox.records import StoredRequest
from pm2xero.reconcile.documents import Live
from pm2xero.xero.contracts import contract
from pm2xero.xero.natural_key import as_date
from pm2xero.xero.purpose import Purpose

ZERO = Decimal("0.00")
# Endpoints whose objects are paid and credited, and the field of their id.
_OWED = {"Invoices": "InvoiceID", "CreditNotes": "CreditNoteID"}
_SETTLED = ("Invoice", "CreditNote", "Overpayment")


@dataclass(frozen=True, slots=True)
class HandMade:
    """One payment or credit that nobody sent from here, in currency units.

    Attributes:
        transaction: whose document in Xero was paid or credited.
        what: payment or credit.
        where: the account that the money went through, as Xero calls it.
    """

    transaction: str
    what: str
    day: date | None
    amount: Decimal
    where: str
    xero_id: str


def hand_made(
    requests: Iterable[StoredRequest], named: Collection[str], live: Live, until: date | None,
    reversed_: Collection[str] = (),
) -> Iterator[HandMade]:  # fmt: skip
    """Everything that is paid or credited in Xero beyond what was sent.

    Args:
        reversed_: transactions that were reversed; what they had allocated a person takes off.
        named: ids that are known as those of a document: a person named them, or they were sent
            before a person's word took their place.
        until: payments dated later are left out; a credit has no date of its own.
    """
    rows = list(requests)
    owners = owners_of(rows, live)
    if not owners:
        return
    ours = {r.xero_id for r in rows if r.xero_id} | {*named}
    yield from _payments(owners, ours, live, until)
    yield from _credits(owners, [r for r in rows if r.transaction not in reversed_], rows, live)


class Reversals(Protocol):
    """Where it is kept what was reversed."""

    def dues(self, ids: Collection[str]) -> Mapping[str, Dues]:
        """Among the rest, how often each document was reversed."""


def reversed_of(kept: Reversals, requests: Iterable[StoredRequest]) -> set[str]:
    """Those of the transactions that allocated something which were reversed since."""
    given = {row.transaction for row in requests if _allocates(row)}
    return {id for id, dues in kept.dues(sorted(given)).items() if dues.reversed}


def _allocates(row: StoredRequest) -> bool:
    return row.contract.endswith(".Allocations") and row.purpose is Purpose.CREATE


def owners_of(requests: Iterable[StoredRequest], live: Live) -> dict[str, str]:
    """Whose the invoices, credit notes and overpayments are that stand, by id in Xero.

    An overpayment is paid back under another id than that of the bank transaction that made it,
    which shows both [OAS].
    """
    rows = list(requests)
    stand = [(contract(r.contract).path.lstrip("/"), r) for r in alive(rows, taken_back(rows))]
    found = {str(row.xero_id): row.transaction for path, row in stand if path in _OWED}
    moves = [row for path, row in stand if path == "BankTransactions"]
    there = live.objects("BankTransactions") if moves else {}
    shown = ((r.transaction, there.get(str(r.xero_id), {}).get("OverpaymentID")) for r in moves)
    return found | {str(id): transaction for transaction, id in shown if id}


def batch_of(payment: Mapping[str, Any]) -> str | None:
    """The batch that a payment is part of."""
    return payment.get("BatchPaymentID") or _field(payment, "BatchPayment", "BatchPaymentID")


def settles(payment: Mapping[str, Any]) -> str:
    """The document that a payment settles or pays back; empty when it is something else."""
    named = (_field(payment, name, f"{name}ID") for name in _SETTLED)
    return next(filter(None, named), "")


def _payments(
    owners: Mapping[str, str], ours: set[str], live: Live, until: date | None
) -> Iterator[HandMade]:
    for id, payment in live.objects("Payments").items():
        if payment.get("Status") != "AUTHORISED" or id in ours or batch_of(payment) in ours:
            continue
        owner, day = owners.get(settles(payment)), _day(payment)
        if until is not None and day is not None and day > until:
            continue
        if owner is not None:
            amount = Decimal(str(payment.get("Amount", 0)))
            account = _field(payment, "Account", "Code") or ""
            yield HandMade(owner, "payment", day, amount, account, id)


def _credits(
    owners: Mapping[str, str], counting: list[StoredRequest], rows: list[StoredRequest], live: Live
) -> Iterator[HandMade]:
    sent = _allocated(counting, taken_back(rows))
    for id, invoice in live.objects("Invoices").items():
        owner = owners.get(id)
        if owner is None:
            continue
        beyond = Decimal(str(invoice.get("AmountCredited") or 0)) - sent.get(owner, ZERO)
        if beyond:
            yield HandMade(owner, "credit", None, beyond, "", id)


def _allocated(rows: Iterable[StoredRequest], gone: Collection[str]) -> dict[str, Decimal]:
    """What was allocated to each document by requests that Xero confirmed."""
    sums: dict[str, Decimal] = {}
    for row in rows:
        if not _allocates(row) or row.state != "confirmed" or row.xero_id in gone:
            continue
        for part in json.loads(row.element).get("Allocations", ()):
            named = str(part["Invoice"]["InvoiceID"])
            owner = named.removeprefix("<InvoiceID of ").removesuffix(">")
            sums[owner] = sums.get(owner, ZERO) + Decimal(str(part["Amount"]))
    return sums


def _field(holder: Mapping[str, Any], part: str, name: str) -> str | None:
    inner = holder.get(part)
    value = inner.get(name) if isinstance(inner, Mapping) else None
    return str(value) if value is not None else None


def _day(payment: Mapping[str, Any]) -> date | None:
    return as_date(str(payment.get("Date") or ""))
