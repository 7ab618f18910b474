from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pm2xero.outbox.records import StoredRequest
from pm2xero.send.fill_ids import (
    MissingId,
    Ready,
    body,
    contact_of,
    fill,
    idempotency_key,
    placeholders,
    references,
)
from tests.support.xero_world import World, allocations, invoice, payment

LINKS = {("B1", "InvoiceID"): "i-1", ("B2", "InvoiceID"): "i-2", ("C>1", "CreditNoteID"): "c-1"}


def filled(row: StoredRequest, salt: int = 0) -> Ready:
    return fill(row, LINKS, {"101": "contact-1"}.get, salt)


def test_ids_are_filled_in_and_digits_stay(world: World) -> None:
    row = world.request(
        "A/allocation",
        "put.CreditNotes.Allocations",
        {},
        path="/CreditNotes/<CreditNoteID of C>1>/Allocations",
    )
    text = json.dumps(allocations(("B1", "1"), ("B2", "2"))).replace("1.0", "10.10")
    ready = filled(replace(row, element=text))
    assert ready.path == "/CreditNotes/c-1/Allocations"
    assert b'"InvoiceID":"i-1"},"Amount":10.10' in ready.element
    assert b'"InvoiceID":"i-2"' in ready.element


def test_text_that_looks_like_a_placeholder_stays(world: World) -> None:
    row = world.request(
        "P/payment",
        "put.Payments",
        payment("<InvoiceID of B1>", "B1", "5", Particulars='"InvoiceID": "<InvoiceID of B1>"'),
    )
    sent = json.loads(filled(row).element)
    assert sent["Reference"] == "<InvoiceID of B1>"
    assert sent["Particulars"] == '"InvoiceID": "<InvoiceID of B1>"'
    assert sent["Invoice"] == {"InvoiceID": "i-1"}


def test_a_contact_is_sent_by_its_id_alone(world: World) -> None:
    row = world.request("B/invoice", "put.Invoices", invoice("B"))
    assert json.loads(filled(row).element)["Contact"] == {"ContactID": "contact-1"}
    assert contact_of(row) == ("101", "Ann Client")
    assert contact_of(world.request("P/payment", "put.Payments", {})) is None


def test_an_id_that_is_not_known_is_named(world: World) -> None:
    row = world.request("P/payment", "put.Payments", payment("P", "B9", "5"))
    with pytest.raises(MissingId, match="the InvoiceID of B9 is not known"):
        filled(row)
    other = {"ContactNumber": "9", "Name": "x"}
    row = world.request("B/invoice", "put.Invoices", invoice("B", Contact=other))
    with pytest.raises(MissingId, match="the contact 9 has no id"):
        filled(row)


def test_the_key_is_the_same_for_the_same_contents_only(world: World) -> None:
    one = filled(world.request("B1/invoice", "put.Invoices", invoice("B1")))
    two = filled(world.request("B2/invoice", "put.Invoices", invoice("B2")))
    key = idempotency_key([one, two])
    assert key == idempotency_key([one, two])
    assert len(key) <= 128
    changed = replace(one, element=one.element.replace(b"100.0", b"100.1"))
    others = [[one], [two, one], [one.under_new_key(), two], [changed, two]]
    assert key not in {idempotency_key(members) for members in others}


def test_bodies_stand_in_their_wrapper_or_alone(world: World) -> None:
    one = filled(world.request("P/payment", "put.Payments", payment("P", "B1", "5")))
    assert list(json.loads(body([one, one]))) == ["Payments"]
    undo = filled(
        world.request(
            "R/undo", "post.Payments", {"Status": "DELETED"}, path="/Payments/<InvoiceID of B1>"
        )
    )
    assert body([undo]) == b'{"Status":"DELETED"}'


def test_what_a_request_refers_to(world: World) -> None:
    known = "11111111-2222-4333-8444-555555555555"
    row = world.request(
        "P/payment",
        "put.Payments",
        payment("P", "B1", "5", CreditNote={"CreditNoteID": known}),
        path="/X/<PaymentID of P0>",
    )
    assert list(placeholders(row)) == [("PaymentID", "P0"), ("InvoiceID", "B1")]
    assert references(row) == {"<PaymentID of P0>", "<InvoiceID of B1>", known}
