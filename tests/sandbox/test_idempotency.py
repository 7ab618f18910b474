"""Idempotency-Key."""

from __future__ import annotations

import httpx

from .api import Api, Clock, bill, invoice


def keyed(api: Api, key: str, *, number: str = "A", method: str = "PUT") -> httpx.Response:
    body = {"Invoices": [bill(InvoiceNumber=number)]}
    return api.call(method, "Invoices", body, headers={"Idempotency-Key": key})


def count(api: Api) -> int:
    return len(api.get("Invoices")["Invoices"])


def test_same_request_gets_the_first_answer_byte_for_byte(api: Api, clock: Clock) -> None:
    first = keyed(api, "k1")
    clock.advance(minutes=5, seconds=59)
    assert keyed(api, "k1").content == first.content
    assert first.status_code == 200
    assert count(api) == 1


def test_after_six_minutes_the_key_is_new_again(api: Api, clock: Clock) -> None:
    first = keyed(api, "k1")
    clock.advance(minutes=6)
    second = keyed(api, "k1")
    assert second.status_code == 200
    assert second.content != first.content
    assert count(api) == 2


def test_key_is_bound_to_method_url_and_body(api: Api) -> None:
    keyed(api, "k1")
    for answer in (
        keyed(api, "k1", number="B"),
        keyed(api, "k1", method="POST"),
        api.call(
            "PUT",
            "Invoices",
            {"Invoices": [bill(InvoiceNumber="A")]},
            headers={"idempotency-key": "k1"},
            params={"unitdp": "4"},
        ),
    ):
        assert answer.status_code == 400
        assert answer.json()["Message"] == "Idempotency Key: k1 is used with a different request."
    assert count(api) == 1


def test_errors_are_kept_too(api: Api) -> None:
    body = {"Invoices": [invoice(Contact={"Name": "Ann"}, InvoiceNumber="A")]}
    api.sandbox.archive_account("200")
    first = api.call("PUT", "Invoices", body, headers={"Idempotency-Key": "k1"})
    assert first.status_code == 400
    account = api.get("Accounts", where='Code=="200"')["Accounts"][0]["AccountID"]
    assert api.call("POST", f"Accounts/{account}", {"Status": "ACTIVE"}).status_code == 200
    again = api.call("PUT", "Invoices", body, headers={"Idempotency-Key": "k1"})
    assert (again.status_code, again.content) == (400, first.content)
    other = api.call("PUT", "Invoices", body, headers={"Idempotency-Key": "k2"})
    assert other.status_code == 200


def test_key_that_is_too_long(api: Api) -> None:
    assert keyed(api, "k" * 128).status_code == 200
    assert keyed(api, "k" * 129).status_code == 400


def test_reads_ignore_keys(api: Api) -> None:
    for endpoint in ("Invoices", "Payments"):
        answer = api.call("GET", endpoint, headers={"Idempotency-Key": "k1"})
        assert answer.status_code == 200
