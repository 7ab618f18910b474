"""A snapshot without what comparisons go by is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pm2xero.validate.run import validate
from tests.support.office import EXAMPLES


def told(folder: Path, change: Any = None) -> list[str]:
    """What is said of the snapshot of the sample firm when it is changed."""
    for name in ("organisation.yaml", "xero.json"):
        shutil.copy(EXAMPLES / "au" / name, folder / name)
    if change is not None:
        snapshot = json.loads((folder / "xero.json").read_text(encoding="utf-8"))
        change(snapshot)
        (folder / "xero.json").write_text(json.dumps(snapshot), encoding="utf-8")
    found = validate((), (), folder / "organisation.yaml").findings
    said = [f for f in found if f.code == "PX516"]
    assert all(f.severity == "warning" and "pm2xero snapshot" in str(f.should_be) for f in said)
    return [f.message for f in said]


def without_ids(snapshot: dict[str, Any]) -> None:
    for account in snapshot["Accounts"][:7]:
        del account["AccountID"]


def without_class(snapshot: dict[str, Any]) -> None:
    del snapshot["Organisation"]["Class"]


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        (None, []),
        (without_ids, [("the snapshot of Xero lacks the AccountID of 7 of its accounts "
                       "(090, 091, 092, 093, 094 …)")]),
        (without_class, ["the snapshot of Xero lacks the Class of the organisation"]),
    ],
)  # fmt: skip
def test_what_a_snapshot_lacks(tmp_path: Path, change: Any, messages: list[str]) -> None:
    assert told(tmp_path, change) == messages
