"""An office with an empty outbox and an empty Xero."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.office import Doc, Office, month


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture(scope="session")
def docs() -> dict[str, Doc]:
    return month()
