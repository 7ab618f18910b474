"""The month of every region without trouble: it is right, and costs hardly more than it must."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

import pytest

from pm2xero.outbox.records import StoredRequest
from pm2xero.sandbox import Limits
from tests.simulation import desk
from tests.simulation.firm import knowledge
from tests.simulation.judge import Hands, Judgement, judge
from tests.simulation.months import REGIONS, month
from tests.simulation.trouble import Clock, Trouble
from tests.simulation.world import World, folder

# Xero recommends about so many documents in a call, and takes what is named in the path one by one.
TOGETHER = 50
AT_MOST = Fraction(11, 10)


def fewest_writes(requests: Iterable[StoredRequest], contacts: int) -> int:
    """The sum of ⌈n/50⌉ over levels and endpoints; what is part of a document goes one by one."""
    steps = Counter((r.level, r.path.strip("/").split("?")[0]) for r in requests)
    by_one = sum(n for (_, path), n in steps.items() if "/" in path)
    together = sum(-(-n // TOGETHER) for (_, path), n in steps.items() if "/" not in path)
    return by_one + together - (-contacts // TOGETHER)


@pytest.mark.parametrize("region", REGIONS)
def test_a_month_is_right_and_costs_hardly_more_writes_than_it_must(region: str) -> None:
    with folder() as place:
        trouble = Trouble(random.Random(0), Clock())
        world = World(place, region, trouble, Limits.none())
        while world.push(month(region)).confirmed:
            pass
        with world.connection() as connection:
            requests = connection.outbox.requests()
            contacts = len(connection.outbox.contacts())
        told, _ = desk.told(world, {d["id"] for d in month(region)})
        known = knowledge(region).firm
        judgement = judge(world.sandbox, month(region), told, Hands(), known)
        world.close()
    assert judgement == Judgement()
    assert {request.state for request in requests} == {"confirmed"}
    assert 0 < trouble.counts["writes"] <= AT_MOST * fewest_writes(requests, contacts)
