from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from pm2xero.xero.client import XeroClient
from tests.support.faulty_transport import FAULTS, Fault, FaultyTransport, Pass
from tests.support.xero_world import World, invoice


def put(client: XeroClient, *contacts: dict[str, str]) -> list[Any]:
    body = json.dumps({"Contacts": contacts}).encode()
    answer = client.call("PUT", "/Contacts", {"summarizeErrors": "false"}, {}, body)
    assert answer.json is not None
    return list(answer.json["Contacts"])


def archive(world: World, contact_id: str) -> None:
    body = json.dumps({"ContactID": contact_id, "ContactStatus": "ARCHIVED"}).encode()
    assert world.client().call("POST", "/Contacts", {}, {}, body).status == 200


def add(world: World, number: str, name: str) -> str:
    contact = {"ContactNumber": number, "Name": name}
    return world.add(f"B{number}/invoice", "put.Invoices", invoice(f"B{number}", Contact=contact))


def names(world: World) -> dict[str, str]:
    return {str(c.get("ContactNumber")): c["Name"] for c in world.sandbox.documents("Contacts")}


def test_a_known_number_is_used_whatever_its_name_is_now(world: World) -> None:
    (there,) = put(world.client(), {"Name": "Ann Client-Smith", "ContactNumber": "101"})
    add(world, "101", "Ann Client")
    assert world.run().confirmed == 1
    assert names(world) == {"101": "Ann Client-Smith"}
    assert world.outbox.contact("101") == (there["ContactID"], "Ann Client-Smith")


def test_stored_contacts_are_looked_at_in_one_call(world: World) -> None:
    add(world, "101", "Ann Client")
    assert world.run().calls == 3
    contact = {"ContactNumber": "101", "Name": "Ann Client"}
    world.add("X/invoice", "put.Invoices", invoice("X", Contact=contact))
    # One look by its id, as a person may have archived or merged it, and one call that sends.
    assert world.run().calls == 2


def test_a_name_that_is_taken_gets_the_number_behind_it(world: World) -> None:
    long = "Long " + "x" * 250
    put(world.client(), {"Name": "ann client", "ContactNumber": "77"}, {"Name": long})
    add(world, "101", "Ann Client")
    add(world, "102", "Ann Client")
    add(world, "103", long)
    report = world.run()
    assert (report.confirmed, report.rejected) == (3, 0)
    made = {n: v for n, v in ((n, world.outbox.contact(n)) for n in ("101", "102", "103")) if v}
    assert made["101"][1] == "Ann Client (101)"
    assert made["102"][1] == "Ann Client (102)"
    assert made["103"][1] == "Long " + "x" * 244 + " (103)"


def test_the_name_of_an_archived_contact_is_taken_too(world: World) -> None:
    (there,) = put(world.client(), {"Name": "Ann Client"})
    archive(world, there["ContactID"])
    add(world, "101", "Ann Client")
    assert world.run().confirmed == 1
    assert names(world)["101"] == "Ann Client (101)"


def test_documents_of_an_archived_contact_wait_until_it_is_restored(
    world: World,
) -> None:
    (there,) = put(world.client(), {"Name": "Ann Client", "ContactNumber": "101"})
    archive(world, there["ContactID"])
    for number in range(2, 8):
        add(world, f"20{number}", f"Client {number}")
    add(world, "101", "Ann Client")
    world.pay("P1", "B101", "10.00")
    report = world.run()
    assert (report.confirmed, report.rejected, report.left) == (6, 0, 2)
    row = world.outbox.request("B101/invoice")
    assert row is not None
    assert (row.state, row.cause) == ("planned", "contact_archived_meanwhile")
    assert row.message is not None
    assert row.message.startswith("The contact Ann Client (101) is archived in Xero. Restore")
    world.sandbox.restore_contact(there["ContactID"])
    assert world.run().confirmed == 2


def test_many_contacts_cost_one_look_and_one_call_for_every_fifty(world: World) -> None:
    for number in range(120):
        add(world, f"{number:03}", f"Client {number}")
    report = world.run()
    assert report.confirmed == 120
    assert report.calls == 1 + 3 + 3
    assert len(names(world)) == 120


@pytest.mark.parametrize(
    "number",
    [
        "A/1",
        "..",
        "a b",
        "É-1",
        "11111111-2222-4333-8444-555555555555",
        "50%",
        'the "A"',
        "a\\b",
        "O'Hara & Co",
    ],
)
def test_numbers_of_every_form_are_found(world: World, number: str) -> None:
    put(world.client(), {"Name": "Ann", "ContactNumber": number})
    add(world, number, "Ann Client")
    assert world.run().confirmed == 1
    assert names(world) == {number: "Ann"}


