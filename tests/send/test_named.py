"""Where the outbox was lost, a document is found by its name, whatever day it bears in Xero."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pm2xero.send.lookup_table import ByKey, load_table
from pm2xero.send.named import named
from pm2xero.xero.addresses import LONGEST_QUERY
from pm2xero.xero.client import Response
from tests.send.test_forgotten import forget
from tests.support.xero_world import World, invoice, journal, receipt

Make = Callable[[], dict[str, Any]]
MADE: dict[str, tuple[str, Make]] = {
    "put.BankTransactions": ("BankTransactions", lambda: receipt("R1", "500.00")),
    "put.ManualJournals": ("ManualJournals", lambda: journal("Journal R1", "40.00")),
    "put.Invoices": ("Invoices", lambda: invoice("R1")),
}


@pytest.mark.parametrize("contract", MADE)
@pytest.mark.parametrize("is_lost", [True, False])
def test_what_bears_the_name_and_another_day_is_asked_about(
    world: World, contract: str, is_lost: bool
) -> None:
    endpoint, make = MADE[contract]
    sent = json.dumps({endpoint: [{**make(), "Date": "2026-05-29"}]}).encode()
    assert world.client().call("PUT", f"/{endpoint}", {}, {}, sent).status == 200
    if is_lost:
        world.outbox.note_gap(world.clock(), None)
    world.add("R1/made", contract, make())
    report = world.run()
    if is_lost:
        assert (report.unknown, world.live()[endpoint]) == (1, 1)
    elif endpoint != "Invoices":
        # An outbox that knows all that it sent asks for the day of what is in doubt, and no more.
        assert world.live()[endpoint] == 2


def test_what_is_equal_but_its_number_is_asked_about(world: World) -> None:
    sent = json.dumps({"Invoices": [invoice("B1")]}).encode()
    assert world.client().call("PUT", "/Invoices", {}, {}, sent).status == 200
    world.outbox.note_gap(world.clock(), None)
    world.add("B1/invoice", "put.Invoices", invoice("B1-A"))
    assert (world.run().unknown, world.live()["Invoices"]) == (1, 1)


def test_bills_that_are_equal_but_their_numbers_are_adopted_each(world: World) -> None:
    for number in ("B1", "B2"):
        world.add(f"{number}/invoice", "put.Invoices", invoice(number))
    world.run()
    rows = {r.id: r.xero_id for r in world.outbox.requests()}
    forget(world)
    for number in ("B1", "B2"):
        world.add(f"{number}/invoice", "put.Invoices", invoice(number))
    assert world.run().adopted == 2
    assert {r.id: r.xero_id for r in world.outbox.requests()} == rows


class Lists:
    """Answers to lists; of a filter that it does not take, none."""

    def __init__(self, *, takes_filters: bool = True) -> None:
        self.asked: list[dict[str, str]] = []
        self._takes_filters = takes_filters

    def __call__(self, path: str, query: Any) -> Response:
        self.asked.append(dict(query))
        is_refused = "where" in query and not self._takes_filters
        answer = httpx.Response(
            400 if is_refused else 200, json={} if is_refused else {path.strip("/"): []}
        )
        return Response(answer.status_code, answer.headers, answer.json(), answer.text)


def how(contract: str) -> ByKey:
    found = load_table()[contract]
    assert isinstance(found, ByKey)
    return found


def test_names_are_asked_for_in_blocks_that_fit_an_address() -> None:
    lists = Lists()
    many = [(f"R{n}", receipt(f"R{n}", "1.00")) for n in range(100)]
    named(how("put.BankTransactions"), many, lists)
    wheres = [query["where"] for query in lists.asked]
    assert 2 < len(wheres) < 8
    assert all(len(where) < LONGEST_QUERY for where in wheres)
    assert sum(where.count("StartsWith") for where in wheres) == 100


@pytest.mark.parametrize("text", ['R1 "x"', "R1\\2"])
def test_a_name_that_no_filter_can_say_has_the_whole_list_read(text: str) -> None:
    lists = Lists()
    id = text.replace(" ", "_")
    named(how("put.BankTransactions"), [(id, {**receipt("R1", "1.00"), "Reference": id})], lists)
    assert [query.get("where") for query in lists.asked] == [None]


def test_a_filter_that_is_refused_has_the_whole_list_read() -> None:
    lists = Lists(takes_filters=False)
    named(how("put.BankTransactions"), [("R1", receipt("R1", "1.00"))], lists)
    assert [bool(query.get("where")) for query in lists.asked] == [True, False]


class Asked(httpx.BaseTransport):
    """The way to Xero; it remembers the lists that were asked for, and may take no such filter."""

    def __init__(self, world: World, *, takes_both: bool) -> None:
        self.world = world
        self.takes_both = takes_both
        self.lists: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        where = request.url.params.get("where", "")
        if request.method == "GET" and not request.url.path.endswith("/Contacts"):
            self.lists.append(where)
            if not self.takes_both and ") OR (" in where:
                return httpx.Response(400, json={"Type": "QueryParseException"})
        return self.world.asgi.handle_request(request)


@pytest.mark.parametrize("contract", MADE)
@pytest.mark.parametrize(("takes_both", "calls"), [(True, 1), (False, 3)])
def test_days_and_names_are_asked_for_at_once(
    world: World, contract: str, takes_both: bool, calls: int
) -> None:
    endpoint, make = MADE[contract]
    sent = json.dumps({endpoint: [{**make(), "Date": "2026-05-29"}]}).encode()
    assert world.client().call("PUT", f"/{endpoint}", {}, {}, sent).status == 200
    world.outbox.note_gap(world.clock(), None)
    world.add("R1/made", contract, make())
    transport = Asked(world, takes_both=takes_both)
    assert (world.run(transport).unknown, world.live()[endpoint]) == (1, 1)
    assert len(transport.lists) == calls, transport.lists
