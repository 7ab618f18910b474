"""Names of others command no terminal, no spreadsheet and no page."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from pm2xero.errors import Finding, InputError, Position
from pm2xero.firm.trial_balance import read_trial_balance, trial_balance_csv
from pm2xero.harmless import in_cell, in_markdown, on_terminal, quoted
from pm2xero.read.forms import form_of
from pm2xero.report.findings import format_findings
from pm2xero.report.text import console

# Also what has no width: an id with it would look like another one.
COMMANDS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
OWN_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = "a\x1b[2Jb\x9b31mc\rd\x07\u202ee[/]:smile:"


@given(st.text())
def test_nothing_commands_a_terminal(text: str) -> None:
    shown = on_terminal(text)
    assert not COMMANDS.search(shown)
    assert len(shown) == len(text)
    shown.encode("utf-8")


def test_plain_text_stays_as_it_is() -> None:
    assert on_terminal("Zoë Łukasz 李 – 1,00 €\n\t😀") == "Zoë Łukasz 李 – 1,00 €\n\t😀"


@given(st.text())
def test_no_cell_begins_a_formula(text: str) -> None:
    assert not re.match(r"\s*[=+\-@\t\r]", in_cell(text))


@given(st.text(alphabet="<>&|[]()*`\\\n\r ab"))
def test_no_markup_of_its_own(text: str) -> None:
    shown = in_markdown(text)
    assert "<" not in shown and ">" not in shown and "\n" not in shown
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*\[|]", shown)


@pytest.mark.parametrize("colour", [True, False])
def test_a_console_shows_names_as_they_are(colour: bool) -> None:
    stream = io.StringIO()
    out = console(stream, colour)
    out.print(HOSTILE)
    out.print(Text(HOSTILE, style="red"))
    table = Table(HOSTILE)
    table.add_row(HOSTILE)
    out.print(table)
    written = stream.getvalue()
    assert written.count("[/]:smi") == 4, "neither markup nor a picture"
    assert not COMMANDS.search(OWN_COLOURS.sub("", written))
    assert bool(OWN_COLOURS.search(written)) is colour


@pytest.mark.parametrize("colour", [True, False])
def test_findings_show_names_as_they_are(colour: bool) -> None:
    at = Position(HOSTILE, 1, 1)
    finding = Finding("PI801", HOSTILE, at, HOSTILE, HOSTILE, related=((at, HOSTILE),))
    for source in (None, [HOSTILE, HOSTILE]):
        written = format_findings((finding,), lambda _, s=source: s, colour=colour)
        assert not COMMANDS.search(OWN_COLOURS.sub("", written))


def test_a_trial_balance_reads_back_what_was_made_harmless(tmp_path: Path) -> None:
    balances = {"+Trust": Decimal("1.00"), "'090": Decimal("-2.00"), "=x": Decimal("1.00")}
    text = trial_balance_csv(balances, lambda code: f"={code}")
    for row in csv.reader(io.StringIO(text)):
        assert not any(cell.startswith(("=", "+")) for cell in row)
    file = tmp_path / "opening.csv"
    file.write_text(text, encoding="utf-8")
    assert {r.code: r.amount for r in read_trial_balance(file)} == balances


@given(st.text())
def test_a_quoted_text_has_nothing_that_a_terminal_obeys(text: str) -> None:
    said = quoted(text)
    assert said[0] == said[-1] == '"'
    assert said == on_terminal(said)
    assert "\n" not in said and "\t" not in said


def test_a_delete_character_at_the_beginning_is_not_shown() -> None:
    with pytest.raises(InputError) as raised:
        form_of(b"\x7fzz", "month.jsonl")
    assert "\x7f" not in str(raised.value)
