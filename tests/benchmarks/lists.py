"""`python -m tests.benchmarks lists`: what `reconcile` asks of Xero where little has changed."""

from __future__ import annotations

import itertools
import json
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rich.console import Console

from pm2xero.connection import Connection
from pm2xero.errors import UsageError
from pm2xero.history.rows_state import RowsState
from pm2xero.outbox.store import Outbox
from pm2xero.pipeline import Pipeline
from pm2xero.reconcile.kept_lists import kept_lists
from pm2xero.reconcile.run import run
from pm2xero.sandbox import Limits, Sandbox, records
from pm2xero.target import Target
from pm2xero.xero.asgi import AsgiTransport
from pm2xero.xero.client import XeroClient
from tests.benchmarks.push import FIRM

CALLS = 40
# What stands in the organisation, by how many in a hundred.
_PARTS = {"Invoices": 60, "BankTransactions": 40}
_DAY = date(2026, 6, 30)
_LINE = {"Description": "work", "Quantity": 1, "UnitAmount": "10.00", "AccountCode": "200"}


class Days:
    """A clock that goes on when something waits."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Fresh:
    """A token of the day for each call."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def token(self) -> str:
        return self._sandbox.access_token()

    def renew(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Cost:
    """What one reconciliation took."""

    what: str
    calls: int
    megabytes: float
    seconds: float
    read: int
    days: int


class Books:
    """An organisation with many documents, and a firm that reconciles with it."""

    def __init__(self, folder: Path, count: int, limits: Limits) -> None:
        self.clock = Days()
        pipeline = Pipeline.load(FIRM)
        firm = pipeline.organisation
        self.sandbox = Sandbox.open(
            firm.xero.raw, path=folder / "xero.db", clock=self.clock, ids=uuid.uuid4, limits=limits
        )
        outbox = Outbox.open(f"sqlite:///{folder / 'outbox.db'}", firm.id, self.clock)
        assert outbox.is_taken_over(self.clock())
        pipeline.state = RowsState(outbox, pipeline.state)
        self.client = XeroClient(
            Fresh(self.sandbox),
            tenant=self.sandbox.organisation_id,
            transport=AsgiTransport(self.sandbox.app),
        )
        target = Target(FIRM, None, (), None, None, None)
        self.connection = Connection(
            target, pipeline, outbox, self.client, "pack", self.clock, self.clock.sleep
        )
        self._fill(count)

    def close(self) -> None:
        self.client.close()
        self.connection.outbox.close()
        self.sandbox.close()

    def _fill(self, count: int) -> None:
        """Rows straight into the organisation, each a copy of one that a call made."""
        contact = {"Contact": {"Name": "Somebody"}, "Date": "2026-05-12", "LineItems": [_LINE]}
        invoice = {**contact, "Type": "ACCREC", "Status": "AUTHORISED", "DueDate": "2026-06-12"}
        receipt = {**contact, "Type": "RECEIVE", "BankAccount": {"Code": "090"}}
        for endpoint, element in (("Invoices", invoice), ("BankTransactions", receipt)):
            body = json.dumps({endpoint: [element]}).encode()
            answer = self.client.call("PUT", f"/{endpoint}", body=body)
            assert answer.status == 200, answer.text
        store = self.sandbox._store
        with store.transaction():
            for endpoint, share in _PARTS.items():
                (one,) = records.select(store, "endpoint = ?", (endpoint,))
                for number in range(count * share // 100):
                    copy = replace(one, id=str(uuid.uuid4()), number=f"N-{number}")
                    records.insert(store, copy if endpoint == "Invoices" else replace(
                        copy, number=None, reference=f"R-{number}"))  # fmt: skip
        self.clock.sleep(86_400)

    def change(self, count: int) -> None:
        """Somebody gives so many documents another reference, a day later."""
        self.clock.sleep(86_400)
        store = self.sandbox._store
        with store.transaction():
            for endpoint, share in _PARTS.items():
                latest = "endpoint = ? ORDER BY seq DESC LIMIT ?"
                for found in records.select(store, latest, (endpoint, count * share // 100)):
                    records.update(store, replace(found, reference="new", updated=self.clock()))

    def reconciled(self, what: str, *, whole: bool = False) -> tuple[Cost, dict[str, object]]:
        """One reconciliation, over as many days as Xero's limit makes of it."""
        counts = self.client.counts
        before, received = counts.attempts, counts.received
        began, read = time.perf_counter(), 0
        for day in itertools.count(1):
            lists = kept_lists(self.connection, whole=whole)
            try:
                told = run(self.connection, _DAY, None, lists).as_json()
            except UsageError as stopped:
                assert "no more calls" in str(stopped), stopped
                self.clock.sleep(86_400)
                read += lists.reading.read
                continue
            seconds = time.perf_counter() - began
            size = (counts.received - received) / 1_000_000
            cost = Cost(
                what, counts.attempts - before, size, seconds, read + lists.reading.read, day
            )  # fmt: skip
            return cost, told
        raise AssertionError("it comes to an end")


@contextmanager
def books(count: int, limits: Limits) -> Iterator[Books]:
    """Books in a folder that goes away."""
    with tempfile.TemporaryDirectory() as name:
        made = Books(Path(name), count, limits)
        try:
            yield made
        finally:
            made.close()


def costs(count: int, changed: int, limits: Limits) -> list[Cost]:
    """The first reading, one after some changes, and a whole one that must say the same."""
    with books(count, limits) as made:
        first, _ = made.reconciled("the first time")
        made.change(changed)
        again, told = made.reconciled(f"{changed:,} changed")
        whole, same = made.reconciled("--full", whole=True)
        assert told == same, "only what changed was read, and it says something else"
        return [first, again, whole]


def main(count: int = 50_000, changed: int = 500) -> int:
    """Print them; 1 when the second takes more calls than it may."""
    out = Console(width=100, highlight=False)
    found = costs(count, changed, replace(Limits.xero(), per_day=1_000))
    for cost in found:
        out.print(
            f"{count:,} documents, {cost.what}: {cost.calls} calls, {cost.megabytes:.1f} MB, "
            f"{cost.read:,} objects read, {cost.seconds:.1f} s, {cost.days} day(s)"
        )
    return 0 if found[1].calls < CALLS else 1
