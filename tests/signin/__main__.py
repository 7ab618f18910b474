"""`python -m tests.signin --seeds 10000`: lives of a grant, or one again (`--seed N`)."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from .token_life import Violation, live


def main() -> int:
    """Run the lives and say what happened in them; 1 when a grant was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.signin", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many (default 1000)")
    parser.add_argument("--start", type=int, default=0, help="the first one (default 0)")
    parser.add_argument("--seed", type=int, help="replay this one")
    options = parser.parse_args()
    seeds = range(options.start, options.start + options.seeds)
    if options.seed is not None:
        seeds = range(options.seed, options.seed + 1)
    counts: Counter[str] = Counter()
    began = time.perf_counter()
    wrong = 0
    for seed in seeds:
        try:
            counts += live(seed)
        except Violation as violation:
            wrong += 1
            print(violation)
    for what, count in counts.most_common():
        print(f"{count:>9}  {what}")
    print(f"{len(seeds)} lives in {time.perf_counter() - began:.0f} s, {wrong} grants lost")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
