"""Unknown means unknown: whatever comes back, nothing is taken for refused that may be there.

Each test is a way in which the same money came into Xero twice, or not at all, by public reports.
"""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.send.test_faults import CALLS, assert_exactly_once, settle
from tests.support.faulty_transport import Fault, FaultyTransport, Pass, fault_before
from tests.support.unkind import (
    Later,
    altered,
    always,
    answered,
    carried_out,
    is_list,
    is_write,
    lost_after,
    once,
    rewritten,
)
from tests.support.xero_world import (
    World,
    allocations,
    bill,
    credit_note,
    invoice,
    line,
    payment,
    receipt,
)

NO_ID = "00000000-0000-0000-0000-000000000000"


# --- a gateway gives up, Xero does not ---


@pytest.mark.parametrize("seconds", [6, 100])
@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, None])
@pytest.mark.parametrize("call", range(1, CALLS + 1))
def test_a_call_that_is_carried_out_late_makes_no_second_document(
    world: World, call: int, status: int | None, seconds: float
) -> None:
    world.month()
    later = Later(world, status, seconds)

    def choose(number: int, request: httpx.Request) -> Fault | None:
        later.arrive()
        return later(request) if number == call and request.method != "GET" else None

    line_to_xero = FaultyTransport(world.asgi, world.clock, choose)
    settle(world, line_to_xero)
    world.clock.advance(200)
    later.arrive()
    settle(world, line_to_xero)
    assert_exactly_once(world)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 529])
def test_a_5xx_that_never_clears_is_no_refusal(world: World, status: int) -> None:
    world.add("T1/receipt", "put.BankTransactions", receipt("T1", "5.00"))
    down = FaultyTransport(world.asgi, world.clock, always(answered(status), is_write))
    report = world.run(down)
    assert (report.confirmed, report.rejected, report.failed) == (0, 0, 1)
    row = world.outbox.request("T1/receipt")
    assert row is not None and row.state == "failed"
    assert {r.headers["idempotency-key"] for r in down.requests if is_write(r)} != set()
    assert world.run().calls == 0


def test_no_key_is_used_again_when_a_repeated_call_could_outlive_it(world: World) -> None:
    """Xero forgets a key after six minutes; a repeated call may itself be two minutes late."""
    world.add("T1/receipt", "put.BankTransactions", receipt("T1", "5.00"))
    began: dict[str, Any] = {}
    longest = 0.0

    def choose(number: int, request: httpx.Request) -> Fault | None:
        nonlocal longest
        if not is_write(request):
            return None
        key = request.headers["idempotency-key"]
        began.setdefault(key, world.clock())
        longest = max(longest, (world.clock() - began[key]).total_seconds())
        world.clock.advance(50)
        return answered(504)

    world.run(FaultyTransport(world.asgi, world.clock, choose))
    assert len(began) == 3
    assert longest <= 6 * 60 - 2 * 60


# --- a list that proves nothing ---


def long_bills(world: World) -> None:
    for number in range(40):
        name = f"Kanzlei Übersee, Gebührenrechnung № {number:03} über Beratung".replace(",", "")
        world.add(f"S{number}/bill", "put.Invoices", bill(name), document=True)


def test_a_list_is_cut_by_the_length_of_its_address(world: World) -> None:
    long_bills(world)

    def choose(number: int, request: httpx.Request) -> Fault | None:
        if is_list(request) and len(str(request.url)) > 2000:
            return answered(404, "<html>")
        return lost(number, request)

    lost = once(carried_out(504), lambda r: is_write(r, "Invoices"))
    transport = FaultyTransport(world.asgi, world.clock, choose)
    report = world.run(transport)
    assert (report.confirmed, report.adopted) == (40, 40)
    lists = [r for r in transport.requests if is_list(r) and "Invoices" in r.url.path]
    assert len(lists) > 1
    assert max(len(str(r.url)) for r in lists) <= 2000
    assert world.live()["Invoices"] == 40


