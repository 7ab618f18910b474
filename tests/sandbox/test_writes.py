"""Batches, dates, error bodies."""

from __future__ import annotations

import json

import pytest

from .api import Api, invoice, line, payment

ZERO = "00000000-0000-0000-0000-000000000000"


def test_per_element_results(api: Api) -> None:
    sent = [invoice(InvoiceNumber="A"), invoice(InvoiceNumber="A"), invoice(InvoiceNumber="B")]
    answer = api.call("PUT", "Invoices", {"Invoices": sent}, params={"summarizeErrors": "false"})
    assert answer.status_code == 200
    good, bad, last = answer.json()["Invoices"]
    assert [row["StatusAttributeString"] for row in (good, bad, last)] == ["OK", "ERROR", "OK"]
    assert bad["InvoiceID"] == ZERO
    assert bad["HasErrors"] is True
    assert bad["ValidationErrors"] == [{"Message": "Invoice # must be unique."}]
    assert bad["Date"] == good["Date"]
    assert api.balances()["610"] == "220.00"


@pytest.mark.parametrize("value", [None, "true"])
def test_one_bad_element_refuses_a_summarised_batch_and_the_others_are_kept(
    api: Api, value: str | None
) -> None:
    body = {"Invoices": [invoice(), invoice(DueDate=None)]}
    params = {"summarizeErrors": value} if value else {}
    answer = api.call("PUT", "Invoices", body, params=params)
    assert answer.status_code == 400
    refusal = answer.json()
    assert (refusal["ErrorNumber"], refusal["Type"], refusal["Message"]) == (
        10,
        "ValidationException",
        "A validation exception occurred",
    )
    (element,) = refusal["Elements"]
    assert element["ValidationErrors"][0]["Message"].startswith("The document DueDate")
    assert [kept["Status"] for kept in api.sandbox.documents("Invoices")] == ["AUTHORISED"]
    assert api.balances()["610"] == "110.00"


def test_what_only_xero_says_is_ignored_when_it_is_sent_back(api: Api) -> None:
    own = {"HasAttachments": False, "HasErrors": False, "HasValidationErrors": True}
    (made,) = api.put("Invoices", invoice(**own, ValidationErrors=[{"Message": "old"}]))
    assert "ValidationErrors" not in made
    (paid,) = api.put("Payments", payment(made["InvoiceID"], "10", HasAccount=False))
    (gone,) = api.post(
        "Payments", {"PaymentID": paid["PaymentID"], "Status": "DELETED", "HasAccount": False}
    )
    assert gone["Status"] == "DELETED"


def test_single_update_ignores_the_parameter(api: Api) -> None:
    (made,) = api.put("Invoices", invoice())
    answer = api.call(
        "POST",
        f"Invoices/{made['InvoiceID']}",
        {"Status": "DELETED"},
        params={"summarizeErrors": "false"},
    )
    assert answer.status_code == 400


def test_bodies_may_be_bare_or_lower_case(api: Api) -> None:
    assert api.call("PUT", "Invoices", invoice()).status_code == 200
    assert api.call("PUT", "Invoices", {"invoices": [invoice()]}).status_code == 200
    assert api.call("PUT", "Invoices", [invoice()]).status_code == 200
    assert api.balances()["610"] == "330.00"


@pytest.mark.parametrize("text", ["2026-05-04", "2026-05-04T00:00:00", "/Date(1777852800000)/"])
def test_dates_in(api: Api, text: str) -> None:
    (made,) = api.put("Invoices", invoice(Date=text))
    assert made["DateString"] == "2026-05-04T00:00:00"
    sent = invoice(DateString=text)
    del sent["Date"]
    assert api.put("Invoices", sent)[0]["DateString"] == "2026-05-04T00:00:00"


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(invoice(Date="2026-05-04 00:00:00")),
        json.dumps(invoice(Date="2026-02-30")),
        json.dumps(invoice(LineItems=[line(UnitAmount="ten")])),
        json.dumps(invoice(LineItems=[line(UnitAmount=True)])),
        "{",
        "[]",
        "[1]",
        '"text"',
    ],
)
def test_unreadable_bodies(api: Api, body: str) -> None:
    answer = api.send("PUT", "Invoices", content=body)
    assert answer.status_code == 400
    assert answer.json()["Type"] == "PostDataInvalidException"
    assert answer.json()["ErrorNumber"] == 14


def test_amounts_come_back_digit_for_digit(api: Api) -> None:
    body = json.dumps({"Invoices": [invoice()]}).replace('"100.00"', "1234567.89")
    answer = api.send("PUT", "Invoices", content=body)
    assert '"SubTotal":1234567.89,' in answer.text
    assert '"TotalTax":123456.79,' in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "TaxRates"), ("DELETE", "Invoices/x"), ("PUT", "Overpayments"), ("POST", "Reports/x")],
)
def test_verbs_that_are_not_there(api: Api, method: str, path: str) -> None:
    assert api.call(method, path, {"x": 1}).status_code == 501


def test_xml_is_not_spoken(api: Api) -> None:
    answer = api.call("GET", "Invoices", headers={"Accept": "application/xml"})
    assert answer.status_code == 406


def test_envelope(api: Api) -> None:
    answer = api.get("Organisation")
    assert answer["Status"] == "OK"
    assert answer["DateTimeUTC"] == "/Date(1779242400000+0000)/"
    assert len(answer["Id"]) == 36
