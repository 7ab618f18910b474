from __future__ import annotations

import pytest

from tests.outbox.postgresql import INSTALLED, binaries


def pytest_report_header() -> str:
    """Say which databases the tests of the outbox run on."""
    found = binaries()
    return f"outbox: SQLite and PostgreSQL ({found})" if found else _LEFT_OUT


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it at the end too: a quiet run prints no header."""
    if binaries() is None:
        terminalreporter.write_line(_LEFT_OUT, yellow=True)


_LEFT_OUT = f"outbox: SQLite only, PostgreSQL left out (no initdb under {INSTALLED})"
