"""The reconciliation: seven sections, and one verdict that the exit code follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from pm2xero.firm.chart import Chart
from pm2xero.outbox.past_records import Unreadable
from pm2xero.reconcile.documents import Compared
from pm2xero.reconcile.foreign_entries import ByOthers
from pm2xero.reconcile.missing import Group, Missing, groups_of, is_missing
from pm2xero.reconcile.opening import Opening, OpeningDiffers
from pm2xero.reconcile.payments_there import HandMade
from pm2xero.reconcile.pm_side import Booked
from pm2xero.reconcile.since import Since
from pm2xero.reconcile.trial_balance import AccountLine
from pm2xero.reconcile.trust_proof import TrustProof
from pm2xero.reconcile.unsettled import Unsettled
from pm2xero.reconcile.verdict import Verdict

ZERO = Decimal("0.00")
TRUST_LIABILITY = "trust_liability"
CONTROL_ROLES = ("accounts_receivable", "accounts_payable", "sales_tax", TRUST_LIABILITY)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A document that a person left out for good, and why."""

    id: str
    money: Decimal
    why: str


@dataclass(frozen=True, slots=True)
class DatedAhead:
    """A document in Xero whose date lies after the day of the trial balances."""

    id: str
    day: date


@dataclass(frozen=True, slots=True)
class Control:
    """A control total on both sides, in currency units."""

    name: str
    pm: Decimal
    xero: Decimal
    rounding: Decimal = ZERO
    others: Decimal = ZERO
    missing: Decimal = ZERO

    @property
    def difference(self) -> Decimal:
        """Xero beyond Practice Management; what is set aside as told is no difference."""
        return self.xero - (self.pm - self.missing) - self.rounding - self.others


