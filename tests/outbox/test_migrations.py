from __future__ import annotations

import pytest
from sqlalchemy import Connection, create_engine, insert, inspect, select, text

from pm2xero.errors import OutboxError
from pm2xero.outbox import Outbox
from pm2xero.outbox.migrations import migrate, newest
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
    last = newest()
    steps = {last + 1: add_note, last + 2: fill_note}
    for _ in range(2):
        with engine.begin() as connection:
            assert migrate(connection, AT, steps) == last + 2
    with engine.begin() as connection:
        assert connection.scalars(
            select(versions.c.version).order_by(versions.c.version)
        ).all() == [last, last + 1, last + 2]
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
        migrate(connection, AT, {newest() + 1: add_note, newest() + 2: fails})
    with engine.begin() as connection:
        assert migrate(connection, AT) == newest()
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


def test_a_database_of_schema_3_becomes_what_a_new_one_is(url: str) -> None:
    Outbox.open(url, "bellbird", Clock()).close()
    engine = create_engine(url)
    # Whoever adds a step adds what it makes.
    late = ("xero_lists", "xero_objects", "decision_records", "packs", "xero_pins",
            "history_notes")  # fmt: skip

    def shape() -> dict[str, object]:
        found = inspect(engine)
        return {
            name: (
                [(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(name)],
                found.get_pk_constraint(name)["constrained_columns"],
            )
            for name in late
        }

    new = shape()
    with engine.begin() as connection:
        for name in late:
            connection.execute(text(f"DROP TABLE {name}"))
        connection.execute(versions.delete())
        connection.execute(insert(versions).values(version=3, applied_at=AT))
        assert migrate(connection, AT) == newest()
    assert shape() == new
    engine.dispose()
