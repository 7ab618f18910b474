"""A small month that is in Xero whole, copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.office import Office, month

IDS = ("AU-0002", "AU-0003", "AU-0004", "AU-0016", "AU-0017", "AU-0025", "AU-0038", "AU-0083")


@pytest.fixture(scope="session")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pushed")
    docs = month()
    assert Office(folder).push(*(docs[i] for i in IDS)).exit_code == 0
    return folder


@pytest.fixture
def office(pushed: Path, tmp_path: Path) -> Office:
    shutil.copytree(pushed, tmp_path, dirs_exist_ok=True)
    return Office(tmp_path)
