"""The main job: take documents in, send what is due."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pm2xero import __version__
from pm2xero.connection import Connection, process_name
from pm2xero.firm.snapshot import XeroSnapshot
from pm2xero.outbox.memory import Gap
from pm2xero.push.first_look import FirstLook
from pm2xero.push.intake import Intake
from pm2xero.push.intake_report import IntakeReport
from pm2xero.push.memory_file import begin, end
from pm2xero.push.noticing import Noticing
from pm2xero.push.revise import Corrector, live_state
from pm2xero.push.saving import Sink
from pm2xero.read.stream import Source
from pm2xero.xero.drift import check_live

if TYPE_CHECKING:
    from pm2xero.send.sender import Sender
    from pm2xero.send.voided_there import VoidedThere


def push(
    connection: Connection,
    sources: list[Source],
    on_progress: Callable[[Any], None] | None = None,
) -> tuple[IntakeReport, Any]:
    """Take the documents in and send everything that is due.

    Returns:
        what the intake did, and the sender's report.

    Raises:
        UsageError: PU915 when another organisation is connected, PU916 when the snapshot is
            behind; nothing was written then.
        OutboxError: another push of this organisation is running.
    """
    sender = sender_for(connection, checked_live(connection))
    with sender.lease():
        before = connection.memory.read(connection.clock())
        first = FirstLook(connection)
        begun = begin(connection.outbox, connection.memory, connection.clock(),
                      first.is_unwritten, connection.pin)  # fmt: skip
        since = before.at if before is not None else None
        there = sender.voided_there(since) if since is not None else None
        report = take_in(
            connection, sources, connection.outbox.save_many, writes=True, there=there
        )  # fmt: skip
        ended = since if before is not None and not before.is_open else None
        sent = sender.run(on_progress, since, ended, first.contacts)
        end(connection.memory, begun, connection.clock())
        return report, sent


def checked_live(connection: Connection) -> XeroSnapshot:
    """Make sure that Xero is the organisation of the snapshot, and is as the snapshot says.

    Returns:
        Xero as it is now; the embedded one is what the snapshot says.

    Raises:
        UsageError: PU915 when another organisation is connected, PU916 when the snapshot is behind.
    """
    if connection.target.xero_url is not None:
        return check_live(connection.ask, connection.pipeline.organisation)
    return connection.pipeline.organisation.xero


def sender_for(connection: Connection, chart: XeroSnapshot | None = None) -> Sender:
    """The sender of a firm.

    Args:
        chart: Xero as it is now, against which is held what is planned.
    """
    from pm2xero.send.lookup import load_lookups
    from pm2xero.send.sender import LATE, Sender
    from pm2xero.xero.budget import CallLimits
    from pm2xero.xero.errors import load_errors

    is_embedded = connection.target.xero_url is None
    return Sender(
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
        chart=chart,
    )


def take_in(
    connection: Connection, sources: list[Source], sink: Sink, *, writes: bool,
    gap: Gap | None = None, there: VoidedThere | None = None,
) -> IntakeReport:  # fmt: skip
    """Decide what stands in the sources, and what is held and due.

    Args:
        writes: whether the sink keeps what it is given.
        gap: what the outbox may not know, where it has not written that down.
        there: finds in Xero what voided documents made of which the outbox knows nothing.
    """
    outbox = connection.outbox

    def note() -> Gap:
        before = outbox.gap()
        found = Gap(connection.clock(), before.lost_at if before is not None else None)
        if writes:
            outbox.note_gap(found.since, found.lost_at)
        return found

    intake = Intake(
        connection.pipeline,
        connection.outbox,
        connection.state,
        sink,
        connection.fingerprint,
        connection.clock,
        Corrector(
            connection.pipeline,
            live_state(connection.get_one),
            connection.outbox.undone,
            connection.outbox.ids_ever,
        ),
        writes=writes,
        who=connection.who,
        gap=gap or connection.outbox.gap(),
        noticing=Noticing(there, note) if there is not None else None,
    )
    if writes:
        connection.outbox.note_pack(
            connection.fingerprint, __version__, connection.decided_by, connection.clock()
        )
    return intake.run(connection.pipeline.order(sources))
