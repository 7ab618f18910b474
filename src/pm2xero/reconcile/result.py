"""The reconciliation: seven sections, and one verdict that the exit code follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pm2xero.pack.chart import Chart
from pm2xero.reconcile.books import Booked
from pm2xero.reconcile.live import Compared
from pm2xero.reconcile.trial import AccountLine

ZERO = Decimal("0.00")
CONTROL_ROLES = ("accounts_receivable", "accounts_payable", "sales_tax", "trust_liability")


@dataclass(frozen=True, slots=True)
class Group:
    """Documents that share a cause: how many, their money, and their ids."""

    cause: str
    count: int
    money: Decimal
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Control:
    """A control total on both sides, in currency units."""

    name: str
    pm: Decimal
    xero: Decimal
    rounding: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        """Xero beyond Practice Management, rounding taken into account."""
        return self.xero - self.pm - self.rounding


@dataclass(frozen=True, slots=True)
class MatterBalance:
    """Trust money of one matter by the PM trust ledger."""

    matter: str
    balance: Decimal


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Both ledgers side by side.

    Attributes:
        equal: documents that are in Xero as they are in Practice Management.
        differing: in both, but with other amounts, or with an outbox that was changed.
        missing: supported, not (wholly) in Xero: pending, blocked, held, refused.
        unsupported: rejected by a rule.
        gone: sent, but voided or deleted in Xero, or not found there.
        accounts: the trial balances.
        controls: debtors, creditors, tax, trust.
        matters: the trust ledger by matter.
    """

    equal: Group
    differing: tuple[Compared, ...]
    missing: tuple[Group, ...]
    unsupported: tuple[Group, ...]
    gone: tuple[Compared, ...]
    accounts: tuple[AccountLine, ...]
    controls: tuple[Control, ...]
    matters: tuple[MatterBalance, ...]
    notes: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Every account agrees to the cent, every sent document is in Xero as it was sent."""
        return not (
            self.differing
            or self.gone
            or self.notes
            or any(line.difference for line in self.accounts)
            or any(control.difference for control in self.controls)
        )


def reconcile(
    booked: list[Booked],
    compared: Iterable[Compared],
    accounts: list[AccountLine],
    chart: Chart,
    notes: Iterable[str] = (),
) -> Reconciliation:
    """Put everything that was found into sections."""
    checked = list(compared)
    equal_ids = _equal(booked, checked)
    money = sum((b.money for b in booked if b.id in equal_ids), ZERO)
    matters = _matters(booked)
    return Reconciliation(
        equal=Group("equal", len(equal_ids), money, tuple(sorted(equal_ids))),
        differing=tuple(c for c in checked if c.verdict in ("sent_differs", "changed")),
        missing=_groups(
            b for b in booked if b.standing in ("pending", "partial", "held", "refused")
        ),
        unsupported=_groups(b for b in booked if b.standing == "unsupported"),
        gone=tuple(c for c in checked if c.verdict in ("gone", "missing")),
        accounts=tuple(accounts),
        controls=tuple(_controls(accounts, chart, matters)),
        matters=tuple(matters),
        notes=tuple(notes),
    )


def _equal(booked: list[Booked], checked: list[Compared]) -> set[str]:
    bad = {c.transaction for c in checked if c.verdict != "equal"}
    return {b.id for b in booked if b.standing == "in_xero" and b.id not in bad}


def _groups(booked: Iterable[Booked]) -> tuple[Group, ...]:
    by_cause: dict[str, list[Booked]] = {}
    for item in booked:
        by_cause.setdefault(item.cause or item.standing, []).append(item)
    return tuple(
        Group(
            cause,
            len(items),
            sum((i.money for i in items), ZERO),
            tuple(i.id for i in items),
        )
        for cause, items in sorted(by_cause.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    )


def _matters(booked: list[Booked]) -> list[MatterBalance]:
    balances: dict[str, Decimal] = {}
    for item in booked:
        if item.standing != "in_xero":
            continue
        for entry in item.entries:
            if entry.matter is not None:
                balances[entry.matter] = balances.get(entry.matter, ZERO) - entry.amount
    return [MatterBalance(m, b) for m, b in sorted(balances.items())]


def _controls(
    accounts: list[AccountLine], chart: Chart, matters: list[MatterBalance]
) -> Iterable[Control]:
    by_code: Mapping[str, AccountLine] = {line.code: line for line in accounts}
    for role in CONTROL_ROLES:
        fact = chart.role(role)
        line = by_code.get(fact.code or "")
        if line is not None:
            title = chart.pack.roles[role].title
            yield Control(title, line.pm, line.xero, line.rounding)
            if role == "trust_liability":
                ledger = -sum((m.balance for m in matters), ZERO)
                yield Control("Trust ledger over all matters", ledger, line.xero)
