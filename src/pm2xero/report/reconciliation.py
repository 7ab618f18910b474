"""A reconciliation as an accountant reads it: the verdict is the last line."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pm2xero.pack.counts import Counts
from pm2xero.reconcile.documents import Compared
from pm2xero.reconcile.missing import Group
from pm2xero.reconcile.opening import OpeningDiffers
from pm2xero.reconcile.result import Control, Reconciliation, TaxRateLine
from pm2xero.reconcile.since import Change
from pm2xero.reconcile.verdict import Verdict
from pm2xero.report.columns import print_columns
from pm2xero.report.trust import print_banks
from pm2xero.sentences import counted

ZERO = Decimal("0.00")
NAME_WIDTH = 32
# Of the code of an account, where there is little room.
CODE_WIDTH = 10
# Columns of a terminal from which on names and heads need no shortening.
WIDE = 100
# How many entries of others are listed, and how many of them the last line names.
SHOWN, NAMED = 20, 3
# Where the money is of what is refused and yet not missing.
COUNTS: dict[str, str] = {
    Counts.IN_OPENING: "in the opening balances",
    Counts.ELSEWHERE: "in Xero by way of another document, or in other books",
    Counts.NOTHING: "moves no money",
}
VERDICTS = {
    "sent_differs": "what was sent is not what the document makes",
    "behind": "a later revision is not in Xero",
    "voided_here": "voided in Practice Management, still in Xero",
    "changed": "edited in Xero",
    "by_hand_otherwise": "entered by hand with other amounts",
    "by_hand_of_another": "entered by hand, but on somebody else",
    "draft": "a draft in Xero: approve it",
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
    _groups(out, result.missing, currency, end=not result.unsettled)
    for doubt in result.unsettled:
        _item(out, f"{doubt.id}: nobody knows whether Xero has it. {doubt.why}")
    _head(out, "4", "Not sent: refused by rule, or left out by a person")
    _groups(out, result.unsupported, currency, end=not (result.left_out or result.unreadable))
    for item in result.left_out:
        _item(out, f"{item.id}, {_money(item.money)} {currency}, left out: {item.why}")
    for trace in result.unreadable:
        named = f"{trace.id or 'a record'} of {trace.place}"
        _item(
            out,
            f"{named} could not be read: {trace.message} (export it again, or dismiss it: "
            f'`pm2xero skip --unreadable {trace.digest[:8]} --reason "…" --org {firm}`)',
        )
    for part in result.not_in_xero.matters:
        _item(
            out,
            f"not in Xero of the trust money in {part.bank}: "
            f"matter {part.matter} {_money(part.amount)} {currency}",
        )
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
    day = result.day
    if result.opening is not None:
        out.print(Text(_opening(result.opening, firm), style="yellow"))
    if result.ahead:
        named = [f"{d.id} of {d.day}" for d in result.ahead]
        word = "document in Xero is" if len(named) == 1 else "documents in Xero are"
        text = f"{len(named)} {word} dated after {day}, so in neither column: {_few(named)}"
        out.print(Text(text, style="yellow"))
    for part in result.since[:SHOWN]:
        amount = f"{_money(part.amount)} {currency}"
        if part.change is Change.TAKEN_BACK:
            did = f"took back {amount} of {part.transaction} in Xero; it stood on {day}"
        else:
            did = f"entered {amount} in Xero with a day up to {day}"
        text = f"since then, {part.by} of {part.day} {did}; that is set aside here"
        out.print(Text(text, style="yellow"))
    if len(result.since) > SHOWN:
        out.print(f"… and {len(result.since) - SHOWN:,} more (--format json has them all)")
    missing = _missing(result, currency)
    match result.verdict:
        case Verdict.AGREES:
            text = f"agrees: both ledgers are equal to the cent as at {day}"
            if result.others:
                others = counted(len(result.others), "entry", "entries")
                text += f", with {others} of others in Xero explained"
            style = "bold green"
        case Verdict.AGREES_FOR_XERO:
            text = f"agrees for what is in Xero as at {day}: {missing}"
            style = "bold yellow"
        case Verdict.DIFFERS:
            text = f"does not agree as at {day}: {'; '.join(_faults(result))}"
            if missing:
                text += f"; besides, {missing}"
            style = "bold red"
    # One line for whoever reads it by a program, however long it is.
    out.print(Text(text, style=style), soft_wrap=not out.is_terminal)


def _missing(result: Reconciliation, currency: str) -> str:
    """What is not in Xero, as the last line says it; empty when all is."""
    total = result.not_in_xero.total
    lost = len(result.unreadable)
    told = [_missing_documents(result, total, currency)] if total.count else []
    if lost:
        told.append(f"{counted(lost, 'record')} could not be read (section 4)")
    if result.unsettled:
        named = _few([doubt.id for doubt in result.unsettled])
        told.append(f"nobody knows whether Xero has {named} (section 3, and `pm2xero status`)")
    return "; ".join(told)


def _missing_documents(result: Reconciliation, total: Group, currency: str) -> str:
    verb = "is" if total.count == 1 else "are"
    sections = [
        number
        for number, groups in (("3", result.missing), ("4", result.unsupported))
        if any(g.counts == Counts.MISSING for g in groups) or (number == "4" and result.left_out)
    ]
    where = " and ".join(sections)
    see = f"section{'s' if len(sections) > 1 else ''} {where}"
    return f"{_documents(total, currency)} {verb} not in Xero ({see})"


def _faults(result: Reconciliation) -> list[str]:
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
        why.append(f"others moved trust money: {_few(moved)} (section 8)")
    if result.doubles:
        twice = [
            f"{e.double_of[0]} ({e.double_of[1]} and {e.xero_id})"
            for e in result.doubles
            if e.double_of
        ]
        why.append(f"twice in Xero: {_few(twice)} (section 8)")
    return why


def _few(named: list[str]) -> str:
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return ", ".join(named[:NAMED]) + more


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


def _others(out: Console, result: Reconciliation, currency: str) -> None:
    for group in result.others_by_endpoint:
        _item(out, f"{group.count} × {group.cause}, {_money(group.money)} {currency}")
    # What decides the verdict is never among those that are left out.
    for entry in sorted(result.others, key=lambda e: not (e.trust or e.double_of))[:SHOWN]:
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
        if entry.double_of is not None:
            id, xero_id = entry.double_of
            text = f"the same as {id}, which is in Xero already ({xero_id}): void one of them"
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
    return f"{counted(group.count, 'document')}, {_sums(group, currency)}"


def _sums(group: Group, currency: str) -> str:
    """The money of a group; amounts of other currencies stand beside it."""
    own = [f"{_money(group.money)} {currency}"] if group.money or not group.foreign else []
    return " and ".join([*own, *(f"{_money(amount)} {name}" for name, amount in group.foreign)])


def _accounts(out: Console, result: Reconciliation, currency: str) -> None:
    lines = result.accounts
    rounding = any(line.rounding for line in lines)
    others = any(line.others for line in lines)
    missing = any(line.missing for line in lines)
    # Nothing is ever cut; where there is little room, heads are shorter, codes and names folded.
    narrow = others or missing or out.width < WIDE
    out.print(Text(f"Trial balances as at {result.day}", style="bold"))
    columns = [(f"PM {currency}", [line.pm for line in lines], True)]
    if missing:
        columns.append(("not there", [-line.missing for line in lines], False))
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
    longest = max((len(code) for code in codes), default=0)
    if out.width < WIDE:
        longest = min(longest, CODE_WIDTH)
    head = "account"
    code_width = max(longest, len(head))
    table.add_column(
        head, footer="sum", overflow="fold", min_width=code_width, max_width=code_width
    )
    name_width = _room(out, columns, code_width) if narrow else NAME_WIDTH
    table.add_column("", overflow="fold", max_width=name_width)
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


def _room(out: Console, columns: list[tuple[str, list[Decimal], bool]], code: int) -> int:
    """What is left of a line for the name of an account, beside code and amounts."""
    widths = [max(map(len, (head, *map(_money, amounts)))) for head, amounts, _ in columns]
    used = code + sum(widths) + len("difference") + len(widths) + 2
    return max(4, min(NAME_WIDTH, out.width - used))


def _controls(out: Console, result: Reconciliation, currency: str) -> None:
    rows: list[list[str]] = []
    others = any(control.others for control in result.controls)
    rounding = any(c.rounding for c in result.controls) or any(t.rounding for t in result.taxes)
    missing = any(c.missing for c in result.controls) or any(m.missing for m in result.matters)
    between = [
        head
        for head, shown in (("not there", missing), ("rounding", rounding), ("others", others))
        if shown
    ]
    heads = [f"PM {currency}", *between, f"Xero {currency}", "difference"]

    def row(
        name: str, told: Decimal, line: Control | TaxRateLine, by_others: Decimal,
        not_there: Decimal = ZERO,
    ) -> None:  # fmt: skip
        cells = [_money(told)]
        if missing:
            cells.append(_money(-not_there) if not_there else "")
        if rounding:
            cells.append(_money(line.rounding) if line.rounding else "")
        if others:
            cells.append(_money(by_others) if by_others else "")
        different = _money(line.difference) if line.difference else ""
        rows.append([name, *cells, _money(line.xero), different])

    for control in result.controls:
        row(f"  {control.name}", control.pm, control, control.others, control.missing)
    if result.taxes:
        rows.append(["  Tax by rate"])
    for line in result.taxes:
        name = f"    {line.name}" + (f" ({line.type})" if line.type != line.name else "")
        row(name, line.pm, line, ZERO)
    if result.matters:
        rows.append(["  Trust ledger by matter"])
    for matter in result.matters:
        not_there = [_money(-matter.missing)] if matter.missing else []
        rows.append([f"    matter {matter.matter}", _money(matter.balance), *not_there])
    print_columns(out, ("", *heads), rows)


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
        amount = f", {_sums(group, currency)}" if group.money or group.foreign else ""
        where = f" ({COUNTS[group.counts]})" if group.counts in COUNTS else ""
        _item(out, f"{group.count} × {group.cause}{amount}{where}: {ids}")
        if group.is_partial:
            _item(out, "  which part is there, and what to do: pm2xero status")
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
