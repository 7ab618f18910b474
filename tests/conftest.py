from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from pm2xero.outbox.schema import metadata
from pm2xero.pack.cache import Memory
from pm2xero.pipeline import Pipeline
from pm2xero.render.templates import BodyEnvironment, environment
from tests.editor.language_server import PINNED, command
from tests.outbox.postgresql import INSTALLED, binaries
from tests.support.browser import executable
from tests.support.loaded import Firms
from tests.support.memory import write_to_memory
from tests.support.prepared import Engines, Tables

# How long an example takes to make says something of the machine, nothing of the product.
settings.register_profile("suite", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# Before anything asks where temporary files are: a run with workers makes its folder first.
write_to_memory()


def pytest_sessionstart() -> None:
    """What is written to a pipe is as wide as everywhere, whatever the terminal of the tests."""
    os.environ.pop("COLUMNS", None)
    # What is found is found anew, and nothing of the tests is left behind.
    os.environ["PM2XERO_CACHE"] = "off"
    # As the command line has it; a tenth of the suite's time went into walking what has no cycles.
    gc.set_threshold(100_000, 20, 20)
    _share_what_is_read()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long is begun first, so that no worker is left alone with it in the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_sessionfinish() -> None:
    _SHARING.undo()


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_left_in_the_repository() -> Iterator[None]:
    """What a test leaves beside a firm or a pack, another test would take for a part of it."""
    before = _files()
    yield
    assert _files() <= before


def _files() -> set[Path]:
    root = Path(__file__).parents[1]
    return {
        f for name in ("examples", "rules", "mappings", "schema") for f in (root / name).rglob("*")
    }


def pytest_report_header() -> list[str]:
    """Say which databases, language server and browser the tests run with."""
    found = binaries()
    return [
        f"outbox: SQLite and PostgreSQL ({found})" if found else _NO_POSTGRESQL,
        f"editor: yaml-language-server {PINNED}" if command() else _NO_SERVER,
        f"pages: {executable()}" if executable() else _NO_BROWSER,
    ]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it at the end too: a quiet run prints no header."""
    if binaries() is None:
        terminalreporter.write_line(_NO_POSTGRESQL, yellow=True)
    if command() is None:
        terminalreporter.write_line(_NO_SERVER, yellow=True)
    if executable() is None:
        terminalreporter.write_line(_NO_BROWSER, yellow=True)


_NO_POSTGRESQL = f"outbox: SQLite only, PostgreSQL left out (no initdb under {INSTALLED})"
_NO_BROWSER = "pages: tests in a browser left out (needs Chromium; see Makefile)"
_NO_SERVER = "editor: tests with yaml-language-server left out (needs Node and npm; see Makefile)"


class _Reads(dict[tuple[str, str], Any]):
    """What was read; files of the repository's own pack are shared by all tests of a process."""

    def get(self, key: tuple[str, str], default: Any = None) -> Any:
        return super().get(key) or _SHARED.get(key, default)

    def __setitem__(self, key: tuple[str, str], value: Any) -> None:
        if any(Path(key[0]).is_relative_to(folder) for folder in _OWN):
            _SHARED[key] = value
        else:
            super().__setitem__(key, value)


_OWN = tuple(Path(__file__).parents[1] / name for name in ("rules", "mappings"))
_SHARED: dict[tuple[str, str], Any] = {}
_BUILT = Memory()


def _memory() -> Memory:
    """A memory as the regions of one `validate` share it: nothing of the pack is built twice."""
    return Memory(read=_Reads(), _built=_BUILT._built, _alike=_BUILT._alike)


@cache
def _own_environment(folders: tuple[Path, ...]) -> BodyEnvironment:
    return environment(folders)


def _environment(folders: Iterable[Path]) -> BodyEnvironment:
    """The templates of the built-in pack are compiled once, those of a test's own by the test."""
    given = tuple(map(Path, folders))
    is_own = all(any(f.is_relative_to(folder) for folder in _OWN) for f in given)
    return _own_environment(given) if is_own else environment(given)


_SHARING = pytest.MonkeyPatch()


def _share_what_is_read() -> None:
    """Hundreds of tests load the built-in pack, which none changes; some, to be collected."""
    _SHARING.setattr("pm2xero.pack.load.Memory", _memory)
    _SHARING.setattr("pm2xero.validate.run.Memory", _memory)
    _SHARING.setattr("pm2xero.validate.analyser.Memory", _memory)
    _SHARING.setattr("pm2xero.pipeline.Memory", _memory)
    _SHARING.setattr("pm2xero.pipeline.environment", _environment)
    _SHARING.setattr(Pipeline, "load", staticmethod(Firms(Pipeline.load)))
    _SHARING.setattr("pm2xero.outbox.database.create_engine", Engines())
    _SHARING.setattr("pm2xero.outbox.migrations.metadata", Tables(metadata))
