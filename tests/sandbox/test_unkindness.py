"""Each switch of the unkind sandbox, alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import httpx
import pytest

from pm2xero.sandbox import Limits, Sandbox, Unkindness
from pm2xero.sandbox.unkindness import switches

from .api import SNAPSHOT, Api, Clock, bill, credit_note, invoice, payment, seeded_ids, spend

ZERO = "00000000-0000-0000-0000-000000000000"
Opened = Callable[..., Api]


@pytest.fixture
def unkind(runner: asyncio.Runner, clock: Clock) -> Iterator[Opened]:
    """Opens a sandbox with these switches, each fault happening once when it can."""
    with ExitStack() as stack:

        def opened(**given: Any) -> Api:
            country = given.pop("country", "AU")
            organisation = {**SNAPSHOT["Organisation"], "CountryCode": country}
            sandbox = Sandbox.open(
                {**SNAPSHOT, "Organisation": organisation},
                clock=clock,
                ids=seeded_ids(),
                limits=Limits.none(),
                unkindness=Unkindness(**{"at_most": 1, **given}),
            )
            stack.callback(sandbox.close)
            return Api(sandbox, runner)

        yield opened


def count(api: Api, endpoint: str = "Invoices") -> int:
    return len(api.sandbox.documents(endpoint))


def put(api: Api, endpoint: str, *elements: Any, key: str | None = None) -> httpx.Response:
    """Several elements, of each of which something is to be said."""
    headers = {"Idempotency-Key": key} if key else {}
    body = {endpoint.rsplit("/", 1)[-1]: list(elements)}
    return api.call("PUT", endpoint, body, headers=headers, params={"summarizeErrors": "false"})


def test_a_late_call_is_done_after_its_answer_and_only_once_under_its_key(
    unkind: Opened, clock: Clock
) -> None:
    for seed in range(8):
        api = unkind(late=1.0, late_seconds=(30, 60), seed=seed)
        answer = put(api, "Invoices", invoice(InvoiceNumber="A"), key="k")
        assert answer.status_code in (500, 502, 503, 504)
        assert count(api) == 0
        clock.advance(seconds=20)
        again = put(api, "Invoices", invoice(InvoiceNumber="A"), key="k")
        # What a gateway says is not remembered, Xero's own failure is.
        assert again.status_code == (500 if answer.status_code == 500 else 200)
        clock.advance(seconds=60)
        assert count(api) == 1


def test_a_late_call_meets_its_key_though_nobody_calls_until_the_key_is_forgotten(
    unkind: Opened, clock: Clock
) -> None:
    for seed in range(8):
        api = unkind(late=1.0, at_most=1, late_seconds=(30, 30), seed=seed)
        put(api, "BankTransactions", spend(), key="k")
        put(api, "BankTransactions", spend(), key="k")
        clock.advance(seconds=86_400)
        assert count(api, "BankTransactions") == 1


def test_a_late_call_doubles_what_was_sent_again_under_another_key(
    unkind: Opened, clock: Clock
) -> None:
    api = unkind(late=1.0, late_seconds=(30, 30))
    put(api, "BankTransactions", spend(), key="k")
    assert put(api, "BankTransactions", spend(), key="other").status_code == 200
    clock.advance(seconds=31)
    assert count(api, "BankTransactions") == 2


def test_a_late_call_that_is_refused_by_then_leaves_nothing(unkind: Opened, clock: Clock) -> None:
    api = unkind(late=1.0, late_seconds=(30, 30))
    put(api, "Invoices", invoice(InvoiceNumber="A"))
    api.put("Invoices", invoice(InvoiceNumber="A"))
    clock.advance(seconds=31)
    assert count(api) == 1


def test_a_call_that_is_done_and_not_said(unkind: Opened) -> None:
    for seed in range(8):
        api = unkind(unsaid=1.0, seed=seed)
        answer = put(api, "Invoices", invoice(InvoiceNumber="A"), key="k")
        assert answer.status_code >= 500
        assert count(api) == 1
        again = put(api, "Invoices", invoice(InvoiceNumber="A"), key="k")
        assert again.status_code == (500 if answer.status_code == 500 else 200)
        assert count(api) == 1


def test_a_call_that_is_lost(unkind: Opened, clock: Clock) -> None:
    for seed in range(8):
        api = unkind(lost=1.0, seed=seed)
        first = put(api, "Invoices", invoice(InvoiceNumber="A"), key="k").status_code
        clock.advance(minutes=2)
        assert count(api) == 0
        again = put(api, "Invoices", invoice(InvoiceNumber="A"), key="k").status_code
        assert again == (500 if first == 500 else 200)


def test_undoing_an_allocation_may_be_late_too_and_has_no_key(unkind: Opened, clock: Clock) -> None:
    api = unkind(at_most=None)
    (owed,) = api.put("Invoices", invoice())
    (credit,) = api.put("CreditNotes", credit_note())
    path = f"CreditNotes/{credit['CreditNoteID']}/Allocations"
    part = {"Amount": "5.00", "Date": "2026-05-07", "Invoice": {"InvoiceID": owed["InvoiceID"]}}
    (made,) = api.put(path, part)
    api.sandbox.mishaps.rules = Unkindness(late=1.0, late_seconds=(10, 10))
    gone = f"{path}/{made['AllocationID']}"
    assert api.send("DELETE", gone, headers={"Idempotency-Key": "k"}).status_code >= 500
    assert api.sandbox.documents("Invoices")[0]["AmountCredited"] == 5
    clock.advance(seconds=11)
    assert api.sandbox.documents("Invoices")[0]["AmountCredited"] == 0
    api.sandbox.mishaps.rules = Unkindness()
    assert api.send("DELETE", gone).status_code == 404


def test_an_element_fails_for_no_reason(unkind: Opened) -> None:
    api = unkind(fails_elements=1.0)
    answer = put(api, "Invoices", invoice(), invoice(), key="k").json()["Invoices"]
    assert sorted(element["StatusAttributeString"] for element in answer) == ["ERROR", "OK"]
    assert count(api) == 1
    assert put(api, "Invoices", invoice(), invoice()).json()["Invoices"][0]["HasErrors"] is False
    assert count(api) == 3


def test_where_one_fails_all_ids_may_be_empty(unkind: Opened) -> None:
    api = unkind(empty_ids=1.0)
    (owed,) = api.put("Invoices", invoice())
    parts = [payment(owed["InvoiceID"], "10.00"), payment(owed["InvoiceID"], "900.00")]
    said = put(api, "Payments", *parts).json()["Payments"]
    assert [element["PaymentID"] for element in said] == [ZERO, ZERO]
    assert [element["StatusAttributeString"] for element in said] == ["OK", "ERROR"]
    assert count(api, "Payments") == 1


def test_ids_are_never_empty_where_nothing_failed(unkind: Opened) -> None:
    api = unkind(empty_ids=1.0)
    said = put(api, "Invoices", invoice(), invoice()).json()["Invoices"]
    assert ZERO not in [element["InvoiceID"] for element in said]


def test_a_mixed_call_may_be_refused_as_a_whole_and_keep_what_is_valid(unkind: Opened) -> None:
    api = unkind(refuses_mixed_calls=1.0)
    answer = put(api, "Invoices", invoice(InvoiceNumber="A"), invoice(DueDate=None), key="k")
    assert answer.status_code == 400
    assert len(answer.json()["Elements"]) == 1
    assert count(api) == 1
    # The answer is remembered as it was, and nothing is done twice.
    again = put(api, "Invoices", invoice(InvoiceNumber="A"), invoice(DueDate=None), key="k")
    assert (again.status_code, count(api)) == (400, 1)


def test_without_the_rule_a_refused_call_keeps_nothing(unkind: Opened) -> None:
    api = unkind(keeps_valid_elements=False)
    body = {"Invoices": [invoice(), invoice(DueDate=None)]}
    assert api.call("PUT", "Invoices", body).status_code == 400
    assert count(api) == 0


def test_without_the_rule_a_voided_number_is_free(unkind: Opened) -> None:
    api = unkind(keeps_voided_numbers=False)
    (made,) = api.put("Invoices", invoice(InvoiceNumber="A"))
    api.post("Invoices", {"InvoiceID": made["InvoiceID"], "Status": "VOIDED"})
    api.put("Invoices", invoice(InvoiceNumber="A"))


def test_answers_may_be_short_or_in_another_order(unkind: Opened) -> None:
    sent = [bill(InvoiceNumber=number) for number in "ABC"]
    short = put(unkind(short_answers=1.0), "Invoices", *sent).json()["Invoices"]
    assert len(short) == 2
    turned = put(unkind(reordered_answers=1.0), "Invoices", *sent).json()["Invoices"]
    assert [element["InvoiceNumber"] for element in turned] == ["B", "C", "A"]


def test_allocations_may_be_one_per_call(unkind: Opened) -> None:
    api = unkind(one_allocation_per_call=True)
    first, second = api.put("Invoices", invoice(), invoice())
    (credit,) = api.put("CreditNotes", credit_note())
    parts = [
        {"Amount": "5.00", "Date": "2026-05-07", "Invoice": {"InvoiceID": one["InvoiceID"]}}
        for one in (first, second)
    ]
    path = f"CreditNotes/{credit['CreditNoteID']}/Allocations"
    assert len(put(api, path, *parts).json()["Allocations"]) == 1
    assert [float(one["AmountCredited"]) for one in api.sandbox.documents("Invoices")] == [5, 0]


@pytest.mark.parametrize(("country", "kept"), [("AU", ""), ("NZ", "P-1")])
def test_a_batch_may_lose_its_reference(unkind: Opened, country: str, kept: str) -> None:
    api = unkind(drops_batch_references=True, country=country)
    (owed,) = api.put("Invoices", invoice())
    part = {"Invoice": {"InvoiceID": owed["InvoiceID"]}, "Amount": "1.00"}
    batch = {"Account": {"Code": "090"}, "Date": "2026-05-10", "Payments": [part]}
    (made,) = api.put("BatchPayments", {**batch, "Reference": "P-1"})
    assert made["Reference"] == kept


def test_lists_that_are_no_answer(unkind: Opened) -> None:
    numbers = ",".join(f"A number that is a sentence {n}" for n in range(60))
    long = unkind(longest_address=2_000)
    assert long.call("GET", "Invoices", params={"InvoiceNumbers": numbers}).status_code == 404
    assert long.call("GET", "Invoices", params={"InvoiceNumbers": "A"}).status_code == 200
    lost = unkind(lists_not_found=1.0)
    assert lost.call("GET", "Invoices").status_code == 404
    assert lost.call("GET", "Invoices").status_code == 200
    busy = unkind(busy_lists=1.0)
    assert busy.call("GET", "Invoices").json() == {"status": "busy"}
    assert busy.call("GET", "Organisation").json()["Organisations"]
    strict = unkind(refused_filters=1.0)
    assert strict.call("GET", "Payments").status_code == 200
    refused = strict.call("GET", "Payments", params={"where": 'Reference=="A"'})
    assert (refused.status_code, refused.json()["Elements"]) == (400, [])
    assert "not filtering Payments efficiently" in refused.json()["Message"]


def test_a_page_may_lack_what_its_count_has(unkind: Opened) -> None:
    api = unkind(missing_pages=1.0)
    api.put("Invoices", invoice(), invoice())
    answer = api.get("Invoices", page=1)
    assert (len(answer["Invoices"]), answer["pagination"]["itemCount"]) == (1, 2)
    assert len(api.get("Invoices", page=1)["Invoices"]) == 2


def test_the_same_seed_makes_the_same_faults(unkind: Opened) -> None:
    def statuses(seed: int) -> list[int]:
        api = unkind(late=0.5, lost=0.5, at_most=None, seed=seed)
        return [put(api, "Invoices", invoice()).status_code for _ in range(20)]

    assert statuses(1) == statuses(1) != statuses(2)


def test_words_switch_it_on() -> None:
    assert Unkindness().also([]) == Unkindness()
    some = Unkindness().also(["late=0.3", "empty-ids", "largest_batch=5", "keeps-voided-numbers=0"])
    assert some == replace(
        Unkindness(), late=0.3, empty_ids=0.2, largest_batch=5, keeps_voided_numbers=False
    )
    every = Unkindness().also(["all"])
    off = {s.name for s in switches() if not getattr(every, s.name)}
    # Each of those cuts a whole run off, so they are named one by one.
    assert off == {s.name for s in switches("sign-in")}
    assert (every.largest_batch, every.longest_address) == (200, 2000)
    for wrong in ("never", "late=x", "late=2", "keeps_voided_numbers=perhaps"):
        with pytest.raises(ValueError, match=wrong.partition("=")[0]):
            Unkindness().also([wrong])
    assert json.dumps([s.metadata["says"] for s in switches()])