def missing_page(answer: dict[str, Any]) -> dict[str, Any]:
    (name,) = (n for n, value in answer.items() if isinstance(value, list))
    return {**answer, name: answer[name][:-1]}


def another_page(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "pagination": {**answer["pagination"], "page": 2}}


def without_ids(answer: dict[str, Any]) -> dict[str, Any]:
    (name,) = (n for n, value in answer.items() if isinstance(value, list))
    rest = [{k: v for k, v in item.items() if not k.endswith("ID")} for item in answer[name]]
    return {**answer, name: rest}


NO_LISTS: dict[str, Fault] = {
    "a 404": answered(404, "<html>"),
    "a 400": answered(400, '{"Type": "QueryParseException", "Message": "no"}'),
    "busy": answered(200, '{"status": "busy"}'),
    "null": answered(200, '{"BankTransactions": null}'),
    "an object": answered(200, '{"BankTransactions": {}}'),
    "another list": answered(200, '{"Invoices": []}'),
    "a page missing": rewritten(missing_page),
    "another page": rewritten(another_page),
    "no ids": rewritten(without_ids),
    "no words": answered(200, '{"BankTransactions": [1, "x", null]}'),
    "no page count": answered(200, '{"BankTransactions": [], "pagination": {"page": "x"}}'),
}


@pytest.mark.parametrize("kind", NO_LISTS)
def test_a_look_up_that_could_not_see_everything_proves_nothing(world: World, kind: str) -> None:
    for number in range(3):
        world.add(f"T{number}/receipt", "put.BankTransactions", receipt(f"T{number}", "5.00"))
    lost = once(carried_out(504), lambda r: is_write(r, "BankTransactions"))

    def choose(number: int, request: httpx.Request) -> Fault | None:
        if is_list(request) and "BankTransactions" in request.url.path:
            return NO_LISTS[kind]
        return lost(number, request)

    transport = FaultyTransport(world.asgi, world.clock, choose)
    for _ in range(3):
        report = world.run(transport)
        assert (report.confirmed, report.unknown, report.left) == (0, 3, 0)
        world.clock.advance(600)
    assert sum(is_write(r, "BankTransactions") for r in transport.requests) == 1
    rows = world.outbox.requests()
    assert {row.cause for row in rows} == {"unproven"}
    report = world.run()
    assert (report.confirmed, report.adopted, report.unknown) == (3, 3, 0)
    assert world.live()["BankTransactions"] == 3


@pytest.mark.parametrize("kind", ["a 404", "a 400", "busy"])
def test_one_list_that_is_never_shown_does_not_hold_up_the_others(world: World, kind: str) -> None:
    world.month()
    lost = once(carried_out(504), lambda r: is_write(r, "BankTransactions"))

    def choose(number: int, request: httpx.Request) -> Fault | None:
        if is_list(request) and "BankTransactions" in request.url.path:
            return NO_LISTS[kind]
        return lost(number, request)

    transport = FaultyTransport(world.asgi, world.clock, choose)
    report = world.run(transport)
    assert (report.confirmed, report.unknown, report.left, report.stopped) == (12, 1, 0, None)
    settle(world, FaultyTransport(world.asgi, world.clock))
    assert_exactly_once(world)


# --- resend looks first ---


@pytest.mark.parametrize("seconds", [35, 100])
def test_resend_of_what_never_got_an_answer_looks_first(world: World, seconds: float) -> None:
    world.add("T1/receipt", "put.BankTransactions", receipt("T1", "5000.00"))
    later = Later(world, 500, seconds)
    writes = 0

    def choose(number: int, request: httpx.Request) -> Fault | None:
        nonlocal writes
        later.arrive()
        if not is_write(request):
            return None
        writes += 1
        return later(request) if writes == 9 else fault_before

    transport = FaultyTransport(world.asgi, world.clock, choose)
    world.run(transport)
    world.outbox.resend("T1", "Kim", "try again", world.clock())
    world.clock.advance(seconds)
    later.arrive()
    world.run()
    assert world.states() == {"T1/receipt": "confirmed"}
    assert world.live()["BankTransactions"] == 1


