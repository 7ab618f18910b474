"""GET: filters, order and pages."""

from __future__ import annotations

from typing import Any

import pytest

from .api import Api, Clock, bill, invoice, payment


def numbers(api: Api, **query: Any) -> list[str]:
    return [found["InvoiceNumber"] for found in api.get("Invoices", **query)["Invoices"]]


@pytest.fixture
def stocked(api: Api) -> Api:
    api.put(
        "Invoices",
        invoice(InvoiceNumber="A", Reference="M1"),
        invoice(InvoiceNumber="B", Date="2026-05-12", Status="DRAFT", Contact={"Name": "Bob"}),
        bill(InvoiceNumber="S"),
        invoice(InvoiceNumber="C", Reference="M1", Url="http://pm.example/C"),
    )
    return api


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, "ABSC"),
        ({"InvoiceNumbers": "C, A"}, "AC"),
        ({"Statuses": "DRAFT,VOIDED"}, "B"),
        ({"where": 'Type=="ACCPAY"'}, "S"),
        ({"where": 'Reference=="M1" AND InvoiceNumber=="C"'}, "C"),
        ({"where": "Reference==null"}, "BS"),
        ({"where": "Reference!=null"}, "AC"),
        ({"where": "Date>=DateTime(2026,5,12)"}, "B"),
        ({"where": "AmountDue==110"}, "ABSC"),
        ({"where": "AmountPaid>0.01"}, ""),
        ({"where": 'Contact.Name=="bob"'}, "B"),
        ({"where": 'Contact.ContactNumber=="S1"'}, "S"),
        ({"where": 'Url=="http://pm.example/C"'}, "C"),
        ({"where": "UpdatedDateUTC>=DateTime(2026,5,20)"}, "ABSC"),
        ({"where": "UpdatedDateUTC>=DateTime(2026,5,21)"}, ""),
        ({"order": "InvoiceNumber DESC"}, "SCBA"),
        ({"order": "Date ASC, InvoiceNumber DESC"}, "SCAB"),
        ({"searchTerm": "m1"}, "AC"),
        ({"InvoiceNumbers": "nope"}, ""),
    ],
)
def test_filters(stocked: Api, query: dict[str, str], found: str) -> None:
    assert "".join(numbers(stocked, **query)) == found


def test_filters_by_id(stocked: Api) -> None:
    first, second, *_ = stocked.get("Invoices")["Invoices"]
    assert numbers(stocked, IDs=first["InvoiceID"].upper()) == ["A"]
    contact = second["Contact"]["ContactID"]
    assert numbers(stocked, ContactIDs=contact) == ["B"]
    assert numbers(stocked, where=f'Contact.ContactID==Guid("{contact}")') == ["B"]
    stocked.put("Payments", payment(first["InvoiceID"], "1.00"))
    where = f'Invoice.InvoiceID==Guid("{first["InvoiceID"]}") AND Status=="AUTHORISED"'
    assert len(stocked.get("Payments", where=where)["Payments"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        {"where": "Nothing==1"},
        {"where": 'Date=="2026-05-01"'},
        {"where": "Status==1"},
        {"where": "AmountDue==0.001"},
        {"where": "Reference>null"},
        {"order": "Nothing"},
        {"order": "Date UP"},
    ],
)
def test_queries_that_cannot_be_read(api: Api, query: dict[str, str]) -> None:
    answer = api.call("GET", "Invoices", params=query)
    assert answer.status_code == 400
    assert answer.json()["Type"] == "QueryParseException"


def test_pages(stocked: Api) -> None:
    answer = stocked.get("Invoices", page=2, pageSize=3)
    assert answer["pagination"] == {"page": 2, "pageSize": 3, "pageCount": 2, "itemCount": 4}
    assert [found["InvoiceNumber"] for found in answer["Invoices"]] == ["C"]
    clamped = stocked.get("Invoices", page=0, pageSize=5000)["pagination"]
    assert (clamped["page"], clamped["pageSize"]) == (1, 1000)
    assert stocked.get("Invoices", page=9)["Invoices"] == []


def test_lines_only_in_pages_and_single_elements(stocked: Api) -> None:
    assert all(found["LineItems"] == [] for found in stocked.get("Invoices")["Invoices"])
    assert stocked.get("Invoices", page=1)["Invoices"][0]["LineItems"]
    assert stocked.get("Invoices/A")["Invoices"][0]["LineItems"]


def test_unknown_element_is_404_without_json(api: Api) -> None:
    for path in ("Invoices/nowhere", "Payments/x", "Nothing", "Reports/Nothing", "Accounts/x"):
        answer = api.call("GET", path)
        assert (answer.status_code, answer.content) == (404, b""), path


def test_text_tests_and_alternatives(stocked: Api) -> None:
    assert numbers(stocked, where='InvoiceNumber=="A" OR InvoiceNumber=="C"') == ["A", "C"]
    several = '(InvoiceNumber=="A" OR InvoiceNumber=="B") AND Contact.Name.StartsWith("ánn")'
    assert numbers(stocked, where=several) == ["A"]
    assert numbers(stocked, where='InvoiceNumber.Contains("%")') == []
    answer = stocked.call("GET", "Invoices", params={"where": 'Date.Contains("2")'})
    assert answer.json()["Type"] == "QueryParseException"


def test_search_looks_into_the_names_of_contacts(api: Api) -> None:
    people = [
        {"Name": "Zoë Brandt", "FirstName": "Zoë", "LastName": "Brandt"},
        {"Name": "Zed Ltd", "CompanyNumber": "9 100"},
    ]
    api.put("Contacts", *people)
    for term, name in (("ZOE B", "Zoë Brandt"), ("brandt", "Zoë Brandt"), ("9 100", "Zed Ltd")):
        (found,) = api.get("Contacts", searchTerm=term)["Contacts"]
        assert found["Name"] == name
    assert api.get("Contacts", searchTerm="nobody")["Contacts"] == []


def test_summaries_leave_the_heavy_part_out(stocked: Api) -> None:
    (shown, *_) = stocked.get("Invoices", page=1, summaryOnly="true")["Invoices"]
    assert "LineItems" not in shown and "Payments" not in shown
    assert shown["AmountDue"] == shown["Total"]
    (contact, *_) = stocked.get("Contacts", summaryOnly="true")["Contacts"]
    assert "Addresses" not in contact and contact["Name"]


def test_modified_since(stocked: Api, clock: Clock) -> None:
    clock.advance(minutes=10)
    stocked.put("Invoices", invoice(InvoiceNumber="N"))
    for moment in ("2026-05-20T02:05:00", "Wed, 20 May 2026 02:05:00 GMT"):
        answer = stocked.call("GET", "Invoices", headers={"If-Modified-Since": moment})
        assert [found["InvoiceNumber"] for found in answer.json()["Invoices"]] == ["N"]
    ignored = stocked.call("GET", "Invoices", headers={"If-Modified-Since": "lately"})
    assert len(ignored.json()["Invoices"]) == 5
