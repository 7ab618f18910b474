"""A firm with its outbox and its Xero, both in real files, and pushes that may die on the way."""

from __future__ import annotations

import functools
import io
import json
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
from sqlalchemy import Connection as Database
from sqlalchemy import Engine, create_engine, event

from pm2xero.connection import Connection
from pm2xero.decide.decider import opening_state
from pm2xero.errors import LeaseTaken
from pm2xero.firm.organisation import load_organisation
from pm2xero.history.rows_state import RowsState
from pm2xero.outbox.database import open_engine
from pm2xero.outbox.past_records import Chapter
from pm2xero.outbox.records import Document as Saved
from pm2xero.outbox.store import Outbox
from pm2xero.pipeline import Pipeline
from pm2xero.push.run import push
from pm2xero.read.stream import Source
from pm2xero.sandbox import Limits, Sandbox, Unkindness
from pm2xero.send.send_report import SendReport
from pm2xero.send.sender import LEASE
from pm2xero.target import Target
from pm2xero.xero.asgi import AsgiTransport
from pm2xero.xero.auth import GrantedToken
from pm2xero.xero.client import XeroClient
from pm2xero.xero.identity import Addresses, Credentials, IdentityServer
from tests.simulation.months import EXAMPLES, Document, pipeline
from tests.simulation.trouble import Clock, FaultyLine, Trouble
from tests.support.memory import ENOUGH_FOR_A_MONTH, in_memory


class FragileOutbox(Outbox):
    """An outbox whose process may die around every commit."""

    trouble: Trouble
    at_once = 500
    let_in: datetime

    def acquire_lease(self, owner: str, ttl: timedelta) -> bool:
        """Note when a push is let in."""
        is_let_in = super().acquire_lease(owner, ttl)
        self.let_in = self._clock()
        return is_let_in

    @contextmanager
    def _write(self) -> Iterator[Database]:
        self.trouble.step("before a transaction")
        self.trouble.doze()
        with super()._write() as connection:
            yield connection
            self.trouble.step("before a commit")
        self.trouble.step("after a commit")

    def save_many(self, documents: Iterable[Saved], past: Iterable[Chapter] = ()) -> None:
        """Save a few at a time, so that an intake can end between them."""
        given, told = list(documents), list(past)
        for start in range(0, len(given), self.at_once):
            part = given[start : start + self.at_once]
            keys = {(tx.id, tx.revision) for tx, _, _ in part}
            own = [c for c in told if (c.id, c.revision) in keys]
            told = [c for c in told if c not in own]
            super().save_many(part, own)
        if told:
            super().save_many((), told)


