"""A document that is voided and then posted again stands in Xero once, whenever it is sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.push.test_lost_then_changed import moved, renumbered, standing, voided
from tests.push.test_recover import keys_lapse, lose
from tests.support.office import Doc, Office, month, revised

# One that can be changed once it is in Xero, one that can be made anew, one that never changes.
IDS = ("AU-0016", "AU-0023", "AU-0006")


def back(doc: Doc) -> Doc:
    return revised(doc, status="posted", voided_at=None)


def back_as_another(doc: Doc) -> Doc:
    """Neither its day nor its number tells that it is the one that was voided."""
    return moved(renumbered(back(doc)))


def agrees_or_tells(office: Office) -> bool:
    held = office.sql("SELECT id FROM decisions WHERE latest AND outcome = 'hold'")
    return bool(held) or office.reconcile()["verdict"] == "agrees"


@pytest.mark.parametrize("again", [back, back_as_another])
@pytest.mark.parametrize("id", IDS)
def test_what_is_still_to_be_taken_back_is_not_made_beside_it(
    tmp_path: Path, id: str, again: Callable[[Doc], Doc]
) -> None:
    office = Office(tmp_path)
    office.push(month()[id])
    later = voided(month()[id])
    for _ in range(3):
        assert office.push(later, again(later)).exit_code in (0, 1)
        keys_lapse(office)
    assert len(standing(office)) == 1
    assert agrees_or_tells(office)


@pytest.mark.parametrize("again", [back, back_as_another])
@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("was_sent", [True, False])
@pytest.mark.parametrize("id", IDS)
def test_after_an_outbox_was_lost_it_is_made_once(
    tmp_path: Path, id: str, was_sent: bool, together: bool, again: Callable[[Doc], Doc]
) -> None:
    office = Office(tmp_path)
    office.push(month()["AU-0003"], *([month()[id]] if was_sent else []))
    lose(office, memory=True)
    keys_lapse(office)
    later = voided(month()[id])
    if not together:
        office.push(month()["AU-0003"], later)
        keys_lapse(office)
    for _ in range(3):
        assert office.push(month()["AU-0003"], later, again(later)).exit_code in (0, 1)
        keys_lapse(office)
    assert len(standing(office)) == 2
    assert agrees_or_tells(office)


def test_what_is_refused_after_a_void_is_missing(tmp_path: Path) -> None:
    """Its revision before was taken back, so nothing of it is in Xero."""
    office = Office(tmp_path)
    bill = month()["AU-0016"]
    office.push(bill)
    office.push(revised(bill, status="voided", voided_at="2026-05-30T00:00:00Z"))
    assert office.reconcile()["verdict"] == "agrees"
    assert office.push(bill | {"revision": 3, "currency": "USD"}).exit_code == 1
    found = office.reconcile()
    assert found["verdict"] == "agrees_for_what_is_in_xero"
    listed = json.loads(office.run("manual-work", "--format", "json").stdout)
    assert [item["id"] for item in listed] == [bill["id"]]
