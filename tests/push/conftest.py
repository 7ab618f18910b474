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


@pytest.fixture
def bill() -> Doc:
    return month()["AU-0016"]


@pytest.fixture
def receipt(bill: Doc) -> Doc:
    """5,000.00, of which 4,000.00 is on the bill of 4,672.98."""
    return month()["AU-0038"] | {
        "id": "R-1", "amount": "5000.00", "participant": bill["participant"],
        "allocations": [{"document_id": bill["id"], "amount": "4000.00"}],
    }  # fmt: skip