@dataclass(frozen=True, slots=True)
class MatterBalance:
    """Trust money of one matter by the PM trust ledger, and what of it is not in Xero."""

    matter: str
    balance: Decimal
    missing: Decimal = ZERO


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
        day: of both trial balances.
        equal: documents that are in Xero as they are in Practice Management.
        differing: in both, but of different revisions, or with an outbox that was changed.
        tampered: documents of the outbox that are not what they were when they were stored.
        missing: supported, not (wholly) in Xero: pending, blocked, held, refused.
        unsupported: rejected by a rule, or left over by one that posts the rest.
        left_out: never to be sent, because a person said so.
        not_in_xero: what of all these three is booked and not in Xero.
        unsettled: documents of which nobody knows whether Xero has them, though nothing of them is
            to be there any more.
        unreadable: records of exports that were no documents; what they moved is not known.
        ahead: documents in Xero that are dated after the day.
        voided_here: in Xero, but taken back in Practice Management.
        changed_there: voided, deleted, edited in Xero, or not found there.
        by_hand: paid or credited in Xero by hand.
        accounts: the trial balances.
        controls: debtors, creditors, tax, trust.
        taxes: tax by rate of all documents that are in Xero.
        matters: the trust ledger by matter.
        others: what others entered in Xero from the day on which the integration began.
        trust: the three-way proof of trust money; None for a firm without a trust bank.
        since: what documents dated later took out of Xero's books of the day, or put there.
        opening: set when accounts differ and Xero began with other balances than the firm declares.
    """

    day: date
    equal: Group
    differing: tuple[Compared, ...]
    tampered: tuple[str, ...]
    missing: tuple[Group, ...]
    unsupported: tuple[Group, ...]
    left_out: tuple[LeftOut, ...]
    not_in_xero: Missing
    ahead: tuple[DatedAhead, ...]
    unreadable: tuple[Unreadable, ...]
    voided_here: tuple[Compared, ...]
    changed_there: tuple[Compared, ...]
    by_hand: tuple[HandMade, ...]
    accounts: tuple[AccountLine, ...]
    controls: tuple[Control, ...]
    taxes: tuple[TaxRateLine, ...]
    matters: tuple[MatterBalance, ...]
    others: tuple[ByOthers, ...]
    opening: OpeningDiffers | None
    since: tuple[Since, ...]
    trust: TrustProof | None = None
    unsettled: tuple[Unsettled, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Whether every account agrees to the cent, and every document is in Xero as it was sent.

        Entries of others are no fault as long as they leave trust money alone.
        """
        if (
            self.differing
            or self.tampered
            or self.voided_here
            or self.changed_there
            or self.by_hand
            or self.trust_moved
            or self.doubles
            or any(line.difference for line in self.accounts)
            or self.controls_differ
            or (self.trust is not None and self.trust.is_broken)
        ):
            return Verdict.DIFFERS
        if self.not_in_xero.causes or self.unreadable or self.unsettled:
            return Verdict.AGREES_FOR_XERO
        return Verdict.AGREES

    @property
    def controls_differ(self) -> bool:
        """Whether a control total or the tax of a rate is not the same on both sides."""
        return any(c.difference for c in self.controls) or any(t.difference for t in self.taxes)

    @property
    def trust_moved(self) -> tuple[ByOthers, ...]:
        """Entries of others on trust accounts: trust money must move through PM alone."""
        return tuple(entry for entry in self.others if entry.trust)

    @property
    def doubles(self) -> tuple[ByOthers, ...]:
        """Entries of others that stand in Xero a second time."""
        return tuple(entry for entry in self.others if entry.double_of)

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
        verdict = {"verdict": self.verdict, "agrees": self.verdict is Verdict.AGREES}
        missing = asdict(self.not_in_xero) | {"total": asdict(self.not_in_xero.total)}
        trust = {"trust": self.trust.as_json() if self.trust is not None else None}
        more = {"others_by_endpoint": groups, "not_in_xero": missing}
        return asdict(self) | both | more | trust | verdict


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
    since: tuple[Since, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    unsettled: tuple[Unsettled, ...] = ()


def reconcile(
    booked: list[Booked], accounts: list[AccountLine], chart: Chart, found: Findings,
    opening: Opening, missing: Missing, day: date,
) -> Reconciliation:  # fmt: skip
    """Put everything that was found into sections."""
    base = chart.organisation.base_currency
    equal_ids = _equal(booked, found)
    money = sum((b.money for b in booked if b.id in equal_ids), ZERO)
    matters = _matters([b for b in booked if b.date <= day], opening, missing)
    return Reconciliation(
        day=day,
        equal=Group("equal", len(equal_ids), money, tuple(sorted(equal_ids))),
        differing=_with(found.compared, "sent_differs", "behind"),
        tampered=found.tampered,
        missing=groups_of(
            (b for b in booked if b.standing in ("pending", "partial", "held", "refused")), base
        ),
        unsupported=groups_of(
            (
                b
                for b in booked
                if b.standing in ("unsupported", "left_over")
                or (b.standing == "skipped" and not b.requests and is_missing(b))
            ),
            base,
        ),
        left_out=tuple(
            LeftOut(b.id, b.money, b.message)
            for b in booked
            if b.standing == "skipped" and b.requests
        ),
        not_in_xero=missing,
        ahead=tuple(
            DatedAhead(b.id, b.date) for b in booked if b.standing == "in_xero" and b.date > day
        ),
        voided_here=_with(found.compared, "voided_here"),
        changed_there=_with(
            found.compared,
            "changed",
            "draft",
            "gone",
            "missing",
            "by_hand_otherwise",
            "by_hand_of_another",
        ),
        by_hand=found.by_hand,
        accounts=tuple(accounts),
        controls=tuple(_controls(accounts, chart, matters, opening)),
        taxes=found.taxes,
        matters=tuple(matters),
        others=found.others,
        opening=found.opening,
        trust=found.trust,
        since=found.since,
        unreadable=found.unreadable,
        unsettled=found.unsettled,
    )


def _with(compared: Iterable[Compared], *verdicts: str) -> tuple[Compared, ...]:
    return tuple(c for c in compared if c.verdict in verdicts)


def _equal(booked: list[Booked], found: Findings) -> set[str]:
    bad = {c.transaction for c in found.compared if c.verdict != "equal"}
    bad |= {h.transaction for h in found.by_hand}
    return {b.id for b in booked if b.standing == "in_xero" and not b.is_behind and b.id not in bad}


def _matters(booked: list[Booked], opening: Opening, missing: Missing) -> list[MatterBalance]:
    balances = dict(opening.matters or {})
    not_there: dict[str, Decimal] = {}
    for part in missing.matters:
        not_there[part.matter] = not_there.get(part.matter, ZERO) + part.amount
        balances[part.matter] = balances.get(part.matter, ZERO) + part.amount
    for item in booked:
        if item.standing != "in_xero":
            continue
        for entry in item.entries:
            if entry.matter is not None:
                balances[entry.matter] = balances.get(entry.matter, ZERO) - entry.amount
    return [MatterBalance(m, b, not_there.get(m, ZERO)) for m, b in sorted(balances.items())]


def _controls(
    accounts: list[AccountLine], chart: Chart, matters: list[MatterBalance], opening: Opening
) -> Iterable[Control]:
    by_code: Mapping[str, AccountLine] = {line.code: line for line in accounts}
    for role in CONTROL_ROLES:
        fact = chart.role(role)
        line = by_code.get(fact.called)
        if line is not None:
            title = chart.pack.roles[role].title
            yield Control(title, line.pm, line.xero, line.rounding, line.others, line.missing)
        if role == TRUST_LIABILITY and fact.mapped:
            yield from _trust_controls(fact.called, line, matters, opening)


def _trust_controls(
    account: str, line: AccountLine | None, matters: list[MatterBalance], opening: Opening
) -> Iterable[Control]:
    """What the matters have against the trust liability: today, and when the integration began."""
    ledger = -sum((m.balance for m in matters), ZERO)
    not_there = -sum((m.missing for m in matters), ZERO)
    if line is not None or ledger:
        there = line.xero if line else ZERO
        yield Control("Trust ledger over all matters", ledger, there, missing=not_there)
    if opening.matters is not None and opening.balances is not None:
        begun = -sum(opening.matters.values(), ZERO)
        liability = opening.balances.get(account, ZERO)
        yield Control("Trust ledger at the opening", begun, liability)
