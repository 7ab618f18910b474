"""Packs of an older form are brought forward step by step, and newer ones are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pm2xero.cli.main import cli
from pm2xero.errors import PackError
from pm2xero.pack.migrate import SPEC, STEPS, migrations
from pm2xero.resources import root

OLD = "# kept\nspec: 1        # and this\nrules:\n  - { id: x, result: post }\n"


def write(folder: Path, text: str) -> Path:
    file = folder / "rules" / "own.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_each_step_is_taken_in_turn(tmp_path: Path) -> None:
    file = write(tmp_path, OLD)
    steps = {
        2: lambda text: text.replace("result:", "outcome:"),
        3: lambda text: text.replace("outcome: post", "outcome: posted"),
    }
    (one,) = migrations([tmp_path], steps, 3)
    assert (one.path, one.spec, one.before) == (file, 1, OLD)
    expected = OLD.replace("spec: 1", "spec: 3").replace("result: post", "outcome: posted")
    assert one.after == expected
    file.write_text(one.after, encoding="utf-8")
    assert list(migrations([tmp_path], steps, 3)) == [], "once is enough"


def test_every_form_of_the_past_has_its_step() -> None:
    assert sorted(STEPS) == list(range(2, SPEC + 1))
    assert list(migrations([root() / "rules", root() / "mappings"])) == []


def test_a_newer_form_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    file = write(tmp_path, f"spec: {SPEC + 1}\n")
    with pytest.raises(PackError, match="PX112"):
        list(migrations([tmp_path]))
    result = CliRunner().invoke(cli, ["migrate", str(tmp_path), "--write"])
    assert (result.exit_code, "PX112" in result.stderr) == (2, True)
    assert file.read_text(encoding="utf-8") == f"spec: {SPEC + 1}\n"


def test_the_command_shows_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, "spec: 0\nrules: []\n")
    monkeypatch.setattr(migrations, "__defaults__", ({1: lambda t: t + "# new\n"}, SPEC))
    shown = CliRunner().invoke(cli, ["migrate", str(tmp_path)])
    assert (shown.exit_code, "+# new" in shown.stdout) == (1, True)
    assert CliRunner().invoke(cli, ["migrate", str(tmp_path), "--write"]).exit_code == 0
    assert file.read_text(encoding="utf-8") == f"spec: {SPEC}\nrules: []\n# new\n"
    assert "present form" in CliRunner().invoke(cli, ["migrate", str(tmp_path)]).stdout
