"""Decisions and totals as a person reads them on a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import IO, Any, cast

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from pm2xero.decide.decision import Decision
from pm2xero.decide.totals import OUTCOMES, ZERO, Summary
from pm2xero.harmless import on_terminal
from pm2xero.report.width import is_narrow, piped_width
from pm2xero.sentences import counted

_BLANKS = re.compile(r" +(?=\n)")
STYLES = {"post": "green", "reject": "red", "hold": "yellow", "skip": "dim"}


class _Trimmed:
    """A stream without the blanks with which tables and indents fill up their lines."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(_BLANKS.sub("", text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Harmless(Console):
    """A console on which no text can command the terminal; its own colours stay."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(on_terminal(text), style)


def print_row(out: Console, row: Text, hanging: int = 4) -> None:
    """A row of a list: whole in a log, and folded where the output is narrow.

    Args:
        hanging: how far the second and further lines are indented.
    """
    from rich.padding import Padding

    lines = [row]
    if is_narrow(out.file) and row.cell_len > out.width:
        lines = list(row.wrap(out, out.width - hanging))
    out.print(lines[0], soft_wrap=True)
    for line in lines[1:]:
        out.print(Padding(line, (0, 0, 0, hanging), expand=False), soft_wrap=True)


def console(stream: IO[str], colour: bool) -> Console:
    """A console on a stream; without colour it writes plain text.

    It is as wide as the terminal; when piped, as COLUMNS says, else 100.
    """
    return _Harmless(
        file=stream if colour else cast(IO[str], _Trimmed(stream)),
        no_color=not colour,
        force_terminal=colour,
        highlight=False,
        # A name such as "[/]" or ":smile:" is a name.
        markup=False,
        emoji=False,
        width=None if stream.isatty() else piped_width(),
        legacy_windows=False,
    )


def print_decision(out: Console, decision: Decision) -> None:
    """One decision: a line, then each reason with its remedy and rule."""
    head = Text()
    head.append(f"{decision.outcome:<7}", style=STYLES[decision.outcome])
    head.append(f"{decision.id or '(no id)'}  {decision.kind or '(no kind)'}")
    if decision.mapping:
        head.append(f" → {decision.mapping}", style="dim")
    out.print(head)
    for number, reason in enumerate(decision.reasons):
        _indented(out, reason.message if number == 0 else f"also: {reason.message}")
        if reason.remedy:
            _indented(out, f"→ {reason.remedy}", "cyan")
        by_hand = ", to be entered by hand" if reason.by_hand else ""
        rule = f"{reason.rule}, " if reason.rule and reason.rule != reason.code else ""
        _indented(out, f"[{reason.code}{by_hand}] {rule}{reason.at}", "dim")
    for warning in decision.warnings:
        _indented(out, f"warning: {warning.message}", "yellow")


def print_line(stream: IO[str], colour: bool, line: str) -> None:
    """One sentence, folded to the width of the output."""
    console(stream, colour).print(Text(line, style=STYLES["reject"]))


def _indented(out: Console, text: str, style: str = "") -> None:
    from rich.padding import Padding

    out.print(Padding(Text(text, style=style), (0, 0, 0, 7), expand=False))


def print_summary(
    out: Console, summary: Summary, titles: dict[str, str], currency: str, requests: bool
) -> None:
    """The table by kind and outcome with its totals, warnings, and what is left to people."""
    used = [o for o in OUTCOMES if summary.outcome(o).count]
    kinds = [k for k in titles if any((k, o) in summary.cells for o in used)]
    kinds += sorted({k for k, _ in summary.cells} - set(titles))
    wide = max(map(len, kinds), default=0) + sum(
        len(money(summary.outcome(o).money)) + max(len(o), 5) + 4 for o in used
    )
    out.print(
        _across(summary, kinds, used, currency)
        if wide <= out.width
        else _down(summary, kinds, used, currency)
    )
    if requests:
        out.print(f"{counted(summary.requests, 'request')} to Xero")
    for (code, message), count in summary.warnings.most_common():
        out.print(Text(f"{count} × warning {code}: {message}", style="yellow"))
    if summary.by_hand.count:
        text = f"{summary.by_hand.count} to be entered in Xero by hand"
        amount = money(summary.by_hand.money)
        out.print(f"{text}, {amount} {currency} in all" if amount else text)


def _across(summary: Summary, kinds: list[str], used: list[str], currency: str) -> Table:
    """A row for each kind, two columns for each outcome."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True)
    table.add_column("kind", footer="all", no_wrap=True)
    for outcome in used:
        total = summary.outcome(outcome)
        table.add_column(outcome, justify="right", footer=str(total.count), no_wrap=True)
        table.add_column(currency, justify="right", footer=money(total.money), no_wrap=True)
    for kind in kinds:
        row: list[str] = [kind]
        for outcome in used:
            cell = summary.cells.get((kind, outcome))
            row += [str(cell.count), money(cell.money)] if cell else ["", ""]
        table.add_row(*row)
    return table


def _down(summary: Summary, kinds: list[str], used: list[str], currency: str) -> Table:
    """A row for each kind and outcome, so that no amount is ever cut on a narrow terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("kind", overflow="fold")
    table.add_column("outcome", no_wrap=True)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column(currency, justify="right", no_wrap=True)
    for kind in kinds:
        for outcome in used:
            cell = summary.cells.get((kind, outcome))
            if cell:
                table.add_row(kind, outcome, str(cell.count), money(cell.money))
    for outcome in used:
        total = summary.outcome(outcome)
        table.add_row("all", outcome, str(total.count), money(total.money), style="bold")
    return table


def money(amount: Decimal) -> str:
    """An amount with separators; nothing for zero."""
    return f"{amount:,.2f}" if amount != ZERO else ""
