from __future__ import annotations

from dataclasses import dataclass

import pytest

from pm2xero.send import batching
from pm2xero.send.batching import batches
from pm2xero.send.estimate import lower_bound, predict_seconds
from pm2xero.send.fill_ids import Ready
from pm2xero.send.run_state import Book
from pm2xero.xero.budget import CallLimits
from pm2xero.xero.contracts import contract
from tests.support.xero_world import World, invoice, payment, receipt, transfer


@dataclass(frozen=True)
class Planned:
    contract: str
    level: int = 1


def member(world: World, size: int = 10, name: str = "put.Invoices") -> Ready:
    row = world.request("B/invoice", name, {})
    return Ready(row, contract(name), "/x", b"x" * size, 0)


def test_batches_of_fifty_and_of_three_megabytes(world: World) -> None:
    assert [len(b) for b in batches([member(world) for _ in range(101)])] == [50, 50, 1]
    large = [member(world, 1_400_000) for _ in range(5)]
    assert [len(b) for b in batches(large)] == [2, 2, 1]
    parts = [member(world, name="put.CreditNotes.Allocations") for _ in range(3)]
    assert [len(b) for b in batches(parts)] == [1, 1, 1]


def test_only_what_follows_an_undoing_of_the_same_document_waits_for_it(world: World) -> None:
    world.month()
    after = Book(world.outbox, world.clock).undone_before()
    assert after == {"P2/payment": frozenset({"R1/undo_payment"})}


def test_an_undoing_that_is_refused_lets_the_later_payment_go(world: World) -> None:
    world.month()
    rows = world.outbox.requests()
    undoing = next(row for row in rows if row.id == "R1/undo_payment")
    world.outbox.hold("R1", "Kim", "not yet", world.clock())
    report = world.run()
    assert undoing.state == "planned"
    assert report.rejected == 1
    row = world.outbox.request("P2/payment")
    assert row is not None
    assert row.cause == "amount_exceeds"


def test_a_need_outside_the_outbox_is_met_by_its_id(world: World) -> None:
    world.add("B1/invoice", "put.Invoices", invoice("B1"), document=True)
    world.run()
    body = payment("P1", "B1", "10.00")
    world.add("P1/payment", "put.Payments", body, needs=["B1"], level=1)
    lost = payment("P2", "B2", "10.00")
    world.add("P2/payment", "put.Payments", lost, needs=["B2"], level=1)
    report = world.run()
    assert (report.confirmed, report.left) == (1, 1)
    assert world.states()["P2/payment"] == "planned"


def test_contracts_that_nothing_waits_for_go_last_and_together(world: World) -> None:
    world.add("B1/invoice", "put.Invoices", invoice("B1"), document=True)
    world.add("T1/receipt", "put.BankTransactions", receipt("T1", "5.00"))
    world.pay("P1", "B1", "10.00")
    world.add(
        "P1W/withdrawal",
        "put.BankTransactions",
        receipt("P1W", "6.00"),
        needs=["P1/payment"],
        level=3,
    )
    assert world.run().calls == 2 + 3


def test_the_lower_bound_counts_levels_contracts_and_contacts() -> None:
    planned = [
        *(Planned("put.Invoices") for _ in range(101)),
        *(Planned("put.Payments", 2) for _ in range(50)),
        *(Planned("put.Payments", 3) for _ in range(1)),
        *(Planned("put.CreditNotes.Allocations") for _ in range(4)),
    ]
    bound = lower_bound(planned, new_contacts=51)
    assert bound.by_step == {
        (1, "put.CreditNotes.Allocations"): 4,
        (1, "put.Invoices"): 3,
        (2, "put.Payments"): 1,
        (3, "put.Payments"): 1,
    }
    assert (bound.contacts, bound.total) == (2, 11)
    assert lower_bound([]).total == 0


def test_the_predicted_time_follows_the_limits() -> None:
    assert predict_seconds(0, CallLimits()) == 0
    assert predict_seconds(60, CallLimits(), 0.5) == 30
    assert predict_seconds(61, CallLimits(), 0.5) == 60.5
    assert predict_seconds(61, CallLimits(), 2) == 122
    assert predict_seconds(1001, CallLimits(per_day=1000), 0.5) == 86_400.5
    assert predict_seconds(100, CallLimits.none(), 0.5) == 50


def test_the_prediction_and_a_run_on_a_simulated_clock_agree(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "BATCH", 1)
    for number in range(130):
        world.add(f"T{number}/transfer", "put.BankTransfers", transfer(f"T{number}", "1.00"))
    assert world.run(limits=CallLimits()).calls == 130
    assert world.clock.slept == 120 == predict_seconds(130, CallLimits(), 0)
