"""One language server for all tests of a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .client import LanguageServer
from .language_server import command, running


@pytest.fixture(scope="session")
def server() -> Iterator[LanguageServer]:
    start = command()
    if start is None:
        pytest.skip("yaml-language-server is not installed")
    with running(start) as started:
        yield started
