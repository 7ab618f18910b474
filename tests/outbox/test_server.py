"""A PostgreSQL server as it may be: other settings, encodings and orders, and no secret told."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ArgumentError

from pm2xero.errors import OutboxError, UsageError
from pm2xero.outbox import Outbox, database
from pm2xero.outbox.server import address_of, line_options, shown
from pm2xero.outbox.states import RequestState
from pm2xero.target import Target

from .conftest import Open
from .documents import Clock, chain, document
from .postgresql import binaries, created

needs_server = pytest.mark.skipif(binaries() is None, reason="no PostgreSQL is installed")
on_server = pytest.mark.parametrize("url", ["postgresql"] if binaries() else [], indirect=True)
_NUMBERS = itertools.count(1)
SECRET = "hush-5ecret"


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg://pm:{}@127.0.0.1:1/pm",
        "postgresql+psycopg://pm@127.0.0.1:1/pm?password={}",
        "postgresql+psycopg:///?host=127.0.0.1&port=1&user=pm&password={}",
        "postgresql+psycopg://pm@127.0.0.1:1/pm?pasword={}",
        "postgresql+psycopg://pm@127.0.0.1:1/pm?sslpassword={}",
        "postgresql+psycopg://pm@127.0.0.1:{}/pm",
        "postgresql+psycopg://pm:hush@{}@127.0.0.1:1/pm",
        "postgresql+psycopg://pm:{}@[::1/pm",
        "mysql://pm:{}@127.0.0.1/pm",
    ],
)
def test_no_message_about_an_address_holds_a_secret(address: str) -> None:
    with pytest.raises(OutboxError, match="PE108") as caught:
        Outbox.open(address.format(SECRET), "bellbird", Clock())
    told = caught.value.findings[0]
    assert SECRET not in f"{told}"
    assert told.should_be
    assert caught.value.__suppress_context__, "a traceback would print the address"


@pytest.mark.parametrize("words", ["host=db password={}", " User = pm password={}"])
def test_words_of_libpq_are_no_file(words: str, tmp_path: Path) -> None:
    target = Target(tmp_path / "organisation.yaml", None, (), words.format(SECRET), None, None)
    with pytest.raises(UsageError, match="PU907") as caught:
        target.database_url  # noqa: B018  # is worked out
    assert SECRET not in str(caught.value)


def test_of_an_address_what_is_no_secret_is_shown() -> None:
    url = address_of(f"postgres://pm:{SECRET}@db/pm?sslmode=require&options=-c%20x&password=y")
    assert shown(url) == "postgresql+psycopg://pm:***@db/pm?sslmode=require"


@pytest.mark.parametrize("name", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_server_may_be_named_as_its_vendor_does(name: str) -> None:
    assert address_of(f"{name}://db/pm").drivername == "postgresql+psycopg"


def test_a_password_with_an_at_sign_is_told_how_to_be_written() -> None:
    with pytest.raises(ArgumentError, match="%40"):
        address_of("postgresql://pm:a@b@db/pm")
    assert address_of("postgresql://pm:a%40b@db/pm").password == "a@b"


def test_what_an_address_says_of_the_line_stays() -> None:
    url = address_of("postgresql://db/pm?connect_timeout=3")
    assert "connect_timeout" not in line_options(url)
    assert line_options(address_of("postgresql://db/pm"))["connect_timeout"] == 10


@needs_server
@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_every_name_is_refused(postgresql: str, encoding: str) -> None:
    url = created(postgresql, f"server_{next(_NUMBERS)}", encoding=encoding)
    with pytest.raises(OutboxError, match=f"PE131 .* {encoding}"):
        Outbox.open(url, "bellbird", Clock())


@on_server
@pytest.mark.parametrize("reading", [False, True])
def test_each_connection_is_set_as_the_product_needs_it(outbox: Outbox, reading: bool) -> None:
    names = ("synchronous_commit", "TimeZone", "DateStyle", "lock_timeout", "transaction_isolation")
    with outbox._read() if reading else outbox._write() as connection:
        shows = [connection.execute(text(f"SHOW {name}")).scalar_one() for name in names]
    isolation = "repeatable read" if reading else "read committed"
    assert shows == ["on", "UTC", "ISO, DMY", "30s", isolation]


@on_server
def test_a_stronger_durability_stays(outbox: Outbox, url: str) -> None:
    with outbox._write() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = remote_apply"))
    with Outbox.open(url, "bellbird", Clock()) as other, other._read() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "remote_apply"


def test_texts_are_in_one_order_in_every_database(outbox: Outbox) -> None:
    """A server's own order is that of a language: a-1, B-1, é."""
    ids = ["b", "a-1", "B-1", "Z", "é", "a1", "_", "😀", "A"]
    outbox.save_many(document(id) for id in ids)
    with outbox._read() as connection:
        rows = connection.execute(text("SELECT id FROM transactions ORDER BY id")).scalars()
        by_itself = list(rows)
    if "postgresql" in outbox._name:
        assert by_itself != sorted(ids), "the server of this test sorts as Python does"
    assert [d.id for d in outbox.decided_as("post")] == sorted(ids)


