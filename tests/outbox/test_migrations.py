from __future__ import annotations

import pytest
from sqlalchemy import Connection, create_engine, insert, inspect, select, text

from pm2xero.errors import OutboxError
from pm2xero.outbox import Outbox
from pm2xero.outbox.migrations import migrate
from pm2xero.outbox.schema import versions

from .documents import AT, Clock, chain, states


def add_note(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE requests ADD COLUMN note VARCHAR(100)"))


def fill_note(connection: Connection) -> None:
    connection.execute(text("UPDATE requests SET note = 'seen ' || id"))


def test_an_old_database_goes_through_every_step_once_and_keeps_its_data(url: str) -> None:
    with Outbox.open(url, "bellbird", Clock()) as outbox:
        chain(outbox)
    engine = create_engine(url)
    steps = {5: add_note, 6: fill_note}
    for _ in range(2):
        with engine.begin() as connection:
            assert migrate(connection, AT, steps) == 6
    with engine.begin() as connection:
        assert connection.scalars(
            select(versions.c.version).order_by(versions.c.version)
        ).all() == [4, 5, 6]
        assert "note" in {c["name"] for c in inspect(connection).get_columns("requests")}
        notes = connection.scalars(text("SELECT note FROM requests ORDER BY id")).all()
        assert notes[0] == "seen B1/invoice"
    engine.dispose()


def test_a_failing_step_leaves_the_version_as_it_was(url: str) -> None:
    def fails(connection: Connection) -> None:
        raise ZeroDivisionError

    Outbox.open(url, "bellbird", Clock()).close()
    engine = create_engine(url)
    with pytest.raises(ZeroDivisionError), engine.begin() as connection:
        migrate(connection, AT, {5: add_note, 6: fails})
    with engine.begin() as connection:
        assert migrate(connection, AT) == 4
    engine.dispose()


def test_a_database_of_a_newer_program_is_left_alone(url: str) -> None:
    with Outbox.open(url, "bellbird", Clock()) as outbox:
        chain(outbox)
        before = states(outbox)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(insert(versions).values(version=99, applied_at=AT))
    with pytest.raises(OutboxError, match="PE102 the outbox has schema 99"):
        Outbox.open(url, "bellbird", Clock())
    with engine.begin() as connection:
        connection.execute(versions.delete().where(versions.c.version == 99))
    engine.dispose()
    with Outbox.open(url, "bellbird", Clock()) as outbox:
        assert states(outbox) == before
