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


@pytest.mark.parametrize("change", [voided, emptied])
def test_every_document_of_a_month_is_noticed_by_itself(
    office: Office, sent: list[Doc], change: Callable[[Doc], Doc]
) -> None:
    missed = [doc["id"] + doc["kind"] for doc in sent if not is_noticed(office, change(doc))]
    print(missed)
    assert missed == []
    assert len(sent) > 50
