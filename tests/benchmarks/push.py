"""`python -m tests.benchmarks push`: how long 10,000 documents take to be pushed.

With the limits lifted the time is measured, into a real outbox and a real sandbox file. Under the
limits of Xero a simulated clock tells it: half a second for each call, waits passed over.
"""

from __future__ import annotations

import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, cast

import httpx
from rich.console import Console

from pm2xero.connection import Connection
from pm2xero.history.rows_state import RowsState
from pm2xero.outbox.store import Outbox
from pm2xero.pipeline import Pipeline
from pm2xero.push.run import take_in
from pm2xero.read.stream import open_source
from pm2xero.reconcile.run import run as reconcile
from pm2xero.reconcile.verdict import Verdict
from pm2xero.sandbox import Limits, Sandbox
from pm2xero.send.estimate import lower_bound, predict_seconds
from pm2xero.send.fill_ids import contact_of
from pm2xero.send.send_report import SendReport
from pm2xero.send.sender import make_sender
from pm2xero.target import Target
from pm2xero.xero.asgi import AsgiTransport
from pm2xero.xero.auth import GrantedToken
from pm2xero.xero.budget import CallLimits
from pm2xero.xero.client import XeroClient
from pm2xero.xero.identity import Addresses, Credentials, IdentityServer
from tests.benchmarks.generate import generate
from tests.benchmarks.ours import FIRM

SECONDS = 180
CALL = 0.5
_URL = "https://api.xero.com/api.xro/2.0"


@dataclass(slots=True)
class Simulated:
    """A clock that is only moved by sleeping."""

    now: datetime = field(default_factory=lambda: datetime(2026, 7, 1, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


class Paced(httpx.BaseTransport):
    """Answers after the time that Xero is assumed to take."""

    def __init__(self, inner: httpx.BaseTransport, sleep: Callable[[float], None]) -> None:
        self._inner = inner
        self._sleep = sleep

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Wait, and answer."""
        self._sleep(CALL)
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the line."""
        self._inner.close()


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push of so many documents took.

    Attributes:
        bound: the fewest calls that could have done it.
        taking_in, sending: seconds of real time.
        simulated, predicted: seconds under Xero's limits; 0 where the limits were lifted.
    """

    documents: int
    requests: int
    confirmed: int
    calls: int
    bound: int
    taking_in: float
    sending: float
    simulated: float
    predicted: float
    agrees: bool


def pushed(count: int, *, limited: bool) -> Pushed:
    """Push `count` documents of the made-up firm through outbox and sandbox."""
    with tempfile.TemporaryDirectory() as name:
        return _pushed(count, Path(name), limited=limited)


def _pushed(count: int, folder: Path, *, limited: bool) -> Pushed:
    clock = Simulated()
    pipeline = Pipeline.load(FIRM)
    month = folder / "month.jsonl"
    month.write_bytes(b"\n".join(generate(count)))
    sandbox = Sandbox.open(
        pipeline.organisation.xero.raw,
        path=folder / "xero.db",
        clock=clock,
        ids=uuid.uuid4,
        limits=Limits.xero() if limited else Limits.none(),
    )
    outbox = Outbox.open(f"sqlite:///{folder / 'outbox.db'}", pipeline.organisation.id, clock)
    assert outbox.is_taken_over(clock())
    pipeline.state = RowsState(outbox, pipeline.state)
    line: httpx.BaseTransport = AsgiTransport(sandbox.app)
    identity = IdentityServer(Addresses.of(_URL, {}), transport=AsgiTransport(sandbox.app))
    tokens = GrantedToken(Credentials("firm", "secret"), identity, clock=clock)
    client = XeroClient(
        tokens,
        tenant=sandbox.organisation_id,
        base_url=_URL,
        transport=Paced(line, clock.sleep) if limited else line,
    )
    target = Target(FIRM, None, (), None, _URL, None)
    connection = Connection(target, pipeline, outbox, client, "pack", clock, clock.sleep)
    started = time.perf_counter()
    source = open_source(str(month), cast(BinaryIO, None))
    report = take_in(connection, [source], outbox.save_many, writes=True)
    source.close()
    taken_in = time.perf_counter()
    begun = clock()
    limits = CallLimits() if limited else CallLimits.none()
    contacts = len({named[0] for r in report.requests if (named := contact_of(r))})
    bound = lower_bound(report.requests, contacts).total
    calls = confirmed = 0
    while True:
        sent: SendReport = make_sender(
            outbox, client, clock, clock.sleep, owner="benchmark", limits=limits
        ).run()
        calls += sent.calls
        confirmed += sent.confirmed
        if sent.cause != "day_limit":
            break
        clock.sleep(86_400)
    done = time.perf_counter()
    simulated = (clock() - begun).total_seconds()
    agrees = not limited and reconcile(connection, None, None).verdict is not Verdict.DIFFERS
    client.close()
    identity.close()
    outbox.close()
    sandbox.close()
    return Pushed(
        documents=count,
        requests=len(report.requests),
        confirmed=confirmed,
        calls=calls,
        bound=bound,
        taking_in=taken_in - started,
        sending=done - taken_in,
        simulated=simulated if limited else 0.0,
        predicted=predict_seconds(calls, limits, CALL) if limited else 0.0,
        agrees=agrees,
    )


def main(counts: tuple[int, ...] = (1_000, 10_000)) -> int:
    """Print both; 1 when the time is not kept or the ledgers do not agree."""
    out = Console(width=100, highlight=False)
    free = pushed(counts[-1], limited=False)
    total = free.taking_in + free.sending
    out.print(
        f"{free.documents:,} documents pushed in {total:.0f} s with the limits lifted:"
        f" {free.taking_in:.0f} s to take in, {free.sending:.0f} s to send"
        f" ({free.requests:,} requests in {free.calls:,} calls,"
        f" {free.calls / free.bound:.2f} times the lower bound of {free.bound:,});"
        f" ledgers {'agree' if free.agrees else 'DO NOT AGREE'}"
    )
    for count in counts:
        slow = pushed(count, limited=True)
        out.print(
            f"{count:,} documents under Xero's limits: {_long(slow.simulated)} by the simulated"
            f" clock, {_long(slow.predicted)} predicted ({slow.calls:,} calls)"
        )
    fine = total < SECONDS and free.agrees and free.confirmed == free.requests
    out.print(f"{'holds      ' if total < SECONDS else 'falls short'}  limit {SECONDS} s")
    return 0 if fine else 1


def _long(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:.1f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
