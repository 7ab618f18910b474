from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from pm2xero.errors import PackError, Position
from pm2xero.pack.language.conditions import Compare
from pm2xero.pack.language.paths import PathExpr
from pm2xero.pack.language.types import TEXT
from pm2xero.send.lookup import load_lookups
from pm2xero.xero.moments import as_moment
from pm2xero.xero.natural_key import NaturalKey, Sum, as_date, is_as_sent, paired, same_value
from tests.support.faulty_transport import Fault, FaultyTransport, timeout_after, timeout_before
from tests.support.xero_world import World, bill, invoice, journal, receipt


def on_first_write(fault: Fault, endpoint: str) -> Any:
    done: list[int] = []

    def choose(number: int, request: httpx.Request) -> Fault | None:
        if request.method == "GET" or endpoint not in request.url.path or done:
            return None
        done.append(number)
        return fault

    return choose


def run(world: World, fault: Fault, endpoint: str) -> Any:
    return world.run(FaultyTransport(world.asgi, world.clock, on_first_write(fault, endpoint)))


def test_bills_with_equal_numbers_are_told_apart_by_what_is_linked(world: World) -> None:
    """A supplier's number may repeat; one such bill is linked, so it is not adopted again."""
    world.add("S1/bill", "put.Invoices", bill("77"), document=True)
    assert world.run().confirmed == 1
    world.add("S2/bill", "put.Invoices", bill("77"), document=True)
    report = run(world, timeout_before, "Invoices")
    assert (report.confirmed, report.adopted) == (1, 0)
    assert world.live()["Invoices"] == 2
    assert len(set(world.outbox.links().values())) == 2


def test_equal_documents_of_one_lost_batch_are_adopted_one_each(world: World) -> None:
    for number in range(3):
        world.add(f"S{number}/bill", "put.Invoices", bill("77"), document=True)
    report = run(world, timeout_after, "Invoices")
    assert (report.confirmed, report.adopted) == (3, 3)
    assert world.live()["Invoices"] == 3
    assert len(set(world.outbox.links().values())) == 3


def test_two_documents_that_could_be_it_need_a_person(world: World) -> None:
    """Somebody has typed the same bill into Xero twice, and then a call is lost."""
    typed = bill("77", Contact={"Name": "Sam Supplier", "ContactNumber": "201"})
    for _ in range(2):
        sent = json.dumps({"Invoices": [typed]}).encode()
        assert world.client().call("PUT", "/Invoices", {}, {}, sent).status == 200
    world.add("S1/bill", "put.Invoices", bill("77"), document=True)
    report = run(world, timeout_before, "Invoices")
    assert (report.confirmed, report.unknown, report.left) == (0, 1, 0)
    row = world.outbox.request("S1/bill")
    assert row is not None
    assert (row.state, row.cause) == ("unknown", "several")
    assert world.live()["Invoices"] == 2
    there = world.sandbox.documents("Invoices")[0]["InvoiceID"]
    world.outbox.resolve("S1", "Kim", "the first one is ours", world.clock(), there)
    assert world.run().unknown == 0
    assert world.states() == {"S1/bill": "confirmed"}


def test_another_invoice_with_the_number_is_not_adopted(world: World) -> None:
    world.add("B1/invoice", "put.Invoices", invoice("B1"))
    other = {"ContactNumber": "9", "Name": "Other"}
    world.add("B9/invoice", "put.Invoices", invoice("B1", Contact=other))
    report = world.run()
    assert (report.confirmed, report.adopted, report.rejected) == (1, 0, 1)
    row = world.outbox.request("B9/invoice")
    assert row is not None
    assert row.cause == "number_taken"


def test_an_invoice_that_is_there_already_is_adopted_on_its_number(world: World) -> None:
    """The outbox was lost: a fresh one meets what an earlier one has sent."""
    world.add("B1/invoice", "put.Invoices", invoice("B1"))
    world.run()
    world.clock.advance(400)  # Xero has forgotten the key
    fresh = World()
    fresh.sandbox, fresh.asgi = world.sandbox, world.asgi
    fresh.add("B1/invoice", "put.Invoices", invoice("B1"))
    report = fresh.run()
    assert (report.confirmed, report.adopted) == (1, 1)
    assert world.live()["Invoices"] == 1


def test_a_lost_batch_of_fifty_costs_one_look(world: World) -> None:
    for number in range(50):
        world.add(f"T{number}/receipt", "put.BankTransactions", receipt(f"T{number}", "5.00"))
    report = run(world, timeout_after, "BankTransactions")
    assert (report.confirmed, report.adopted) == (50, 50)
    assert report.calls == 2 + 1 + 1
    assert world.live()["BankTransactions"] == 50


def test_a_list_is_read_to_its_last_page(world: World) -> None:
    for number in range(1010):
        world.add(f"J{number}/journal", "put.ManualJournals", journal(f"Journal J{number}", "1.00"))
    assert world.run().confirmed == 1010
    world.add("Z/journal", "put.ManualJournals", journal("Journal Z", "1.00"))
    report = run(world, timeout_after, "ManualJournals")
    assert (report.confirmed, report.adopted, report.calls) == (1, 1, 3)


def test_a_number_with_a_comma_is_looked_up_by_its_date(world: World) -> None:
    world.add("B1/invoice", "put.Invoices", invoice("B1, 2"))
    report = run(world, timeout_after, "Invoices")
    assert (report.confirmed, report.adopted) == (1, 1)
    assert world.live()["Invoices"] == 1


