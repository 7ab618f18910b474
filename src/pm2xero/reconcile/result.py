"""The reconciliation: seven sections, and one verdict that the exit code follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from pm2xero.firm.chart import Chart
from pm2xero.reconcile.documents import Compared
from pm2xero.reconcile.foreign_entries import ByOthers
from pm2xero.reconcile.opening import Opening, OpeningDiffers
from pm2xero.reconcile.payments_there import HandMade
from pm2xero.reconcile.pm_side import Booked
from pm2xero.reconcile.trial_balance import AccountLine
from pm2xero.reconcile.trust_proof import TrustProof

ZERO = Decimal("0.00")
TRUST_LIABILITY = "trust_liability"
CONTROL_ROLES = ("accounts_receivable", "accounts_payable", "sales_tax", TRUST_LIABILITY)


@dataclass(frozen=True, slots=True)
class Group:
    """Documents that share a cause: how many, their money, and their ids."""

    cause: str
    count: int
    money: Decimal
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A document that a person left out for good, and why."""

    id: str
    money: Decimal
    why: str


@dataclass(frozen=True, slots=True)
class Control:
    """A control total on both sides, in currency units."""

    name: str
    pm: Decimal
    xero: Decimal
    rounding: Decimal = ZERO
    others: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        """Xero beyond Practice Management, rounding and the entries of others set aside."""
        return self.xero - self.pm - self.rounding - self.others


@dataclass(frozen=True, slots=True)
class MatterBalance:
    """Trust money of one matter by the PM trust ledger."""

    matter: str
    balance: Decimal


