"""Contacts, alone and as documents name them."""

from __future__ import annotations

from typing import Any

import pytest

from pm2xero.sandbox.problems import Invalid

from .api import Api, invoice

UNKNOWN = "0b3bb1a3-0000-4000-8000-000000000000"


def names(api: Api, **query: Any) -> list[str]:
    return [contact["Name"] for contact in api.get("Contacts", **query)["Contacts"]]


def test_put_creates_and_refuses_a_name_or_number_in_use(api: Api) -> None:
    api.put(
        "Contacts", {"Name": "Ann Client", "ContactNumber": "C1", "EmailAddress": "a@b.example"}
    )
    (said,) = api.refused("Contacts", {"Name": "ANN client"})
    assert said.startswith("The contact name ANN client is already assigned to another contact.")
    assert (
        "C1 is already assigned"
        in api.refused("Contacts", {"Name": "Other", "ContactNumber": "C1"})[0]
    )
    assert names(api) == ["Ann Client"]


def test_post_updates_what_is_said_and_keeps_the_rest(api: Api) -> None:
    (made,) = api.put("Contacts", {"Name": "Ann", "ContactNumber": "C1", "FirstName": "Ann"})
    by_number, by_name, new = api.post(
        "Contacts",
        {"ContactNumber": "C1", "Name": "Ann Client"},
        {"Name": "ann client", "AccountNumber": "7"},
        {"Name": "Bob"},
    )
    assert by_number["ContactID"] == by_name["ContactID"] == made["ContactID"]
    assert new["ContactID"] != made["ContactID"]
    (shown,) = api.get(f"Contacts/{made['ContactID']}")["Contacts"]
    assert (shown["FirstName"], shown["AccountNumber"]) == ("Ann", "7")
    assert api.get("Contacts/C1")["Contacts"][0]["ContactID"] == made["ContactID"]


@pytest.mark.parametrize("name", ["A <b>", " Ann", "Ann  Client", "x" * 256, ""])
def test_names_that_cannot_be(api: Api, name: str) -> None:
    assert api.refused("Contacts", {"Name": name})


def test_archived_contact_is_hidden_and_cannot_be_used_or_edited(api: Api) -> None:
    (made,) = api.put("Contacts", {"Name": "Ann", "ContactNumber": "C1"})
    api.post("Contacts", {"ContactID": made["ContactID"], "ContactStatus": "ARCHIVED"})
    assert names(api) == []
    assert names(api, includeArchived="true") == ["Ann"]
    for contact in ({"ContactID": made["ContactID"]}, {"ContactNumber": "C1"}, {"Name": "ann"}):
        assert "matched an archived contact" in api.refused("Invoices", invoice(Contact=contact))[0]
    edit = {"ContactID": made["ContactID"], "Name": "New"}
    assert "matched an archived contact" in api.refused("Contacts", edit, "POST")[0]


def test_document_finds_its_contact_by_id_then_number_then_name(api: Api) -> None:
    (made,) = api.put("Contacts", {"Name": "Ann", "ContactNumber": "C1"})
    documents = api.put(
        "Invoices",
        invoice(Contact={"ContactID": made["ContactID"]}),
        invoice(Contact={"ContactNumber": "C1"}),
        invoice(Contact={"Name": "ANN"}),
    )
    assert {one["Contact"]["ContactID"] for one in documents} == {made["ContactID"]}


def test_document_creates_an_unknown_contact_once(api: Api) -> None:
    contact = {"ContactNumber": "C9", "Name": "New Client"}
    first, second = api.put("Invoices", invoice(Contact=contact), invoice(Contact=contact))
    assert first["Contact"]["ContactID"] == second["Contact"]["ContactID"]
    assert names(api) == ["New Client"]


def test_document_that_is_refused_leaves_no_contact_behind(api: Api) -> None:
    sent = invoice(Contact={"Name": "Nobody"}, DueDate=None)
    assert api.refused("Invoices", sent)
    assert names(api) == []


def test_name_of_another_contact_clashes(api: Api) -> None:
    api.put("Contacts", {"Name": "Ann", "ContactNumber": "C1"})
    said = api.refused("Invoices", invoice(Contact={"ContactNumber": "C2", "Name": "Ann"}))
    assert "already assigned to another contact" in said[0]


def test_document_renames_the_contact_that_it_describes(api: Api) -> None:
    api.put("Contacts", {"Name": "Ann", "ContactNumber": "C1"})
    api.put("Invoices", invoice(Contact={"ContactNumber": "C1", "Name": "Ann Married"}))
    assert names(api) == ["Ann Married"]


def test_unknown_contact_id_is_404_for_the_whole_request(api: Api) -> None:
    body = {"Invoices": [invoice(), invoice(Contact={"ContactID": UNKNOWN})]}
    answer = api.call("PUT", "Invoices", body, params={"summarizeErrors": "false"})
    assert (answer.status_code, answer.content) == (404, b"")
    assert answer.headers["content-type"].startswith("text/html")
    assert api.get("Invoices")["Invoices"] == []


def test_found_whatever_case_and_accent(api: Api) -> None:
    api.put("Contacts", {"Name": "Zoë Müller", "EmailAddress": "z@x.example"}, {"Name": "Bob"})
    assert names(api, where='Name=="zoe muller"') == ["Zoë Müller"]
    assert names(api, where='EmailAddress=="z@x.example"') == ["Zoë Müller"]
    assert names(api, searchTerm="MULL") == ["Zoë Müller"]
    assert names(api, searchTerm="100%") == []


def test_customer_and_supplier(api: Api) -> None:
    (made,) = api.put("Invoices", invoice())
    (shown,) = api.get(f"Contacts/{made['Contact']['ContactID']}")["Contacts"]
    assert (shown["IsCustomer"], shown["IsSupplier"]) == (True, False)


def test_merged_contact_is_archived_names_the_other_and_gives_it_all(api: Api) -> None:
    first, second = api.put(
        "Contacts", {"Name": "Ann", "ContactNumber": "1"}, {"Name": "Bea", "ContactNumber": "2"}
    )
    (made,) = api.put("Invoices", invoice(Contact={"ContactID": first["ContactID"]}))
    api.sandbox.merge_contacts(first["ContactID"], second["ContactID"])
    (shown,) = api.get(f"Contacts/{first['ContactID']}")["Contacts"]
    assert (shown["ContactStatus"], shown["MergedToContactID"]) == ("ARCHIVED", second["ContactID"])
    (moved,) = api.get(f"Invoices/{made['InvoiceID']}")["Invoices"]
    assert moved["Contact"]["ContactID"] == second["ContactID"]
    for contact in ({"ContactID": first["ContactID"]}, {"ContactNumber": "1", "Name": "Ann"}):
        (message,) = api.refused("Invoices", invoice(Contact=contact))
        assert message.startswith("The specified contact details matched an archived contact.")
    with pytest.raises(Invalid):
        api.sandbox.merge_contacts(first["ContactID"], second["ContactID"])
