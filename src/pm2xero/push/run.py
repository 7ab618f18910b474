"""The main job: take documents in, send what is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from pm2xero.connection import Connection, process_name
from pm2xero.outbox.past_records import Chapter
from pm2xero.outbox.records import Document
from pm2xero.push.intake import Intake
from pm2xero.push.intake_report import IntakeReport
from pm2xero.push.plan import OPEN, Plan, check_saved, make_plan, mark_of
from pm2xero.push.revise import Corrector, live_state
from pm2xero.push.saving import Sink
from pm2xero.read.stream import Source
from pm2xero.xero.drift import check_live


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


def push(
    connection: Connection,
    sources: list[Source],
    saved_plan: Path | None,
    on_progress: Callable[[Any], None] | None = None,
) -> tuple[IntakeReport, Any]:
    """Take the documents in and send everything that is due.

    Returns:
        what the intake did, and the sender's report.

    Raises:
        UsageError: PU903 when a saved plan is stale, PU915 when another organisation is connected,
            PU916 when the snapshot is behind; nothing was written then.
        OutboxError: another push of this organisation is running.
    """
    from pm2xero.send.lookup import load_lookups
    from pm2xero.send.sender import LATE, Sender
    from pm2xero.xero.budget import CallLimits
    from pm2xero.xero.errors import load_errors

    is_embedded = connection.target.xero_url is None
    if not is_embedded:
        check_live(connection.ask, connection.pipeline.organisation)
    if saved_plan is not None:
        check_saved(saved_plan, plan_only(connection, sources))
        connection = connection.afresh()
    sender = Sender(
        connection.outbox,
        connection.client,
        load_errors(),
        load_lookups(),
        owner=process_name(),
        clock=connection.clock,
        sleep=connection.sleep,
        limits=CallLimits.none() if is_embedded else None,
        # Within the process no call is ever on its way for long.
        late=timedelta(0) if is_embedded else LATE,
    )
    with sender.lease():
        report = take_in(connection, sources, connection.outbox.save_many, writes=True)
        return report, sender.run(on_progress)


def take_in(
    connection: Connection, sources: list[Source], sink: Sink, *, writes: bool
) -> IntakeReport:
    """Decide what stands in the sources, and what is held and due.

    Args:
        writes: whether the sink keeps what it is given.
    """
    intake = Intake(
        connection.pipeline,
        connection.outbox,
        connection.state,
        sink,
        connection.fingerprint,
        connection.clock,
        Corrector(connection.pipeline, live_state(connection.get_one), connection.outbox.undone),
        writes=writes,
    )
    return intake.run(connection.pipeline.order(sources))
