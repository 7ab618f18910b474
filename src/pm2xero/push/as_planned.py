"""A push that is looked at first: what it would do, and a push that does just that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from pm2xero.connection import Connection, caller_of
from pm2xero.errors import UsageError
from pm2xero.firm.snapshot import XeroSnapshot
from pm2xero.outbox.past_records import Chapter
from pm2xero.outbox.records import Document, StoredRequest
from pm2xero.outbox.states import RequestState
from pm2xero.push.intake_report import IntakeReport
from pm2xero.push.plan import OPEN, Plan, check_saved, make_plan, mark_of
from pm2xero.push.run import checked_live, push, take_in
from pm2xero.read.stream import Source
from pm2xero.send.contacts import ContactBook
from pm2xero.send.fill_ids import names_of
from pm2xero.send.look_ahead import Outlook, look_ahead
from pm2xero.send.shown import Shown
from pm2xero.send.together import together
from pm2xero.xero.auth import SignInError
from pm2xero.xero.budget import StopRun
from pm2xero.xero.errors import load_errors
from pm2xero.xero.ports import Contacts
from pm2xero.xero.unanswered import unanswered


def plan_only(
    connection: Connection, sources: list[Source], per_day: int = 5000, *, looks: bool = True
) -> Plan:
    """What a push would do; writes nothing.

    Args:
        looks: also look at Xero, as a push does before it sends anything.

    Raises:
        UsageError: PU904, PU905 when Xero does not answer; PU915 when another organisation is
            connected, PU916 when the snapshot is behind.
    """
    chart = checked_live(connection) if looks else None
    decided: list[Document] = []

    def note(documents: Iterable[Document], past: Iterable[Chapter]) -> None:
        decided.extend(documents)

    report = take_in(connection, sources, note, writes=False)
    outbox = connection.outbox
    known = len(outbox.contacts())
    rates = connection.pipeline.organisation.xero.tax_rates
    mark = mark_of(decided, connection.fingerprint)
    plan = make_plan(
        report, outbox.requests(states=OPEN), known, mark, per_day, rates,
        outbox.count_notes_to_go(),
    )  # fmt: skip
    if looks:
        plan = replace(plan, outlook=_outlook(connection, plan.due, chart))
    return replace(plan, unchecked=connection.pipeline.organisation.unknown_trust_bank)


def _outlook(
    connection: Connection, due: Sequence[StoredRequest], chart: XeroSnapshot | None
) -> Outlook:
    """What a push would see in Xero before it sends these."""
    outbox = connection.outbox
    caller = caller_of(connection.client, connection.clock, connection.sleep)
    errors = load_errors()
    trace = connection.memory.read(connection.clock())
    since = trace.at if trace is not None and not trace.is_open else None
    planned = [row for row in due if row.state is RequestState.PLANNED]
    try:
        seen = look_ahead(
            planned, outbox.links_of(names_of(planned)), outbox, Shown(caller.look), caller.look,
            errors, chart, since,
        )  # fmt: skip
        contacts = ContactBook(
            _OnlyRead(outbox), caller, errors, connection.clock, timedelta(0)
        )  # fmt: skip
        archived = contacts.waiting(row for row in planned if row.id not in seen.waiting)
    except (StopRun, SignInError) as exc:
        raise UsageError(unanswered("what is there", exc)) from None
    obstacles = seen.obstacles
    if archived:
        obstacles = tuple(together(planned, (*obstacles, *archived), outbox, errors))
    return replace(seen, obstacles=obstacles, calls=caller.calls, received=caller.received)


class _OnlyRead:
    """The contacts of an outbox, in which nothing is written."""

    def __init__(self, outbox: Contacts) -> None:
        self.contacts_of = outbox.contacts_of
        self.contacts_beginning = outbox.contacts_beginning

    def save_contact(self, number: str, xero_id: str, name: str) -> None:
        """Nothing is kept."""


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
    check_saved(plan, plan_only(connection, sources, looks=False))
    return push(connection.afresh(), sources, on_progress)
