"""A reconciliation as an accountant reads it: the verdict is the last line."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pm2xero.reconcile.documents import Compared
from pm2xero.reconcile.opening import OpeningDiffers
from pm2xero.reconcile.result import Control, Group, Reconciliation, TaxRateLine
from pm2xero.report.trust import print_banks

ZERO = Decimal("0.00")
NAME_WIDTH = 32
# Columns of a terminal from which on names and heads need no shortening.
WIDE = 100
# How many entries of others are listed, and how many of them the last line names.
SHOWN, NAMED = 20, 3
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
    """Trial balances, seven sections (eight with entries of others) and the verdict.

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
    _head(out, "4", "Not sent: refused by rule, or left out by a person")
    _groups(out, result.unsupported, currency, end=not result.left_out)
    for item in result.left_out:
        _item(out, f"{item.id}, {_money(item.money)} {currency}, left out: {item.why}")
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
    if result.others:
        _head(out, "8", "In Xero, entered by others")
        _others(out, result, currency)
    if result.trust is not None:
        _head(out, "9", "Trust money, three ways")
        print_banks(out, result.trust, currency)
    out.print()
    _verdict(out, result, currency, firm)


def _verdict(out: Console, result: Reconciliation, currency: str, firm: str) -> None:
    pending = result.pending
    if result.opening is not None:
        out.print(Text(_opening(result.opening, firm), style="yellow"))
    if result.agrees:
        text = "agrees: both ledgers are equal to the cent"
        if result.others:
            text += f", with {_entries(len(result.others))} of others in Xero explained"
        if pending.count:
            # Both sides count only what is in Xero, so equal ledgers are no whole ones.
            missing = f"{_documents(pending, currency)} not in Xero yet (section 3)"
            text = f"agrees only for what is in Xero: {missing}"
            out.print(Text(text, style="bold yellow"))
            return
        out.print(Text(text, style="bold green"))
        return
    if pending.count:
        text = f"not in Xero yet: {_documents(pending, currency)} (section 3)"
        out.print(Text(text, style="yellow"))
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
    if result.trust is not None and result.trust.is_broken:
        why.append("see section 9")
    if result.trust_moved:
        moved = [f"{e.endpoint} {e.xero_id} of {e.day}" for e in result.trust_moved]
        more = f" and {len(moved) - NAMED} more" if len(moved) > NAMED else ""
        why.append(f"others moved trust money: {', '.join(moved[:NAMED])}{more} (section 8)")
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


def _entries(count: int) -> str:
    return f"{count:,} entry" if count == 1 else f"{count:,} entries"


def _others(out: Console, result: Reconciliation, currency: str) -> None:
    for group in result.others_by_endpoint:
        _item(out, f"{group.count} × {group.cause}, {_money(group.money)} {currency}")
    # What decides the verdict is never among those that are left out.
    for entry in sorted(result.others, key=lambda e: not e.trust)[:SHOWN]:
        booked = ", ".join(f"{code} {_money(a)}" for code, a in sorted(entry.accounts.items()))
        named = f" {entry.what}" if entry.what else ""
        _item(
            out,
            f"{entry.day} {entry.endpoint}{named}, {_money(entry.amount)}: "
            f"{booked or 'nothing that Xero tells'} ({entry.xero_id})",
        )
        if entry.trust:
            text = (
                f"moves trust money ({_some(list(entry.trust), 'account')}) past the trust ledger"
            )
            out.print(Padding(Text(text, style="red"), (0, 0, 0, 6), expand=False))
        if entry.document is not None:
            text = (
                f"books what {entry.document} would; if it is that, say so: `pm2xero resolve "
                f"{entry.document} --as-done-in-xero {entry.xero_id}`"
            )
            out.print(Padding(Text(text, style="cyan"), (0, 0, 0, 6), expand=False))
    if len(result.others) > SHOWN:
        _item(out, f"… and {len(result.others) - SHOWN:,} more (--format json has them all)")


def _some(codes: list[str], word: str) -> str:
    shown = ", ".join(codes[:8]) + (" …" if len(codes) > 8 else "")
    return f"{word} {shown}" if len(codes) == 1 else f"{word}s {shown}"


def _documents(group: Group, currency: str) -> str:
    word = "document" if group.count == 1 else "documents"
    return f"{group.count:,} {word}, {_money(group.money)} {currency}"


