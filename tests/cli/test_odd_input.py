"""One odd record costs only itself, whatever it is, with few words and in little time."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.outbox.postgresql import binaries, server
from tests.support.office import Doc, Office, firm_of, month

from .conftest import Run

BILL = "AU-0011"
HOSTILE = "\x1b[2J\x1b]0;x\x07\x9b31m=cmd|'/c calc'!A1[/]<script>alert(1)</script>\u202e"


@pytest.fixture(scope="module")
def bill() -> Doc:
    return month()[BILL]


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


# Each as JSON, since some of it Python could not write by itself.
ODD: dict[str, dict[str, str]] = {
    "kind is a list": {"kind": '["client_bill"]'},
    "kind is an object": {"kind": '{"a": 1}'},
    "kind is long": {"kind": json.dumps("k" * 1_000_000)},
    "revision of 2^63": {"revision": str(2**63)},
    "revision of 2^64": {"revision": str(2**64)},
    "revision of 5,000 digits": {"revision": "9" * 5000},
    "unknown field 200 levels deep": {"extra": json.dumps(deep(200))},
    "unknown field 500 levels deep": {"extra": json.dumps(deep(500))},
    "unknown field 5,000 levels deep": {"extra": "[" * 5000 + "]" * 5000},
    "id of 100 characters": {"id": json.dumps("i" * 100)},
    "id of 200 characters": {"id": json.dumps("i" * 200)},
    "NUL in the id": {"id": json.dumps("a\x00b")},
    "NUL in a text": {"memo": json.dumps("a\x00b")},
    "amount of 5,000 digits": {"amount": json.dumps("9" * 5000)},
    "number of 5,000 digits": {"extra": "9" * 5000},
    "text of 10 MB": {"memo": json.dumps("m" * 10_000_000)},
    "text of 20 MB": {"memo": json.dumps("m" * 20_000_000)},
    "half an emoji": {"memo": '"Advice \\ud83d"'},
    "name of 10,000 characters": {
        "participant": json.dumps({"id": "C", "display_name": "n" * 10_000})
    },
    "number of the contact too long": {
        "participant": json.dumps({"id": "c" * 90_000, "display_name": "n"})
    },
    "hostile names": {
        "participant": json.dumps({"id": "C-9", "display_name": HOSTILE}),
        "extra" + HOSTILE[:20]: "1",
    },
    "hostile kind": {"kind": json.dumps(HOSTILE)},
    "moments at the end of time": {"posted_at": '"9999-12-31T23:59:59-23:59"'},
    "no time at all": {"posted_at": '{"a": [1]}', "created_at": "[]", "date": "7"},
}  # fmt: skip


def line(bill: Doc, changes: dict[str, str]) -> str:
    """A bill as JSON with some values given as they are to stand."""
    parts = {k: json.dumps(v) for k, v in bill.items()} | changes
    return "{" + ", ".join(f"{json.dumps(k)}: {v}" for k, v in parts.items()) + "}"


@pytest.mark.parametrize("as_array", [False, True], ids=["lines", "array"])
@pytest.mark.parametrize("odd", ODD)
def test_an_odd_record_costs_only_itself(
    tmp_path: Path, bill: Doc, odd: str, as_array: bool
) -> None:
    office = Office(tmp_path)
    good = [bill | {"id": f"G-{n}", "number": f"G-{n}"} for n in (1, 2)]
    records = [json.dumps(good[0]), line(bill, ODD[odd]), json.dumps(good[1])]
    file = tmp_path / "month.json"
    file.write_text(f"[{', '.join(records)}]" if as_array else "\n".join(records), encoding="utf-8")
    began = time.process_time()
    pushed = office.run("push", file)
    assert time.process_time() - began < 20
    assert pushed.exit_code in (0, 1), pushed.stderr
    assert len(pushed.output) < 6000
    known = office.run("push", file)
    assert known.exit_code in (0, 1)
    states = json.loads(office.run("status", "--format", "json").stdout)
    assert states["requests"].get("confirmed", 0) >= 2
    for text in (pushed.output, known.output):
        assert not [c for c in text if (c < " " and c != "\n") or "\x7f" <= c <= "\x9f"]


def test_a_million_lines_cost_one_record(tmp_path: Path, run: Run, firm: Path, bill: Doc) -> None:
    one = json.dumps(bill["lines"][0])
    lines = ", ".join([one] * 1_000_000)
    file = tmp_path / "month.jsonl"
    good = json.dumps(bill | {"id": "G-1"})
    file.write_text(f"{line(bill, {'lines': f'[{lines}]'})}\n{good}\n", encoding="utf-8")
    began = time.process_time()
    result = run("decide", file, "--org", firm, "--all")
    assert time.process_time() - began < 20
    assert result.exit_code == 1
    assert "larger than 16 MB" in result.stdout and "post   G-1" in result.stdout


@pytest.mark.parametrize("command", ["decide", "render", "plan"])
@pytest.mark.parametrize("content", [b"id,kind\n1,client_bill\n" * 1000, b"\x1f\x8b\x08" * 99])
def test_an_input_that_is_something_else_is_told_once(
    tmp_path: Path, run: Run, firm: Path, command: str, content: bytes
) -> None:
    file = tmp_path / "month.csv"
    file.write_bytes(content)
    result = run(command, file, "--org", firm)
    assert result.exit_code == 2 and "PI807" in result.stderr
    assert result.stdout == "" and len(result.stderr.splitlines()) < 10


def test_hostile_names_reach_no_terminal_table_or_page(
    tmp_path: Path, run: Run, firm: Path, bill: Doc
) -> None:
    name = {"id": "C-9", "display_name": HOSTILE}
    office = Office(tmp_path)
    transfer = month()["AU-0086"] | {"participant": name, "number": HOSTILE, "memo": HOSTILE}
    wrong = bill | {"kind": HOSTILE, "id": "W-1"}
    file = tmp_path / "month.jsonl"
    file.write_text("\n".join(map(json.dumps, (bill | {"participant": name}, transfer, wrong))))
    texts = [
        run("decide", file, "--org", firm, "--all").output,
        run("explain", BILL, file, "--org", firm).output,
        run("why-not", "client_bill", BILL, file, "--org", firm).output,
        office.run("push", file).output,
        office.run("status").output,
        office.run("manual-work").output,
        office.run("reconcile").output,
        office.run("hold", BILL, "--reason", HOSTILE, "--who", HOSTILE).output,
        office.run("status").output,
    ]
    assert any("script" in t for t in texts), "the name is told, without its teeth"
    for text in texts:
        assert not [
            c for c in text if (c < " " and c != "\n") or "\x7f" <= c <= "\x9f" or c == "\u202e"
        ]
    table = office.run("manual-work", "--format", "csv").stdout
    assert "=cmd" in table
    for row in table.splitlines()[1:]:
        assert not any(cell.startswith("=") for cell in row.split(","))


LONG: dict[str, dict[str, str]] = {
    "currency": {"currency": json.dumps("A" * 150)},
    "matter": {"matter": json.dumps({"id": "m" * 50_000})},
    "contact": {"participant": json.dumps({"id": "c" * 50_000, "display_name": "n" * 50_000})},
    "number": {"number": json.dumps("9" * 50_000), "reference": json.dumps("r" * 50_000)},
    "division": {"division": json.dumps({"id": "d" * 200, "name": "d" * 50_000})},
}


@pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed (the header says so)")
def test_postgresql_holds_whatever_is_taken(tmp_path: Path, bill: Doc) -> None:
    """Its columns have lengths, and one value too long would take the whole batch with it."""
    folder = binaries()
    assert folder is not None
    # What a server's outbox was is remembered beside the firm.
    office = Office(tmp_path, firm_of(tmp_path / "firm"))
    odd = [
        line(bill | {"id": f"O-{n}"}, changes)
        for n, changes in enumerate([*ODD.values(), *LONG.values()])
    ]
    good = [json.dumps(bill | {"id": f"G-{n}", "number": f"G-{n}"}) for n in (1, 2)]
    file = tmp_path / "month.jsonl"
    file.write_text("\n".join([good[0], *odd, good[1]]), encoding="utf-8")
    with server(folder) as url:
        office.database = url  # type: ignore[assignment]  # an address is text
        pushed = office.run("push", file)
        assert pushed.exit_code == 1, pushed.output
        states = json.loads(office.run("status", "--format", "json").stdout)
    assert states["requests"].get("confirmed", 0) >= 2
