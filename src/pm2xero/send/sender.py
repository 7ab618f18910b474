"""Sends what the outbox has planned, exactly once, and goes on where an earlier run stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from pm2xero.firm.snapshot import XeroSnapshot
from pm2xero.outbox.lease import TTL
from pm2xero.outbox.states import RequestState
from pm2xero.send.ahead import is_ahead
from pm2xero.send.caller import Caller
from pm2xero.send.early_end import ENDS_A_RUN, EarlyEnd, early_end
from pm2xero.send.lookup import Lookups, load_lookups
from pm2xero.send.lookup_table import load_table
from pm2xero.send.run_state import Progress
from pm2xero.send.send_report import SendReport
from pm2xero.send.sending_run import SendingRun
from pm2xero.send.shown import Shown
from pm2xero.send.voided_there import VoidedThere
from pm2xero.xero.answers import Object
from pm2xero.xero.budget import Budget, CallLimits
from pm2xero.xero.client import XeroClient
from pm2xero.xero.errors import ErrorTable, load_errors
from pm2xero.xero.ports import Outbox

LEASE = TTL
# unverified: how long after it was lost on its way Xero may still act on a call. Connections and
# proxies give up within a minute or so; nothing is sent under another key before this is over.
LATE = timedelta(minutes=2)


class Sender:
    """The sender of one organisation.

    Args:
        owner: names this process among those that might write for the organisation.
        limits: Xero's when omitted.
        chart: the organisation, accounts and tax rates of Xero as they are now; None where they
            are not judged.
        late: how long a lost call may still arrive; nothing where calls do not travel.
    """

    def __init__(
        self,
        outbox: Outbox,
        client: XeroClient,
        errors: ErrorTable,
        lookups: Lookups,
        *,
        owner: str,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        limits: CallLimits | None = None,
        late: timedelta = LATE,
        chart: XeroSnapshot | None = None,
    ) -> None:
        self._chart = chart
        self._outbox = outbox
        self._late = late
        self._errors = errors
        self._lookups = lookups
        self._owner = owner
        self._clock = clock
        budget = Budget(limits or CallLimits(), clock)
        nap = LEASE.total_seconds() / 4
        self._is_held = False
        self._alive = clock()
        self._caller = Caller(client, budget, errors, self._keep_alive, clock, sleep, nap)

    def run(
        self,
        on_progress: Callable[[Progress], None] | None = None,
        since: datetime | None = None,
        ended: datetime | None = None,
        contacts: Sequence[Object] | None = None,
    ) -> SendReport:
        """Send all that can be sent.

        Args:
            since: when the outbox last knew all that it had sent; what changed in Xero after that
                is held against what is planned. None where nothing vouches for such a moment.
            ended: when the last push came to its end; what others changed after that is told.
            contacts: all of Xero's, where a look has shown them just now.

        Raises:
            LeaseTaken: PE110, another process is sending for this organisation.
            StateConflict: PE105, another process has taken over meanwhile and sent the same.
        """
        return self._run(on_progress, looks_only=False, since=since, ended=ended, contacts=contacts)

    def look(self, on_progress: Callable[[Progress], None] | None = None) -> SendReport:
        """Find out about all that may be in Xero, and send nothing.

        Raises:
            LeaseTaken, StateConflict: as `run`.
        """
        return self._run(on_progress, looks_only=True)

    def _run(
        self,
        on_progress: Callable[[Progress], None] | None,
        *,
        looks_only: bool,
        since: datetime | None = None,
        ended: datetime | None = None,
        contacts: Sequence[Object] | None = None,
    ) -> SendReport:
        if not self._is_held:
            with self.lease():
                return self._run(
                    on_progress, looks_only=looks_only, since=since, ended=ended, contacts=contacts
                )
        shown = Shown(self._caller.look)
        calls, received = self._caller.calls, self._caller.received
        if not looks_only:
            self._outbox.try_again(self._errors.waiting)
        # What is looked up anyway need not be compared.
        self._outbox.suspect_forgotten()
        stop = self._compare_since(since, shown) if since is not None else None
        spent = (self._caller.calls - calls, self._caller.received - received)
        run = SendingRun(
            self._outbox, self._caller, self._errors, self._lookups, self._clock, self._late,
            on_progress, self._chart, ended, shown, spent, contacts,
        )  # fmt: skip
        return run.run(looks_only=looks_only) if stop is None else run.report(stop)

    def _compare_since(self, since: datetime, shown: Shown) -> EarlyEnd | None:
        """Note a gap where Xero has what is planned; why this cannot be told."""
        planned = self._outbox.requests(states=(RequestState.PLANNED,))
        try:
            ahead = is_ahead(planned, load_table(), since, self._outbox, self._caller.read, shown)
        except ENDS_A_RUN as error:
            return early_end(error, self._errors)
        if ahead:
            gap = self._outbox.gap()
            self._outbox.note_gap(self._clock(), gap.lost_at if gap is not None else None)
        return None

    def voided_there(self, since: datetime) -> VoidedThere:
        """Whether Xero has what voided documents would have made, changed there since a moment."""
        return VoidedThere(load_table(), since, self._outbox, self._caller.read)

    @contextmanager
    def lease(self) -> Iterator[None]:
        """Be the only writer of the organisation, for whatever must be written beside a run.

        Raises:
            LeaseTaken: PE110, another process is.
        """
        with self._outbox.writing(self._owner):
            self._is_held = True
            self._alive = self._clock()
            try:
                yield
            finally:
                self._is_held = False

    def _keep_alive(self) -> None:
        now = self._clock()
        if now - self._alive >= LEASE / 8:
            self._outbox.heartbeat(self._owner)
            self._alive = now


def make_sender(
    outbox: Outbox,
    client: XeroClient,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    owner: str,
    limits: CallLimits | None = None,
    chart: XeroSnapshot | None = None,
) -> Sender:
    """A sender with the tables of the pack.

    Raises:
        PackError: one of the tables is wrong.
    """
    return Sender(
        outbox,
        client,
        load_errors(),
        load_lookups(),
        owner=owner,
        clock=clock,
        sleep=sleep,
        limits=limits,
        chart=chart,
    )
