"""Lives of a firm with chosen acts and faults, many seeds, and what comes of them."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import partial

from tests.simulation.acts import ACTS
from tests.simulation.judge import Judgement
from tests.simulation.life import FAULTS, Life, live
from tests.simulation.months import REGIONS, pipeline

Together = tuple[Sequence[str], Sequence[str]]
# What comes to nothing by itself, with what it needs: something stuck, a call that must be looked
# up, an element that fails.
_WITH: Mapping[str, Sequence[str]] = {
    "restores_the_outbox": ("puts_a_copy_aside",),
    "types_and_resolves": ("lost", "unsaid"),
    "skips": ("late",),
    "resends": ("late", "unsaid", "lists_not_found", "busy_lists"),
    "empty_ids": ("fails_elements",),
    "refuses_mixed_calls": ("fails_elements",),
    "lists_not_found": ("unsaid",),
    "busy_lists": ("unsaid",),
    "missing_pages": ("unsaid",),
    "refused_filters": ("unsaid",),
    "longest_address": ("unsaid",),
    "drops_batch_references": ("unsaid",),
}


def alone() -> Iterator[Together]:
    """Nothing at all; then every act and every fault by itself, with what it cannot do without."""
    yield (), ()
    for name in (*ACTS, *FAULTS):
        named = (name, *_WITH.get(name, ()))
        yield tuple(n for n in named if n in ACTS), tuple(n for n in named if n in FAULTS)


def run(together: Iterable[Together], seeds: Sequence[int], jobs: int) -> int:
    """Live through the seeds with each of these, and print a line for each; 1 when one is wrong."""
    for region in REGIONS:
        pipeline(region)  # before the processes part, so that they share it
    failed = 0
    with multiprocessing.Pool(jobs) as pool:
        for acts, faults in together:
            act = partial(live, acts=acts, faults=faults)
            found = list(pool.imap_unordered(act, seeds) if len(seeds) > 1 else map(act, seeds))
            wrong = say(found)
            failed += bool(wrong)
            happened = sum((life.counts for life in found), Counter[str]())
            counted = {
                name.removeprefix("act: "): count
                for name, count in happened.items()
                if name in (*faults, "left to a person") or name.startswith(("act: ", "killed"))
            }
            said = ", ".join(f"{count} {name}" for name, count in wrong.items()) or "fine"
            named = f"{', '.join(acts) or 'no acts'}; {', '.join(faults) or 'no faults'}"
            print(f"{said:<40} {named}  {counted}", flush=True)
    return 1 if failed else 0


def say(lives: Iterable[Life]) -> Counter[str]:
    """Print what is wrong with each, and return how much of what."""
    wrong: Counter[str] = Counter()
    for life in sorted(lives, key=lambda life: life.seed):
        found = [(f.name, text) for f in _WRONG for text in getattr(life.judgement, f.name)]
        if life.broke is not None:
            found.append(("broke", life.broke))
        for name, text in found:
            wrong[name] += 1
            if wrong[name] <= _SAID:
                verdict = "agrees" if life.agrees else "does not agree"
                print(f"  seed {life.seed}: {name}: {text}; reconcile {verdict}")
    return wrong


_WRONG = fields(Judgement)
_SAID = 3