def test_resend_of_a_refused_document_that_is_there_all_the_same(world: World) -> None:
    """Xero said no, and somebody entered it by hand since."""
    world.sandbox.archive_account("210")
    element = invoice("B1", LineItems=[line(AccountCode="210")])
    world.add("B1/invoice", "put.Invoices", element, document=True)
    assert world.run().rejected == 1
    account = next(a for a in world.get("/Accounts")["Accounts"] if a.get("Code") == "210")
    world.client().call("POST", f"/Accounts/{account['AccountID']}", body=b'{"Status":"ACTIVE"}')
    typed = {**element, "Contact": {"ContactNumber": "101"}}
    body = json.dumps({"Invoices": [typed]}).encode()
    assert world.client().call("PUT", "/Invoices", {}, {}, body).status == 200
    world.outbox.resend("B1", "Kim", "entered by hand", world.clock())
    report = world.run()
    assert (report.confirmed, report.adopted, report.rejected) == (1, 1, 0)
    assert world.live()["Invoices"] == 1


# --- half failed calls ---


def pays(world: World, count: int) -> None:
    for number in range(count):
        world.add(f"B{number}/invoice", "put.Invoices", invoice(f"B{number}"), document=True)
    world.run()
    for number in range(count):
        world.pay(f"P{number}", f"B{number}", "40.00")


def empty_ids(answer: dict[str, Any]) -> dict[str, Any]:
    for place, element in enumerate(answer["Payments"]):
        element["PaymentID"] = NO_ID
        if place == 1:
            element |= {
                "StatusAttributeString": "ERROR",
                "ValidationErrors": [{"Message": "Payment amount exceeds the amount outstanding"}],
            }
    return answer


def no_ids(answer: dict[str, Any]) -> dict[str, Any]:
    for element in answer["Payments"]:
        del element["PaymentID"]
    return answer


def null_ids(answer: dict[str, Any]) -> dict[str, Any]:
    return {"Payments": [{**element, "PaymentID": None} for element in answer["Payments"]]}


def shortened(answer: dict[str, Any]) -> dict[str, Any]:
    return {"Payments": answer["Payments"][:-1]}


def lengthened(answer: dict[str, Any]) -> dict[str, Any]:
    return {"Payments": [*answer["Payments"], answer["Payments"][0]]}


def reversed_(answer: dict[str, Any]) -> dict[str, Any]:
    return {"Payments": answer["Payments"][::-1]}


def emptied(answer: dict[str, Any]) -> dict[str, Any]:
    return {}


@pytest.mark.parametrize(
    "change", [empty_ids, no_ids, null_ids, shortened, lengthened, reversed_, emptied]
)
def test_elements_of_a_strange_answer_are_looked_up_and_adopted(world: World, change: Any) -> None:
    pays(world, 4)
    fault = once(rewritten(change), lambda r: is_write(r, "Payments"))
    transport = FaultyTransport(world.asgi, world.clock, fault)
    report = world.run(transport)
    assert (report.confirmed, report.rejected, report.unknown) == (4, 0, 0)
    assert sum(is_write(r, "Payments") for r in transport.requests) == 1
    for number in range(4):
        world.outbox.resend(f"P{number}", "Kim", "nothing is wrong with it", world.clock())
    world.run()
    paid = {i["InvoiceNumber"]: str(i["AmountPaid"]) for i in world.sandbox.documents("Invoices")}
    assert paid == {f"B{number}": "40.00" for number in range(4)}
    links = world.outbox.links()
    there = {p["Reference"]: p["PaymentID"] for p in world.sandbox.documents("Payments")}
    assert {name: links[name, "PaymentID"] for name in there} == there


