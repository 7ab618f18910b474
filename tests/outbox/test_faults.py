"""What a database refuses is told in our words, never with a value: it may be a client's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text

from pm2xero.errors import OutboxError
from pm2xero.outbox import Outbox, database
from pm2xero.outbox.schema import contacts, human_actions

from .conftest import Open
from .documents import Clock, document

CLIENT = "Ada Byron, Marsh Lane 1"


def add(connection: Connection, number: str = "C-1", name: object = CLIENT) -> None:
    values = {"organisation": "bellbird", "number": number, "xero_id": "x", "name": name}
    connection.execute(insert(contacts).values(values))


@contextmanager
def refused(code: str, name: str = "") -> Iterator[None]:
    with pytest.raises(OutboxError, match=rf"^{code} the outbox .*{name}") as caught:
        yield
    told = caught.value.findings[0]
    assert told.should_be
    assert CLIENT not in f"{told}" and "INSERT" not in told.message
    assert caught.value.__suppress_context__, "a traceback would print the statement"


def statement(outbox: Outbox, sql: str) -> None:
    """Run one statement as the product would, with a client's name among its parameters."""
    with outbox._write() as connection:
        connection.execute(text(sql), {"name": CLIENT})


def test_a_row_that_is_there_twice(outbox: Outbox) -> None:
    def twice() -> None:
        with outbox._write() as connection:
            add(connection)
            add(connection)

    name = "contacts.organisation" if "sqlite" in outbox._name else "contacts_pkey"
    with refused("PE125", rf"\({name}"):
        twice()
    assert not outbox.contacts(), "nothing of the step is kept"


def test_a_value_that_must_not_be_absent(outbox: Outbox) -> None:
    with refused("PE125"), outbox._write() as connection:
        add(connection, name=None)


@pytest.mark.parametrize("odd", ["\ud83d " + CLIENT, CLIENT + "\x00", CLIENT * 500])
def test_a_text_that_a_database_cannot_hold(outbox: Outbox, odd: str) -> None:
    """SQLite takes any length and NUL; neither takes half a character."""
    sqlite = "sqlite" in outbox._name
    if sqlite and "\ud83d" not in odd:
        with outbox._write() as connection:
            add(connection, name=odd)
        assert len(outbox.contacts()) == 1
        return
    with refused("PE124"), outbox._write() as connection:
        add(connection, name=odd)


def test_a_number_that_no_column_holds(outbox: Outbox) -> None:
    with refused("PE124"):
        outbox.save(*document("T-1", revision=2**63))


def test_a_table_that_is_not_there(outbox: Outbox) -> None:
    with refused("PE128"):
        statement(outbox, "INSERT INTO nowhere VALUES (:name)")
    with refused("PE128"):
        statement(outbox, "INSERT INTO contacts (surname) VALUES (:name)")


def test_a_statement_that_is_none(outbox: Outbox) -> None:
    with refused("PE129" if "sqlite" in outbox._name else "PE128"):
        statement(outbox, "INSERT OR ELSE :name")


def test_reading_tells_the_same(outbox: Outbox) -> None:
    with refused("PE128"), outbox._read() as connection:
        connection.execute(text("SELECT :name FROM nowhere"), {"name": CLIENT})


def test_a_fault_of_the_program_stays_one(outbox: Outbox) -> None:
    """A wrong type is no word of the database; its parameters are hidden all the same."""
    values = {"organisation": "bellbird", "at": "yesterday", "who": CLIENT}
    with pytest.raises(Exception, match="AttributeError") as caught, outbox._write() as connection:
        connection.execute(insert(human_actions).values(values))
    assert not isinstance(caught.value, OutboxError)
    assert CLIENT not in str(caught.value)


# What a PostgreSQL server says, raised by the server itself.
@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("53100", "PE120"), ("53300", "PE122"), ("25006", "PE121"), ("55P03", "PE122"),
        ("40001", "PE122"), ("57014", "PE132"), ("25P03", "PE132"), ("57P01", "PE123"),
        ("08006", "PE123"),
        ("22003", "PE124"), ("23514", "PE125"), ("XX001", "PE126"), ("42501", "PE127"),
        ("42P01", "PE128"), ("P0001", "PE129"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_states_of_postgresql(outbox: Outbox, state: str, code: str) -> None:
    with refused(code), outbox._write() as connection:
        connection.exec_driver_sql(
            f"DO $$ BEGIN RAISE EXCEPTION '{CLIENT}' USING ERRCODE = '{state}'; END $$"
        )


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_connection_that_is_cut_off(open_outbox: Open) -> None:
    outbox, other = open_outbox(), open_outbox()

    def cut() -> None:
        with outbox._write() as connection:
            number = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
            with other._read() as killing:
                killing.execute(text("SELECT pg_terminate_backend(:n)"), {"n": number})
            add(connection)

    with refused("PE123"):
        cut()
    outbox.save(*document("T-1"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


def configured(outbox: Outbox, pragma: str) -> None:
    """Every connection from now on has this setting."""

    def configure(connection: Any, _record: Any) -> None:
        connection.execute(pragma)

    event.listen(outbox._engine, "connect", configure)
    outbox._engine.dispose()


def test_a_disk_that_is_full(file: Path) -> None:
    with Outbox.open(f"sqlite:///{file}", "bellbird", Clock()) as outbox:
        configured(outbox, "PRAGMA max_page_count = 1")
        with refused("PE120", "SQLITE_FULL"):
            outbox.save_many(document(f"T-{n}") for n in range(500))
        assert not list(outbox.transactions())


def test_a_file_that_may_only_be_read(file: Path) -> None:
    with Outbox.open(f"sqlite:///{file}", "bellbird", Clock()) as outbox:
        configured(outbox, "PRAGMA query_only = ON")
        with refused("PE121", "SQLITE_READONLY"):
            outbox.save(*document("T-1"))


def test_another_program_that_never_ends(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    url = f"sqlite:///{file}"
    with (
        Outbox.open(url, "bellbird", Clock()) as outbox,
        Outbox.open(url, "bellbird", Clock()) as other,
        other._write() as writing,
    ):
        add(writing)
        with refused("PE122", "SQLITE_BUSY"):
            outbox.save(*document("T-1"))


def test_a_file_that_is_damaged(file: Path) -> None:
    with Outbox.open(f"sqlite:///{file}", "bellbird", Clock()) as outbox:
        outbox.save_many(document(f"T-{n}") for n in range(500))
    whole = bytearray(file.read_bytes())
    middle = len(whole) // 8192 * 4096
    whole[middle:] = b"\xff" * (len(whole) - middle)
    file.write_bytes(whole)

    def look() -> None:
        with Outbox.open(f"sqlite:///{file}", "bellbird", Clock()) as outbox:
            list(outbox.transactions())
            outbox.requests()

    with refused("PE126", "SQLITE_CORRUPT"):
        look()


def test_an_outbox_is_for_its_owner_only(file: Path) -> None:
    with Outbox.open(f"sqlite:///{file}", "bellbird", Clock()) as outbox:
        outbox.save(*document("T-1"))
        made = {p.name: p.stat().st_mode & 0o777 for p in file.parent.iterdir()}
    assert made == {"outbox.db": 0o600, "outbox.db-wal": 0o600, "outbox.db-shm": 0o600}
