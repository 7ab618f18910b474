"""One seed: months, troubles, recovery, verdict."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from pm2xero.errors import LeaseLost, LeaseTaken, StateConflict, UsageError
from pm2xero.sandbox import Limits
from tests.simulation.months import REGIONS, Document, Months, drawn, whole
from tests.simulation.trouble import ASLEEP, READ_FAULTS, WRITE_FAULTS, Clock, Killed, Trouble
from tests.simulation.verdict import Found, Verdict, judge, look
from tests.simulation.world import World, folder

# Seeds that differ by this have the same months and other troubles: what the months come to
# without trouble is found out once.
MONTHS = 1000
_RUNS = 60
_WHOLE_EVERY = 250
_DAY = 86_400
_MEMORY = 361


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a seed came to.

    Attributes:
        counts: faults by kind, calls, pushes and what recovery did.
        trace: names the exact calls that were made, in order.
    """

    seed: int
    verdict: Verdict
    counts: Counter[str]
    trace: str


def simulate(seed: int) -> Outcome:
    """Push the months of a seed through its troubles until everything is sent."""
    chance = random.Random(seed)
    months, expected = _months(seed % MONTHS)
    trouble = _trouble(chance)
    with folder() as place:
        world = World(place, months.region, trouble, _limits(chance))
        try:
            try:
                _through(world, months, chance)
                world.clock.sleep(_MEMORY)
                world.reopen_sandbox(Limits.none())
                verdict = judge(look(world), expected)
            except (AssertionError, StateConflict) as exc:
                verdict = Verdict((), (), (), (f"{type(exc).__name__}: {exc}",))
        finally:
            world.close()
    trouble.counts["documents"] = months.count
    trouble.counts["requests"] = len(expected.requests)
    return Outcome(seed, verdict, trouble.counts, trouble.trace.hexdigest()[:16])


@lru_cache(maxsize=8)
def _months(number: int) -> tuple[Months, Found]:
    """The months of that number, and what they come to without trouble."""
    is_whole = number % _WHOLE_EVERY == _WHOLE_EVERY - 1
    region = REGIONS[number % len(REGIONS)]
    months = whole(region) if is_whole else drawn(region, random.Random(number))
    return months, _without_trouble(months)


def _without_trouble(months: Months) -> Found:
    """The same months when nothing goes wrong, which must end well by themselves.

    Raises:
        AssertionError: they do not.
    """
    with folder() as place:
        quiet = Trouble(random.Random(0), Clock())
        world = World(place, months.region, quiet, Limits.none())
        try:
            for lot in months.lots:
                # What was refused is decided again with each push, until nothing new comes of it.
                while (report := world.push(lot)).confirmed:
                    pass
                assert report.stopped is None, report.stopped
            found = look(world)
        finally:
            world.close()
    assert not found.stuck and not found.unlinked, (found.stuck, found.unlinked)
    # An edited document may need a person; then reconcile must say so, trouble or not.
    assert found.agrees or months.edited, found.said
    return found


def _trouble(chance: random.Random) -> Trouble:
    every = sorted({*WRITE_FAULTS, *READ_FAULTS, ASLEEP})
    kinds = every if chance.random() < 0.5 else chance.sample(every, chance.randint(1, 4))
    return Trouble(
        chance,
        Clock(),
        kinds=tuple(kinds),
        rate=chance.choice((0.05, 0.2, 0.5)),
        deadly=chance.choice((0.0, 0.01, 0.04)),
        left=chance.choice((0, 2, 6, 12)),
        lives=chance.randint(1, 4),
    )


def _limits(chance: random.Random) -> Limits:
    return chance.choice(
        (Limits.xero(), Limits.none(), Limits(5, 8, None, None), Limits(5, 60, 25, None))
    )


def _through(world: World, months: Months, chance: random.Random) -> None:
    """Push lot after lot; a lot is pushed again until nothing of it is left."""
    for lot in months.lots:
        for _ in range(_RUNS):
            if _is_done(world, lot, chance):
                break
        else:
            raise AssertionError(f"not done after {_RUNS} pushes")


def _is_done(world: World, lot: tuple[Document, ...], chance: random.Random) -> bool:
    trouble, clock = world.trouble, world.clock
    trouble.counts["pushes"] += 1
    others = trouble.counts["second pushes let in"]
    try:
        report = world.push(lot, at_once=chance.choice((1, 3, 500)))
    except Killed:
        trouble.is_dead = False
        if chance.random() < 0.3:
            world.reopen_sandbox()
        # Sometimes somebody tries before the dead process' lease has run out.
        clock.sleep(chance.choice((1.0, 121.0, 130.0, 900.0)))
        return False
    except LeaseTaken:
        trouble.counts["refused a second push"] += 1
        clock.sleep(121)
        return False
    except (UsageError, LeaseLost, StateConflict) as exc:
        # Another push did its work meanwhile, or Xero takes no calls; nothing is lost.
        trouble.counts[exc.findings[0].code] += 1
        clock.sleep(chance.choice((60, _DAY)))
        return False
    trouble.counts["adopted"] += report.adopted
    if report.stopped is not None:
        trouble.counts[f"stopped: {report.cause}"] += 1
        clock.sleep(_DAY if report.cause == "day_limit" else 300)
        return False
    # What was refused is decided again until nothing new comes of it, whoever sent the rest.
    by_others = trouble.counts["second pushes let in"] - others
    return not (_resent(world) or report.confirmed or by_others)


def _resent(world: World) -> int:
    """An operator sends what Xero refused for no lasting reason once more; how much that was."""
    with world.connection() as connection:
        outbox = connection.outbox
        left = [r for r in outbox.requests() if r.state != "confirmed"]
        refused = sorted({r.transaction for r in left if r.state == "rejected"})
        for id in refused:
            outbox.resend(id, "operator", "Xero had a bad day", world.clock())
        world.trouble.counts["resent by a person"] += len(refused)
        if refused:
            # Until then Xero repeats its refusal from memory.
            world.clock.sleep(_MEMORY)
        return len(left)