def test_good_elements_of_a_call_that_is_refused_as_a_whole_are_not_sent_again(
    world: World,
) -> None:
    """Xero keeps the first two, and answers 400 to all four of them."""
    pays(world, 4)

    def choose(number: int, request: httpx.Request) -> Fault | None:
        if not is_write(request, "Payments") or len(json.loads(request.content)["Payments"]) < 3:
            return None
        altered(world, request, lambda sent: sent["Payments"].__delitem__(slice(2, None)))()
        return answered(400, '{"Type": "ValidationException", "Elements": []}')

    report = world.run(FaultyTransport(world.asgi, world.clock, choose))
    assert (report.confirmed, report.adopted, report.rejected, report.unknown) == (4, 2, 0, 0)
    assert world.live()["Payments"] == 4


def test_allocations_are_sent_one_in_a_call(world: World) -> None:
    """Xero answers, and takes, one of a list only."""
    for number in ("B1", "B2", "B3"):
        world.add(f"{number}/invoice", "put.Invoices", invoice(number), document=True)
    world.add("C1/credit_note", "put.CreditNotes", credit_note("C1"), document=True)
    world.add(
        "A1/allocation",
        "put.CreditNotes.Allocations",
        allocations(("B1", "20.00"), ("B2", "15.00"), ("B3", "5.00")),
        path="/CreditNotes/<CreditNoteID of C1>/Allocations",
        needs=["C1/credit_note", "B1/invoice", "B2/invoice", "B3/invoice"],
        level=2,
    )
    sizes = []

    def choose(number: int, request: httpx.Request) -> Fault | None:
        if request.url.path.endswith("/Allocations"):
            sizes.append(len(json.loads(request.content)["Allocations"]))
            return carried_out(504) if len(sizes) == 2 else None
        return None

    report = world.run(FaultyTransport(world.asgi, world.clock, choose))
    assert (report.confirmed, report.unknown) == (5, 0)
    assert sizes == [1, 1, 1]
    credited = {
        i["InvoiceNumber"]: str(i["AmountCredited"]) for i in world.sandbox.documents("Invoices")
    }
    assert credited == {"B1": "20.00", "B2": "15.00", "B3": "5.00"}


# --- batches ---


def batch(world: World, id_: str, *parts: tuple[str, float], date: str = "2026-05-12") -> None:
    world.add(
        f"{id_}/batch",
        "put.BatchPayments",
        {
            "Account": {"Code": "090"},
            "Date": date,
            "Reference": id_,
            "Payments": [
                {"Invoice": {"InvoiceID": f"<InvoiceID of {document}>"}, "Amount": amount}
                for document, amount in parts
            ],
        },
        needs=[f"{document}/invoice" for document, _ in parts],
        level=2,
    )


def test_a_batch_is_found_by_what_it_pays_and_not_by_its_reference(world: World) -> None:
    for number in ("B1", "B2", "B3"):
        world.add(f"{number}/invoice", "put.Invoices", invoice(number), document=True)
    world.run()
    batch(world, "P1", ("B1", 10.5), ("B2", 20.0))
    batch(world, "P2", ("B2", 20.0), ("B3", 10.5))

    def without_reference(sent: dict[str, Any]) -> None:
        for element in sent["BatchPayments"]:
            del element["Reference"]

    def choose(number: int, request: httpx.Request) -> Fault | None:
        if not is_write(request, "BatchPayments"):
            return None
        return lost_after(altered(world, request, without_reference))

    report = world.run(FaultyTransport(world.asgi, world.clock, choose))
    assert (report.confirmed, report.adopted, report.unknown) == (2, 2, 0)
    assert world.live()["BatchPayments"] == 2
    ids = {
        tuple(sorted(str(p["Amount"]) + p["Invoice"]["InvoiceID"] for p in b["Payments"])): b[
            "BatchPaymentID"
        ]
        for b in world.sandbox.documents("BatchPayments")
    }
    assert len(ids) == 2
    links = world.outbox.links()
    assert {links["P1", "BatchPaymentID"], links["P2", "BatchPaymentID"]} == set(ids.values())


# --- what is not the same ---


