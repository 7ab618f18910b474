"""What an outbox knows of itself: its generations, and whether Xero may have more than it knows.

An outbox that is new, or was restored from an older copy, has a gap: what was sent before a moment
may be in Xero without a trace here. What is planned and may be as old as the gap is looked up
before it is sent, as if it had left and no answer had come.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import delete, func, insert, select

from pm2xero.outbox.asking import among, of
from pm2xero.outbox.database import Database
from pm2xero.outbox.memory_schema import gaps, generations
from pm2xero.outbox.moving import move
from pm2xero.outbox.pinning import OutboxPin, write_pin
from pm2xero.outbox.rows import current
from pm2xero.outbox.schema import human_actions, requests, transactions
from pm2xero.outbox.states import Event, RequestState

# Cause of a request that is looked up because of a gap.
FORGOTTEN = "forgotten"
# Cause of one that was only looked for, and is not there.
VOIDED = "voided"
_WHY = "The outbox is new or was restored, so this is looked up in Xero before it is sent"
_LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)
# So far the clocks of Practice Management and of this machine may differ.
_CLOCKS = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Generation:
    """One opening of an outbox to send.

    Attributes:
        number: from 1; mark: tells generations with the same number in two copies apart.
    """

    number: int
    mark: str


@dataclass(frozen=True, slots=True)
class Gap:
    """What an outbox may not know.

    Attributes:
        since: what was written to Xero before this moment may be unknown here.
        lost_at: when a call that is unknown here may last have left; None where there was none.
    """

    since: datetime
    lost_at: datetime | None


class Remembering(Database):
    """Generations and the gap; the database and the file beside it are compared elsewhere."""

    def generation(self, number: int | None = None) -> Generation | None:
        """A generation of the outbox, the latest when none is named."""
        asked = _LATEST if number is None else _LATEST.where(generations.c.number == number)
        with self._read() as connection:
            row = next(self._ask(connection, asked), None)
        return Generation(row.number, row.mark) if row is not None else None

    def begin_generation(self, mark: str, at: datetime, pin: OutboxPin | None = None) -> Generation:
        """The next generation, written down before anything of it is sent.

        Args:
            pin: which Xero it goes to; the first one pins the outbox for good.
        """
        mine_ = generations.c.organisation == self._organisation
        with self._write() as connection:
            last = connection.execute(select(func.max(generations.c.number)).where(mine_)).scalar()
            found = Generation((last or 0) + 1, mark)
            if pin is not None:
                write_pin(connection, self._organisation, pin)
            connection.execute(
                insert(generations).values(
                    organisation=self._organisation, number=found.number, mark=mark, at=at
                )
            )
        return found

    def gap(self) -> Gap | None:
        """What the outbox may not know; None when it knows all that was sent."""
        with self._read() as connection:
            row = next(self._ask(connection, _GAP), None)
        return Gap(row.since, row.lost_at) if row is not None else None

    def note_gap(self, since: datetime, lost_at: datetime | None) -> None:
        """From now on nothing is sent that may be in Xero since before this moment."""
        with self._write() as connection:
            connection.execute(delete(gaps).where(gaps.c.organisation == self._organisation))
            connection.execute(
                insert(gaps).values(organisation=self._organisation, since=since, lost_at=lost_at)
            )

    def suspect_forgotten(self) -> set[str]:
        """Let everything planned be looked up first that may be as old as the gap.

        Returns:
            the ids of those requests; a person who asked for one to be resent has seen that it was
            taken back in Xero, so its cause says so.
        """
        gap = self.gap()
        if gap is None:
            return set()
        with self._write() as connection:
            rows = list(self._ask(connection, _PLANNED))
            old = {r.id: r.transaction_id for r in rows if _may_be_older(r.document, gap.since)}
            said = self._ask(connection, _SAID, dict.fromkeys(old.values()))
            last = {row.transaction_id: row.what for row in said}
            resent = {id for id, what in last.items() if what == "resend"}
            again = [id for id, transaction in old.items() if transaction in resent]
            others = [id for id in old if id not in again]
            for ids, cause in ((again, "resend"), (others, FORGOTTEN)):
                move(connection, self._organisation, ids, Event.SUSPECT, cause=cause, message=_WHY)
        return set(old)


_GAP = select(gaps).where(of(gaps))
_LATEST = select(generations).where(of(generations)).order_by(generations.c.number.desc()).limit(1)
_PLANNED = (
    select(requests.c.id, requests.c.transaction_id, transactions.c.document)
    .join(
        transactions,
        (transactions.c.organisation == requests.c.organisation)
        & (transactions.c.id == requests.c.transaction_id)
        & (transactions.c.revision == requests.c.revision),
    )
    .where(current(), requests.c.state == RequestState.PLANNED)
)
# The last word about a document comes last.
_SAID = (
    select(human_actions.c.what, human_actions.c.transaction_id)
    .where(
        of(human_actions),
        among(human_actions.c.transaction_id),
        human_actions.c.what.in_(("hold", "skip", "resend")),
    )
    .order_by(human_actions.c.id)
)


def _may_be_older(document: bytes, since: datetime) -> bool:
    """Whether a document may have been there before a moment; one that says nothing may."""
    try:
        tree = orjson.loads(document)
    except orjson.JSONDecodeError:
        return True
    if not isinstance(tree, dict):
        return True
    return may_be_before(_moment(tree.get("created_at")), str(tree.get("date") or ""), since)


def made_at(document: bytes) -> datetime:
    """When a document was made in Practice Management, as far back as that may be."""
    try:
        tree = orjson.loads(document)
    except orjson.JSONDecodeError:
        return _LONG_AGO
    if not isinstance(tree, dict):
        return _LONG_AGO
    return earliest(_moment(tree.get("created_at")), str(tree.get("date") or ""))


def earliest(created: datetime | None, day: str) -> datetime:
    """When a document was made, as far back as that may be.

    Args:
        created: when it was made in Practice Management, where that is known.
        day: its date, as YYYY-MM-DD; empty where it has none.
    """
    told = created or _moment(f"{day}T00:00:00Z")
    return max(_LONG_AGO, told) if told is not None else _LONG_AGO


def may_be_before(created: datetime | None, day: str, since: datetime) -> bool:
    """Whether a document may have been sent before a moment.

    Args:
        created: when it was made in Practice Management, where that is known.
        day: its date, as YYYY-MM-DD; empty where it has none.
    """
    latest = (since + _CLOCKS).astimezone(UTC)
    return created is None or created <= latest or day <= latest.date().isoformat()


def _moment(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