@dataclass(frozen=True, slots=True)
class TaxRateLine:
    """Tax under one Xero tax type on both sides; debits are positive, currency units."""

    type: str
    name: str
    pm: Decimal
    rounding: Decimal
    xero: Decimal

    @property
    def difference(self) -> Decimal:
        """Xero beyond Practice Management, rounding taken into account."""
        return self.xero - self.pm - self.rounding


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Both ledgers side by side.

    Attributes:
        equal: documents that are in Xero as they are in Practice Management.
        differing: in both, but of different revisions, or with an outbox that was changed.
        tampered: documents of the outbox that are not what they were when they were stored.
        missing: supported, not (wholly) in Xero: pending, blocked, held, refused.
        unsupported: rejected by a rule.
        left_out: never to be sent, because a person said so.
        voided_here: in Xero, but taken back in Practice Management.
        changed_there: voided, deleted, edited in Xero, or not found there.
        by_hand: paid or credited in Xero by hand.
        accounts: the trial balances.
        controls: debtors, creditors, tax, trust.
        taxes: tax by rate of all documents that are in Xero.
        matters: the trust ledger by matter.
        others: what others entered in Xero from the day on which the integration began.
        trust: the three-way proof of trust money; None for a firm without a trust bank.
        opening: set when accounts differ and Xero began with other balances than the firm declares.
    """

    equal: Group
    differing: tuple[Compared, ...]
    tampered: tuple[str, ...]
    missing: tuple[Group, ...]
    unsupported: tuple[Group, ...]
    left_out: tuple[LeftOut, ...]
    voided_here: tuple[Compared, ...]
    changed_there: tuple[Compared, ...]
    by_hand: tuple[HandMade, ...]
    accounts: tuple[AccountLine, ...]
    controls: tuple[Control, ...]
    taxes: tuple[TaxRateLine, ...]
    matters: tuple[MatterBalance, ...]
    others: tuple[ByOthers, ...]
    opening: OpeningDiffers | None
    trust: TrustProof | None = None

    @property
    def agrees(self) -> bool:
        """Every account agrees to the cent, every sent document is in Xero as it was sent.

        Entries of others are no fault as long as they leave trust money alone.
        """
        return not (
            self.differing
            or self.tampered
            or self.voided_here
            or self.changed_there
            or self.by_hand
            or self.trust_moved
            or any(line.difference for line in self.accounts)
            or self.controls_differ
            or (self.trust is not None and self.trust.is_broken)
        )

    @property
    def is_complete(self) -> bool:
        """Everything agrees, and nothing that is supported is still missing in Xero."""
        return self.agrees and not self.pending.count

    @property
    def controls_differ(self) -> bool:
        """Whether a control total or the tax of a rate is not the same on both sides."""
        return any(c.difference for c in self.controls) or any(t.difference for t in self.taxes)

    @property
    def trust_moved(self) -> tuple[ByOthers, ...]:
        """Entries of others on trust accounts: trust money must move through PM alone."""
        return tuple(entry for entry in self.others if entry.trust)

    @property
    def others_by_endpoint(self) -> tuple[Group, ...]:
        """How many entries of others there are, and their money, by Xero's name of the list."""
        by_endpoint: dict[str, list[ByOthers]] = {}
        for entry in self.others:
            by_endpoint.setdefault(entry.endpoint, []).append(entry)
        return tuple(
            Group(name, len(found), sum((e.amount for e in found), ZERO),
                  tuple(e.xero_id for e in found))
            for name, found in sorted(by_endpoint.items())
        )  # fmt: skip

    @property
    def pending(self) -> Group:
        """All documents that are supported and not (wholly) in Xero yet."""
        ids = tuple(id for group in self.missing for id in group.ids)
        money = sum((group.money for group in self.missing), ZERO)
        return Group("pending", len(ids), money, ids)

    def as_json(self) -> dict[str, Any]:
        """The reconciliation for machines, with every difference and the verdict."""
        both = {
            name: [asdict(line) | {"difference": line.difference} for line in lines]
            for name, lines in (
                ("accounts", list[Any](self.accounts)),
                ("controls", list[Any](self.controls)),
                ("taxes", list[Any](self.taxes)),
            )
        }
        groups = [asdict(group) for group in self.others_by_endpoint]
        verdict = {"agrees": self.agrees, "complete": self.is_complete}
        trust = {"trust": self.trust.as_json() if self.trust is not None else None}
        return asdict(self) | both | {"others_by_endpoint": groups} | trust | verdict


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found about single documents, before it is put into sections."""

    compared: tuple[Compared, ...]
    by_hand: tuple[HandMade, ...]
    tampered: tuple[str, ...]
    taxes: tuple[TaxRateLine, ...]
    others: tuple[ByOthers, ...]
    opening: OpeningDiffers | None
    trust: TrustProof | None = None


def reconcile(
    booked: list[Booked], accounts: list[AccountLine], chart: Chart, found: Findings,
    opening: Opening,
) -> Reconciliation:  # fmt: skip
    """Put everything that was found into sections."""
    base = chart.organisation.base_currency
    equal_ids = _equal(booked, found)
    money = sum((b.money for b in booked if b.id in equal_ids), ZERO)
    matters = _matters(booked, opening)
    return Reconciliation(
        equal=Group("equal", len(equal_ids), money, tuple(sorted(equal_ids))),
        differing=_with(found.compared, "sent_differs", "behind"),
        tampered=found.tampered,
        missing=_groups(
            (b for b in booked if b.standing in ("pending", "partial", "held", "refused")), base
        ),
        unsupported=_groups((b for b in booked if b.standing == "unsupported"), base),
        left_out=tuple(
            LeftOut(b.id, b.money, b.message)
            for b in booked
            if b.standing == "skipped" and b.requests
        ),
        voided_here=_with(found.compared, "voided_here"),
        changed_there=_with(found.compared, "changed", "gone", "missing", "by_hand_otherwise"),
        by_hand=found.by_hand,
        accounts=tuple(accounts),
        controls=tuple(_controls(accounts, chart, matters, opening)),
        taxes=found.taxes,
        matters=tuple(matters),
        others=found.others,
        opening=found.opening,
        trust=found.trust,
    )


def _with(compared: Iterable[Compared], *verdicts: str) -> tuple[Compared, ...]:
    return tuple(c for c in compared if c.verdict in verdicts)


def _equal(booked: list[Booked], found: Findings) -> set[str]:
    bad = {c.transaction for c in found.compared if c.verdict != "equal"}
    bad |= {h.transaction for h in found.by_hand}
    return {b.id for b in booked if b.standing == "in_xero" and not b.is_behind and b.id not in bad}


def _groups(booked: Iterable[Booked], base: str) -> tuple[Group, ...]:
    """Documents by cause; only money in the base currency can be added up."""
    by_cause: dict[str, list[Booked]] = {}
    for item in booked:
        cause = item.cause or item.standing
        if item.standing == "partial":
            cause = f"partly in Xero, {cause}"
        by_cause.setdefault(cause, []).append(item)
    return tuple(
        Group(
            cause,
            len(items),
            sum((i.money for i in items if i.currency == base), ZERO),
            tuple(i.id for i in items),
        )
        for cause, items in sorted(by_cause.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    )


def _matters(booked: list[Booked], opening: Opening) -> list[MatterBalance]:
    balances = dict(opening.matters or {})
    for item in booked:
        if item.standing != "in_xero":
            continue
        for entry in item.entries:
            if entry.matter is not None:
                balances[entry.matter] = balances.get(entry.matter, ZERO) - entry.amount
    return [MatterBalance(m, b) for m, b in sorted(balances.items())]


def _controls(
    accounts: list[AccountLine], chart: Chart, matters: list[MatterBalance], opening: Opening
) -> Iterable[Control]:
    by_code: Mapping[str, AccountLine] = {line.code: line for line in accounts}
    for role in CONTROL_ROLES:
        fact = chart.role(role)
        line = by_code.get(fact.called)
        if line is not None:
            title = chart.pack.roles[role].title
            yield Control(title, line.pm, line.xero, line.rounding, line.others)
        if role == TRUST_LIABILITY and fact.mapped:
            yield from _trust_controls(fact.called, line, matters, opening)


def _trust_controls(
    account: str, line: AccountLine | None, matters: list[MatterBalance], opening: Opening
) -> Iterable[Control]:
    """What the matters have against the trust liability: today, and when the integration began."""
    ledger = -sum((m.balance for m in matters), ZERO)
    if line is not None or ledger:
        yield Control("Trust ledger over all matters", ledger, line.xero if line else ZERO)
    if opening.matters is not None and opening.balances is not None:
        begun = -sum(opening.matters.values(), ZERO)
        liability = opening.balances.get(account, ZERO)
        yield Control("Trust ledger at the opening", begun, liability)