def _accounts(out: Console, result: Reconciliation, currency: str) -> None:
    lines = result.accounts
    rounding = any(line.rounding for line in lines)
    others = any(line.others for line in lines)
    # Amounts and codes are never cut; where there is little room, heads and names are shorter.
    narrow = others or out.width < WIDE
    columns = [(f"PM {currency}", [line.pm for line in lines], True)]
    if rounding:
        head = "rounding" if narrow else "tax rounding"
        columns.append((head, [line.rounding for line in lines], False))
    if others:
        columns.append(("others", [line.others for line in lines], False))
    columns.append((f"Xero {currency}", [line.xero for line in lines], True))
    sums = [_money(sum(amounts, ZERO)) for _, amounts, _ in columns]
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True)
    if narrow:
        table.padding = (0, 1, 0, 0)
    codes = [line.code for line in lines]
    least = max((len(code) for code in codes), default=0)
    head = "Trial\nbalance" if narrow else "Trial balance"
    table.add_column(head, footer="sum", no_wrap=True, min_width=least)
    name_width = _room(out, columns, codes) if narrow else NAME_WIDTH
    table.add_column("", no_wrap=True, overflow="ellipsis", max_width=name_width)
    for (head, _, _), footer in zip(columns, sums, strict=True):
        table.add_column(head, justify="right", footer=footer, no_wrap=True)
    table.add_column("difference", justify="right", no_wrap=True)
    for number, line in enumerate(lines):
        cells = [
            _money(amounts[number]) if amounts[number] or shows_zero else ""
            for _, amounts, shows_zero in columns
        ]
        different = Text(_money(line.difference), style="red") if line.difference else Text("")
        table.add_row(line.code, line.name, *cells, different)
    out.print(table)


def _room(out: Console, columns: list[tuple[str, list[Decimal], bool]], codes: list[str]) -> int:
    """What is left of a line for the name of an account, beside amounts that are never cut."""
    widths = [max(len(head), *(len(_money(a)) for a in amounts)) for head, amounts, _ in columns]
    code = max(len("balance"), *(len(c) for c in codes))
    used = code + sum(widths) + len("difference") + len(widths) + 2
    return max(4, min(NAME_WIDTH, out.width - used))


def _controls(out: Console, result: Reconciliation, currency: str) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    others = any(control.others for control in result.controls)
    rounding = any(c.rounding for c in result.controls) or any(t.rounding for t in result.taxes)
    between = [*(["rounding"] if rounding else []), *(["others"] if others else [])]
    heads = [f"PM {currency}", *between, f"Xero {currency}", "difference"]
    for name in ("", *heads):
        table.add_column(name, justify="left" if not name else "right", no_wrap=bool(name))

    def row(name: str, told: Decimal, line: Control | TaxRateLine, by_others: Decimal) -> None:
        cells = [_money(told)]
        if rounding:
            cells.append(_money(line.rounding) if line.rounding else "")
        if others:
            cells.append(_money(by_others) if by_others else "")
        different = _money(line.difference) if line.difference else ""
        table.add_row(name, *cells, _money(line.xero), different)

    for control in result.controls:
        row(f"  {control.name}", control.pm, control, control.others)
    if result.taxes:
        table.add_row("  Tax by rate")
    for line in result.taxes:
        name = f"    {line.name}" + (f" ({line.type})" if line.type != line.name else "")
        row(name, line.pm, line, ZERO)
    if result.matters:
        table.add_row("  Trust ledger by matter")
    for matter in result.matters:
        table.add_row(f"    matter {matter.matter}", _money(matter.balance))
    out.print(table)


def _head(out: Console, number: str, title: str) -> None:
    out.print(Text(f"{number}. {title}", style="bold"))


def _item(out: Console, text: str) -> None:
    out.print(Padding(Text(text), (0, 0, 0, 2), expand=False))


def _groups(
    out: Console, groups: Iterable[Group], currency: str, *, end: bool = True
) -> None:  # fmt: skip
    shown = False
    for group in groups:
        shown = True
        ids = ", ".join(group.ids[:6]) + (" …" if len(group.ids) > 6 else "")
        amount = f", {_money(group.money)} {currency}" if group.money else ""
        _item(out, f"{group.count} × {group.cause}{amount}: {ids}")
    if not shown and end:
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