def test_a_document_with_our_id_that_differs_is_left_to_a_person(world: World) -> None:
    """Somebody changed the amount of what had arrived; one more of it would be a double."""
    world.add("T1/receipt", "put.BankTransactions", receipt("T1", "500.00"))
    lost = once(carried_out(504), is_write)
    world.outbox.save_contact("101", "00000000-0000-4000-8000-000000000001", "x")
    changed = receipt("T1", "499.00", Contact={"Name": "Ann Client"})
    body = json.dumps({"BankTransactions": [changed]}).encode()
    assert world.client().call("PUT", "/BankTransactions", {}, {}, body).status == 200
    lost = once(answered(504), is_write)
    report = world.run(FaultyTransport(world.asgi, world.clock, lost))
    assert (report.confirmed, report.unknown, report.failed) == (0, 1, 0)
    row = world.outbox.request("T1/receipt")
    assert row is not None and row.cause == "several"
    assert row.message is not None and "differs" in row.message
    assert world.live()["BankTransactions"] == 1


def test_more_may_follow_the_id_in_a_reference(world: World) -> None:
    world.add("T-1/receipt", "put.BankTransactions", receipt("T-1 cheque 77", "500.00"))
    world.add("T-12/receipt", "put.BankTransactions", receipt("T-12", "500.00"))

    def with_matter(sent: dict[str, Any]) -> None:
        for element in sent["BankTransactions"]:
            if element["Reference"].startswith("T-1 "):
                element["Reference"] = "T-1 matter 1002 cheque 77"

    def choose(number: int, request: httpx.Request) -> Fault | None:
        return lost_after(altered(world, request, with_matter)) if is_write(request) else None

    report = world.run(FaultyTransport(world.asgi, world.clock, choose))
    assert (report.confirmed, report.adopted, report.unknown) == (2, 2, 0)
    there = {
        d["Reference"]: d["BankTransactionID"] for d in world.sandbox.documents("BankTransactions")
    }
    links = world.outbox.links()
    assert links["T-1", "BankTransactionID"] == there["T-1 matter 1002 cheque 77"]
    assert links["T-12", "BankTransactionID"] == there["T-12"]


# --- drafts, and what is taken back already ---


def type_draft(world: World, number: str, status: str = "DRAFT") -> str:
    contact = world.outbox.contact("101")
    assert contact is not None
    draft = invoice(number, Status=status, Contact={"ContactID": contact[0]})
    body = json.dumps({"Invoices": [draft]}).encode()
    answer = world.client().call("PUT", "/Invoices", {}, {}, body)
    assert answer.json is not None and answer.status == 200
    return str(answer.json["Invoices"][0]["InvoiceID"])


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED"])
def test_a_draft_counts_when_it_is_approved(world: World, status: str) -> None:
    world.add("T1/receipt", "put.BankTransactions", receipt("T1", "5.00"))
    world.run()
    id_ = type_draft(world, "B1", status)
    world.add("B1/invoice", "put.Invoices", invoice("B1"), document=True)
    world.pay("P1", "B1", "50.00")
    report = world.run()
    assert (report.confirmed, report.unknown, report.left) == (0, 1, 1)
    row = world.outbox.request("B1/invoice")
    assert row is not None and row.cause == "draft" and row.message is not None
    assert id_ in row.message and "approve it" in row.message
    assert world.run().unknown == 1
    approve = json.dumps({"InvoiceID": id_, "Status": "AUTHORISED"}).encode()
    assert world.client().call("POST", f"/Invoices/{id_}", {}, {}, approve).status == 200
    report = world.run()
    assert (report.confirmed, report.adopted, report.unknown) == (2, 1, 0)
    assert world.live() == {"Invoices": 1, "Payments": 1, "BankTransactions": 1, "Contacts": 1}


