"""The outbox by state, and causes with the money at stake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pm2xero.outbox.records import StoredDecision, StoredRequest
from pm2xero.report.text import money

ZERO = Decimal("0.00")
STUCK = ("rejected", "blocked", "unknown", "held")


@dataclass(frozen=True, slots=True)
class Cause:
    """Why requests are stuck: how many transactions, their money, and the sentence."""

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
    """Group what is stuck by its cause; the money of a transaction counts once in a group."""
    states: Counter[str] = Counter()
    groups: dict[tuple[str, str, str], dict[str, Decimal]] = {}
    for request in requests:
        states[request.state] += 1
        if request.state not in STUCK:
            continue
        if request.state == "blocked":
            key = ("blocked", f"blocked by {request.blocked_by}", "")
        else:
            key = (request.state, request.cause or "", request.message or "")
        groups.setdefault(key, {})[request.transaction] = request.money
    last = {d.id: d.outcome for d in decisions}
    stuck = tuple(
        Cause(*key, tuple(money_by), sum(money_by.values(), ZERO))
        for key, money_by in sorted(groups.items(), key=lambda g: (STUCK.index(g[0][0]), g[0]))
    )
    return Status(dict(states), dict(Counter(last.values())), stuck)


def print_status(out: Console, status: Status, currency: str) -> None:
    """Two small tables, then the causes."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("documents")
    table.add_column("", justify="right")
    for outcome, count in status.decisions.items():
        table.add_row(outcome, f"{count:,}")
    out.print(table)
    out.print()
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("requests")
    table.add_column("", justify="right")
    for state, count in status.requests.items():
        table.add_row(state, f"{count:,}")
    out.print(table)
    for cause in status.stuck:
        out.print()
        head = f"{len(cause.transactions)} {cause.state}: {cause.cause}"
        amount = f", {money(cause.money)} {currency}" if cause.money else ""
        out.print(Text(head + amount, style="red" if cause.state == "rejected" else "yellow"))
        if cause.message:
            out.print(f"  {cause.message}")
        ids = ", ".join(cause.transactions[:12])
        out.print(f"  {ids}{' …' if len(cause.transactions) > 12 else ''}", style="dim")
