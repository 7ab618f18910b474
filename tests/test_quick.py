"""Which tests a quick look runs."""

from __future__ import annotations

from pathlib import Path

from tests.quick import paths_for


def test_a_module_has_the_tests_of_its_name_or_of_its_folder() -> None:
    assert paths_for([Path("src/pm2xero/decide/state.py")]) == ["tests/decide/test_state.py"]
    assert paths_for([Path("src/pm2xero/push/saving.py")]) == ["tests/push"]


def test_what_a_pack_says_is_told_by_the_scenarios() -> None:
    assert paths_for([Path("rules/base/lifecycle.yaml")]) == ["tests/scenarios"]


def test_a_test_is_its_own_and_a_folder_stands_for_its_files() -> None:
    changed = [Path("tests/decide/test_state.py"), Path("src/pm2xero/decide/tree.py")]
    assert paths_for(changed) == ["tests/decide"]
    assert paths_for([Path("README.md"), Path("tests/simulation/test_life.py")]) == []
