"""Long tables without a frame: a name, and amounts beside it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_GAP = "  "


def print_columns(out: Console, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows below their heads, the first column to the left and all others to the right.

    rich's own table takes a third of a millisecond for each row of thousands, to find out how it
    must fold them; it does so where something has to be folded.

    Args:
        rows: cells as far as there are any, from the left.
    """
    lines = [[*row, *[""] * (len(heads) - len(row))] for row in (heads, *rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    is_plain = all(cell.isprintable() for line in lines for cell in line)
    if not is_plain or sum(widths) + len(_GAP) * (len(widths) - 1) > out.width:
        out.print(_folding(heads, rows))
        return
    head, *texts = (_GAP.join(_padded(line, widths)).rstrip() for line in lines)
    out.print(Text(head, style="bold"), soft_wrap=True)
    if texts:
        out.print(Text("\n".join(texts)), soft_wrap=True)


def _padded(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    blanks = [" " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True)]
    name, *amounts = line
    return [name + blanks[0], *(b + cell for b, cell in zip(blanks[1:], amounts, strict=True))]


def _folding(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left", no_wrap=bool(number))
    for row in rows:
        table.add_row(*row)
    return table
