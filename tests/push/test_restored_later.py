"""A folder that was restored with its file sends nothing twice, however late that is noticed."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.push.test_lost_then_changed import standing, voided
from tests.push.test_recover import keys_lapse
from tests.support.office import Office, month


def later(office: Office, hours: int) -> None:
    """The last push was so much later, by the clock of this machine, than Xero's documents."""
    (file,) = office.folder.glob("*.generation")
    told = json.loads(file.read_text())
    told["at"] = (datetime.fromisoformat(told["at"]) + timedelta(hours=hours)).isoformat()
    file.write_text(json.dumps(told))


def restored(folder: Path) -> Office:
    """A folder as it was before four documents were sent."""
    office = Office(folder)
    office.push(month()["AU-0003"])
    copy = folder / "copy"
    copy.mkdir()
    for file in folder.glob(f"{office.database.name}*"):
        shutil.copy2(file, copy / file.name)
    office.push(*(month()[id] for id in ("AU-0016", "AU-0006", "AU-0023", "AU-0038")))
    keys_lapse(office)
    for file in folder.glob(f"{office.database.name}*"):
        file.unlink()
    for file in copy.iterdir():
        shutil.copy2(file, folder / file.name)
    return office


@pytest.mark.parametrize("first", [(), ("AU-0017",)])
def test_a_push_of_something_else_in_between_hides_nothing(
    tmp_path: Path, first: tuple[str, ...]
) -> None:
    office = restored(tmp_path)
    before = len(standing(office))
    office.push(*(month()[id] for id in first))
    later(office, 2)
    office.push(*(month()[id] for id in ("AU-0016", "AU-0006", "AU-0023", "AU-0038")))
    assert len(standing(office)) == before + len(first)


def test_a_clock_that_is_fast_hides_nothing(tmp_path: Path) -> None:
    office = restored(tmp_path)
    before = len(standing(office))
    later(office, 5)
    office.push(*(month()[id] for id in ("AU-0016", "AU-0006", "AU-0023", "AU-0038")))
    assert len(standing(office)) == before


@pytest.mark.parametrize("hours", [0, 2])
def test_a_plan_tells_of_a_folder_that_was_restored_whole(tmp_path: Path, hours: int) -> None:
    office = restored(tmp_path)
    later(office, hours)
    given = [month()[id] for id in ("AU-0016", "AU-0006", "AU-0023", "AU-0038")]
    lines = "\n".join(json.dumps(document) for document in given)
    plan = json.loads(office.run("plan", "-", "--format", "json", stdin=lines).stdout)
    assert plan["outbox_may_forget"] is True
    other = json.dumps(month()["AU-0017"])
    plan = json.loads(office.run("plan", "-", "--format", "json", stdin=other).stdout)
    assert plan["outbox_may_forget"] is False


@pytest.mark.parametrize("id", ["AU-0016", "AU-0006", "AU-0023"])
def test_what_was_voided_since_is_looked_for_once_the_copy_is_known_as_one(
    tmp_path: Path, id: str
) -> None:
    """The push that finds it out has passed over what is voided; the next one does not."""
    office = restored(tmp_path)
    others = [month()[i] for i in ("AU-0016", "AU-0006", "AU-0023") if i != id]
    for _ in range(3):
        last = office.push(*others, voided(month()[id]))
    gone = [doc for doc in office.in_xero("Invoices") if doc["Status"] == "VOIDED"]
    # Trust money is taken back by a person alone, who is told.
    assert (len(gone), last.exit_code) == ((0, 1) if id == "AU-0006" else (1, 0))
