"""The outbox by state, and causes with the money at stake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pm2xero.outbox.records import StoredDecision, StoredRequest
from pm2xero.report.text import money

ZERO = Decimal("0.00")
STUCK = ("rejected", "unknown", "held", "waiting", "blocked")
WORDS = {
    "rejected": "refused by Xero",
    "unknown": "of which nobody knows whether Xero has them",
    "held": "held by a person",
    "waiting": "not sent yet",
    "blocked": "blocked",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Why documents are stuck: which, their money, and the sentence."""

    state: str
    cause: str
    message: str
    transactions: tuple[str, ...]
    money: Decimal


@dataclass(frozen=True, slots=True)
class Status:
    """Requests by state and decisions by outcome."""

    requests: dict[str, int]
    decisions: dict[str, int]
    stuck: tuple[Cause, ...]

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "requests": self.requests,
            "decisions": self.decisions,
            "stuck": [
                {
                    "state": c.state,
                    "cause": c.cause,
                    "message": c.message,
                    "transactions": list(c.transactions),
                    "money": str(c.money),
                }
                for c in self.stuck
            ],
        }


def gather(requests: Iterable[StoredRequest], decisions: Iterable[StoredDecision]) -> Status:
    """Group what is stuck by its cause; the money of a transaction counts once in a group.

    A document that a rule holds is stuck as well, though it has no requests (of that revision).
    """
    states: Counter[str] = Counter()
    groups: dict[tuple[str, str, str], dict[str, Decimal]] = {}
    for request in requests:
        states[request.state] += 1
        if request.state not in STUCK:
            continue
        if request.state == "blocked":
            key = ("blocked", f"by {request.blocked_by}", "")
        else:
            key = (request.state, request.cause or "", request.message or "")
        groups.setdefault(key, {})[request.transaction] = request.money
    last = {d.id: d for d in decisions}
    for decision in last.values():
        if decision.outcome == "hold":
            first = decision.reasons[0] if decision.reasons else {}
            key = ("waiting", decision.code or "", str(first.get("message", "")))
            groups.setdefault(key, {})[decision.id] = decision.money
    stuck = tuple(
        Cause(*key, tuple(money_by), sum(money_by.values(), ZERO))
        for key, money_by in sorted(groups.items(), key=lambda g: (STUCK.index(g[0][0]), g[0]))
    )
    outcomes = Counter(d.outcome for d in last.values())
    return Status(dict(states), dict(outcomes), stuck)


def print_status(out: Console, status: Status, currency: str) -> None:
    """Two small tables, then the causes."""
    if not status.decisions:
        out.print("the outbox is empty: nothing was pushed yet")
        return
    _table(out, "documents", status.decisions)
    if status.requests:
        out.print()
        _table(out, "requests", status.requests)
    for cause in status.stuck:
        out.print()
        count = len(cause.transactions)
        head = f"{count} {'document' if count == 1 else 'documents'} {WORDS[cause.state]}"
        head += f" {cause.cause}" if cause.state == "blocked" else f" ({cause.cause})"
        amount = f", {money(cause.money)} {currency}" if cause.money else ""
        out.print(Text(head + amount, style="red" if cause.state == "rejected" else "yellow"))
        if cause.message:
            _line(out, cause.message)
        ids = ", ".join(cause.transactions[:12])
        _line(out, f"{ids}{' …' if count > 12 else ''}", "dim")


def _table(out: Console, title: str, counts: dict[str, int]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(title)
    table.add_column("", justify="right")
    for name, count in sorted(counts.items(), key=lambda c: -c[1]):
        table.add_row(name, f"{count:,}")
    out.print(table)


def _line(out: Console, text: str, style: str = "") -> None:
    out.print(Padding(Text(text, style=style), (0, 0, 0, 2), expand=False))