def test_what_xero_saves_as_a_draft_only_is_told(world: World) -> None:
    world.add("B1/invoice", "put.Invoices", invoice("B1"), document=True)

    def as_draft(sent: dict[str, Any]) -> None:
        for element in sent["Invoices"]:
            element["Status"] = "DRAFT"

    def choose(number: int, request: httpx.Request) -> Fault | None:
        if not is_write(request, "Invoices"):
            return None
        carry_out = altered(world, request, as_draft)
        return lambda forward: carry_out()

    report = world.run(FaultyTransport(world.asgi, world.clock, choose))
    assert (report.confirmed, report.unknown) == (0, 1)
    row = world.outbox.request("B1/invoice")
    assert row is not None and row.cause == "draft"


UNDONE = {
    "Invoices": (invoice("X1"), "VOIDED", "/Invoices", "InvoiceID"),
    "CreditNotes": (credit_note("X1"), "VOIDED", "/CreditNotes", "CreditNoteID"),
    "BankTransactions": (receipt("X1", "5.00"), "DELETED", "", ""),
    "ManualJournals": (None, "VOIDED", "/ManualJournals", "ManualJournalID"),
    "BankTransfers": (None, "DELETED", "", ""),
    "Payments": (None, "DELETED", "", ""),
    "BatchPayments": (None, "DELETED", "", ""),
}


@pytest.mark.parametrize("endpoint", UNDONE)
def test_what_a_person_took_back_counts_as_taken_back(world: World, endpoint: str) -> None:
    id_name = endpoint.removesuffix("s") + "ID"
    made = _one_of_each(world, endpoint)
    world.run()
    id_ = world.outbox.links()[made, id_name]
    status = UNDONE[endpoint][1]
    body = json.dumps({"Status": status}).encode()
    assert world.client().call("POST", f"/{endpoint}/{id_}", {}, {}, body).status == 200
    in_body = endpoint in ("Invoices", "CreditNotes", "ManualJournals")
    element = {"Status": status}
    if in_body:
        element = {id_name: f"<{id_name} of {made}>", **element}
    world.add(
        "U1/undo",
        f"post.{endpoint}",
        element,
        path=f"/{endpoint}" if in_body else f"/{endpoint}/<{id_name} of {made}>",
        level=3,
    )
    report = world.run()
    assert (report.confirmed, report.adopted, report.rejected) == (1, 1, 0)
    row = world.outbox.request("U1/undo")
    assert row is not None and row.xero_id == id_


def _one_of_each(world: World, endpoint: str) -> str:
    world.month()
    by_endpoint = {
        "Invoices": "S1", "CreditNotes": "C9", "BankTransactions": "T1", "ManualJournals": "J1",
        "BankTransfers": "T2", "Payments": "P2", "BatchPayments": "P3",
    }  # fmt: skip
    if endpoint == "CreditNotes":
        world.add("C9/credit_note", "put.CreditNotes", credit_note("C9"), document=True)
    return by_endpoint[endpoint]


def test_an_allocation_is_taken_out_once_and_again_when_it_is_out_already(world: World) -> None:
    world.month()
    world.run()
    links = world.outbox.links()
    credit, part = links["C1", "CreditNoteID"], links["A1", "AllocationID"]

    def undo(id_: str) -> None:
        world.add(
            f"{id_}/undo",
            "delete.CreditNotes.Allocations",
            {},
            path="/CreditNotes/<CreditNoteID of C1>/Allocations/<AllocationID of A1>",
            level=3,
        )

    undo("U1")
    transport = FaultyTransport(
        world.asgi, world.clock, once(carried_out(504), lambda r: r.method == "DELETE")
    )
    report = world.run(transport)
    assert (report.confirmed, report.adopted) == (1, 1)
    deletes = [r for r in transport.requests if r.method == "DELETE"]
    assert [r.url.path for r in deletes] == [
        f"/api.xro/2.0/CreditNotes/{credit}/Allocations/{part}"
    ]
    assert "idempotency-key" not in deletes[0].headers
    assert world.sandbox.documents("CreditNotes")[0]["Allocations"] == []
    undo("U2")
    transport = FaultyTransport(world.asgi, world.clock)
    report = world.run(transport)
    assert (report.confirmed, report.adopted) == (1, 1)
    assert not [r for r in transport.requests if r.method == "DELETE"]


