"""Pairs of documents and entries in Xero, as a person looks at them before they are confirmed."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from pm2xero.reconcile.matching import Matched
from pm2xero.reconcile.pm_side import Booked
from pm2xero.report.text import money


def print_matched(out: Console, found: Matched) -> None:
    """Each pair with the accounts that it books; then what has no entry of its own."""
    for pair in found.pairs:
        out.print(Text(f"{_named(pair.document)} is in Xero:", style="bold"))
        for entry in pair.entries:
            booked = ", ".join(f"{code} {money(a)}" for code, a in sorted(entry.accounts.items()))
            _line(out, f"{entry.day} {entry.endpoint} {entry.what}: {booked} ({entry.xero_id})")
    for item in found.doubtful:
        _line(out, f"{_named(item)}: several entries in Xero may be it; name one with "
                   f"`pm2xero resolve {item.id} --as-done-in-xero XERO_ID`", "yellow")  # fmt: skip
    for item in found.open:
        _line(out, f"{_named(item)}: no entry in Xero is just this", "dim")


def _named(item: Booked) -> str:
    amount = f" {money(item.money)} {item.currency}" if item.money else ""
    return " ".join(
        x for x in (f"{item.date} {item.id} {item.kind}{amount}", item.participant) if x
    )


def _line(out: Console, text: str, style: str = "") -> None:
    out.print(Padding(Text(text, style=style), (0, 0, 0, 2), expand=False))
