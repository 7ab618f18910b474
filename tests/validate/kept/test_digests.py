"""A digest of files changes with any byte and any name, and with nothing else."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pm2xero.validate.kept.digests import CannotTellError, digest_of, digest_of_parts, product

NAMES = st.text("abc.", min_size=1, max_size=3).filter(lambda n: set(n) != {"."})
TREES = st.recursive(
    st.binary(max_size=3), lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)


def lay_out(tree: object, at: Path) -> None:
    if isinstance(tree, bytes):
        at.write_bytes(tree)
        return
    assert isinstance(tree, dict)
    at.mkdir()
    for name, inner in tree.items():
        lay_out(inner, at / name)


def of(tree: object) -> str:
    with tempfile.TemporaryDirectory() as folder:
        lay_out(tree, Path(folder) / "it")
        return digest_of(str(Path(folder) / "it"))


@settings(deadline=None)
@given(TREES, TREES)
def test_two_trees_have_one_digest_only_where_they_are_the_same(one: object, two: object) -> None:
    assert (of(one) == of(two)) == (one == two)


@given(st.lists(st.text(max_size=3), max_size=3), st.lists(st.text(max_size=3), max_size=3))
def test_parts_do_not_run_into_each_other(one: list[str], two: list[str]) -> None:
    assert (digest_of_parts(one) == digest_of_parts(two)) == (one == two)


def test_times_do_not_count_and_nothing_is_something(tmp_path: Path) -> None:
    file = tmp_path / "a"
    missing = digest_of(str(file))
    file.write_bytes(b"")
    there = digest_of(str(file))
    os.utime(file, (0, 0))
    assert digest_of(str(file)) == there != missing


def test_a_link_is_what_it_leads_to_and_a_loop_is_not_followed_for_ever(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("1")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "link").symlink_to(tmp_path / "there")
    before = digest_of(str(tmp_path / "pack"))
    (tmp_path / "there").write_text("2")
    assert digest_of(str(tmp_path / "pack")) != before
    (tmp_path / "pack" / "up").symlink_to(tmp_path / "pack")
    with pytest.raises(CannotTellError):
        digest_of(str(tmp_path / "pack"))


def test_no_name_in_a_pack_is_passed_over(tmp_path: Path) -> None:
    """A template may stand in a folder that is called as Python calls its own."""
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "part.j2").write_text("1")
    before = digest_of(str(tmp_path))
    (tmp_path / "__pycache__" / "part.j2").write_text("2")
    assert digest_of(str(tmp_path)) != before


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CannotTellError):
        digest_of(str(tmp_path))


def test_the_product_is_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pm2xero.validate.kept.digests as module

    copy = tmp_path / "pm2xero"
    shutil.copytree(Path(module.__file__).parents[2], copy)
    monkeypatch.setattr(module, "__file__", str(copy / "validate" / "kept" / "digests.py"))
    before = product()
    assert product() == before
    source = copy / "decide" / "decider.py"
    source.write_bytes(source.read_bytes().replace(b"return", b"retrun", 1))
    assert product() != before
