"""The file beside an outbox: who has it, and what it says of the outbox."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from pm2xero.connection import Connection
from pm2xero.errors import Finding, UsageError
from pm2xero.outbox import Outbox
from pm2xero.outbox.memory import Gap
from pm2xero.push.memory_file import MemoryFile, Trace, begin, end, is_unwritten
from pm2xero.target import Target
from pm2xero.xero.client import Response
from tests.outbox.documents import AT, document

LATER = AT + timedelta(hours=1)


@pytest.fixture
def outbox() -> Iterator[Outbox]:
    with Outbox.open("sqlite://", "bellbird", lambda: AT) as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> MemoryFile:
    return MemoryFile(tmp_path / "outbox.generation")


def yes() -> bool:
    return True


def no() -> bool:
    return False


def never() -> bool:
    raise AssertionError("the file says enough")


def test_a_new_outbox_of_an_empty_organisation_knows_everything(
    outbox: Outbox, file: MemoryFile, tmp_path: Path
) -> None:
    begun = begin(outbox, file, AT, yes)
    assert (begun.number, outbox.gap()) == (1, None)
    path = tmp_path / "outbox.generation"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert file.read(AT) == Trace(1, begun.mark, AT, True)
    end(file, begun, LATER)
    assert file.read(AT) == Trace(1, begun.mark, LATER, False)
    assert begin(outbox, file, LATER, never).number == 2
    assert outbox.gap() is None
    assert len(list(tmp_path.iterdir())) == 1


def test_a_new_outbox_of_an_organisation_that_was_written_to_has_a_gap(
    outbox: Outbox, file: MemoryFile
) -> None:
    begin(outbox, file, AT, no)
    assert outbox.gap() == Gap(AT, None)


@pytest.mark.parametrize("is_open", [True, False])
def test_a_generation_that_the_outbox_has_not_got_is_a_gap(
    outbox: Outbox, file: MemoryFile, is_open: bool
) -> None:
    file.write(Trace(7, "other", AT, is_open))
    assert begin(outbox, file, LATER, never).number == 1
    # Of a push that did not end a call may have left just now.
    assert outbox.gap() == Gap(LATER, LATER if is_open else AT)


def test_the_same_number_under_another_mark_is_another_generation(
    outbox: Outbox, file: MemoryFile
) -> None:
    begun = begin(outbox, file, AT, yes)
    file.write(Trace(begun.number, "of another copy", AT, False))
    begin(outbox, file, LATER, never)
    assert outbox.gap() == Gap(LATER, AT)


def test_a_file_that_is_behind_the_outbox_is_that_of_another_machine(
    outbox: Outbox, file: MemoryFile
) -> None:
    begun = begin(outbox, file, AT, yes)
    outbox.begin_generation("by another machine", AT)
    file.write(begun)
    begin(outbox, file, LATER, never)
    assert outbox.gap() is None


def test_without_the_file_nothing_vouches_for_an_outbox(outbox: Outbox, file: MemoryFile) -> None:
    outbox.save(*document("B1", sequence=1))
    begin(outbox, file, AT, never)
    assert outbox.gap() == Gap(AT, None)


def test_a_file_that_was_deleted_is_missed(
    outbox: Outbox, file: MemoryFile, tmp_path: Path
) -> None:
    begin(outbox, file, AT, yes)
    (tmp_path / "outbox.generation").unlink()
    begin(outbox, file, LATER, never)
    assert outbox.gap() == Gap(LATER, None)


@pytest.mark.parametrize(
    "contents",
    ["", "{", "[]", "null", '{"generation": 1}', "\\xff",
     json.dumps({"generation": 1, "mark": "m", "at": "2026-06-01T09:30:00", "open": False}),
     json.dumps({"generation": "x", "mark": "m", "at": AT.isoformat(), "open": False})],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_taken_for_the_worst(
    outbox: Outbox, file: MemoryFile, tmp_path: Path, contents: str
) -> None:
    (tmp_path / "outbox.generation").write_text(contents, encoding="latin-1")
    begin(outbox, file, AT, never)
    assert outbox.gap() == Gap(AT, AT)
    assert file.read(AT) is not None


def test_a_file_that_cannot_be_written_costs_a_look_and_nothing_else(
    outbox: Outbox, tmp_path: Path
) -> None:
    (tmp_path / "no folder").write_text("")
    file = MemoryFile(tmp_path / "no folder" / "outbox.generation")
    begin(outbox, file, AT, yes)
    begin(outbox, file, LATER, never)
    assert outbox.gap() == Gap(LATER, None)


@pytest.mark.parametrize(
    ("database", "named"),
    [
        (None, "outbox.sqlite3.a%2Fb.generation"),
        ("{}/o.db", "o.db.a%2Fb.generation"),
        ("sqlite:///{}/o.db", "o.db.a%2Fb.generation"),
        ("postgresql+psycopg://x/y", "a%2Fb.generation"),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
    ],
)
def test_the_file_is_beside_the_outbox_or_the_firm(
    tmp_path: Path, database: str | None, named: str | None
) -> None:
    given = database.format(tmp_path) if database else None
    target = Target(tmp_path / "organisation.yaml", None, (), given, None, None)
    expected = tmp_path / named if named else None
    assert target.memory_file("a/b") == expected


@pytest.mark.parametrize(
    ("answer", "is_so"),
    [
        (Response(200, {}, {"Invoices": []}, ""), True),
        (Response(200, {}, {"Invoices": [{}]}, ""), False),
        (Response(200, {}, {"status": "busy"}, ""), False),
        (Response(200, {}, None, ""), False),
        (Response(404, {}, None, ""), False),
        (UsageError(Finding("PU904", "Xero does not show /Invoices")), False),
    ],
)
def test_xero_has_nothing_only_where_it_says_so(
    monkeypatch: pytest.MonkeyPatch, answer: Response | UsageError, is_so: bool
) -> None:
    def ask(self: Connection, path: str, query: Mapping[str, str]) -> Response:
        if isinstance(answer, UsageError):
            raise answer
        return answer

    monkeypatch.setattr(Connection, "ask", ask)
    connection = object.__new__(Connection)
    assert is_unwritten(["Invoices"], connection.get_any) is is_so
