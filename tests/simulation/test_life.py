"""Short lives of a firm: what people do and what goes wrong, as far as it comes out right.

The rest is run by `python -m tests.simulation --each`, or with `--acts` and `--faults`.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.simulation.acts import ACTS
from tests.simulation.life import FAULTS, live
from tests.simulation.survey import say

CHUNKS = 8
SEEDS_EACH = 30

# What the sender does not bear yet; each is to go from here.
NOT_YET_ACTS = {
    "types_a_draft": "a draft is taken for posted",
    "resends": "what is unknown is sent again without a look",
    "restores_the_outbox": "an older outbox does not look before it sends",
    "loses_the_outbox": "a new outbox does not look before it sends",
}
NOT_YET_FAULTS = {
    "late": "a 5xx is taken for not done before the late window is over",
    "empty_ids": "an element with an empty id is taken for refused",
    "refuses_mixed_calls": "what a 400 kept is sent again without a look",
    "reordered_answers": "the order of an answer is believed",
    "lists_not_found": "a 404 of a list is taken for nothing there",
    "busy_lists": "an answer without a list is taken for nothing there",
    "missing_pages": "a page that lacks elements is taken for the whole",
    "longest_address": "lists are cut by the number of values, not by the length of the address",
    "one_allocation_per_call": "what an answer does not tell of is taken for done",
    "drops_batch_references": "a batch payment is found by its reference alone",
}
DONE_ACTS = tuple(act for act in ACTS if act not in NOT_YET_ACTS)
DONE_FAULTS = tuple(fault for fault in FAULTS if fault not in NOT_YET_FAULTS)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_whatever_people_do_and_whatever_goes_wrong(
    chunk: int, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = range(chunk, CHUNKS * SEEDS_EACH, CHUNKS)
    lives = [live(seed, DONE_ACTS, DONE_FAULTS) for seed in seeds]
    assert not say(lives), capsys.readouterr().out
    happened = sum((life.counts for life in lives), Counter[str]())
    assert sum(count for name, count in happened.items() if name.startswith("act: ")) > SEEDS_EACH
    assert sum(count for name, count in happened.items() if name in FAULTS) > SEEDS_EACH


@pytest.mark.parametrize("act", ["edits", "voids", "merges_contacts", "types_in", "holds"])
def test_an_act_is_the_same_in_every_run_of_a_seed(act: str) -> None:
    assert live(5, (act,), ("unsaid",)) == live(5, (act,), ("unsaid",))


def test_what_is_not_borne_yet_is_an_act_or_a_fault() -> None:
    assert NOT_YET_ACTS.keys() <= set(ACTS)
    assert NOT_YET_FAULTS.keys() <= set(FAULTS)