def test_a_number_that_a_voided_document_keeps_gets_a_count_behind_it(world: World) -> None:
    """A person voided the bill; Xero gives its number to no other document."""
    world.add("B1/invoice", "put.Invoices", invoice("INV-1"), document=True)
    world.run()
    id_ = world.outbox.links()["B1", "InvoiceID"]
    world.client().call("POST", f"/Invoices/{id_}", {}, {}, b'{"Status":"VOIDED"}')
    world.add("B2/invoice", "put.Invoices", invoice("INV-1"), document=True)
    taken = {
        "Invoices": [
            {
                "InvoiceID": NO_ID,
                "StatusAttributeString": "ERROR",
                "ValidationErrors": [{"Message": "Invoice # must be unique."}],
            }
        ]
    }

    def choose(number: int, request: httpx.Request) -> Fault | None:
        wanted = is_write(request, "Invoices") and b'"INV-1"' in request.content
        return answered(200, json.dumps(taken)) if wanted else None

    report = world.run(FaultyTransport(world.asgi, world.clock, choose))
    assert (report.confirmed, report.rejected) == (1, 0)
    assert report.warnings == (
        "B2/invoice: a voided document keeps the number; it is INV-1 (2) there",
    )
    numbers = [(i["InvoiceNumber"], i["Status"]) for i in world.sandbox.documents("Invoices")]
    assert numbers == [("INV-1", "VOIDED"), ("INV-1 (2)", "AUTHORISED")]


# --- parties ---


def merge(world: World, number: str, into: str, name: str) -> FaultyTransport:
    """The contact is merged into another one: archived, and it says where it went."""
    old = world.outbox.contact(number)
    assert old is not None
    body = json.dumps({"Contacts": [{"Name": name, "ContactNumber": into}]}).encode()
    made = world.client().call("PUT", "/Contacts", {}, {}, body).json
    assert made is not None
    new = str(made["Contacts"][0]["ContactID"])
    archive = json.dumps({"ContactID": old[0], "ContactStatus": "ARCHIVED"}).encode()
    assert world.client().call("POST", f"/Contacts/{old[0]}", {}, {}, archive).status == 200

    def with_merge(answer: dict[str, Any]) -> dict[str, Any]:
        for contact in answer["Contacts"]:
            if contact["ContactID"] == old[0]:
                contact["MergedToContactID"] = new
        return answer

    return FaultyTransport(
        world.asgi,
        world.clock,
        lambda n, r: (
            rewritten(with_merge) if r.method == "GET" and "Contacts" in str(r.url) else None
        ),
    )


def test_a_merged_contact_is_followed_and_kept(world: World) -> None:
    world.add("B1/invoice", "put.Invoices", invoice("B1"), document=True)
    world.run()
    transport = merge(world, "101", "900", "Ann & Co")
    world.add("B2/invoice", "put.Invoices", invoice("B2"), document=True)
    world.add("C2/credit_note", "put.CreditNotes", credit_note("C2"), document=True)
    report = world.run(transport)
    assert (report.confirmed, report.rejected) == (2, 0)
    assert report.warnings == ("contact 101 was merged in Xero; it is Ann & Co now",)
    contacts = {
        d["InvoiceNumber"]: d["Contact"]["Name"] for d in world.sandbox.documents("Invoices")
    }
    assert contacts == {"B1": "Ann Client", "B2": "Ann & Co"}
    kept = world.outbox.contact("101")
    assert kept is not None and kept[1] == "Ann & Co"
    world.add("B3/invoice", "put.Invoices", invoice("B3"), document=True)
    # One look at the contact that is used now, and the call that sends.
    assert world.run(transport).calls == 2


