from __future__ import annotations

import pytest

from tests.editor.language_server import PINNED, command
from tests.outbox.postgresql import INSTALLED, binaries


def pytest_report_header() -> list[str]:
    """Say which databases and which language server the tests run with."""
    found = binaries()
    return [
        f"outbox: SQLite and PostgreSQL ({found})" if found else _NO_POSTGRESQL,
        f"editor: yaml-language-server {PINNED}" if command() else _NO_SERVER,
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it at the end too: a quiet run prints no header."""
    if binaries() is None:
        terminalreporter.write_line(_NO_POSTGRESQL, yellow=True)
    if command() is None:
        terminalreporter.write_line(_NO_SERVER, yellow=True)


_NO_POSTGRESQL = f"outbox: SQLite only, PostgreSQL left out (no initdb under {INSTALLED})"
_NO_SERVER = "editor: tests with yaml-language-server left out (needs Node and npm; see Makefile)"
