"""What Xero would refuse is seen before it is sent: it waits, and goes when the reason has gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from pm2xero.firm.snapshot import XeroSnapshot, snapshot_of
from pm2xero.outbox.records import StoredRequest
from pm2xero.send.look_ahead import look_ahead
from pm2xero.send.send_report import SendReport
from pm2xero.send.shown import Shown
from pm2xero.xero.answers import is_id
from pm2xero.xero.client import Response
from pm2xero.xero.errors import Waiting, load_errors
from tests.support.xero_world import (
    SNAPSHOT,
    World,
    allocations,
    credit_note,
    invoice,
    payment,
    receipt,
)

CHART = snapshot_of(SNAPSHOT)


def send(world: World, chart: XeroSnapshot | None = None) -> SendReport:
    sender = world.sender()
    sender._chart = chart
    return sender.run()


def row_of(world: World, request: str) -> StoredRequest:
    found = world.outbox.request(request)
    assert found is not None
    return found


def billed(world: World, *numbers: str) -> None:
    for number in numbers:
        world.add(f"{number}/invoice", "put.Invoices", invoice(number), document=True)
    assert world.run().confirmed == len(numbers)


def by_hand(world: World, number: str, amount: str) -> str:
    """A person pays a bill in Xero; the id of the payment."""
    id = world.outbox.links()[number, "InvoiceID"]
    body = {"Invoice": {"InvoiceID": id}, "Account": {"Code": "090"}, "Date": "2026-05-20",
            "Amount": amount}  # fmt: skip
    answer = world.client().call(
        "PUT", "/Payments", {}, {}, json.dumps({"Payments": [body]}).encode()
    )
    assert answer.status == 200 and answer.json is not None
    return str(answer.json["Payments"][0]["PaymentID"])


def undo(world: World, payment: str) -> None:
    body = json.dumps({"Status": "DELETED"}).encode()
    assert world.client().call("POST", f"/Payments/{payment}", {}, {}, body).status == 200


def void(world: World, number: str) -> None:
    id = world.outbox.links()[number, "InvoiceID"]
    body = json.dumps({"InvoiceID": id, "Status": "VOIDED"}).encode()
    assert world.client().call("POST", "/Invoices", {}, {}, body).status == 200


def test_a_payment_of_what_was_paid_by_hand_waits_until_that_is_undone(world: World) -> None:
    billed(world, "B1", "B2")
    world.clock.advance(3600)
    payment = by_hand(world, "B1", "60.00")
    world.pay("P1", "B1", "110.00")
    world.pay("P2", "B2", "110.00")
    report = send(world)
    assert (report.confirmed, report.rejected, report.left) == (1, 0, 1)
    row = row_of(world, "P1/payment")
    assert (row.state, row.cause, row.attempts) == ("planned", Waiting.PAID, 0)
    assert row.message is not None
    assert "This takes 110.00 of the document B1, of which 50.00 is open in Xero" in row.message
    assert "changed there on 2026-06-20 03:00 UTC" in row.message
    undo(world, payment)
    assert send(world).confirmed == 1
    assert row_of(world, "P1/payment").cause is None


def test_what_goes_uses_up_what_is_open(world: World) -> None:
    """Of two payments that fit alone and not together, the second one waits."""
    billed(world, "B1")
    world.pay("P1", "B1", "60.00")
    world.pay("P2", "B1", "60.00")
    world.pay("P3", "B1", "50.00")
    report = send(world)
    assert report.outlook.waiting.keys() == {"P2/payment"}
    assert (report.confirmed, report.rejected) == (2, 0)


def test_a_credit_that_was_used_by_hand_waits_on_both_sides(world: World) -> None:
    billed(world, "B1")
    world.add("C1/credit_note", "put.CreditNotes", credit_note("C1"), document=True)
    assert world.run().confirmed == 1
    world.add(
        "A1/allocation", "put.CreditNotes.Allocations", allocations(("B1", "20.00")),
        path="/CreditNotes/<CreditNoteID of C1>/Allocations", level=2,
    )  # fmt: skip
    by_hand(world, "B1", "100.00")
    report = send(world)
    assert [(o.request, o.cause) for o in report.outlook.obstacles] == [
        ("A1/allocation", Waiting.PAID)
    ]
    assert (report.rejected, report.left) == (0, 1)


def test_a_credit_that_a_person_used_elsewhere_is_not_used_twice(world: World) -> None:
    billed(world, "B1", "B2")
    world.add("C1/credit_note", "put.CreditNotes", credit_note("C1"), document=True)
    assert world.run().confirmed == 1
    ids = world.outbox.links()
    used = {"Amount": "40.00", "Date": "2026-05-07",
            "Invoice": {"InvoiceID": ids["B2", "InvoiceID"]}}  # fmt: skip
    path = f"/CreditNotes/{ids['C1', 'CreditNoteID']}/Allocations"
    body = json.dumps({"Allocations": [used]}).encode()
    assert world.client().call("PUT", path, {}, {}, body).status == 200
    world.add(
        "A1/allocation", "put.CreditNotes.Allocations", allocations(("B1", "20.00")),
        path="/CreditNotes/<CreditNoteID of C1>/Allocations", level=2,
    )  # fmt: skip
    (waits,) = send(world).outlook.obstacles
    assert waits.cause is Waiting.PAID
    assert "This takes 20.00 of the document C1, of which 15.00 is open" in waits.message


def test_a_reason_that_has_gone_is_told_no_more(world: World) -> None:
    """Also of what is not sent yet, because what it needs goes on waiting."""
    world.add("B1/invoice", "put.Invoices", invoice("B1"), document=True)
    world.pay("P1", "B1", "110.00")
    send(world, replace(CHART, lock_date=date(2026, 5, 31)))
    assert row_of(world, "P1/payment").cause == Waiting.LOCKED
    send(world, replace(CHART, lock_date=date(2026, 5, 5)))
    assert row_of(world, "B1/invoice").cause == Waiting.LOCKED
    assert row_of(world, "P1/payment").cause is None


def test_what_a_person_voided_is_not_paid(world: World) -> None:
    billed(world, "B1")
    void(world, "B1")
    world.pay("P1", "B1", "110.00")
    report = send(world)
    assert report.outlook.obstacles[0].cause is Waiting.GONE
    assert "B1 was taken back in Xero (VOIDED)" in report.outlook.obstacles[0].message
    assert (report.rejected, report.left) == (0, 1)


def test_what_is_undone_in_the_same_run_sets_free_what_is_open(world: World) -> None:
    """A bill that is paid, unpaid and paid again."""
    billed(world, "B1")
    world.pay("P1", "B1", "110.00")
    assert world.run().confirmed == 1
    paid = world.outbox.links()["P1", "PaymentID"]
    world.add("R1/undo", "post.Payments", {"Status": "DELETED"}, path="/Payments/<PaymentID of P1>")
    world.pay("P2", "B1", "110.00")
    report = send(world)
    assert report.outlook.obstacles == ()
    assert report.confirmed == 2 and is_id(paid)


def taken_back(world: World, payment: str) -> None:
    world.add(
        f"R{payment}/undo", "post.Payments", {"Status": "DELETED"},
        path=f"/Payments/<PaymentID of {payment}>", needs=[f"{payment}/payment"], level=3,
    )  # fmt: skip


def test_what_goes_and_comes_back_in_one_run_is_counted_in_its_order(world: World) -> None:
    """Of what is set free, no more is used than that: the last payment is too much."""
    billed(world, "B1")
    world.pay("P1", "B1", "100.00")
    taken_back(world, "P1")
    world.pay("P2", "B1", "60.00")
    world.pay("P3", "B1", "40.00")
    taken_back(world, "P3")
    world.pay("P4", "B1", "50.00")
    world.pay("P5", "B1", "0.01")
    report = send(world)
    (waits,) = report.outlook.obstacles
    assert (waits.request, waits.cause) == ("P5/payment", Waiting.PAID)
    assert (
        "of which 110.00 is open in Xero, and what goes before it takes 110.00. " in waits.message
    )
    assert (report.rejected, report.confirmed) == (0, 6)


def test_what_a_person_used_meanwhile_is_seen_although_something_is_set_free(world: World) -> None:
    billed(world, "B1")
    world.pay("P1", "B1", "60.00")
    assert world.run().confirmed == 1
    by_hand(world, "B1", "50.00")
    taken_back(world, "P1")
    world.pay("P2", "B1", "110.00")
    report = send(world)
    assert report.outlook.waiting.keys() == {"P2/payment"}
    (_, message) = report.outlook.waiting["P2/payment"]
    assert "of which 0.00 is open in Xero, and what goes before it sets free 60.00" in message
    assert (report.rejected, report.confirmed) == (0, 1)


def test_what_is_not_taken_back_sets_nothing_free_and_blames_nobody(world: World) -> None:
    """Its undoing waits, so what was to follow it does, too: that nobody has paid."""
    billed(world, "B1")
    world.pay("P1", "B1", "110.00")
    assert world.run().confirmed == 1
    taken_back(world, "P1")
    again = payment("P2", "B1", "110.00", Date="2026-05-11")
    world.add("P2/payment", "put.Payments", again, needs=["B1/invoice"], level=2)
    # The day of the first payment is locked, and no later one.
    report = send(world, replace(CHART, lock_date=date(2026, 5, 10)))
    assert [(o.request, o.cause) for o in report.outlook.obstacles] == [
        ("RP1/undo", "locked_meanwhile")
    ]
    assert (report.rejected, report.left) == (0, 2)


def test_only_what_others_changed_is_told_as_changed(world: World) -> None:
    billed(world, "B1")
    world.clock.advance(3600)
    world.pay("P1", "B1", "60.00")
    assert world.run().confirmed == 1
    world.pay("P2", "B1", "60.00")
    for _ in range(2):
        (waits,) = send(world).outlook.obstacles
        assert "of which 50.00 is open in Xero. Take back" in waits.message
        world.clock.advance(3600)
    by_hand(world, "B1", "1.00")
    for _ in range(2):
        (waits,) = send(world).outlook.obstacles
        assert "of which 49.00 is open in Xero; changed there on" in waits.message
        world.clock.advance(3600)


def two_parts(world: World, number: str, pays: str, day: str = "2026-05-12") -> list[str]:
    """A document of a payment and a receipt, neither of which needs the other."""
    parts = [
        world.request(
            f"{number}/payment", "put.Payments", payment(number, pays, "110.00"),
            needs=[f"{pays}/invoice"], level=2,
        ),
        world.request(
            f"{number}/receipt", "put.BankTransactions", receipt(number, "5.00", Date=day)
        ),
    ]  # fmt: skip
    world.plan(number, *parts)
    return [part.id for part in parts]


def test_the_parts_of_one_document_wait_together(world: World) -> None:
    billed(world, "B1", "B2")
    first = two_parts(world, "D1", "B1", day="2026-04-30")
    other = two_parts(world, "D2", "B2")
    report = send(world, replace(CHART, lock_date=date(2026, 4, 30)))
    assert report.outlook.waiting.keys() == set(first)
    assert {(cause, text) for cause, text in report.outlook.waiting.values()} == {
        (Waiting.LOCKED, row_of(world, first[1]).message)
    }
    assert {row_of(world, id).state for id in first} == {"planned"}
    assert {row_of(world, id).state for id in other} == {"confirmed"}
    assert (send(world, CHART).confirmed, send(world, CHART).left) == (2, 0)


def test_a_part_waits_for_one_that_needs_what_waits(world: World) -> None:
    world.add("B1/invoice", "put.Invoices", invoice("B1", Date="2026-04-30"), document=True)
    pays, receives = two_parts(world, "D1", "B1")
    report = send(world, replace(CHART, lock_date=date(2026, 4, 30)))
    assert {id: cause for id, (cause, _) in report.outlook.waiting.items()} == {
        "B1/invoice": Waiting.LOCKED, receives: Waiting.PART,
    }  # fmt: skip
    assert f"{pays} cannot go yet" in str(row_of(world, receives).message)
    assert send(world, CHART).confirmed == 3


def test_the_rest_of_what_is_in_xero_in_part_goes(world: World) -> None:
    """To wait for all would not make it whole again."""
    billed(world, "B1")
    parts = [
        world.request(f"D1/{name}", "put.BankTransactions", receipt(f"D1{name}", "5.00", Date=day))
        for name, day in (("a", "2026-05-12"), ("b", "2026-05-01"), ("c", "2026-05-12"))
    ]
    world.plan("D1", *parts)
    world.outbox.claim(parts[:1], world.clock())
    world.outbox.confirm([(parts[0], "11111111-1111-4111-8111-111111111111")], 200, world.clock())
    report = send(world, replace(CHART, lock_date=date(2026, 5, 1)))
    assert report.outlook.waiting.keys() == {"D1/b"}
    assert row_of(world, "D1/c").state == "confirmed"


def test_parts_wait_together_for_an_archived_contact(world: World) -> None:
    world.add("T1/receipt", "put.BankTransactions", receipt("T1", "1.00"))
    world.run()
    billed_to = {"Contact": {"ContactNumber": "201", "Name": "Sam Supplier"}}
    world.add("B1/invoice", "put.Invoices", invoice("B1", **billed_to), document=True)
    world.run()
    (client,) = [c for c in world.sandbox.documents("Contacts") if c.get("ContactNumber") == "101"]
    body = {"Contacts": [{"ContactID": client["ContactID"], "ContactStatus": "ARCHIVED"}]}
    world.client().call("POST", "/Contacts", {}, {}, json.dumps(body).encode())
    parts = two_parts(world, "D1", "B1")
    report = send(world)
    assert {id: cause for id, (cause, _) in report.outlook.waiting.items()} == dict.fromkeys(
        parts, Waiting.CONTACT_ARCHIVED
    )
    assert {row_of(world, id).state for id in parts} == {"planned"}


def code_of(chart: XeroSnapshot, code: str, **changed: Any) -> XeroSnapshot:
    account = replace(chart.accounts[code], **changed)
    return replace(chart, accounts={**chart.accounts, code: account})


def without(chart: XeroSnapshot, code: str) -> XeroSnapshot:
    return replace(chart, accounts={c: a for c, a in chart.accounts.items() if c != code})


def no_rate(chart: XeroSnapshot, name: str) -> XeroSnapshot:
    rate = replace(chart.tax_rates[name], status="ARCHIVED")
    return replace(chart, tax_rates={**chart.tax_rates, name: rate})


@pytest.mark.parametrize(
    ("moved", "cause"),
    [
        (lambda c: replace(c, lock_date=date(2026, 12, 31)), Waiting.LOCKED),
        (lambda c: code_of(c, "200", status="ARCHIVED"), Waiting.ACCOUNT_ARCHIVED),
        (lambda c: without(c, "200"), Waiting.ACCOUNT_GONE),
        (lambda c: no_rate(c, "OUTPUT"), Waiting.TAX_TYPE),
    ],
)
def test_what_moved_in_the_organisation_makes_requests_wait(
    world: World, moved: Callable[[XeroSnapshot], XeroSnapshot], cause: Waiting
) -> None:
    world.add("B1/invoice", "put.Invoices", invoice("B1"), document=True)
    report = send(world, moved(CHART))
    assert [o.cause for o in report.outlook.obstacles] == [cause]
    assert (report.confirmed, report.left) == (0, 1)
    assert send(world, CHART).confirmed == 1


def test_an_account_is_known_by_its_id_and_not_by_its_code(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add("B1/invoice", "put.Invoices", invoice("B1"), document=True)
    meant = {("B1", 1): {"200": (CHART.accounts["200"].id, "Fees")}}
    monkeypatch.setattr(type(world.outbox), "accounts_meant", lambda self, revisions: meant)
    other = code_of(CHART, "200", id=CHART.accounts["270"].id, name="Interest")
    report = send(world, other)
    assert [o.cause for o in report.outlook.obstacles] == [Waiting.ACCOUNT_RECODED]
    assert 'made for the account 200 "Fees", and in Xero 200 is "Interest" now' in (
        report.outlook.obstacles[0].message
    )
    assert send(world, code_of(CHART, "200", name="Renamed")).confirmed == 1


def test_many_documents_are_asked_for_in_few_calls(world: World) -> None:
    numbers = [f"B{n}" for n in range(60)]
    billed(world, *numbers)
    for number in numbers:
        world.pay(f"P{number}", number, "1.00")
    report = send(world)
    assert report.confirmed == 60
    assert report.outlook.calls == 2
    assert report.outlook.received > 1000


def test_who_changed_a_document_since_the_last_push_is_told_where_xero_says_it(
    world: World,
) -> None:
    billed(world, "B1")
    world.pay("P1", "B1", "1.00")
    id = world.outbox.links()["B1", "InvoiceID"]
    changed = {"InvoiceID": id, "Status": "AUTHORISED", "AmountDue": 110,
               "UpdatedDateUTC": "/Date(1781913600000+0000)/"}  # fmt: skip
    records = [
        {"User": "Jane Doe", "DateUTC": "/Date(1781913600000+0000)/", "Changes": "Edited"},
        {"User": "System Generated", "DateUTC": "/Date(1781900000000+0000)/", "Changes": "Created"},
    ]
    bodies = {"/Invoices": {"Invoices": [changed]},
              f"/Invoices/{id}/History": {"HistoryRecords": records}}  # fmt: skip

    def read(path: str, query: Any) -> Response:
        return Response(200, {}, bodies[path], json.dumps(bodies[path]))

    def told(since: datetime) -> list[Any]:
        rows = [row_of(world, "P1/payment")]
        links = world.outbox.links()
        return list(
            look_ahead(
                rows, links, world.outbox, Shown(read), read, load_errors(), None, since
            ).changes
        )

    (change,) = told(datetime(2026, 6, 19, tzinfo=UTC))
    assert (change.document, change.by, change.status) == ("B1", "Jane Doe", "AUTHORISED")
    assert told(datetime(2026, 6, 21, tzinfo=UTC)) == []
    records[0]["DateUTC"] = "/Date(1781800000000+0000)/"
    assert told(datetime(2026, 6, 19, tzinfo=UTC))[0].by is None
