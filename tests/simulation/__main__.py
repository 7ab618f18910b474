"""`python -m tests.simulation`: thousands of seeds, or one again (`--seed N`).

Without acts and faults each seed is a month that is pushed through troubles. With `--acts`,
`--faults` or `--each`, people act between the pushes and Xero is unkind: names of
`tests/simulation/acts.py` and `tests/simulation/life.py`, separated by commas, or `all`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator

from tests.simulation import killing, survey
from tests.simulation.acts import ACTS
from tests.simulation.life import FAULTS
from tests.simulation.seed import MONTHS, Outcome, simulate
from tests.simulation.verdict import Verdict

_SAID_EVERY = 500


def main() -> int:
    """Run the seeds and print the verdict; 1 when a seed fails."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, help="replay this one")
    parser.add_argument("--seeds", type=int, default=1000, help="how many (default 1000)")
    parser.add_argument("--start", type=int, default=0, help="the first one (default 0)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--acts", help="what people do, or all")
    parser.add_argument("--faults", help="what goes wrong, or all")
    parser.add_argument("--each", action="store_true", help="every act and every fault alone")
    parser.add_argument("--killed-pushes", type=int, default=0, help="kill so many pushes by HTTP")
    parser.add_argument("--killed-servers", type=int, default=0, help="kill a served Xero so often")
    options = parser.parse_args()
    if options.killed_pushes or options.killed_servers:
        return _kill(options.killed_pushes, options.killed_servers, random.Random(options.start))
    seeds = range(options.start, options.start + options.seeds)
    if options.seed is not None:
        seeds = range(options.seed, options.seed + 1)
    if options.each or options.acts is not None or options.faults is not None:
        acts, faults = _named(options.acts, ACTS), _named(options.faults, FAULTS)
        together = survey.alone() if options.each else [(acts, faults)]
        return survey.run(together, seeds, options.jobs)
    started = time.perf_counter()
    counts: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for number, outcome in enumerate(_outcomes(seeds, options.jobs), 1):
        counts += outcome.counts
        wrong += say(outcome)
        if number % _SAID_EVERY == 0:
            spent = time.perf_counter() - started
            print(f"{number:,} of {len(seeds):,} seeds, {spent:,.0f} s", file=sys.stderr)
        if options.seed is not None:
            print(f"calls made, in order: {outcome.trace}")
    for what, count in sorted(counts.items()):
        print(f"{count:>10,}  {what}")
    print(f"{time.perf_counter() - started:>10,.0f}  seconds")
    print(
        f"{wrong['duplicates']} duplicates, {wrong['losses']} losses,"
        f" {wrong['unexplained']} unexplained in {len(seeds):,} seeds"
        + (f"; {wrong['other']} other faults" if wrong["other"] else "")
    )
    return 1 if wrong else 0


def _kill(pushes: int, servers: int, chance: random.Random) -> int:
    """Kill real processes; a double or a loss ends it with an AssertionError."""
    months = killing.kill_pushes(pushes, chance), killing.kill_servers(servers, chance)
    print(
        f"{pushes} pushes killed in {months[0]} months, a served Xero {servers} times in"
        f" {months[1]}: nothing twice, nothing missing"
    )
    return 0


def _named(text: str | None, known: Iterable[str]) -> tuple[str, ...]:
    """The names that were given.

    Raises:
        SystemExit: one of them is not known.
    """
    if text == "all":
        return tuple(known)
    given = tuple(name for name in (text or "").split(",") if name)
    for name in given:
        if name not in set(known):
            sys.exit(f"there is no {name!r}; there are: {', '.join(known)}")
    return given


def say(outcome: Outcome) -> Counter[str]:
    """Print what is wrong with a seed, and how to see it again; returns how much of what."""
    verdict = outcome.verdict
    wrong: Counter[str] = Counter()
    for name in ("duplicates", "losses", "unexplained", "other"):
        for text in getattr(verdict, name):
            wrong[name] += 1
            print(f"seed {outcome.seed}: {name}: {text}")
    if wrong:
        print(f"see it again: python -m tests.simulation --seed {outcome.seed}", flush=True)
    return wrong


def _outcomes(seeds: range, jobs: int) -> Iterator[Outcome]:
    # Those of the same months come one after the other, for what is found out of them once.
    ordered = sorted(seeds, key=lambda seed: seed % MONTHS)
    if jobs < 2 or len(seeds) < 2:
        yield from map(_safely, ordered)
        return
    with multiprocessing.Pool(jobs) as pool:
        yield from pool.imap_unordered(_safely, ordered, chunksize=10)


def _safely(seed: int) -> Outcome:
    try:
        return simulate(seed)
    except Exception:  # one seed that breaks must not keep the others from being run
        return Outcome(seed, Verdict((), (), (), (traceback.format_exc(),)), Counter(), "")


if __name__ == "__main__":
    sys.exit(main())
