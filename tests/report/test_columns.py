from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from pm2xero.report import columns
from pm2xero.report.columns import print_columns
from pm2xero.report.text import console

# A table drops spaces at the end of a line, where nobody sees them.
CELLS = st.text(st.sampled_from("ab 1,.日é\x1b\n[]"), max_size=12).map(
    lambda text: "\n".join(line.strip() for line in text.split("\n"))
)


def printed(heads: list[str], rows: list[list[str]], *, as_table: bool = False) -> str:
    out = io.StringIO()
    on: Console = console(out, colour=False)
    if as_table:
        on.print(columns._folding(heads, rows))
    else:
        print_columns(on, heads, rows)
    return out.getvalue()


@given(
    heads=st.lists(CELLS, min_size=1, max_size=4),
    rows=st.lists(st.lists(CELLS, max_size=4), max_size=6),
)
def test_columns_are_those_of_a_table(heads: list[str], rows: list[list[str]]) -> None:
    cut = [row[: len(heads)] for row in rows]
    assert printed(heads, cut) == printed(heads, cut, as_table=True)


def test_what_is_too_wide_is_folded() -> None:
    rows = [["a name of many words " * 6, "1.00"]]
    assert printed(["", "AUD"], rows) == printed(["", "AUD"], rows, as_table=True)
    assert max(map(len, printed(["", "AUD"], rows).splitlines())) <= 100
