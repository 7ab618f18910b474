from __future__ import annotations

import multiprocessing
from collections import Counter
from datetime import timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

import pytest

from pm2xero.errors import LeaseLost
from pm2xero.outbox import Outbox
from pm2xero.outbox.records import Lease

from .conftest import Open
from .documents import AT, Clock, document

TTL = timedelta(seconds=30)
ROUNDS = 20


def test_one_holds_the_lease_until_it_is_released(open_outbox: Open) -> None:
    one, two = open_outbox(), open_outbox()
    assert one.lease() is None
    assert one.acquire_lease("one", TTL)
    assert one.acquire_lease("one", TTL)
    assert not two.acquire_lease("two", TTL)
    assert two.lease() == Lease("one", AT)
    two.release("two")
    assert not two.acquire_lease("two", TTL)
    one.release("one")
    assert two.acquire_lease("two", TTL)


def test_a_lease_is_taken_over_only_when_its_heartbeat_is_older_than_the_ttl(
    open_outbox: Open, clock: Clock
) -> None:
    one, two = open_outbox(), open_outbox()
    one.acquire_lease("one", TTL)
    clock.forward(seconds=20)
    one.heartbeat("one")
    clock.forward(seconds=30)
    assert not two.acquire_lease("two", TTL)
    clock.forward(microseconds=1)
    assert two.acquire_lease("two", TTL)
    with pytest.raises(LeaseLost, match="PE107 two writes for bellbird now, not one"):
        one.heartbeat("one")
    one.release("one")
    assert two.lease() == Lease("two", clock.now)


@pytest.mark.parametrize("ahead", [31, 3600, 31_536_000])
def test_a_lease_from_the_future_is_dead(open_outbox: Open, clock: Clock, ahead: float) -> None:
    """Its clock was wrong, or ours is; nobody waits years for it, and nobody sends beside it."""
    fast = Clock()
    fast.forward(seconds=ahead)
    one, two = open_outbox(at=fast), open_outbox()
    assert one.acquire_lease("one", TTL)
    one.save(*document("B1"))
    assert two.acquire_lease("two", TTL)
    with pytest.raises(LeaseLost):
        one.claim(one.requests(), AT)
    assert one.requests()[0].state == "planned"


def test_a_lease_a_little_ahead_lives_no_longer_than_twice_its_time(
    open_outbox: Open, clock: Clock
) -> None:
    fast = Clock()
    fast.forward(seconds=30)
    assert open_outbox(at=fast).acquire_lease("one", TTL)
    two = open_outbox()
    for _ in range(2):
        assert not two.acquire_lease("two", TTL)
        clock.forward(seconds=30)
    clock.forward(microseconds=1)
    assert two.acquire_lease("two", TTL)


def test_each_organisation_has_its_own_lease(open_outbox: Open) -> None:
    assert open_outbox("ours").acquire_lease("one", TTL)
    assert open_outbox("theirs").acquire_lease("two", TTL)


def race(url: str, owner: str, start: Barrier, won: Queue[tuple[int, str]]) -> None:
    """Try for the lease of one organisation after the other, at the same moment as others."""
    for number in range(ROUNDS):
        start.wait(60)
        # The first round also races for making the database.
        with Outbox.open(url, f"firm-{number}", Clock()) as outbox:
            if outbox.acquire_lease(owner, TTL):
                won.put((number, owner))
    won.put((-1, owner))


def test_of_two_processes_exactly_one_gets_the_lease(url: str) -> None:
    context = multiprocessing.get_context("spawn")
    start, won = context.Barrier(2), context.Queue()
    racers = [
        context.Process(target=race, args=(url, owner, start, won)) for owner in ("one", "two")
    ]
    for racer in racers:
        racer.start()
    winners = [won.get(timeout=60) for _ in range(ROUNDS + 2)]
    for racer in racers:
        racer.join(60)
    assert [racer.exitcode for racer in racers] == [0, 0]
    assert Counter(number for number, _ in winners) == Counter([*range(ROUNDS), -1, -1])
