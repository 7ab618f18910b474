from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from pm2xero.outbox import Outbox
from pm2xero.outbox.database import open_engine

from .documents import Clock
from .postgresql import binaries, server

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
    url = create_database(postgresql, "prepared")
    open_engine(url, Clock()).dispose()
    return "prepared"


def create_database(first: str, name: str, like: str = "template1") -> str:
    _administer(first, f"CREATE DATABASE {name} TEMPLATE {like}")
    return make_url(first).set(database=name).render_as_string(hide_password=False)


def _administer(first: str, statement: str) -> None:
    engine = create_engine(first, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


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
    like = "template1"
    if "open_outbox" in request.fixturenames:
        like = request.getfixturevalue("prepared")
    name = f"outbox_{next(_NUMBERS)}"
    yield create_database(first, name, like)
    # Hundreds of databases of some MB each would fill the memory that they are in.
    _administer(first, f"DROP DATABASE {name} WITH (FORCE)")


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
