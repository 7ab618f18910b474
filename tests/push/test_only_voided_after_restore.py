"""A folder that was restored whole, and an export that holds nothing but voided documents."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.push.test_emptied_when_voided import emptied
from tests.push.test_lost_then_changed import MONTH, owners, standing, voided, waiting
from tests.push.test_recover import keys_lapse
from tests.support.office import Doc, Office, month

BEFORE = "AU-0003"


def restore(office: Office, copy: Path) -> None:
    """The folder is as it was; Xero is as it is."""
    for file in office.folder.glob(f"{office.database.name}*"):
        file.unlink()
    for file in copy.iterdir():
        shutil.copy2(file, office.folder / file.name)
    keys_lapse(office)


def copied(office: Office) -> Path:
    copy = office.folder / "copy"
    copy.mkdir()
    for file in office.folder.glob(f"{office.database.name}*"):
        shutil.copy2(file, copy / file.name)
    return copy


@pytest.fixture(scope="session")
def restored_month(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Doc]]:
    """A folder from before nearly all of a month was sent, and each document as it was sent."""
    folder = tmp_path_factory.mktemp("restored")
    office = Office(folder)
    office.push(month()[BEFORE])
    copy = copied(office)
    office.run("push", MONTH)
    rows = office.sql(
        "SELECT DISTINCT t.document FROM transactions t JOIN requests r"
        " ON r.transaction_id = t.id AND r.revision = t.revision"
        " WHERE r.state = 'confirmed' AND r.current AND t.current AND t.id != ?"
        " ORDER BY t.sequence",
        BEFORE,
    )
    restore(office, copy)
    shutil.rmtree(copy)
    return folder, [json.loads(document) for (document,) in rows]


@pytest.fixture
def office(restored_month: tuple[Path, list[Doc]], tmp_path: Path) -> Office:
    shutil.copytree(restored_month[0], tmp_path, dirs_exist_ok=True)
    return Office(tmp_path)


@pytest.fixture
def sent(restored_month: tuple[Path, list[Doc]]) -> list[Doc]:
    return restored_month[1]


def is_noticed(office: Office, *documents: Doc) -> bool:
    lines = "\n".join(json.dumps(document) for document in documents)
    plan = json.loads(office.run("plan", "-", "--format", "json", stdin=lines).stdout)
    return bool(plan["outbox_may_forget"])


def is_reversal_alone(doc: Doc) -> bool:
    """What it took back was forgotten, too: that one is planned as soon as it comes, and found."""
    return bool(doc.get("reversal_of"))


@pytest.mark.parametrize("change", [voided, emptied])
def test_every_document_of_a_month_is_noticed_by_itself(
    office: Office, sent: list[Doc], change: Callable[[Doc], Doc]
) -> None:
    changed = [change(doc) for doc in sent if not is_reversal_alone(doc)]
    # What is emptied of its allocations, too, may be no document any more, which is told.
    readable = [doc for doc in changed if change is voided or doc.get("allocations") != []
                or not doc["kind"].endswith("_allocation")]  # fmt: skip
    assert [doc["id"] for doc in readable if not is_noticed(office, doc)] == []
    assert len(readable) > 50
    for doc in changed:
        if doc not in readable:
            told = office.run("plan", "-", stdin=json.dumps(doc)).stdout
            assert "expected a list with at least one" in told


@pytest.mark.parametrize("change", [voided, emptied])
def test_what_a_forgotten_push_sent_is_taken_back_or_told(
    office: Office, sent: list[Doc], change: Callable[[Doc], Doc]
) -> None:
    before = standing(office)
    told = [office.push(*map(change, sent)) for _ in range(3)]
    after = standing(office)
    assert (set(after) < set(before), told[0].exit_code) == (True, 1)
    linked = dict(office.sql("SELECT xero_id, transaction_id FROM links"))
    known = waiting(office) | {BEFORE}
    left = [doc for doc in after.values() if not owners(doc, linked) & known]
    words = {str(doc.get("Reference") or "").split(" ")[0] for doc in left}
    assert words - {""} <= known
    if change is voided:
        assert left == []
    else:
        assert told[-1].exit_code == 1


@pytest.mark.parametrize("id", ["AU-0016", "AU-0023", "AU-0002"])
@pytest.mark.parametrize("change", [voided, emptied])
def test_one_alone_is_found_and_taken_back_by_the_push_after(
    tmp_path: Path, id: str, change: Callable[[Doc], Doc]
) -> None:
    office = Office(tmp_path)
    office.push(month()[BEFORE])
    copy = copied(office)
    office.push(month()[id])
    there = standing(office)
    restore(office, copy)
    codes = [office.push(change(month()[id])).exit_code for _ in range(3)]
    assert (codes, len(standing(office))) == ([1, 0, 0], len(there) - 1)
    assert office.reconcile()["verdict"] == "agrees"


def test_a_voided_reversal_is_noticed_by_what_it_took_back(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.push(*(month()[id] for id in ("AU-0016", "AU-0047")))
    copy = copied(office)
    office.push(month()["AU-0048"])
    assert [p["Status"] for p in office.in_xero("Payments")] == ["DELETED"]
    restore(office, copy)
    gone = voided(month()["AU-0048"])
    assert is_noticed(office, gone)
    assert [office.push(gone).exit_code for _ in range(3)] == [1, 1, 1]
    assert office.reconcile()["verdict"] != "agrees"


def calls(office: Office, *documents: Doc) -> int:
    found: int = office.report(*documents)["sent"]["calls"]
    return found


def test_an_unknown_voided_document_costs_a_call_for_its_list_and_only_once(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path)
    office.push(month()[BEFORE], month()["AU-0016"])
    bills = [voided(month()[id]) for id in ("AU-0004", "AU-0023", "AU-0024")]
    assert calls(office, month()[BEFORE]) == 0
    assert calls(office, *bills) == 1
    assert calls(office, *bills) == 0
    # What it is on is known, and so are its list and no other.
    assert calls(office, voided(month()["AU-0047"])) == 1
    # What this outbox sent itself is none of it.
    assert office.push(voided(month()["AU-0016"])).exit_code == 0


@pytest.mark.parametrize("id", ["AU-0016", "AU-0006", "AU-0023", "AU-0002"])
def test_what_was_voided_before_it_was_ever_sent_is_passed_over(tmp_path: Path, id: str) -> None:
    office = Office(tmp_path)
    others = [month()[i] for i in (BEFORE, "AU-0016", "AU-0006", "AU-0023", "AU-0002") if i != id]
    office.push(*others)
    for change in (voided, emptied):
        assert not is_noticed(office, change(month()[id]))
    assert office.push(voided(month()[id])).exit_code == 0