def test_a_contact_that_exists_but_is_not_shown_turns_down_only_its_documents(
    world: World,
) -> None:
    put(world.client(), {"Name": "Ann", "ContactNumber": "101"})
    add(world, "101", "Ann Client")
    add(world, "102", "Bob Client")

    def hide(forward: Pass) -> httpx.Response:
        shown = forward().json()
        others = [c for c in shown["Contacts"] if c.get("ContactNumber") != "101"]
        shown["pagination"]["itemCount"] -= len(shown["Contacts"]) - len(others)
        return httpx.Response(200, json={**shown, "Contacts": others})

    def choose(number: int, request: httpx.Request) -> Fault | None:
        is_list = request.method == "GET" and request.url.path.endswith("/Contacts")
        return hide if is_list else None

    report = world.run(FaultyTransport(world.asgi, world.clock, choose))
    assert (report.confirmed, report.rejected, report.stopped) == (1, 1, None)
    row = world.outbox.request("B101/invoice")
    assert row is not None
    assert row.cause == "contact_number_taken"


def asked(world: World, transport: FaultyTransport) -> list[dict[str, str]]:
    """How contacts were asked for."""
    return [dict(r.url.params) for r in transport.requests
            if r.method == "GET" and r.url.path.endswith("/Contacts")]  # fmt: skip


def test_known_and_new_contacts_cost_one_look(world: World) -> None:
    (there,) = put(world.client(), {"Name": "Ann", "ContactNumber": "101"})
    add(world, "101", "Ann Client")
    assert world.run().confirmed == 1
    for number in range(101, 111):
        contact = {"ContactNumber": str(number), "Name": f"Client {number}"}
        element = invoice(f"X{number}", Contact=contact)
        world.add(f"X{number}/invoice", "put.Invoices", element)
    transport = FaultyTransport(world.asgi, world.clock)
    assert (world.run(transport).confirmed, len(transport.requests)) == (10, 3)
    (look,) = asked(world, transport)
    assert look["includeArchived"] == "true"
    assert f'ContactID==guid("{there["ContactID"]}")' in look["where"]
    assert 'ContactNumber=="110"' in look["where"] and '"101"' not in look["where"]


def refuses(forward: Pass) -> httpx.Response:
    forward()
    return httpx.Response(400, json={"Type": "QueryParseException", "Message": "no such filter"})


def is_blind(forward: Pass) -> httpx.Response:
    shown = forward().json()
    shown["pagination"] |= {"itemCount": 0, "pageCount": 0}
    return httpx.Response(200, json={**shown, "Contacts": []})


@pytest.mark.parametrize(("fault", "looks"), [(refuses, 2), (is_blind, 2)])
def test_a_filter_that_does_not_do_it_makes_no_second_contact(
    world: World, fault: Fault, looks: int
) -> None:
    """The whole list is asked then: at once, or when Xero has refused the number."""
    put(world.client(), {"Name": "Ann", "ContactNumber": "101"})
    add(world, "101", "Ann Client")
    add(world, "102", "Bob Client")

    def choose(number: int, request: httpx.Request) -> Fault | None:
        return fault if "where" in request.url.params else None

    transport = FaultyTransport(world.asgi, world.clock, choose)
    report = world.run(transport)
    assert (report.confirmed, report.rejected, report.unknown) == (2, 0, 0)
    assert len(asked(world, transport)) == looks
    assert names(world) == {"101": "Ann", "102": "Bob Client"}


def test_a_name_that_xero_does_not_take_spoils_only_its_own_documents(world: World) -> None:
    add(world, "101", "Ann <Client>")
    add(world, "102", "Bob Client")
    report = world.run()
    assert (report.confirmed, report.rejected) == (1, 1)
    row = world.outbox.request("B101/invoice")
    assert row is not None
    assert row.cause == "contact_name"


def test_a_connection_that_fails_while_contacts_are_made_stops_the_run_in_words(
    world: World,
) -> None:
    world.month()

    def choose(number: int, request: httpx.Request) -> Fault | None:
        return FAULTS["unreachable"] if request.method == "PUT" else None

    report = world.run(FaultyTransport(world.asgi, world.clock, choose))
    assert report.cause == "unreachable"
    assert report.stopped is not None and "run it again later" in report.stopped
    assert world.run().stopped is None


def test_what_is_said_of_a_contact_goes_to_one_that_is_new_alone(world: World) -> None:
    put(world.client(), {"Name": "Ann Client", "ContactNumber": "101"})
    details = {
        "EmailAddress": "ada@example.com",
        "Addresses": [{"AddressType": "POBOX", "AddressLine1": "1 Main St", "City": "Perth"}],
    }
    for number, name in (("101", "Ann Client"), ("102", "Ada Ng")):
        contact = {"ContactNumber": number, "Name": name, **details}
        world.add(f"B{number}/invoice", "put.Invoices", invoice(f"B{number}", Contact=contact))
    assert world.run().confirmed == 2
    there = {c["ContactNumber"]: c for c in world.sandbox.documents("Contacts")}
    assert there["102"]["EmailAddress"] == "ada@example.com"
    (address,) = [a for a in there["102"]["Addresses"] if a.get("AddressLine1")]
    assert (address["AddressLine1"], address["City"]) == ("1 Main St", "Perth")
    assert not there["101"].get("EmailAddress")