def test_a_contract_without_a_lookup_waits_for_a_person(world: World) -> None:
    world.add("B1/invoice", "put.Invoices", invoice("B1"), document=True)
    world.add(
        "B1N/note",
        "put.History",
        {"Details": "from PM"},
        path="/Invoices/<InvoiceID of B1>/History",
        needs=["B1/invoice"],
        level=2,
    )
    report = run(world, timeout_after, "History")
    assert (report.confirmed, report.unknown) == (1, 1)
    row = world.outbox.request("B1N/note")
    assert row is not None
    assert row.cause == "unseen"


@pytest.mark.parametrize(
    ("sent", "found", "same"),
    [
        ("T-1", " T-1 ", True),
        ("T-1", "T-2", False),
        ("2026-05-04", "/Date(1777852800000+0000)/", True),
        ("2026-05-04", "2026-05-04T00:00:00", True),
        ("2026-05-04", "/Date(1777939200000+0000)/", False),
        ({"Code": "090"}, {"AccountID": "x", "Code": "090", "Name": "Office"}, True),
        ({"Code": "090"}, {"AccountID": "x"}, False),
        ({"ContactID": "ABC"}, {"ContactID": "abc"}, True),
        (10, "10.00", True),
        (10, 10.01, False),
        (10, "ten", False),
        ("", None, True),
        ("x", None, False),
    ],
)
def test_same_value(sent: Any, found: Any, same: bool) -> None:
    assert same_value(sent, found) is same


def test_dates_that_are_none() -> None:
    assert as_date("2026-13-01") is None
    assert as_date("INV-1") is None


@pytest.mark.parametrize(
    "text", ["/Date(-99999999999999)/", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00"]
)
def test_a_moment_that_no_calendar_has_is_none(text: str) -> None:
    assert as_moment(text) is None


def test_a_day_that_no_calendar_has_is_none() -> None:
    assert as_date("/Date(-99999999999999)/") is None


def test_a_sum_counts_only_when_it_can_be_made() -> None:
    path = PathExpr("Types", "transaction", ("Types",), None, None, TEXT)
    only = Compare(path, "in", ("NoTax",), Position("lookup.yaml"))
    sums = (Sum("Lines", "Amount", "Total", only),)
    key = NaturalKey(("Number",), sums, frozenset({"VOIDED"}))
    sent = {"Number": "1", "Types": "NoTax", "Lines": [{"Amount": 1}, {"Amount": 2}]}
    assert key.matches(sent, {"Number": "1", "Total": 3})
    assert not key.matches(sent, {"Number": "1", "Total": 4})
    assert not key.matches(sent, {"Number": "1", "Total": 3, "Status": "VOIDED"})
    assert key.matches({**sent, "Types": "Exclusive"}, {"Number": "1", "Total": 4})
    assert key.matches({**sent, "Lines": [{"Amount": 1}, {}]}, {"Number": "1", "Total": 4})


def test_pairing_leaves_open_only_what_cannot_be_said() -> None:
    given, rivals = paired(
        ["a", "b", "c", "d"], {"a": ["1", "2"], "b": ["1", "2"], "c": ["3", "4"], "d": []}
    )
    assert given == {"a": "1", "b": "2"}
    assert rivals == {"c": ("3", "4")}


def test_faults_of_the_table_are_told_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "lookup.yaml"
    path.write_text("spec: 1\nlookups:\n  put.Invoices:\n    list: Invoices\n    same: [Type]\n")
    with pytest.raises(PackError) as fault:
        load_lookups(path)
    assert "narrow" in fault.value.findings[0].message


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("{ LineAmountType: NoTax }", "PX303"),
        ("{ LineAmountTypes: [None] }", "PX305"),
        ("{ LineAmountTypes: { above: 1 } }", "PX302"),
        ("{ any: LineItems, where: { Quantity: 1 } }", "PX303"),
    ],
)
def test_a_condition_is_checked_as_in_rules(tmp_path: Path, when: str, code: str) -> None:
    path = tmp_path / "lookup.yaml"
    path.write_text(
        "spec: 1\nlookups:\n  put.Invoices:\n    list: Invoices\n    narrow: { dates: Date }\n"
        "    same: [Type]\n"
        f"    sums: [{{ of: LineItems.LineAmount, equals: Total, when: {when} }}]\n"
    )
    with pytest.raises(PackError) as fault:
        load_lookups(path)
    (finding,) = fault.value.findings
    assert finding.code == code
    assert finding.at is not None
    assert (finding.at.file, finding.at.line) == ("lookup.yaml", 7)


@pytest.mark.parametrize("status", ["DRAFT", "SUBMITTED"])
def test_a_draft_that_was_asked_for_is_found_after_a_lost_answer(world: World, status: str) -> None:
    world.add("B1/invoice", "put.Invoices", invoice("B1", Status=status))
    report = run(world, timeout_after, "Invoices")
    assert (report.confirmed, report.unknown) == (1, 0)
    (made,) = world.sandbox.documents("Invoices")
    assert made["Status"] == status


@pytest.mark.parametrize(
    ("sent", "found", "same"),
    [
        ("DRAFT", "DRAFT", True), ("DRAFT", "AUTHORISED", True), ("SUBMITTED", "DRAFT", True),
        ("AUTHORISED", "DRAFT", False), (None, "DRAFT", False), ("DRAFT", "VOIDED", False),
        ("AUTHORISED", "PAID", True),
    ],
)  # fmt: skip
def test_a_draft_counts_only_where_one_was_sent(sent: str | None, found: str, same: bool) -> None:
    assert is_as_sent({"Status": sent} if sent else {}, {"Status": found}) is same
