"""Runs product and peers over the same documents, a few thousand at a time, turn by turn.

Taking turns on small pieces spreads whatever else the machine does evenly over all of them. Time is
processor time of this process, which on one core that is otherwise idle is the time that passes.
"""

from __future__ import annotations

import gc
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from statistics import median
from typing import TypeVar

from pm2xero.read.transaction import Transaction
from tests.benchmarks import peers
from tests.benchmarks.generate import generate
from tests.benchmarks.official import KINDS
from tests.benchmarks.ours import Ours

PIECE = 2_000

T = TypeVar("T")
A = TypeVar("A")


@dataclass(slots=True)
class Clock:
    """Seconds and items per stage, added up over one round."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    items: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def run(self, stage: str, work: Callable[[A], T], given: A, count: int) -> T:
        """Do a piece of work and count its time for a stage."""
        started = time.process_time()
        result = work(given)
        self.seconds[stage] += time.process_time() - started
        self.items[stage] += count
        return result

    def each(self, stage: str) -> float:
        """Microseconds per item."""
        return self.seconds[stage] / self.items[stage] * 1e6


def one_core() -> int | None:
    """Keep this process on one core, where the system lets it; the number of that core."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


def measure(count: int, rounds: int, told: Callable[[str], None]) -> dict[str, float]:
    """Median microseconds per item of every stage; every answer of every peer is compared.

    Raises:
        Disagreement: a peer decided or wrote something else.
    """
    ours = Ours()
    others = peers.Peers(ours.pipeline.pack, ours.pipeline.organisation)
    _round(2 * PIECE, ours, others)
    clocks = []
    for number in range(1, rounds + 1):
        told(f"round {number} of {rounds}")
        clocks.append(_round(count, ours, others))
    stages = clocks[0].seconds
    return {stage: median(clock.each(stage) for clock in clocks) for stage in stages}


def _round(count: int, ours: Ours, others: peers.Peers) -> Clock:
    ours.restart()
    others.restart()
    clock = Clock()
    for lines in _pieces(count):
        gc.collect()
        gc.freeze()
        _piece(lines, clock, ours, others)
        gc.unfreeze()
    clock.seconds["render"] = clock.seconds["decide, render, check"] - clock.seconds["decide"]
    clock.items["render"] = clock.items["decide"]
    clock.seconds["by hand: both"] = (
        clock.seconds["by hand: decide"] + clock.seconds["by hand: bodies"]
    )
    clock.items["by hand: both"] = clock.items["by hand: decide"]
    return clock


def _piece(lines: list[bytes], clock: Clock, ours: Ours, others: peers.Peers) -> None:
    count = len(lines)
    documents = clock.run("read", ours.read, lines, count)
    clock.run("floor", peers.floor, lines, count)
    decisions = clock.run("decide", ours.decide, documents, count)
    straight = clock.run("by hand: decide", others.straight, documents, count)
    done = clock.run("decide, render, check", ours.decide_and_render, documents, count)
    zen = clock.run("zen-engine: decide", others.zen, documents, count)
    clock.run("all together", ours.all_together, lines, count)
    posted = [
        tx
        for tx, (decision, _) in zip(documents, done, strict=True)
        if isinstance(tx, Transaction) and decision.outcome == "post"
    ]
    calls = clock.run("by hand: bodies", others.by_hand, posted, count)
    pairs = ours.specs(done)
    clock.run("check", ours.check, pairs, count)
    bills: list[Transaction] = [tx for tx in posted if tx.kind in KINDS]
    prepared = others.prepare(bills)
    sdk = clock.run("SDK: a bill", others.official, prepared, len(bills))
    clock.run("whole: a bill", ours.bills, bills, len(bills))
    peers.same_decisions(decisions, straight, "hand-written Python")
    peers.same_decisions(decisions, zen, "zen-engine")
    peers.same_decisions([d for d, _ in done], straight, "decide with render")
    peers.same_bodies(done, calls, "hand-written bodies")
    peers.same_bills(done, sdk, "xero-python")


def _pieces(count: int) -> Iterator[list[bytes]]:
    stream = generate(count)
    while piece := list(islice(stream, PIECE)):
        yield piece
