"""A reconciliation as an accountant reads it: the verdict is the last line."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pm2xero.reconcile.live import Compared
from pm2xero.reconcile.result import Group, Reconciliation

ZERO = Decimal("0.00")
VERDICTS = {
    "sent_differs": "the outbox no longer holds what the document makes",
    "changed": "changed in Xero",
    "gone": "voided or deleted in Xero",
    "missing": "not found in Xero",
}


def print_reconciliation(out: Console, result: Reconciliation, currency: str) -> None:
    """Seven sections and the verdict."""
    _accounts(out, result, currency)
    out.print()
    _head(out, "1", "In Practice Management and in Xero, equal")
    out.print(f"  {result.equal.count} documents, {_money(result.equal.money)} {currency}")
    _head(out, "2", "In both, but different")
    _compared(out, result.differing)
    _head(out, "3", "Supported, but not (wholly) in Xero yet")
    _groups(out, result.missing, currency)
    _head(out, "4", "Not supported by rule")
    _groups(out, result.unsupported, currency)
    _head(out, "5", "Sent, but voided, deleted or not found in Xero")
    _compared(out, result.gone)
    _head(out, "6", "Changed by hand in the outbox")
    for note in result.notes or ("none",):
        out.print(f"  {note}")
    _head(out, "7", "Control totals")
    _controls(out, result, currency)
    out.print()
    if result.agrees:
        out.print(Text("agrees: both ledgers are equal to the cent", style="bold green"))
    else:
        out.print(Text("does not agree", style="bold red"))


def _accounts(out: Console, result: Reconciliation, currency: str) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True)
    rounding = any(line.rounding for line in result.accounts)
    totals = [
        sum((line.pm for line in result.accounts), ZERO),
        sum((line.rounding for line in result.accounts), ZERO),
        sum((line.xero for line in result.accounts), ZERO),
    ]
    table.add_column("Trial balance", footer="sum")
    table.add_column("", no_wrap=True, overflow="ellipsis", max_width=32)
    table.add_column(f"PM {currency}", justify="right", footer=_money(totals[0]))
    if rounding:
        table.add_column("tax rounding", justify="right", footer=_money(totals[1]))
    table.add_column(f"Xero {currency}", justify="right", footer=_money(totals[2]))
    table.add_column("difference", justify="right")
    for line in result.accounts:
        cells = [line.code, line.name, _money(line.pm)]
        if rounding:
            cells.append(_money(line.rounding) if line.rounding else "")
        different = Text(_money(line.difference), style="red") if line.difference else Text("")
        table.add_row(*cells, _money(line.xero), different)
    out.print(table)


def _controls(out: Console, result: Reconciliation, currency: str) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("", f"PM {currency}", f"Xero {currency}", "difference"):
        table.add_column(name, justify="left" if not name else "right")
    for control in result.controls:
        different = _money(control.difference) if control.difference else ""
        expected = control.pm + control.rounding
        table.add_row(f"  {control.name}", _money(expected), _money(control.xero), different)
    for matter in result.matters:
        table.add_row(f"    matter {matter.matter}", _money(matter.balance), "", "")
    out.print(table)


def _head(out: Console, number: str, title: str) -> None:
    out.print(Text(f"{number}. {title}", style="bold"))


def _groups(out: Console, groups: Iterable[Group], currency: str) -> None:
    shown = False
    for group in groups:
        shown = True
        ids = ", ".join(group.ids[:6]) + (" …" if len(group.ids) > 6 else "")
        amount = f", {_money(group.money)} {currency}" if group.money else ""
        out.print(f"  {group.count} × {group.cause}{amount}: {ids}", soft_wrap=True)
    if not shown:
        out.print("  none")


def _compared(out: Console, items: Iterable[Compared]) -> None:
    shown = False
    for item in items:
        shown = True
        live = _money(item.live) if item.live is not None else "nothing"
        out.print(
            f"  {item.request}: {VERDICTS[item.verdict]}; the document makes "
            f"{_money(item.document)}, sent was {_money(item.sent)}, Xero has {live}",
            soft_wrap=True,
        )
    if not shown:
        out.print("  none")


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"
