from __future__ import annotations

from tests.outbox.postgresql import INSTALLED, binaries


def pytest_report_header() -> str:
    """Say which databases the tests of the outbox run on."""
    found = binaries()
    if found is None:
        return f"outbox: SQLite only, PostgreSQL left out (no initdb under {INSTALLED})"
    return f"outbox: SQLite and PostgreSQL ({found})"
