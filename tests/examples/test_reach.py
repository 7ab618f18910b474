"""Every kind that moves money, in every region: posted it agrees, and entered by hand as told.

What a firm may choose besides is tried in a few regions, which `PM2XERO_REACH` picks as a seed; in
all of them with `PM2XERO_REACH=all`.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.support.office import EXAMPLES, Office

from .bookkeeper import Bookkeeper
from .generated import Month, refusing

REGIONS = sorted(path.parent.name for path in EXAMPLES.glob("*/month.jsonl"))
PICKED = os.environ.get("PM2XERO_REACH", "1")


def firms() -> Iterator[tuple[str, dict[str, str]]]:
    """Regions, each with what a firm of it chooses."""
    yield from ((region, {}) for region in REGIONS)
    for number, choice in enumerate(("one_entry", "allocated_part")):
        picked = REGIONS if PICKED == "all" else [Random(PICKED).sample(REGIONS, 2)[number]]
        yield from ((region, {"overpayments": choice}) for region in picked)


def called(value: str | dict[str, str]) -> str:
    """Part of the name of a test."""
    return value if isinstance(value, str) else value.get("overpayments", "by_hand")


@pytest.mark.parametrize(("region", "settings"), list(firms()), ids=called)
def test_what_is_posted_agrees_and_so_does_what_is_entered_as_told(
    region: str, settings: dict[str, str], tmp_path: Path
) -> None:
    shutil.copytree(EXAMPLES / region, tmp_path, dirs_exist_ok=True)
    organisation = refusing(tmp_path / "organisation.yaml", **settings)
    month = Month(organisation, seed=7)
    month.fill(each=2)
    assert month.lacking() == set()
    # Of each there is one that stays and one that comes back.
    back = {d.get("reversal_of") for d in month.documents}
    if settings:
        assert month.left_over & month.posted & back and month.left_over & month.posted - back
    assert bool(month.in_part) is (settings.get("overpayments") == "allocated_part")
    by_hand = month.by_hand | month.in_part

    office = Office(tmp_path, organisation)
    office.push(*month.documents)
    found = office.reconcile()
    assert set(found["not_in_xero"]["total"]["ids"]) == by_hand
    assert [a for a in found["accounts"] if a["difference"] != "0.00"] == []
    work = json.loads(office.run("manual-work", "--format", "json").stdout)
    assert {item["id"] for item in work} == by_hand

    bookkeeper = Bookkeeper(tmp_path / "xero.json", office.sandbox_file, leaves=())
    assert set(bookkeeper.enter(work)) == by_hand
    office.run("resolve", "--matched", "--yes", "--reason", "entered")
    for item in json.loads(office.run("manual-work", "--format", "json").stdout):
        # Alike in all that Xero knows, or within one account: said one by one.
        for id in bookkeeper.entered(item):
            office.run("resolve", item["id"], "--as-done-in-xero", id, "--reason", "entered")
    found = office.reconcile()
    assert (found["verdict"], found["not_in_xero"]["total"]["ids"]) == ("agrees", []), found
