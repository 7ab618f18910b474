from __future__ import annotations

import pytest

from pm2xero.outbox import Outbox

from .documents import AT, chain, document, refused, request


def test_requests_come_by_level_then_place(outbox: Outbox) -> None:
    outbox.save_many(
        [
            document("Z", request("Z/a", level=0, sequence=1), sequence=1),
            document("Y", request("Y/b", level=1, sequence=2), sequence=2),
            document("X", request("X/c", level=0, sequence=3), sequence=3),
        ]
    )
    assert [r.id for r in outbox.requests()] == ["Z/a", "X/c", "Y/b"]
    assert [r.id for r in outbox.requests(transaction="Y")] == ["Y/b"]


def test_requests_of_some_states(outbox: Outbox) -> None:
    chain(outbox)
    refused(outbox, "B1/invoice")
    assert [r.id for r in outbox.requests(states={"rejected", "blocked"})] == [
        "B1/invoice",
        "P1/payment",
        "R1/undo",
    ]
    assert outbox.requests(states=[]) == []


def test_documents_and_decisions_come_in_the_order_of_posting_over_many_pages(
    outbox: Outbox,
) -> None:
    # The same place for all of a page and more: the id decides then.
    made = [document(f"B{i:04}", outcome="skip", sequence=i // 700) for i in range(1500)]
    outbox.save_many(reversed(made))
    expected = [tx.id for tx, _, _ in made]
    assert [t.id for t in outbox.transactions()] == expected
    assert [d.id for d in outbox.decisions()] == expected
    assert [d.id for d in outbox.decisions(latest=True)] == expected


def test_pages_can_be_read_while_writing(outbox: Outbox) -> None:
    outbox.save_many(document(f"B{i:04}", sequence=i) for i in range(1001))
    seen = 0
    for tx in outbox.transactions():
        if seen % 400 == 0:
            outbox.hold(tx.id, "kim", "ask", AT)
        seen += 1
    assert seen == 1001
    assert len(outbox.requests(states=["held"])) == 3


def test_what_requests_need_is_the_same_however_it_is_asked(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain(outbox)
    outbox.save_many([document("B1", request("B1/invoice", revision=2), revision=2)])
    named = outbox.requests()
    assert any(r.needs for r in named)
    monkeypatch.setattr("pm2xero.outbox.rows._MANY", 0)
    assert outbox.requests() == named
