"""What tests share must be what each of them would have made for itself."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pm2xero.errors import OrganisationError
from pm2xero.outbox.database import open_engine
from pm2xero.outbox.schema import metadata
from pm2xero.pipeline import Pipeline
from tests.conftest import pytest_collection_modifyitems
from tests.support.memory import write_to_memory
from tests.support.prepared import Tables

FIRM = Path(__file__).parents[1] / "examples" / "au"


@pytest.fixture
def firm(tmp_path: Path) -> Path:
    shutil.copytree(FIRM, tmp_path / "firm", ignore=shutil.ignore_patterns("*.sqlite3*"))
    pack = tmp_path / "pack" / "rules"
    pack.mkdir(parents=True)
    (pack / "own.yaml").write_text("spec: 1\nrules:\n  - { id: draft, outcome: hold }\n")
    return tmp_path / "firm" / "organisation.yaml"


def outcome(firm: Path) -> str | None:
    pipeline = Pipeline.load(firm, packs=(firm.parents[1] / "pack",))
    return next(r.outcome for r in pipeline.pack.rules if r.id == "draft")


def test_a_firm_is_loaded_once(firm: Path) -> None:
    one, other = Pipeline.load(firm), Pipeline.load(firm)
    assert one.decider is other.decider
    assert one.state is not other.state


def test_a_firm_is_loaded_anew_when_a_byte_of_it_is_another_one(firm: Path) -> None:
    before = Pipeline.load(firm)
    firm.write_text(firm.read_text().replace("name: ", "name: The ", 1))
    assert Pipeline.load(firm).organisation != before.organisation
    firm.write_text("id: [")
    with pytest.raises(OrganisationError):
        Pipeline.load(firm)


def test_a_firm_is_loaded_anew_when_its_pack_is_another_one(firm: Path) -> None:
    rules = firm.parents[1] / "pack" / "rules"
    assert outcome(firm) == "hold"
    (rules / "own.yaml").write_text("spec: 1\nrules:\n  - { id: draft, outcome: reject }\n")
    assert outcome(firm) == "reject"
    (rules / "own.yaml").unlink()
    (rules / "later.yaml").write_text("spec: 1\nrules:\n  - { id: draft, outcome: hold }\n")
    assert outcome(firm) == "hold"


def test_prepared_tables_are_those_of_the_schema(tmp_path: Path) -> None:
    def schema(name: str, tables: object, monkeypatch: pytest.MonkeyPatch) -> list[object]:
        monkeypatch.setattr("pm2xero.outbox.migrations.metadata", tables)
        file = tmp_path / name
        open_engine(f"sqlite:///{file}", lambda: datetime(2026, 6, 1, tzinfo=UTC)).dispose()
        with closing(sqlite3.connect(file)) as connection:
            return connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()

    with pytest.MonkeyPatch.context() as patch:
        made = schema("made.db", metadata, patch)
        tables = Tables(metadata)
        assert schema("first.db", tables, patch) == made
        assert schema("second.db", tables, patch) == made
    assert len(made) > 30


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for one in memory, on a machine where nobody named another."""
    monkeypatch.setattr("tests.support.memory._MEMORY", tmp_path)
    monkeypatch.setenv("TMPDIR", "put back to what it was, or was not")
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr("tempfile.tempdir", tempfile.gettempdir())
    return tmp_path


def test_what_tests_write_stays_in_memory(memory: Path) -> None:
    write_to_memory(least=1)
    assert os.environ["TMPDIR"] == str(memory)
    with tempfile.TemporaryDirectory() as folder:
        assert Path(folder).parent == memory


def test_a_folder_that_somebody_names_stays(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/named")
    write_to_memory(least=1)
    assert os.environ["TMPDIR"] == "/named"


def test_a_small_memory_or_none_is_left_alone(
    memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tempfile.gettempdir()
    write_to_memory(least=2**80)
    monkeypatch.setattr("tests.support.memory._MEMORY", memory / "nowhere")
    write_to_memory(least=1)
    assert "TMPDIR" not in os.environ
    assert tempfile.gettempdir() == before


def test_what_takes_long_is_begun_first_and_the_rest_keeps_its_order() -> None:
    marks = {"one": None, "two": "long", "three": None, "four": "long"}
    items: Any = [
        SimpleNamespace(name=name, get_closest_marker={"long": mark}.get)
        for name, mark in marks.items()
    ]
    pytest_collection_modifyitems(items)
    assert [item.name for item in items] == ["two", "four", "one", "three"]
