"""What the bookkeeper enters in Xero by hand, to read or as a table."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import IO

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from pm2xero.harmless import in_cell
from pm2xero.reconcile.pm_side import Booked
from pm2xero.report.text import money

COLUMNS = (
    "id", "date", "kind", "number", "participant", "amount", "currency", "journal", "code", "why",
    "what_to_do",
)  # fmt: skip


def print_manual_work(out: Console, work: Sequence[Booked]) -> None:
    """Each document with its journal, why it was not copied, and what to do; then the total."""
    for item in work:
        amount = _amount(item)
        head = f"{item.date.isoformat()}  {item.id}  {item.kind}{amount}"
        out.print(Text(head, style="bold"))
        named = " ".join(x for x in (item.number, item.participant) if x)
        if named:
            _line(out, named)
        for code, name, value in _journal(item):
            _line(out, f"{_side(value):<6} {abs(value):>14,.2f}  {code} {name}".rstrip())
        _line(out, item.message, "dim")
        if item.remedy:
            _line(out, f"→ {item.remedy}")
        out.print()
    totals: dict[str, Decimal] = {}
    for item in work:
        totals[item.currency] = totals.get(item.currency, Decimal("0.00")) + abs(_to_enter(item))
    amounts = "".join(f", {money(sum_)} {name}" for name, sum_ in sorted(totals.items()) if sum_)
    word = "transaction" if len(work) == 1 else "transactions"
    out.print(f"{len(work)} {word} to enter in Xero by hand{amounts}")
    if work:
        out.print("when one is done: pm2xero resolve ID --as-done-in-xero XERO_ID --reason …")


def write_manual_work(stream: IO[str], work: Iterable[Booked]) -> None:
    """The same as CSV; text that a spreadsheet would take for a formula is made harmless."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in work:
        journal = "; ".join(
            f"{_side(v)} {code or name} {abs(v)}" for code, name, v in _journal(item)
        )
        texts = [item.id, item.date.isoformat(), item.kind, item.number, item.participant]
        rest = [item.currency, journal, item.cause, item.message, item.remedy]
        writer.writerow([*map(in_cell, texts), str(_to_enter(item)), *map(in_cell, rest)])


def _to_enter(item: Booked) -> Decimal:
    """The money that is not in Xero yet; of a changed document only the difference."""
    if item.money_in_xero is None:
        return item.money
    return (Decimal("0.00") if item.is_voided else item.money) - item.money_in_xero


def _amount(item: Booked) -> str:
    if item.money_in_xero is not None:
        now = "voided" if item.is_voided else f"{item.money:,.2f}"
        return (
            f"  now {now}, in Xero {item.money_in_xero:,.2f} {item.currency}: "
            f"difference {_to_enter(item):,.2f}"
        )
    return f"  {item.money:,.2f} {item.currency}" if item.money else ""


def _journal(item: Booked) -> list[tuple[str, str, Decimal]]:
    """Code, name and amount by account, in the order of the document; debits are positive.

    Of a document that Xero has in an earlier revision, only what is to be changed.
    """
    sums: dict[tuple[str, str], Decimal] = {}
    for entry, sign in (*((e, 1) for e in item.entries), *((e, -1) for e in item.in_xero)):
        key = (entry.code, entry.title or entry.name)
        sums[key] = sums.get(key, Decimal("0.00")) + sign * entry.amount
    return [(code, name, amount) for (code, name), amount in sums.items() if amount]


def _side(amount: Decimal) -> str:
    return "debit" if amount > 0 else "credit"


def _line(out: Console, text: str, style: str = "") -> None:
    out.print(Padding(Text(text, style=style), (0, 0, 0, 4), expand=False))
