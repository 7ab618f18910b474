"""Firms that share a database: none sees, or changes, what is another one's."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from pm2xero.cli.main import cli
from tests.support.office import Office, firm_of, month

SECOND = "11111111-7c3a-4f1d-9d52-3e6a1c94b7f0"


@pytest.mark.parametrize(
    "command",
    [
        ("status",),
        ("manual-work",),
        ("trust",),
        ("explain", "AU-0011", "--from-outbox"),
        ("hold", "AU-0011", "--reason", "x"),
        ("skip", "AU-0011", "--reason", "x"),
        ("resend", "AU-0011", "--reason", "x"),
        ("skip", "--unreadable", "ab12", "--reason", "x"),
        ("release", "AU-0011", "--reason", "x"),
        ("plan",),
        ("push",),
        ("reconcile",),
    ],
    ids=" ".join,
)
def test_a_copied_file_with_the_id_of_another_firm_is_refused(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    first = Office(tmp_path)
    first.push(month()["AU-0011"])
    before = first.sql("SELECT count(*) FROM human_actions")
    copied = firm_of(tmp_path / "second")
    for file in (copied, copied.parent / "xero.json"):
        said = file.read_text(encoding="utf-8")
        own = said.replace("5b8e0c1e-7c3a-4f1d-9d52-3e6a1c94b7f0", SECOND)
        file.write_text(own, encoding="utf-8")
    second = Office(tmp_path, copied)
    second.sandbox_file = tmp_path / "second.sqlite3"
    # `explain` knows no Xero, and takes no --sandbox.
    places = second.places[:4] if command[0] == "explain" else second.places
    result = CliRunner().invoke(cli, [*command, *places])
    assert result.exit_code == 2
    assert "PU955" in result.stderr, result.output
    assert first.sql("SELECT count(*) FROM human_actions") == before
