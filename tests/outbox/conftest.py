from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pm2xero.outbox import Outbox

from .documents import Clock
from .postgresql import binaries, created, server

DATABASES = ["sqlite", *(["postgresql"] if binaries() else [])]
_NUMBERS = itertools.count(1)

Open = Callable[..., Outbox]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    folder = binaries()
    assert folder is not None
    with server(folder) as url:
        yield url


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of its own for each test."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'outbox.db'}"
    return created(request.getfixturevalue("postgresql"), f"outbox_{next(_NUMBERS)}")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_outbox(url: str, clock: Clock) -> Iterator[Open]:
    """Opens the test's database, as often as wanted."""
    opened: list[Outbox] = []

    def open_(organisation: str = "bellbird", at: Clock = clock) -> Outbox:
        opened.append(Outbox.open(url, organisation, at))
        return opened[-1]

    yield open_
    for outbox in opened:
        outbox.close()


@pytest.fixture
def outbox(open_outbox: Open) -> Outbox:
    return open_outbox()
