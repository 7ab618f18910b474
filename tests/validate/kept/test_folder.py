"""What is kept is told only if nobody else can have written it, and only if it is whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pm2xero.validate.kept import folder as module
from pm2xero.validate.kept.folder import Folder

NAME = "verdict-1"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    found = Folder(tmp_path / "kept")
    found.write(NAME, {"a": [1, None]})
    return found


def test_it_is_kept_for_its_owner_only(folder: Folder) -> None:
    assert folder.read(NAME) == {"a": [1, None]}
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder.path / NAME).stat().st_mode) == 0o600
    assert [f.name for f in folder.path.iterdir()] == [NAME]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_spoilt_file_is_nothing(folder: Folder, data: st.DataObject) -> None:
    folder.write(NAME, {"told": [], "n": 12})
    file = folder.path / NAME
    raw = file.read_bytes()
    at = data.draw(st.integers(0, len(raw) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda b: b != raw[at]))
    spoilt = data.draw(st.sampled_from([raw[:at], raw[:at] + bytes([other]) + raw[at + 1 :]]))
    file.write_bytes(spoilt)
    assert folder.read(NAME) is None


def test_under_another_name_it_is_nothing(folder: Folder) -> None:
    (folder.path / NAME).rename(folder.path / "verdict-2")
    assert folder.read("verdict-2") is None


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_nothing(folder: Folder, mode: int) -> None:
    (folder.path / NAME).chmod(mode)
    assert folder.read(NAME) is None


def test_a_folder_that_others_may_write_is_neither_read_nor_written(folder: Folder) -> None:
    folder.path.chmod(0o770)
    assert folder.read(NAME) is None
    folder.write("verdict-2", 1)
    assert not (folder.path / "verdict-2").exists()


def test_what_belongs_to_another_user_is_nothing(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.os, "geteuid", lambda: folder.path.stat().st_uid + 1)
    assert folder.read(NAME) is None


def test_a_link_is_not_followed(folder: Folder, tmp_path: Path) -> None:
    (folder.path / NAME).rename(tmp_path / "elsewhere")
    (folder.path / NAME).symlink_to(tmp_path / "elsewhere")
    assert folder.read(NAME) is None


def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = Folder(tmp_path / "file" / "below")
    kept.write(NAME, 1)
    assert kept.read(NAME) is None


def test_the_oldest_go(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    for number in (2, 3):
        os.utime(folder.path / f"verdict-{number - 1}", (number, number))
        folder.write(f"verdict-{number}", number)
    folder.write("other-1", 1)
    assert sorted(f.name for f in folder.path.iterdir()) == ["other-1", "verdict-2", "verdict-3"]


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        ({"HOME": "/h"}, "/h/.cache/pm2xero"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "/x"}, "/x/pm2xero"),
        ({"HOME": "/h", "XDG_CACHE_HOME": "x"}, "/h/.cache/pm2xero"),
        ({"HOME": "/h", "PM2XERO_CACHE": "/c"}, "/c"),
        ({"HOME": "/h", "PM2XERO_CACHE": "off"}, None),
        ({}, None),
    ],
)
def test_where_it_is(environment: dict[str, str], path: str | None) -> None:
    found = Folder.of(environment)
    assert (str(found.path) if found else None) == path
