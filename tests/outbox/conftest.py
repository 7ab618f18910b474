from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pm2xero.outbox import Outbox
from pm2xero.outbox.database import open_engine

from .documents import Clock
from .postgresql import binaries, created, drop, server

DATABASES = ["sqlite", *(["postgresql"] if binaries() else [])]
_NUMBERS = itertools.count(1)

Open = Callable[..., Outbox]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    folder = binaries()
    assert folder is not None
    with server(folder) as url:
        yield url


@pytest.fixture(scope="session")
def prepared(postgresql: str) -> str:
    """The name of a database that has the tables of an outbox and nothing in them."""
    open_engine(created(postgresql, "prepared"), Clock()).dispose()
    return "prepared"


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of its own for each test.

    It is empty; on PostgreSQL, where making tables takes longer than what most tests do with
    them, it has those of an outbox already where the test asks for an outbox that is open.
    """
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'outbox.db'}"
        return
    first: str = request.getfixturevalue("postgresql")
    like = request.getfixturevalue("prepared") if "open_outbox" in request.fixturenames else None
    name = f"outbox_{next(_NUMBERS)}"
    yield created(first, name, like=like)
    # Hundreds of databases of some MB each would fill the memory that they are in.
    drop(first, name)


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
