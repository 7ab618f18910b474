"""A reconciliation as an accountant reads it: the verdict is the last line."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pm2xero.reconcile.live import Compared
from pm2xero.reconcile.opening import OpeningDiffers
from pm2xero.reconcile.result import Group, Reconciliation

ZERO = Decimal("0.00")
VERDICTS = {
    "sent_differs": "what was sent is not what the document makes",
    "behind": "a later revision is not in Xero",
    "voided_here": "voided in Practice Management, still in Xero",
    "changed": "edited in Xero",
    "by_hand_otherwise": "entered by hand with other amounts",
    "gone": "voided or deleted in Xero",
    "missing": "not found in Xero",
}


def print_reconciliation(
    out: Console, result: Reconciliation, currency: str, firm: str = "ORG"
) -> None:
    """Trial balances, seven sections and the verdict.

    Args:
        firm: the organisation file, as a command to run names it.
    """
    _accounts(out, result, currency)
    out.print()
    _head(out, "1", "In Practice Management and in Xero, equal")
    out.print(f"  {_documents(result.equal, currency)}")
    _head(out, "2", "In both, but different")
    _compared(out, result.differing, end=not result.tampered)
    for note in result.tampered:
        _item(out, note)
    _head(out, "3", "Supported, but not (wholly) in Xero yet")
    _groups(out, result.missing, currency)
    _head(out, "4", "Not supported by rule")
    _groups(out, result.unsupported, currency)
    _head(out, "5", "In Xero, but voided in Practice Management")
    _compared(out, result.voided_here)
    _head(out, "6", "Changed by hand in Xero")
    _compared(out, result.changed_there, end=not result.by_hand)
    for made in result.by_hand:
        day = f" on {made.day}" if made.day else ""
        where = f" through account {made.where}" if made.where else ""
        _item(
            out,
            f"{made.transaction}: a {made.what} of {_money(made.amount)} {currency}{day}{where} "
            f"was entered in Xero, not sent from here ({made.xero_id})",
        )
    _head(out, "7", "Control totals")
    _controls(out, result, currency)
    out.print()
    _verdict(out, result, currency, firm)


def _verdict(out: Console, result: Reconciliation, currency: str, firm: str) -> None:
    pending = result.pending
    if pending.count:
        text = f"not in Xero yet: {_documents(pending, currency)} (section 3)"
        out.print(Text(text, style="yellow"))
    if result.opening is not None:
        out.print(Text(_opening(result.opening, firm), style="yellow"))
    if result.agrees:
        out.print(Text("agrees: both ledgers are equal to the cent", style="bold green"))
        return
    accounts = [line.code for line in result.accounts if line.difference]
    why = [f"{_some(accounts, 'account')} differ"] if accounts else []
    for number, found in (
        ("2", (*result.differing, *result.tampered)), ("5", result.voided_here),
        ("6", (*result.changed_there, *result.by_hand)),
    ):  # fmt: skip
        if found:
            why.append(f"see section {number}")
    if result.controls_differ:
        why.append("see section 7")
    out.print(Text(f"does not agree: {'; '.join(why)}", style="bold red"))


def _opening(found: OpeningDiffers, firm: str) -> str:
    if found.declared:
        return (
            f"Xero's own balances of {found.day} are not those of opening.trial_balance "
            f"({_some(list(found.accounts), 'account')}): correct whichever is wrong."
        )
    return (
        f"Xero had balances on {found.day}, before the integration began, and {firm} declares no "
        f"opening.trial_balance: `pm2xero opening --org {firm} --out opening.csv` writes them."
    )


def _some(codes: list[str], word: str) -> str:
    shown = ", ".join(codes[:8]) + (" …" if len(codes) > 8 else "")
    return f"{word} {shown}" if len(codes) == 1 else f"{word}s {shown}"


def _documents(group: Group, currency: str) -> str:
    word = "document" if group.count == 1 else "documents"
    return f"{group.count:,} {word}, {_money(group.money)} {currency}"


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
    table.add_column(f"PM {currency}", justify="right", footer=_money(totals[0]), no_wrap=True)
    if rounding:
        table.add_column("tax rounding", justify="right", footer=_money(totals[1]), no_wrap=True)
    table.add_column(f"Xero {currency}", justify="right", footer=_money(totals[2]), no_wrap=True)
    table.add_column("difference", justify="right", no_wrap=True)
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
    if result.taxes:
        table.add_row("  Tax by rate", "", "", "")
    for line in result.taxes:
        different = _money(line.difference) if line.difference else ""
        told = line.pm + line.rounding
        name = f"    {line.name}" + (f" ({line.type})" if line.type != line.name else "")
        table.add_row(name, _money(told), _money(line.xero), different)
    if result.matters:
        table.add_row("  Trust ledger by matter", "", "", "")
    for matter in result.matters:
        table.add_row(f"    matter {matter.matter}", _money(matter.balance), "", "")
    out.print(table)


def _head(out: Console, number: str, title: str) -> None:
    out.print(Text(f"{number}. {title}", style="bold"))


def _item(out: Console, text: str) -> None:
    out.print(Padding(Text(text), (0, 0, 0, 2), expand=False))


def _groups(out: Console, groups: Iterable[Group], currency: str) -> None:
    shown = False
    for group in groups:
        shown = True
        ids = ", ".join(group.ids[:6]) + (" …" if len(group.ids) > 6 else "")
        amount = f", {_money(group.money)} {currency}" if group.money else ""
        _item(out, f"{group.count} × {group.cause}{amount}: {ids}")
    if not shown:
        out.print("  none")


def _compared(out: Console, items: Iterable[Compared], *, end: bool = True) -> None:
    shown = False
    for item in items:
        shown = True
        live = _money(item.live) if item.live is not None else "nothing"
        _item(
            out,
            f"{item.request} of {item.day}: {VERDICTS[item.verdict]}; "
            f"Practice Management {_money(item.document)}, sent {_money(item.sent)}, Xero {live}",
        )
        for detail in item.details:
            out.print(Padding(Text(detail, style="dim"), (0, 0, 0, 6), expand=False))
    if not shown and end:
        out.print("  none")


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"
