"""Finds in Xero what an outbox that was lost or restored does not know, and sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pm2xero.connection import Connection
from pm2xero.outbox.records import StoredRequest
from pm2xero.outbox.states import DUE, RequestState
from pm2xero.push.intake_report import IntakeReport
from pm2xero.push.memory_file import begin, end
from pm2xero.push.run import checked_live, sender_for, take_in
from pm2xero.read.stream import Source
from pm2xero.send.send_report import SendReport


class Place(StrEnum):
    """Where a request turned out to be."""

    IN_XERO = "in_xero"
    ABSENT = "not_in_xero"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was found out about one request.

    Attributes:
        why: where a person must look, what is to be seen.
    """

    request: str
    transaction: str
    place: Place
    xero_id: str | None
    why: str | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a look at Xero found: of each request, in the order of sending."""

    intake: IntakeReport
    sent: SendReport
    found: tuple[Recovered, ...]

    def at(self, place: Place) -> list[Recovered]:
        """Those that turned out to be there."""
        return [r for r in self.found if r.place is place]

    @property
    def needs_attention(self) -> bool:
        """Whether a person must look, or not all could be looked up."""
        return bool(self.at(Place.PERSON) or self.sent.stopped or self.intake.summary.attention)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "in_xero": [
                {"request": r.request, "xero_id": r.xero_id} for r in self.at(Place.IN_XERO)
            ],
            "not_in_xero": [r.request for r in self.at(Place.ABSENT)],
            "person": [{"request": r.request, "why": r.why} for r in self.at(Place.PERSON)],
            "needs_attention": self.intake.summary.attention,
            "calls": self.sent.calls,
            "stopped": self.sent.stopped,
        }


def recover(
    connection: Connection, sources: list[Source], on_progress: Callable[[Any], None] | None = None
) -> Recovery:
    """Look up everything that is planned, adopt what Xero has, send nothing.

    Raises:
        UsageError: PU915 when another organisation is connected, PU916 when the snapshot is behind.
        OutboxError: another push of this organisation is running.
    """
    checked_live(connection)
    outbox = connection.outbox
    sender = sender_for(connection)
    with sender.lease():
        # Whatever Xero has, everything is looked up, so it is not asked whether it has anything.
        begun = begin(outbox, connection.memory, connection.clock(), lambda: False,
                      connection.pin)  # fmt: skip
        gap = outbox.gap()
        outbox.note_gap(connection.clock(), gap.lost_at if gap is not None else None)
        report = take_in(connection, sources, outbox.save_many, writes=True)
        open_ = {r.id for r in outbox.requests(states=DUE)}
        sent = sender.look(on_progress)
        end(connection.memory, begun, connection.clock())
    found = tuple(_recovered(r) for r in outbox.requests() if r.id in open_)
    return Recovery(report, sent, found)


def _recovered(request: StoredRequest) -> Recovered:
    place = _PLACES.get(request.state, Place.PERSON)
    why = request.message if place is Place.PERSON else None
    return Recovered(request.id, request.transaction, place, request.xero_id, why)


# What is planned, or rests because a person said so: the look-up has shown that it is not there.
_PLACES = {
    RequestState.CONFIRMED: Place.IN_XERO,
    RequestState.PLANNED: Place.ABSENT,
    RequestState.BLOCKED: Place.ABSENT,
    RequestState.SKIPPED: Place.ABSENT,
}