def test_counts_by_state_are_in_the_order_of_the_states(outbox: Outbox) -> None:
    chain(outbox)
    first, *_ = outbox.requests()
    outbox.claim([first], Clock()())
    found = list(outbox.tally(tuple(RequestState)))
    assert found == [state for state in RequestState if state in found] and len(found) > 1


def test_numbers_of_contacts_begin_in_their_own_case(outbox: Outbox) -> None:
    for number in ("abc-1", "ABC-2", "abc%3"):
        outbox.save_contact(number, f"x-{number}", "Ada")
    assert set(outbox.contacts_beginning("abc")) == {"abc-1", "abc%3"}
    assert set(outbox.contacts_beginning("abc%")) == {"abc%3"}


@on_server
def test_a_lease_is_taken_by_one_of_many_at_once(open_outbox: Open) -> None:
    """Also where transactions see what was there when they began, by the server's default."""
    outboxes = [open_outbox() for _ in range(6)]
    minute = timedelta(minutes=1)

    def take(n: int) -> bool:
        return outboxes[n].acquire_lease(f"owner {n}", minute)

    with ThreadPoolExecutor(6) as pool:
        for _ in range(5):
            assert sum(pool.map(take, range(6))) == 1
            holder = outboxes[0].lease()
            assert holder is not None
            outboxes[0].release(holder.owner)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    yield


@on_server
def test_another_one_that_never_ends_is_not_waited_for_without_end(
    impatient: None, open_outbox: Open
) -> None:
    outbox, other = open_outbox(), open_outbox()
    with other._write(), pytest.raises(OutboxError, match=r"PE122 .*55P03"):
        outbox.save(*document("T-1"))
    with other._read() as holding:
        holding.execute(text("LOCK TABLE leases"))
        with pytest.raises(OutboxError, match="PE122"):
            outbox.lease()
    outbox.save(*document("T-1"))


@on_server
def test_a_limit_of_the_server_is_told_as_such(outbox: Outbox) -> None:
    with pytest.raises(OutboxError, match=r"PE132 .*57014"), outbox._read() as connection:
        connection.execute(text("SET statement_timeout = 20"))
        connection.execute(text("SELECT pg_sleep(60)"))


@on_server
def test_a_copy_of_a_server_may_be_read(outbox: Outbox, url: str, tmp_path: Path) -> None:
    outbox.save(*document("T-1"))
    with outbox._write() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    with Outbox.open(url, "bellbird", Clock()) as other:
        assert [t.id for t in other.transactions()] == ["T-1"]
        with pytest.raises(OutboxError, match="PE121"):
            other.save(*document("T-2"))
