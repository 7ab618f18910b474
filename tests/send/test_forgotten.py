"""A sender whose outbox may have lost something looks before it sends."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from pm2xero.outbox.store import Outbox
from tests.support.xero_world import World, allocations, credit_note, invoice, receipt


def forget(world: World) -> None:
    """The outbox is gone, another one takes its place, and Xero remembers no key."""
    world.outbox.close()
    world.outbox = Outbox.open("sqlite://", "bellbird-legal", world.clock)
    world.sequence = 0
    world.clock.advance(3600)
    world.outbox.note_gap(world.clock(), None)


def writes(world: World) -> tuple[httpx.BaseTransport, list[str]]:
    """The way to Xero, with a list of what is written on it."""
    seen: list[str] = []

    class Watching(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method != "GET":
                seen.append(f"{request.method} {request.url.path.rsplit('/api.xro/2.0', 1)[-1]}")
            return world.asgi.handle_request(request)

    return Watching(), seen


def test_all_is_adopted_and_nothing_is_written(world: World) -> None:
    world.month()
    world.run()
    live, balances, states = world.live(), world.balances(), world.states()
    assert set(states.values()) == {"confirmed"}
    forget(world)
    world.month()
    transport, seen = writes(world)
    report = world.run(transport)
    assert (report.confirmed, report.adopted, report.unknown) == (13, 13, 0)
    assert seen == []
    assert (world.live(), world.balances(), world.states()) == (live, balances, states)


def test_looks_are_made_in_blocks_and_once(world: World) -> None:
    for number in range(120):
        world.add(f"B{number:03}/invoice", "put.Invoices", invoice(f"B{number:03}"))
    world.outbox.note_gap(world.clock(), None)
    report = world.run()
    # Three looks of up to fifty numbers and three at the days of these, three calls of fifty, and
    # two looks and a call for the contact.
    assert (report.confirmed, report.adopted) == (120, 0)
    assert report.calls <= 12


@pytest.mark.parametrize(("lost", "waits"), [(0, 120), (90, 30), (500, 0), (None, 0)])
def test_a_call_that_another_outbox_lost_is_waited_for(
    world: World, lost: float | None, waits: float
) -> None:
    world.add("B1/invoice", "put.Invoices", invoice("B1"))
    at = world.clock() - timedelta(seconds=lost) if lost is not None else None
    world.outbox.note_gap(world.clock(), at)
    world.run()
    assert world.clock.slept == waits
    world.clock.slept = 0.0
    world.run()
    assert world.clock.slept == 0


def test_of_several_allocations_only_those_that_are_missing_are_sent(world: World) -> None:
    def plan(*parts: tuple[str, str]) -> None:
        for number in (1, 2):
            world.add(f"B{number}/invoice", "put.Invoices", invoice(f"B{number}"))
        world.add("C1/credit_note", "put.CreditNotes", credit_note("C1"))
        world.add(
            "A1/allocation", "put.CreditNotes.Allocations", allocations(*parts),
            path="/CreditNotes/<CreditNoteID of C1>/Allocations",
            needs=["C1/credit_note", "B1/invoice", "B2/invoice"], level=2,
        )  # fmt: skip

    plan(("B1", "20.00"))
    world.run()
    forget(world)
    plan(("B1", "20.00"), ("B2", "15.00"))
    transport, seen = writes(world)
    report = world.run(transport)
    assert len(seen) == 1
    assert (report.confirmed, set(world.states().values())) == (4, {"confirmed"})
    (note,) = world.sandbox.documents("CreditNotes")
    assert [float(a["Amount"]) for a in note["Allocations"]] == [20.0, 15.0]


def user(world: World, path: str, body: dict[str, Any]) -> None:
    answer = world.client().call("POST", path, {}, {}, json.dumps(body).encode())
    assert answer.status == 200, answer.text


def test_a_contact_under_another_number_hides_nothing(world: World) -> None:
    world.add("B1/invoice", "put.Invoices", invoice("B1"))
    world.run()
    (contact,) = [c for c in world.sandbox.documents("Contacts") if c["Name"] == "Ann Client"]
    user(world, "/Contacts", {"Contacts": [
        {"ContactID": contact["ContactID"], "ContactNumber": "changed", "Name": "Ann C."},
    ]})  # fmt: skip
    forget(world)
    world.add("B1/invoice", "put.Invoices", invoice("B1"))
    for _ in range(2):
        report = world.run()
        assert (report.confirmed, report.unknown) == (0, 1)
    found = world.outbox.request("B1/invoice")
    assert found is not None
    assert found.cause == "several"
    assert world.live()["Invoices"] == 1


def test_a_look_that_proves_nothing_sends_nothing(world: World) -> None:
    world.add("B1/invoice", "put.Invoices", invoice("B1"))
    world.run()
    forget(world)
    world.add("B1/invoice", "put.Invoices", invoice("B1"))

    class Blind(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "GET" and request.url.path.endswith("/Invoices"):
                return httpx.Response(404, json={})
            return world.asgi.handle_request(request)

    assert world.run(Blind()).unknown == 1
    assert world.live()["Invoices"] == 1
    assert world.run().adopted == 1
    assert world.live()["Invoices"] == 1


@pytest.mark.parametrize("kind", ["put.Invoices", "put.CreditNotes"])
def test_a_document_under_a_number_with_a_count_is_found(world: World, kind: str) -> None:
    """Somebody voided one and its number stays taken, so the next bears a count behind it."""
    made, field = (invoice, "InvoiceNumber") if kind == "put.Invoices" else (
        credit_note, "CreditNoteNumber",
    )  # fmt: skip
    endpoint = kind.removeprefix("put.")

    def plan() -> None:
        world.add("B1/made", kind, made("B1"))

    plan()
    world.run()
    (first,) = world.sandbox.documents(endpoint)
    user(world, f"/{endpoint}/{first[endpoint[:-1] + 'ID']}", {"Status": "VOIDED"})
    forget(world)
    plan()
    world.run()
    world.outbox.resend("B1", "kim", "there again", world.clock())
    assert world.run().confirmed == 1
    numbers = {d[field]: d["Status"] for d in world.sandbox.documents(endpoint)}
    assert numbers == {"B1": "VOIDED", "B1 (2)": "AUTHORISED"}
    forget(world)
    plan()
    report = world.run()
    assert (report.adopted, report.aside, world.states()) == (1, 0, {"B1/made": "confirmed"})
    assert {d[field]: d["Status"] for d in world.sandbox.documents(endpoint)} == numbers


def test_a_count_behind_a_number_that_is_free_is_another_document(world: World) -> None:
    world.add("B1/invoice", "put.Invoices", invoice("B1 (2)"))
    world.run()
    forget(world)
    world.add("B1/invoice", "put.Invoices", invoice("B1"))
    assert world.run().adopted == 0
    assert world.live()["Invoices"] == 2


def test_what_was_taken_back_there_waits_for_a_person_also_after_a_look_that_failed(
    world: World,
) -> None:
    world.add("B1/invoice", "put.Invoices", invoice("B1"))
    world.run()
    (made,) = world.sandbox.documents("Invoices")
    user(world, f"/Invoices/{made['InvoiceID']}", {"Status": "VOIDED"})
    forget(world)
    world.add("B1/invoice", "put.Invoices", invoice("B1"))
    (row,) = world.outbox.requests()
    world.outbox.suspect_forgotten()
    world.outbox.unknown([row], "unproven", "no list", world.clock())
    report = world.run()
    assert (report.aside, world.states()) == (1, {"B1/invoice": "held"})
    assert world.live()["Invoices"] == 0
    world.outbox.resend("B1", "kim", "there again", world.clock())
    assert world.run().confirmed == 1
    assert world.live()["Invoices"] == 1


def typed(world: World, reference: str) -> None:
    """Somebody enters money received in Xero: the same as R1, with other words on it."""
    sent = json.dumps(
        {"BankTransactions": [{**receipt("R1", "500.00"), "Reference": reference}]}
    ).encode()
    assert world.client().call("PUT", "/BankTransactions", {}, {}, sent).status == 200


def test_what_a_person_may_have_entered_for_it_is_asked_about(world: World) -> None:
    """Whose entry it is was said to the outbox that is lost."""
    typed(world, "cash at the counter")
    world.outbox.note_gap(world.clock(), None)
    world.add("R1/receipt", "put.BankTransactions", receipt("R1", "500.00"))
    for _ in range(2):
        assert world.run().unknown == 1
    row = world.outbox.request("R1/receipt")
    assert row is not None
    assert (row.cause, world.live()["BankTransactions"]) == ("several", 1)
    # The word of a person ends it, either way.
    world.outbox.resend("R1", "Kim", "that was another client's cash", world.clock())
    assert world.run().confirmed == 1
    assert world.live()["BankTransactions"] == 2


@pytest.mark.parametrize("is_lost", [True, False])
def test_an_entry_of_another_document_is_not(
    world: World, is_lost: bool
) -> None:  # fmt: skip
    """What bears the id of another document is that one's; with a memory, a person's is known."""
    world.add("R2/receipt", "put.BankTransactions", receipt("R2", "500.00"))
    world.run()
    if is_lost:
        world.outbox.note_gap(world.clock(), None)
    else:
        typed(world, "cash at the counter")
    world.add("R1/receipt", "put.BankTransactions", receipt("R1", "500.00"))
    assert world.run().confirmed == 1


def test_what_depends_on_something_unproven_is_not_planned_again(world: World) -> None:
    """Its turn comes when that is known; planned again it would be sent without a look."""

    class Blind(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "GET" and request.url.path.endswith("/Invoices"):
                return httpx.Response(404, json={})
            return world.asgi.handle_request(request)

    def plan() -> None:
        world.add("B1/invoice", "put.Invoices", invoice("B1"))
        world.pay("P1", "B1", "30.00")

    plan()
    world.run()
    forget(world)
    plan()
    assert world.run(Blind()).unknown == 2
    # Whatever the outbox thinks of its own memory meanwhile.
    report = world.run()
    assert (report.confirmed, report.adopted) == (2, 2)
    assert world.live()["Payments"] == 1


def test_the_parts_behind_one_that_does_not_arrive_are_not_sent(world: World) -> None:
    for number in (1, 2):
        world.add(f"B{number}/invoice", "put.Invoices", invoice(f"B{number}"))
    world.add("C1/credit_note", "put.CreditNotes", credit_note("C1"))
    world.run()
    world.add(
        "A1/allocation", "put.CreditNotes.Allocations",
        allocations(("B1", "20.00"), ("B2", "15.00")),
        path="/CreditNotes/<CreditNoteID of C1>/Allocations",
        needs=["C1/credit_note", "B1/invoice", "B2/invoice"], level=2,
    )  # fmt: skip
    sent: list[float] = []

    class Lossy(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "GET":
                return world.asgi.handle_request(request)
            sent.extend(a["Amount"] for a in json.loads(request.content)["Allocations"])
            raise httpx.ReadTimeout("it never arrived")

    world.run(Lossy())
    assert set(sent) == {20.0}
    world.outbox.resend("A1", "Kim", "the line is mended", world.clock())
    assert world.run().confirmed == 1
    (note,) = world.sandbox.documents("CreditNotes")
    assert [float(a["Amount"]) for a in note["Allocations"]] == [20.0, 15.0]
