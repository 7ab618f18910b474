"""A month gives the same results, to the byte, whichever database keeps the outbox."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.outbox.conftest import postgresql as postgresql
from tests.outbox.postgresql import binaries, created
from tests.support.office import EXAMPLES, Office, firm_of

pytestmark = pytest.mark.skipif(binaries() is None, reason="no PostgreSQL is installed")
MONTH = EXAMPLES / "au" / "month.jsonl"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# When something was done by this test; days of documents stay.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?\+00:00")


def told(office: Office) -> list[str]:
    """What an operator's commands say, without ids and moments that differ from run to run."""
    half = MONTH.read_text(encoding="utf-8").splitlines()[:60]
    outputs = [
        office.run("push", "-", "--format", "json", stdin="\n".join(half)),
        office.run("push", MONTH, "--format", "json"),
        office.run("hold", "AU-0020", "--reason", "Änderung 😀"),
        *(
            office.run(command, "--format", "json")
            for command in ("status", "manual-work", "trust", "reconcile")
        ),
    ]
    return [plain(output.output) for output in outputs]


def plain(text: str) -> str:
    """An output with each id by its place, and without what a clock makes."""
    known: dict[str, str] = {}
    text = _ID.sub(lambda m: known.setdefault(m[0], f"id {len(known)}"), text)
    # Lists of Xero are as long as its moments are.
    return re.sub(r'"bytes": [1-9]\d*', '"bytes": n', _MOMENT.sub("then", text))


def test_a_month_is_the_same_in_both(tmp_path: Path, postgresql: str) -> None:
    offices = []
    for name in ("file", "server"):
        folder = tmp_path / name
        firm = firm_of(folder / "firm")
        offices.append(Office(folder, firm))
    offices[1].database = created(postgresql, "month")  # type: ignore[assignment]  # as --db takes it
    in_file, on_server = (told(office) for office in offices)
    assert in_file == on_server
    assert any('"confirmed": 8' in text for text in in_file), "the month was sent"
