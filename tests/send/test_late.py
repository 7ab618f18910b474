"""Calls that were lost on their way and reach Xero later than anybody expects."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from pm2xero.send.sender import LATE
from tests.support.faulty_transport import Fault, FaultyTransport, Pass, fault_before
from tests.support.xero_world import World, allocations, credit_note, invoice, receipt


class Late:
    """Keeps the call with a number from arriving, for some seconds of the world's clock."""

    def __init__(self, world: World, seconds: float) -> None:
        self.world = world
        self.seconds = seconds
        self.kept: list[tuple[object, httpx.Request]] = []

    def __call__(self, request: httpx.Request, failure: BaseException) -> Fault:
        def keep(_forward: Pass) -> httpx.Response:
            due = self.world.clock() + timedelta(seconds=self.seconds)
            self.kept.append((due, request))
            raise failure

        return keep

    def arrive(self) -> None:
        """Carry out what is due."""
        for due, request in list(self.kept):
            if self.world.clock() >= due:  # type: ignore[operator]  # a datetime
                self.kept.remove((due, request))
                request.extensions = {}
                self.world.asgi.handle_request(request)


def writes_of(request: httpx.Request) -> bool:
    return request.method != "GET" and "Contacts" not in str(request.url)


def test_no_new_key_is_used_while_a_call_under_the_old_one_may_still_arrive(world: World) -> None:
    """Lost; sent again under the same key and answered with a fault; only then the first arrives.

    A new key straight after the fault would have made two bank entries.
    """
    world.add("T1/receipt", "put.BankTransactions", receipt("T1", "500.00"))
    late = Late(world, 45)
    writes = 0

    def choose(number: int, request: httpx.Request) -> Fault | None:
        nonlocal writes
        late.arrive()
        writes += writes_of(request)
        if writes_of(request) and writes == 1:
            return late(request, httpx.ReadTimeout("lost"))
        return fault_before if writes_of(request) and writes == 2 else None

    line = FaultyTransport(world.asgi, world.clock, choose)
    report = world.run(line)
    assert (report.confirmed, report.stopped) == (1, None)
    keys = {r.headers["idempotency-key"] for r in line.requests if writes_of(r)}
    assert (len(keys), writes) == (1, 3)
    world.clock.advance(60)
    late.arrive()
    assert world.live()["BankTransactions"] == 1


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_a_run_that_was_stopped_within_a_call_is_not_looked_up_too_early(
    world: World, stop: type[BaseException]
) -> None:
    world.add("T1/receipt", "put.BankTransactions", receipt("T1", "500.00"))
    late = Late(world, 90)
    is_first = True

    def choose(number: int, request: httpx.Request) -> Fault | None:
        nonlocal is_first
        late.arrive()
        if writes_of(request) and is_first:
            is_first = False
            return late(request, stop())
        return None

    line = FaultyTransport(world.asgi, world.clock, choose)
    with pytest.raises(stop):
        world.run(line)
    # More documents make another batch, and so another key, of the same request.
    world.add("T2/receipt", "put.BankTransactions", receipt("T2", "7.00"))
    began = world.clock()
    report = world.run(line)
    assert world.clock() - began >= LATE - timedelta(seconds=5)
    assert (report.confirmed, report.adopted) == (2, 1)
    assert world.live()["BankTransactions"] == 2


def test_what_waits_for_a_person_does_not_make_each_run_wait(world: World) -> None:
    for name in ("T1", "T2"):
        world.add(f"{name}/receipt", "put.BankTransactions", receipt("T1", "500.00"))
    world.run()
    # Two of ours that look alike, and a third of which nobody knows whether it is one of them.
    world.add("T3/receipt", "put.BankTransactions", receipt("T1", "500.00"))
    lost = FaultyTransport(
        world.asgi, world.clock, lambda n, r: _lost if r.method != "GET" else None
    )
    world.run(lost)
    world.run()
    began = world.clock()
    world.run()
    assert world.clock() - began < timedelta(seconds=30)


def _lost(forward: Pass) -> httpx.Response:
    forward()
    raise httpx.ReadTimeout("the answer never came")


def test_of_several_parts_only_those_that_are_missing_are_sent_again(world: World) -> None:
    """Xero takes one part in a call, and refuses the second: it alone is sent again."""
    for number in ("B1", "B2"):
        world.add(f"{number}/invoice", "put.Invoices", invoice(number), document=True)
    world.add("C1/credit_note", "put.CreditNotes", credit_note("C1"), document=True)
    world.run()
    world.add(
        "A1/allocation",
        "put.CreditNotes.Allocations",
        allocations(("B1", "20.00"), ("B2", "35.00")),
        path="/CreditNotes/<CreditNoteID of C1>/Allocations",
        needs=["C1/credit_note", "B1/invoice", "B2/invoice"],
        level=2,
    )

    taken = 0

    def second(forward: Pass) -> httpx.Response:
        nonlocal taken
        taken += 1
        if taken != 2:
            return forward()
        refusal = {
            "StatusAttributeString": "ERROR",
            "ValidationErrors": [{"Message": "A bill has a bad day"}],
        }
        return httpx.Response(200, json={"Allocations": [refusal]})

    first = world.run(
        FaultyTransport(world.asgi, world.clock, lambda n, r: second if r.method == "PUT" else None)
    )
    assert first.rejected == 1
    message = world.outbox.requests(transaction="A1")[0].message
    assert message is not None and "1 of its parts were taken before" in message
    world.outbox.resend("A1", "Kim", "one part is there already", world.clock())
    report = world.run()
    assert (report.confirmed, report.rejected) == (1, 0)
    credited = {
        i["InvoiceNumber"]: i["AmountCredited"] for i in world.sandbox.documents("Invoices")
    }
    assert {k: str(v) for k, v in credited.items()} == {"B1": "20.00", "B2": "35.00"}
    world.run()
    assert world.outbox.requests(transaction="A1")[0].state == "confirmed"