def test_a_lost_document_is_found_on_the_contact_that_its_own_was_merged_into(
    world: World,
) -> None:
    world.add("B1/invoice", "put.Invoices", invoice("B0"), document=True)
    world.run()
    world.add("T1/receipt", "put.BankTransactions", receipt("T1", "5.00"))
    world.add("S1/bill", "put.Invoices", bill("77", Contact={"ContactNumber": "101"}))
    stopped = FaultyTransport(world.asgi, world.clock, always(_stops_after(world), is_write))
    with pytest.raises(KeyboardInterrupt):
        world.run(stopped)
    transport = merge(world, "101", "900", "Ann & Co")
    merged = world.outbox.contact("101")
    assert merged is not None
    # Xero moves the documents of a merged contact to the other one.
    there = next(
        c["ContactID"] for c in world.sandbox.documents("Contacts") if c["ContactNumber"] == "900"
    )

    def moved(answer: dict[str, Any]) -> dict[str, Any]:
        for name in ("Invoices", "BankTransactions"):
            for document in answer.get(name, ()):
                document["Contact"]["ContactID"] = there
        return answer

    inner = transport.choose
    transport.choose = lambda n, r: rewritten(moved) if is_list(r) else inner(n, r)
    report = world.run(transport)
    assert report.adopted >= 1 and report.unknown == 0
    live = world.live()
    assert live["BankTransactions"] == 1 and live["Invoices"] == 2


def _stops_after(world: World) -> Fault:
    def fault(forward: Pass) -> httpx.Response:
        forward()
        raise KeyboardInterrupt

    return fault


def test_two_clients_whose_ids_are_alike_for_long_are_two_contacts(world: World) -> None:
    from pm2xero.xero.contact_number import contact_number

    one, two = (contact_number("x" * 50 + end) for end in ("-one", "-two"))
    assert one != two and len(one) == len(two) == 50
    assert contact_number("x" * 50) == "x" * 50
    for number in (one, two):
        contact = {"ContactNumber": number, "Name": "Client"}
        world.add(f"B{number[-3:]}/invoice", "put.Invoices", invoice(number[-12:], Contact=contact))
    assert world.run().confirmed == 2
    names = {c["ContactNumber"]: c["Name"] for c in world.sandbox.documents("Contacts")}
    assert names == {one: "Client", two: f"Client ({two})"}


def test_a_contact_that_was_linked_by_its_cut_id_stays_linked(world: World) -> None:
    from pm2xero.xero.contact_number import contact_number

    id_ = "client-" + "y" * 60
    body = json.dumps({"Contacts": [{"Name": "Old Client", "ContactNumber": id_[:50]}]}).encode()
    made = world.client().call("PUT", "/Contacts", {}, {}, body).json
    assert made is not None
    world.outbox.save_contact(id_[:50], made["Contacts"][0]["ContactID"], "Old Client")
    for number, name in (("B1", "Old Client"), ("B2", "New Client")):
        contact = {"ContactNumber": contact_number(id_ + name[0]), "Name": name}
        world.add(f"{number}/invoice", "put.Invoices", invoice(number, Contact=contact))
    assert world.run().confirmed == 2
    assert {c["Name"] for c in world.sandbox.documents("Contacts")} == {"Old Client", "New Client"}


def test_a_payment_names_who_it_pays_and_not_what_it_quotes(world: World) -> None:
    """An echo of another invoice does not link a payment to it."""
    pays(world, 2)
    ids = {i["InvoiceNumber"]: i["InvoiceID"] for i in world.sandbox.documents("Invoices")}

    def swapped(answer: dict[str, Any]) -> dict[str, Any]:
        first, second = answer["Payments"]
        first["Invoice"], second["Invoice"] = second["Invoice"], first["Invoice"]
        return answer

    fault = once(rewritten(swapped), lambda r: is_write(r, "Payments"))
    report = world.run(FaultyTransport(world.asgi, world.clock, fault))
    assert (report.confirmed, report.adopted) == (2, 2)
    links = world.outbox.links()
    for payment_ in world.sandbox.documents("Payments"):
        number = payment_["Reference"].replace("P", "B")
        assert payment_["Invoice"]["InvoiceID"] == ids[number]
        assert links[payment_["Reference"], "PaymentID"] == payment_["PaymentID"]
    assert payment("P", "B", "1.00")["Reference"] == "P"