class World:
    """One firm.

    Attributes:
        line: the present line to the sandbox, if a push is running.
    """

    def __init__(
        self,
        folder: Path,
        region: str,
        trouble: Trouble,
        limits: Limits,
        unkindness: Unkindness | None = None,
    ) -> None:
        self.trouble = trouble
        self.clock: Clock = trouble.clock
        self.region = region
        self.folder = folder
        self._limits = limits
        self.unkindness = unkindness or Unkindness()
        self.recoded: dict[str, str] = {}
        self._renewed: Pipeline | None = None
        self._at_once = 500
        for name in ("outbox.db", "xero.db"):
            shutil.copyfile(_templates(region) / name, folder / name)
        self.sandbox = self._opened_sandbox()

    def reopen_sandbox(self, limits: Limits | None = None) -> None:
        """Xero is restarted, perhaps with other limits."""
        self._limits = limits or self._limits
        self.sandbox.close()
        self.sandbox = self._opened_sandbox()

    def take_snapshot(self, raw: dict[str, Any]) -> None:
        """Somebody takes down what Xero says of itself, and writes new codes into the firm's file.

        Args:
            raw: Organisation, Accounts and TaxRates.
        """
        text = (EXAMPLES / self.region / "organisation.yaml").read_text("utf-8")
        for old, new in self.recoded.items():
            text = text.replace(f'"{old}"', f'"{new}"')
        (self.folder / "organisation.yaml").write_text(text, "utf-8")
        (self.folder / "xero.json").write_text(json.dumps(raw), "utf-8")
        # The pack stays as it is, so it is not read again.
        firm = load_organisation(self.folder / "organisation.yaml", None)
        self._renewed = Pipeline(pipeline(self.region).pack, firm)

    def _pipeline(self) -> Pipeline:
        """A pipeline that has seen nothing, with the firm's file and snapshot as they are now."""
        if self._renewed is None:
            return pipeline(self.region)
        fresh = copy(self._renewed)
        fresh.state = opening_state(fresh.organisation)
        return fresh

    @property
    def outbox_file(self) -> Path:
        """The file of the outbox."""
        return self.folder / "outbox.db"

    def lose_outbox(self) -> None:
        """Somebody deletes the outbox, with or without the file that remembers it."""
        self.put_back(_templates(self.region) / "outbox.db")
        for file in self.folder.glob("*.generation"):
            if self.trouble.chance.random() < 0.5:
                file.unlink()

    def put_back(self, copy: Path) -> None:
        """An outbox of an earlier day is put in the place of this one."""
        for left in self.folder.glob("outbox.db*"):
            if left.suffix != ".generation":
                left.unlink()
        shutil.copyfile(copy, self.outbox_file)

    def close(self) -> None:
        """Close everything."""
        self.sandbox.close()

    def push(self, documents: Iterable[Document], *, at_once: int = 500) -> SendReport:
        """One push by a process of its own.

        Raises:
            Killed: it did not survive.
            LeaseTaken, UsageError: it was refused.
        """
        trouble = self.trouble
        trouble.deliver = self._deliver
        trouble.expire = self._expire
        trouble.rival = lambda must: self._rival(documents, must_be_let_in=must)
        with self.connection(trouble) as connection:
            assert isinstance(connection.outbox, FragileOutbox)
            connection.outbox.at_once = at_once
            return self._pushed(connection, documents)

    def _expire(self) -> None:
        with self.sandbox._store.transaction():
            self.sandbox._store.execute("UPDATE token SET expires = '2000' WHERE kind = 'access'")

    def _deliver(self, request: httpx.Request) -> None:
        line = AsgiTransport(self.sandbox.app)
        # It has left long ago, so whoever sent it is not asked once more.
        request.extensions = {k: v for k, v in request.extensions.items() if k != "trace"}
        line.handle_request(request)
        line.close()

    @contextmanager
    def connection(self, trouble: Trouble | None = None) -> Iterator[Connection]:
        """What a command opens; without `trouble` all goes well."""
        fragile = trouble or Trouble(self.trouble.chance, self.clock)
        fresh = self._pipeline()
        organisation = EXAMPLES / self.region / "organisation.yaml"
        target = Target(organisation, None, (), str(self.outbox_file), _URL, None)
        _PLACE[:] = [str(self.folder / "outbox.db")]
        outbox = FragileOutbox(_engine(), fresh.organisation.id, self.clock)
        outbox.trouble = fragile
        assert outbox.is_taken_over(self.clock())
        fresh.state = RowsState(outbox, fresh.state)
        sign_in = AsgiTransport(self.sandbox.app)
        identity = IdentityServer(Addresses.of(_URL, {}), transport=sign_in)
        tokens = GrantedToken(Credentials("firm", "secret"), identity, clock=self.clock)
        client = XeroClient(
            tokens,
            tenant=self.sandbox.organisation_id,
            base_url=_URL,
            transport=FaultyLine(AsgiTransport(self.sandbox.app), fragile),
        )
        try:
            yield Connection(target, fresh, outbox, client, "pack", self.clock, self.clock.sleep)
        finally:
            client.close()
            identity.close()
            outbox.close()

    def _pushed(self, connection: Connection, documents: Iterable[Document]) -> SendReport:
        lines = b"".join(json.dumps(d).encode() + b"\n" for d in documents)
        source = Source("month.jsonl", io.BytesIO(lines))
        _, sent = push(connection, [source])
        assert isinstance(sent, SendReport)
        return sent

    def _rival(self, documents: Iterable[Document], *, must_be_let_in: bool) -> None:
        """A second push while the first is busy: it is refused, or does all when it may."""
        with self.connection() as connection:
            lease = connection.outbox.lease()
            is_over = lease is None or self.clock() - lease.heartbeat > LEASE
            if is_over and not must_be_let_in:
                return
            try:
                self._pushed(connection, documents)
                assert isinstance(connection.outbox, FragileOutbox)
                # Before it asks for the lease a push looks at Xero, and a lease may run out then.
                waited = connection.outbox.let_in - lease.heartbeat if lease else LEASE
                assert must_be_let_in or waited > LEASE, "two pushes were let in at once"
                self.trouble.counts["second pushes let in"] += 1
            except LeaseTaken:
                assert not must_be_let_in, "a push that is two minutes dead keeps others out"

    def _opened_sandbox(self) -> Sandbox:
        chance = self.trouble.chance
        return Sandbox.open(
            pipeline(self.region).organisation.xero.raw,
            path=self.folder / "xero.db",
            clock=self.clock,
            ids=lambda: uuid.UUID(int=chance.getrandbits(128), version=4),
            limits=self._limits,
            unkindness=self.unkindness,
        )


_URL = "https://api.xero.com/api.xro/2.0"


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one seed, in memory where the system has that."""
    with tempfile.TemporaryDirectory(dir=in_memory(ENOUGH_FOR_A_MONTH)) as name:
        yield Path(name)


# The file that connections go to; engines are not made anew because that takes a tenth of a second.
_PLACE: list[str] = []


@functools.cache
def _engine() -> Engine:
    """The product's engine, whose connections go to the file of the present seed."""
    # What listens to "do_connect" listens to the dialect, which must be of this engine alone.
    with patch("pm2xero.outbox.database.create_engine", create_engine):
        engine = open_engine(f"sqlite:///{Path(_kept().name) / 'any.db'}", Clock())
    engine.dispose()

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, arguments: list[str], _options: Any) -> None:
        arguments[0] = _PLACE[0]

    return engine


@functools.cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


@functools.cache
def _templates(region: str) -> Path:
    """An empty outbox and a fresh organisation, made once and copied for each seed."""
    place = Path(_kept().name) / region
    place.mkdir()
    clock = Clock()
    firm = pipeline(region).organisation
    Outbox.open(f"sqlite:///{place / 'outbox.db'}", firm.id, clock).close()
    Sandbox.open(
        firm.xero.raw, path=place / "xero.db", clock=clock, ids=uuid.uuid4, limits=Limits.none()
    ).close()
    return place
