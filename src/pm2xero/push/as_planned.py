"""A push that is looked at first: what it would do, and a push that does just that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pm2xero.connection import Connection, caller_of
from pm2xero.errors import UsageError
from pm2xero.firm.snapshot import XeroSnapshot
from pm2xero.outbox.memory import made_at
from pm2xero.outbox.past_records import Chapter
from pm2xero.outbox.records import Document, StoredRequest
from pm2xero.outbox.states import RequestState
from pm2xero.outbox.store import Outbox
from pm2xero.push.first_look import FirstLook
from pm2xero.push.intake_report import IntakeReport
from pm2xero.push.memory_file import new_gap
from pm2xero.push.plan import OPEN, Plan, check_saved, make_plan, mark_of
from pm2xero.push.run import checked_live, push, take_in
from pm2xero.read.stream import Source
from pm2xero.send.ahead import is_ahead
from pm2xero.send.contacts import ContactBook
from pm2xero.send.fill_ids import names_of
from pm2xero.send.look_ahead import Outlook, look_ahead
from pm2xero.send.lookup_table import load_table
from pm2xero.send.shown import Shown
from pm2xero.send.together import together
from pm2xero.send.voided_there import VoidedThere
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

    outbox = connection.outbox
    now = connection.clock()
    trace = connection.memory.read(now)
    gap = new_gap(outbox, trace, now, FirstLook(connection).is_unwritten)
    there = _there(connection, trace.at) if trace is not None and gap is None else None
    report = take_in(connection, sources, note, writes=False, gap=gap, there=there)
    known = len(outbox.contacts())
    rates = connection.pipeline.organisation.xero.tax_rates
    mark = mark_of(decided, connection.fingerprint)
    plan = make_plan(
        report, outbox.requests(states=OPEN), known, mark, per_day, rates,
        outbox.count_notes_to_go(),
    )  # fmt: skip
    may_forget = gap is not None or report.is_older_copy
    if looks:
        made = {stored.id: made_at(stored.document) for stored, _, _ in decided}
        outlook, ahead = _outlook(connection, plan.due, chart, made, may_forget=may_forget)
        plan = replace(plan, outlook=outlook)
        may_forget = may_forget or ahead
    unchecked = connection.pipeline.organisation.unknown_trust_bank
    return replace(plan, may_forget=may_forget, unchecked=unchecked)


def _there(connection: Connection, since: datetime) -> VoidedThere:
    """Finds in Xero what voided documents made, as a push does."""
    caller = caller_of(connection.client, connection.clock, connection.sleep)
    return VoidedThere(load_table(), since, connection.outbox, caller.read)


def _outlook(
    connection: Connection, due: Sequence[StoredRequest], chart: XeroSnapshot | None,
    made: Mapping[str, datetime], *, may_forget: bool,
) -> tuple[Outlook, bool]:  # fmt: skip
    """What a push would see in Xero before it sends these.

    Args:
        made: when documents that are not stored yet were made in Practice Management.
        may_forget: it is known that the outbox is another one, so it is not asked again.

    Returns:
        what is seen, and whether Xero has something of it that the outbox does not know.
    """
    outbox = connection.outbox
    caller = caller_of(connection.client, connection.clock, connection.sleep)
    errors = load_errors()
    trace = connection.memory.read(connection.clock())
    since = trace.at if trace is not None and not trace.is_open else None
    planned = [row for row in due if row.state is RequestState.PLANNED]
    shown = Shown(caller.look)
    past = _Planned(outbox, made)
    try:
        ahead = (
            trace is not None
            and not may_forget
            and is_ahead(planned, load_table(), trace.at, past, caller.read, shown)
        )
        seen = look_ahead(
            planned, outbox.links_of(names_of(planned)), outbox, shown, caller.look, errors, chart,
            since,
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
    seen = replace(seen, obstacles=obstacles, calls=caller.calls, received=caller.received)
    return seen, ahead


class _Planned:
    """The past, and beside it documents that are only planned."""

    def __init__(self, outbox: Outbox, made: Mapping[str, datetime]) -> None:
        self._outbox = outbox
        self._made = made
        self.link_of = outbox.link_of
        self.links_of = outbox.links_of
        self.requests_of = outbox.requests_of

    def made_at(self, transactions: Collection[str]) -> Mapping[str, datetime]:
        """When documents were made in Practice Management, as far back as that may be."""
        return {**self._outbox.made_at(transactions), **self._made}


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
