from __future__ import annotations

from dataclasses import replace

import pytest

from pm2xero.sandbox import Limits
from pm2xero.xero.budget import Budget, CallLimits, StopRun
from pm2xero.xero.client import Response
from tests.support.xero_world import Clock, World, invoice, transfer


def refusal(**headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(429, named, None, "Too many requests")


def test_sixty_calls_a_minute_then_a_wait_until_the_first_is_a_minute_old() -> None:
    clock = Clock()
    budget = Budget(CallLimits(per_minute=60, per_day=None), clock)
    for _ in range(60):
        assert budget.wait() == 0
        budget.spend()
        clock.advance(0.5)
    assert budget.wait() == 30
    clock.advance(30)
    assert budget.wait() == 0


def test_the_day_limit_ends_the_run() -> None:
    budget = Budget(CallLimits(per_minute=None, per_day=2), Clock())
    budget.spend()
    assert budget.wait() == 0
    budget.spend()
    with pytest.raises(StopRun) as stop:
        budget.wait()
    assert stop.value.cause == "day_limit"
    assert "(2 in this run)" in stop.value.sentence


def test_what_xero_says_is_left_wins() -> None:
    clock = Clock()
    budget = Budget(CallLimits(), clock)
    budget.spend()
    clock.advance(20)
    budget.learn({"x-minlimit-remaining": "0"})
    assert budget.wait() == 40
    clock.advance(40)
    assert budget.wait() == 0
    budget.learn({"x-daylimit-remaining": "0"})
    with pytest.raises(StopRun):
        budget.wait()


def test_the_limit_of_the_app_is_waited_out_once() -> None:
    budget = Budget(CallLimits.none(), Clock())
    budget.learn({"x-appminlimit-remaining": "0"})
    assert budget.wait() == 60
    assert budget.wait() == 0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "31", "x_rate_limit_problem": "minute"}, 31),
        ({"x_rate_limit_problem": "concurrent"}, 5),
        ({}, 5),
        ({"retry_after": "0"}, 1),
    ],
)
def test_a_short_wait_after_a_refusal(headers: dict[str, str], seconds: int) -> None:
    assert Budget(CallLimits(), Clock()).refused(refusal(**headers)) == seconds


@pytest.mark.parametrize(
    ("headers", "when"),
    [
        ({"retry_after": "66975", "x_rate_limit_problem": "day"}, "in about 19 hours"),
        ({"retry_after": "60", "x_rate_limit_problem": "Daily"}, "in about an hour"),
        ({"x_rate_limit_problem": "day"}, "tomorrow"),
        ({"retry_after": "7200"}, "in about 2 hours"),
    ],
)
def test_a_long_wait_ends_the_run(headers: dict[str, str], when: str) -> None:
    with pytest.raises(StopRun, match=when):
        Budget(CallLimits(), Clock()).refused(refusal(**headers))


def test_a_run_that_keeps_to_the_limits_is_never_refused() -> None:
    """Fourteen calls where six a minute are allowed, instead of 140 under Xero's sixty."""
    world = World(limits=replace(Limits.xero(), per_minute=6))
    for number in range(700):
        world.add(f"T{number}/transfer", "put.BankTransfers", transfer(f"T{number}", "1.00"))
    report = world.run(limits=CallLimits(per_minute=6))
    assert (report.confirmed, report.calls) == (700, 14)
    assert 120 <= world.clock.slept < 130
    world.close()


def test_limits_that_another_program_uses_up_are_met_with_patience() -> None:
    world = World(limits=Limits(per_minute=2))
    for number in range(210):
        world.add(f"T{number}/transfer", "put.BankTransfers", transfer(f"T{number}", "1.00"))
    world.add("B1/invoice", "put.Invoices", invoice("B1"), document=True)
    report = world.run(limits=CallLimits.none())
    assert (report.confirmed, report.stopped) == (211, None)
    assert world.live()["BankTransfers"] == 210
    assert world.clock.slept >= 120
    world.close()
