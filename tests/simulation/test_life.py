"""Short lives of a firm: whatever people do, and whatever goes wrong.

More of them: `python -m tests.simulation --acts all --faults all`, or `--each` for one at a time.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.simulation.acts import ACTS
from tests.simulation.life import FAULTS, XERO_HABITS, live
from tests.simulation.survey import say

CHUNKS = 8
SEEDS_EACH = 6
_ENOUGH, _OFTEN = 8, 2


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_whatever_people_do_and_whatever_goes_wrong(
    chunk: int, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = range(chunk, CHUNKS * SEEDS_EACH, CHUNKS)
    lives = [live(seed, ACTS, FAULTS) for seed in seeds]
    assert not say(lives), capsys.readouterr().out
    happened = sum((life.counts for life in lives), Counter[str]())
    assert sum(count for name, count in happened.items() if name.startswith("act: ")) > SEEDS_EACH
    assert sum(count for name, count in happened.items() if name in FAULTS) > SEEDS_EACH


# The ways in which the same money came into Xero twice once; each with what it cannot do without.
TWICE = {
    "a gateway answers 504 while the call is carried out": ("late", "unsaid"),
    "a list answers 404": ("lists_not_found", "unsaid"),
    "a look-up is answered without a list": ("busy_lists", "unsaid"),
    "resend after a 5xx": ("resends", "late", "unsaid", "lists_not_found", "busy_lists"),
    "empty ids after a partial failure": ("empty_ids", "fails_elements"),
    "a 400 of which some were kept": ("refuses_mixed_calls", "fails_elements"),
    "short answers to allocations": ("one_allocation_per_call", "short_answers"),
    "a batch whose reference was dropped": ("drops_batch_references", "unsaid"),
    "an outbox that was restored": ("restores_the_outbox", "puts_a_copy_aside"),
    "an outbox that was lost": ("loses_the_outbox",),
}


@pytest.mark.parametrize("way", TWICE)
def test_no_way_brings_the_same_money_in_twice(
    way: str, capsys: pytest.CaptureFixture[str]
) -> None:
    named = TWICE[way]
    acts, faults = [n for n in named if n in ACTS], [n for n in named if n in FAULTS]
    lives, happened = [], Counter[str]()
    for seed in range(_ENOUGH):
        lives.append(live(seed, acts, faults))
        happened += lives[-1].counts
        if happened[named[0]] + happened[f"act: {named[0]}"] >= _OFTEN:
            break
    assert not say(lives), capsys.readouterr().out
    is_always = named[0] in XERO_HABITS
    assert is_always or happened[named[0]] + happened[f"act: {named[0]}"], "it never happened"


@pytest.mark.parametrize("act", ["edits", "voids", "merges_contacts", "types_in", "holds"])
def test_an_act_is_the_same_in_every_run_of_a_seed(act: str) -> None:
    assert live(5, (act,), ("unsaid",)) == live(5, (act,), ("unsaid",))
