"""Whatever goes wrong at whatever call: a later run leaves every document in Xero exactly once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import httpx
import pytest

from pm2xero.outbox.states import RequestState
from pm2xero.outbox.store import Outbox
from pm2xero.send.send_report import SendReport
from pm2xero.xero.auth import GrantedToken
from pm2xero.xero.budget import CallLimits
from pm2xero.xero.identity import Addresses, Credentials, IdentityServer
from tests.support.faulty_transport import (
    FAULTS,
    Fault,
    FaultyTransport,
    Killed,
    Pass,
    fault_before,
)
from tests.support.xero_world import World, invoice, line, receipt

EXPECTED = {
    "Invoices": 4,
    "CreditNotes": 1,
    "Payments": 3,
    "Payments gone": 1,
    "BatchPayments": 1,
    "BankTransactions": 3,
    "BankTransfers": 1,
    "ManualJournals": 1,
    "Contacts": 2,
}
CALLS = 12
RUNS = 6


def settle(world: World, transport: FaultyTransport) -> int:
    """Run until a run comes to its end; returns how many it took."""
    for number in range(1, RUNS + 1):
        with suppress(Killed):
            if world.run(transport).stopped is None:
                return number
        world.clock.advance(30)
    raise AssertionError(f"not done after {RUNS} runs: {world.states()}")


def assert_exactly_once(world: World) -> None:
    assert set(world.states().values()) == {"confirmed"}
    assert world.live() == EXPECTED
    assert world.balances() == BALANCES
    allocated = world.sandbox.documents("CreditNotes")[0]["Allocations"]
    assert [part["Amount"] for part in allocated] == [Decimal("20.00")]


BALANCES = {
    "090": Decimal("180.75"),
    "092": Decimal("424.90"),
    "093": Decimal("75.10"),
    "200": Decimal("-250.00"),
    "310": Decimal("100.00"),
    "610": Decimal("94.25"),
    "800": Decimal("-110.00"),
    "820": Decimal("-15.00"),
    "870": Decimal("-487.66"),
    "872": Decimal("-12.34"),
}


def test_nothing_goes_wrong(world: World) -> None:
    world.month()
    transport = FaultyTransport(world.asgi, world.clock)
    assert settle(world, transport) == 1
    assert_exactly_once(world)
    assert len(transport.requests) == CALLS


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("call", range(1, CALLS + 1))
def test_one_fault(world: World, name: str, call: int) -> None:
    world.month()

    def choose(number: int, request: httpx.Request) -> Fault | None:
        return FAULTS[name] if number == call else None

    settle(world, FaultyTransport(world.asgi, world.clock, choose))
    assert_exactly_once(world)


@pytest.mark.parametrize("name", FAULTS)
def test_the_same_fault_again_and_again(world: World, name: str) -> None:
    """Every second call fails, whichever it is."""
    world.month()

    def choose(number: int, request: httpx.Request) -> Fault | None:
        return FAULTS[name] if number % 2 and number < 40 else None

    for _ in range(40):
        with suppress(Killed):
            if world.run(FaultyTransport(world.asgi, world.clock, choose)).left == 0:
                break
    settle(world, FaultyTransport(world.asgi, world.clock))
    assert_exactly_once(world)


@pytest.mark.parametrize("seed", range(40))
def test_many_faults(seed: int) -> None:
    """Faults, kills and second processes, at a rate of one call in three."""
    world = World(seed=seed)
    dice = random.Random(seed)
    names = sorted(FAULTS)
    world.month()

    def choose(number: int, request: httpx.Request) -> Fault | None:
        return FAULTS[dice.choice(names)] if dice.random() < 0.33 else None

    faulty = FaultyTransport(world.asgi, world.clock, choose)
    for number in range(dice.randrange(1, 6)):
        with suppress(Killed):
            world.run(faulty, owner=f"process {number}")
        world.clock.advance(dice.choice((1, 130, 400)))
    world.clock.advance(130)
    settle(world, FaultyTransport(world.asgi, world.clock))
    assert_exactly_once(world)
    world.close()


class MortalOutbox(Outbox):
    """Dies before or after a write, counted over all of them."""

    writes = 0
    dies_at = 0
    dies_after = False

    def _step(self, method: str, *given: Any) -> Any:
        self.writes += 1
        is_last = self.writes == self.dies_at
        if is_last and not self.dies_after:
            raise Killed
        done = getattr(super(), method)(*given)
        if is_last:
            raise Killed
        return done

    def claim(self, *given: Any) -> int:
        return int(self._step("claim", *given))

    def confirm(self, *given: Any) -> None:
        self._step("confirm", *given)

    def unknown(self, *given: Any) -> None:
        self._step("unknown", *given)

    def plan_again(self, *given: Any) -> dict[str, RequestState]:
        return dict(self._step("plan_again", *given))

    def save_contact(self, *given: Any) -> None:
        self._step("save_contact", *given)

    def heartbeat(self, *given: Any) -> None:
        self._step("heartbeat", *given)


@pytest.mark.parametrize("after", [False, True])
def test_killed_between_any_two_commits(after: bool) -> None:
    """With a timeout of the first invoices, so that the steps of a recovery are killed too."""
    writes = 0
    is_done = False
    while not is_done:
        writes += 1
        world = World(outbox=MortalOutbox)
        world.month()
        mortal = world.outbox
        assert isinstance(mortal, MortalOutbox)
        mortal.dies_at, mortal.dies_after = writes, after

        def choose(number: int, request: httpx.Request) -> Fault | None:
            return FAULTS["timeout_after"] if number == 3 else None

        try:
            is_done = world.run(FaultyTransport(world.asgi, world.clock, choose)).stopped is None
        except Killed:
            world.clock.advance(130)
        mortal.dies_at = 0
        settle(world, FaultyTransport(world.asgi, world.clock))
        assert_exactly_once(world)
        world.close()
    assert writes > 20


def test_half_of_a_batch_is_refused(world: World) -> None:
    """The good half is kept, what depends on the bad half waits, and a person sets it right."""
    world.sandbox.archive_account("210")
    for number in range(8):
        lines = [line(AccountCode="210" if number % 2 else "200")]
        world.add(f"B{number}/invoice", "put.Invoices", invoice(f"B{number}", LineItems=lines))
        world.pay(f"P{number}", f"B{number}", "50.00")
    report = world.run()
    assert (report.confirmed, report.rejected, report.blocked, report.left) == (8, 4, 4, 0)
    assert report.calls == 4
    refused = world.outbox.requests(states=["rejected"])
    assert {row.cause for row in refused} == {"account_archived"}
    assert refused[0].message is not None
    assert refused[0].message.startswith("An account that the document uses is archived in Xero.")
    assert world.run().calls == 0

    account = next(a for a in world.get("/Accounts")["Accounts"] if a.get("Code") == "210")
    body = b'{"Status":"ACTIVE"}'
    answer = world.client().call("POST", f"/Accounts/{account['AccountID']}", body=body)
    assert answer.status == 200, answer.text
    for row in refused:
        world.outbox.resend(row.transaction, "Kim", "restored the account", world.clock())
    report = world.run()
    assert (report.confirmed, report.rejected, report.stopped) == (8, 0, None)
    assert world.live()["Invoices"] == 8
    assert world.live()["Payments"] == 8


def test_a_body_that_spoils_the_whole_call_is_found_by_halves(world: World) -> None:
    for number in range(10):
        date = "2026-05-04 00:00:00" if number == 6 else "2026-05-04"
        world.add(f"B{number}/invoice", "put.Invoices", invoice(f"B{number}", Date=date))
    report = world.run()
    assert (report.confirmed, report.rejected) == (9, 1)
    assert world.states()["B6/invoice"] == "rejected"
    row = world.outbox.request("B6/invoice")
    assert row is not None
    assert row.cause == "bad_date"
    assert world.live()["Invoices"] == 9


def test_an_unknown_contact_id_fails_the_call_with_404_but_only_its_own_document(
    world: World,
) -> None:
    world.outbox.save_contact("666", "11111111-2222-4333-8444-555555555555", "Merged away")
    merged = {"ContactNumber": "666", "Name": "Merged away"}
    for number in range(5):
        changes = {"Contact": merged} if number == 2 else {}
        world.add(f"B{number}/invoice", "put.Invoices", invoice(f"B{number}", **changes))
    report = world.run()
    assert (report.confirmed, report.rejected) == (4, 1)
    row = world.outbox.request("B2/invoice")
    assert row is not None
    assert row.cause == "not_found"


def test_a_fault_that_xero_remembers_under_the_key_is_left_behind_by_a_new_key(
    world: World,
) -> None:
    world.month()
    poisoned: set[str] = set()

    def choose(number: int, request: httpx.Request) -> Fault | None:
        key = request.headers.get("idempotency-key", "")
        if number == 2:
            poisoned.add(key)
        return fault_before if key in poisoned else None

    assert settle(world, FaultyTransport(world.asgi, world.clock, choose)) == 1
    assert_exactly_once(world)


@pytest.mark.parametrize("call", range(2, CALLS + 1))
def test_a_lost_call_that_arrives_late_makes_no_second_document(world: World, call: int) -> None:
    """It reaches Xero after the lookup has found nothing and just before it is sent again."""
    world.month()
    late: list[Pass] = []

    def keep(forward: Pass) -> httpx.Response:
        late.append(forward)
        raise httpx.ReadTimeout("still on its way")

    def choose(number: int, request: httpx.Request) -> Fault | None:
        if number == call:
            return keep
        if late and request.method != "GET":
            late.pop()()
        return None

    assert settle(world, FaultyTransport(world.asgi, world.clock, choose)) == 1
    assert_exactly_once(world)


def test_a_document_that_never_arrives_fails_alone(world: World) -> None:
    for number in range(6):
        world.add(f"B{number}/invoice", "put.Invoices", invoice(f"B{number}"))

    def choose(number: int, request: httpx.Request) -> Fault | None:
        return fault_before if b'"B4"' in request.content else None

    report = world.run(FaultyTransport(world.asgi, world.clock, choose))
    assert (report.confirmed, report.failed, report.stopped) == (5, 1, None)
    assert (report.rejected, report.unknown) == (0, 0)
    row = world.outbox.request("B4/invoice")
    assert row is not None
    assert (row.state, row.cause) == ("failed", "server_fault")
    assert row.message is not None and "An error occurred in Xero" in row.message


def test_an_outage_stops_the_run_soon_and_loses_nothing(world: World) -> None:
    world.month()
    down = FaultyTransport(world.asgi, world.clock, lambda n, r: FAULTS["offline_before"])
    report = world.run(down)
    assert report.stopped is not None
    assert report.confirmed == 0
    assert len(down.requests) < 20
    settle(world, FaultyTransport(world.asgi, world.clock))
    assert_exactly_once(world)


def test_the_day_limit_stops_the_run_and_the_next_day_goes_on(world: World) -> None:
    world.month()
    headers = {"X-Rate-Limit-Problem": "day", "Retry-After": "40000"}

    def choose(number: int, request: httpx.Request) -> Fault | None:
        return (lambda forward: httpx.Response(429, headers=headers)) if number == 5 else None

    transport = FaultyTransport(world.asgi, world.clock, choose)
    report = world.run(transport)
    assert report.cause == "day_limit"
    assert report.stopped is not None
    assert "about 11 hours" in report.stopped
    assert report.unknown == 0
    assert report.left > 0
    assert world.run(transport).stopped is None
    assert_exactly_once(world)


def test_our_own_day_limit_stops_before_xero_has_to(world: World) -> None:
    world.month()
    report = world.run(limits=CallLimits(per_minute=None, per_day=4))
    assert (report.calls, report.cause) == (4, "day_limit")
    assert world.run().stopped is None
    assert_exactly_once(world)


def test_a_token_that_expires_on_the_way_is_renewed(world: World) -> None:
    world.month()
    started = world.clock()
    # The clock of the token source stands still, so only Xero notices that the token is too old.
    tokens = GrantedToken(
        Credentials("id", "secret"),
        IdentityServer(Addresses.of("http://sandbox", {}), transport=world.asgi),
        clock=lambda: started,
    )

    def choose(number: int, request: httpx.Request) -> Fault | None:
        if number == 6:
            world.clock.advance(1900)
        return None

    transport = FaultyTransport(world.asgi, world.clock, choose)
    report = world.run(transport, tokens=tokens)
    assert report.stopped is None
    assert len({r.headers["authorization"] for r in transport.requests}) == 2
    assert_exactly_once(world)


def test_a_token_that_cannot_be_renewed_stops_the_run(world: World) -> None:
    world.month()

    def choose(number: int, request: httpx.Request) -> Fault | None:
        if number == 6:
            world.clock.advance(1900)
        return None

    report = world.run(FaultyTransport(world.asgi, world.clock, choose))
    assert report.cause == "token_expired"
    assert report.unknown == 0
    assert world.run().stopped is None
    assert_exactly_once(world)


@pytest.fixture
def world_of_two(tmp_path: Any) -> Iterator[tuple[World, Outbox]]:
    url = f"sqlite:///{tmp_path}/two.db"
    world = World(url)
    other = Outbox.open(url, "bellbird-legal", world.clock)
    yield world, other
    other.close()
    world.close()


@pytest.mark.parametrize("call", range(1, 13))
def test_a_process_that_wakes_after_another_took_over_sends_nothing_more(
    world_of_two: tuple[World, Outbox], call: int
) -> None:
    world, other = world_of_two
    world.month()
    reports: list[SendReport] = []

    def choose(number: int, request: httpx.Request) -> Fault | None:
        if number == call and not reports:
            # The connection is open when the first process is suspended; a second one takes over,
            # and Xero has forgotten its keys when the first wakes up.
            world.clock.advance(150)
            reports.append(world.run(outbox=other, owner="two"))
            world.clock.advance(400)
        return None

    first = world.run(FaultyTransport(world.asgi, world.clock, choose))
    assert reports[0].stopped is None
    assert first.cause == "lease"
    assert_exactly_once(world)


def test_a_call_repeated_after_its_key_ran_out_is_not_sent_but_looked_up(world: World) -> None:
    world.add("T1/receipt", "put.BankTransactions", receipt("T1", "500.00"))
    late: list[Pass] = []
    writes = 0

    def keep(forward: Pass) -> httpx.Response:
        late.append(forward)
        raise httpx.ReadTimeout("still on its way")

    def choose(number: int, request: httpx.Request) -> Fault | None:
        nonlocal writes
        if request.method == "GET" or "Contacts" in str(request.url):
            return None
        writes += 1
        if writes == 1:
            return keep
        if writes == 2:
            # It arrives, and the computer falls asleep just before the call goes again.
            late.pop()()
            world.clock.advance(600)
        return None

    report = world.run(FaultyTransport(world.asgi, world.clock, choose))
    assert (report.confirmed, report.adopted, report.stopped) == (1, 1, None)
    assert writes == 2
    assert world.live()["BankTransactions"] == 1
