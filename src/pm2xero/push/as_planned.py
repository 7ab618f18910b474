"""A push that is looked at first: what it would do, and a push that does just that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pm2xero.connection import Connection
from pm2xero.outbox.past_records import Chapter
from pm2xero.outbox.records import Document
from pm2xero.push.intake_report import IntakeReport
from pm2xero.push.plan import OPEN, Plan, check_saved, make_plan, mark_of
from pm2xero.push.run import push, take_in
from pm2xero.read.stream import Source


def plan_only(connection: Connection, sources: list[Source], per_day: int = 5000) -> Plan:
    """What a push would do; writes nothing."""
    decided: list[Document] = []

    def note(documents: Iterable[Document], past: Iterable[Chapter]) -> None:
        decided.extend(documents)

    report = take_in(connection, sources, note, writes=False)
    outbox = connection.outbox
    known = len(outbox.contacts())
    rates = connection.pipeline.organisation.xero.tax_rates
    mark = mark_of(decided, connection.fingerprint)
    plan = make_plan(report, outbox.requests(states=OPEN), known, mark, per_day, rates)
    return replace(plan, unchecked=connection.pipeline.organisation.unknown_trust_bank)


def push_as_planned(
    connection: Connection,
    sources: list[Source],
    plan: Path,
    on_progress: Callable[[Any], None] | None = None,
) -> tuple[IntakeReport, Any]:
    """A push that does exactly what a saved plan says, or nothing.

    Raises:
        UsageError: PU903 when the plan is stale, and as `push`.
    """
    check_saved(plan, plan_only(connection, sources))
    return push(connection.afresh(), sources, on_progress)
