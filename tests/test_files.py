"""Files that the product makes: for their owner only, and whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pm2xero.files import (
    make_private_folder,
    reserve_private,
    write_edited,
    write_private,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_handed() -> Iterator[None]:
    """A user whose new files everybody may write."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.parametrize("durable", [True, False])
def test_only_the_owner_may_read_it(tmp_path: Path, durable: bool) -> None:
    file = tmp_path / "plan.json"
    write_private(file, "{}\n", durable=durable)
    assert (file.read_text(), mode(file)) == ("{}\n", 0o600)
    file.chmod(0o644)
    write_private(file, b"[]", durable=durable)
    assert (file.read_text(), mode(file)) == ("[]", 0o600)
    assert [p.name for p in tmp_path.iterdir()] == ["plan.json"]


@pytest.mark.parametrize("step", ["fsync", "fchmod"])
def test_what_fails_half_way_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    file = tmp_path / "locks.json"
    write_private(file, "before")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space"):
        write_private(file, "after")
    assert file.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["locks.json"], "nothing is left lying about"


def test_a_stop_half_way_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    file = tmp_path / "locks.json"
    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        write_private(file, "after")
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "plan.json"
    link.symlink_to(tmp_path / "real" / "plan.json")
    write_private(link, "{}")
    assert link.is_symlink() and (tmp_path / "real" / "plan.json").read_text() == "{}"


def test_a_device_is_written_to_as_it_is() -> None:
    write_private(Path("/dev/null"), "{}")
    assert Path("/dev/null").is_char_device()


def test_a_long_name_and_half_a_character_can_be_written(tmp_path: Path) -> None:
    file = tmp_path / ("n" * 255)
    write_private(file, "Advice \ud83d")
    assert file.read_text() == "Advice ?"


def test_what_people_edit_keeps_its_permissions(tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    write_edited(file, "spec: 1\n")
    assert mode(file) == 0o666, "as any new file of this user"
    file.chmod(0o640)
    write_edited(file, "spec: 2\n")
    assert (file.read_text(), mode(file)) == ("spec: 2\n", 0o640)


def test_a_database_grows_in_a_file_of_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "outbox.sqlite3"
    reserve_private(file)
    assert (file.read_bytes(), mode(file)) == (b"", 0o600)
    file.write_bytes(b"rows")
    reserve_private(file)
    assert file.read_bytes() == b"rows", "what is there is left alone"


def test_a_folder_of_bodies_is_for_its_owner(tmp_path: Path) -> None:
    folder = tmp_path / "out" / "bodies"
    make_private_folder(folder)
    make_private_folder(folder)
    assert mode(folder) == 0o700
