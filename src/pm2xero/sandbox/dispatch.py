"""Which endpoint, verb and path mean what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pm2xero.sandbox import (
    allocations,
    bank_transactions,
    bank_transfers,
    batch_payments,
    catalogue,
    chart,
    contacts,
    credits_view,
    history,
    listing,
    manual_journals,
    payments,
    records,
    reports,
    settings,
    trade_view,
    writes,
)
from pm2xero.sandbox.books import Books
from pm2xero.sandbox.problems import Invalid, not_found, not_implemented
from pm2xero.sandbox.resource import Resource
from pm2xero.sandbox.wire import Wire

RESOURCES: Mapping[str, Resource] = {
    resource.endpoint: resource
    for resource in (
        contacts.RESOURCE,
        trade_view.INVOICE_RESOURCE,
        trade_view.CREDIT_NOTE_RESOURCE,
        payments.RESOURCE,
        batch_payments.RESOURCE,
        bank_transactions.RESOURCE,
        bank_transfers.RESOURCE,
        manual_journals.RESOURCE,
        credits_view.OVERPAYMENTS,
        credits_view.PREPAYMENTS,
    )
}
_SETTINGS = ("Organisation", "Accounts", "TaxRates", "Reports", *catalogue.ENDPOINTS)
_ENDPOINTS = {name.lower(): name for name in (*RESOURCES, *_SETTINGS)}


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the Accounting API; header names are lower case."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def endpoint(self) -> str:
        """The endpoint's name as Xero spells it.

        Raises:
            Problem: 404.
        """
        name = _ENDPOINTS.get(self.path[0].lower()) if self.path else None
        if name is None:
            raise not_found()
        return name

    @property
    def summarise(self) -> bool:
        """Whether one bad element spoils the request; Xero's default."""
        ignored = (
            self.endpoint in ("Accounts", "TaxRates")
            or (self.method == "PUT" and self.endpoint == "BankTransfers")
            or (self.method == "POST" and (len(self.path) > 1 or self.endpoint == "Payments"))
        )
        return ignored or self.query.get("summarizeErrors", "").lower() != "false"


def answer(books: Books, call: Call) -> Wire:
    """The payload that answers a call.

    Raises:
        Problem: what Xero answers when it refuses.
    """
    endpoint = call.endpoint
    if endpoint in RESOURCES:
        return _resource(books, RESOURCES[endpoint], call)
    if endpoint == "Accounts" and call.method in ("PUT", "POST"):
        return _write_account(books, call)
    if call.method != "GET":
        raise not_implemented(call.method, "/".join(call.path))
    return _read_settings(books, endpoint, call)


def _read_settings(books: Books, endpoint: str, call: Call) -> Wire:
    match (endpoint, *call.path[1:]):
        case ("Organisation",):
            return settings.organisations(books)
        case ("Organisation", action) if action.lower() == "actions":
            return settings.actions(books)
        case ("Accounts",):
            return settings.accounts(books, call.query, call.headers.get("if-modified-since"))
        case ("Accounts", account_id):
            return settings.account(books, account_id)
        case ("TaxRates",):
            return settings.tax_rates(books, call.query)
        case ("TaxRates", tax_type):
            return settings.tax_rate(books, tax_type)
        case (endpoint,) if endpoint in catalogue.ENDPOINTS:
            return catalogue.listed(books, endpoint, call.query)
        case (endpoint, key) if endpoint in catalogue.ENDPOINTS:
            return catalogue.one(books, endpoint, key)
        case ("Reports", report) if report.lower() == "trialbalance":
            return reports.trial_balance(books, call.query)
        case _:
            raise not_found()


def _write_account(books: Books, call: Call) -> Wire:
    elements = writes.read_elements(call.body, "Accounts").items
    if len(elements) > 1:
        raise not_implemented(call.method, "several Accounts at once")
    try:
        if call.method == "PUT" and len(call.path) == 1:
            account_id = settings.create_account(books, elements[0])
        elif call.method == "POST" and len(call.path) == 2:
            account_id = settings.update_account(books, call.path[1], elements[0])
        else:
            raise not_implemented(call.method, "/".join(call.path))
    except Invalid as error:
        return {"Accounts": writes.results(books, elements, [error], "AccountID")}
    return settings.account(replace(books, chart=chart.load(books.store)), account_id)


def _resource(books: Books, resource: Resource, call: Call) -> Wire:
    match call.path[1:]:
        case ():
            return _collection(books, resource, call)
        case (key,):
            return _element(books, resource, call, key)
        case (key, part) if part.lower() == "history":
            return _history(books, resource, call, key)
        case (key, part) if part.lower() == "allocations" and call.method == "PUT":
            return _allocate(books, resource, call, key)
        case (key, part, allocation_id) if (
            part.lower() == "allocations" and call.method == "DELETE"
        ):
            return _take_back(books, resource, key, allocation_id)
        case _:
            raise not_found()


def _collection(books: Books, resource: Resource, call: Call) -> Wire:
    if call.method == "GET":
        since = call.headers.get("if-modified-since")
        return listing.list_elements(books, resource, call.query, since)
    elements = writes.read_elements(call.body, resource.endpoint)
    writer = {"PUT": resource.create, "POST": resource.upsert}.get(call.method)
    if call.method == "POST" and elements.bare and resource.id_field not in elements.items[0]:
        writer = resource.create_bare or writer
    if writer is None:
        raise not_implemented(call.method, resource.endpoint)
    return writes.write(books, resource, writer, elements.items, call.summarise)


def _element(books: Books, resource: Resource, call: Call, key: str) -> Wire:
    if call.method == "GET":
        return listing.one_element(books, resource, key)
    if call.method != "POST" or resource.upsert is None:
        raise not_implemented(call.method, f"{resource.endpoint}/{key}")
    record = records.get(books.store, resource.endpoint, key)
    if record is None and resource.numbered:
        same = records.numbered(books.store, resource.endpoint, key)
        record = same[-1] if same else None
    if record is None:
        raise not_found()
    sent = writes.read_elements(call.body, resource.endpoint).items[0]
    element = {**sent, resource.id_field: record.id}
    return writes.write(books, resource, resource.upsert, [element], call.summarise)


def _history(books: Books, resource: Resource, call: Call, key: str) -> Wire:
    if call.method == "GET":
        return history.notes(books, resource.endpoint, key)
    if call.method != "PUT":
        raise not_implemented(call.method, f"{resource.endpoint}/{key}/History")
    elements = writes.read_elements(call.body, "HistoryRecords").items
    outcomes = writes.each(
        books, elements, lambda element: history.add(books, resource.endpoint, key, element)
    )
    return {"HistoryRecords": writes.results(books, elements, outcomes, "HistoryID")}


def _allocate(books: Books, resource: Resource, call: Call, key: str) -> Wire:
    elements = writes.read_elements(call.body, "Allocations").items
    if books.mishaps.rules.one_allocation_per_call and len(elements) > 1:
        books.mishaps.counts["one_allocation_per_call"] += 1
        elements = elements[:1]
    outcomes = writes.each(
        books,
        elements,
        lambda element: allocations.allocate(books, resource.endpoint, key, element),
    )
    answered = writes.results(books, elements, outcomes, "AllocationID", summarise=call.summarise)
    return {"Allocations": answered}


def _take_back(books: Books, resource: Resource, key: str, allocation_id: str) -> Wire:
    (outcome,) = writes.each(
        books, [{}], lambda _: allocations.undo(books, resource.endpoint, key, allocation_id)
    )
    (answered,) = writes.results(books, [{}], [outcome], "AllocationID")
    return answered
