"""Real processes that are killed by the system while they talk over HTTP, pushes and served Xero.

`python -m tests.simulation --killed-pushes 150 --killed-servers 50` does it often. The clock of the
pushes runs ahead, so that nobody waits two minutes for a call that was lost.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import random
import socket
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from ctypes import c_double, c_int
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from multiprocessing.context import ForkServerProcess
from multiprocessing.sharedctypes import RawValue
from pathlib import Path
from typing import Any

import uvicorn  # noqa: F401  # what a process needs is there before it is parted from this one

from pm2xero import connection
from pm2xero.cli.main import cli
from pm2xero.cli.sandbox import command as _sandbox  # noqa: F401
from pm2xero.connection import connect
from pm2xero.outbox.store import Outbox
from pm2xero.push.run import push
from pm2xero.read.stream import Source
from pm2xero.sandbox import Limits, Sandbox
from pm2xero.target import Target
from pm2xero.xero.client import Response, XeroClient
from tests.simulation.months import EXAMPLES, month, pipeline
from tests.simulation.trouble import Clock, Trouble
from tests.simulation.verdict import Books, books
from tests.simulation.world import World
from tests.simulation.world import folder as new_folder

REGION = "au"
FIRM = EXAMPLES / REGION / "organisation.yaml"
MONTH = EXAMPLES / REGION / "month.jsonl"
DONE, MORE = 0, 3
_KILLED = -9
# Longer than a lost call may still arrive, and than a lease lasts.
_REST = 130.0
_LONGEST_NAP = 0.5

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.simulation.killing"])


def pushing(folder: Path, url: str, ahead: Any, writes: Any) -> None:
    """One push, as a process of its own; it ends with MORE when another one is to follow.

    Args:
        ahead: seconds by which its clock goes ahead; writes: calls that it has begun to send.
    """
    os.environ |= {"PM2XERO_CLIENT_ID": "any", "PM2XERO_CLIENT_SECRET": "any"}

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=ahead.value)

    def sleep(seconds: float) -> None:
        time.sleep(min(seconds, _LONGEST_NAP))
        ahead.value += max(0.0, seconds - _LONGEST_NAP)

    def call(self: XeroClient, method: str, *given: Any, **more: Any) -> Response:
        writes.value += method != "GET"
        return call_(self, method, *given, **more)

    call_ = XeroClient.call
    XeroClient.call = call  # type: ignore[method-assign]
    connection.now = now
    target = Target(FIRM, None, (), f"sqlite:///{folder / 'outbox.db'}", url, None)
    with connect(target) as opened, MONTH.open("rb") as lines:
        timed = replace(opened, clock=now, sleep=sleep)
        _, sent = push(timed, [Source("month.jsonl", lines)], None)
    sys.exit(DONE if sent.stopped is None and not sent.confirmed else MORE)


def serving(folder: Path, port: int) -> None:
    """Serve the organisation of a file."""
    file = str(folder / "xero.db")
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        cli(["sandbox", "--org", str(FIRM), "--port", str(port), "--db", file, "--no-limits"])


@dataclass
class Site:
    """A firm's outbox, its served organisation, and the processes between them."""

    folder: Path
    port: int
    ahead: Any = field(default_factory=lambda: RawValue(c_double, 0.0))
    writes: Any = field(default_factory=lambda: RawValue(c_int, 0))
    server: ForkServerProcess | None = None

    def serve(self) -> None:
        """Start the served organisation, and wait until it takes calls."""
        self.server = _forks.Process(target=serving, args=(self.folder, self.port))
        self.server.start()
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            assert self.server.is_alive(), "it is not served"
            time.sleep(0.01)

    def begin(self) -> ForkServerProcess:
        """Begin a push."""
        url = f"http://127.0.0.1:{self.port}/api.xro/2.0"
        process = _forks.Process(target=pushing, args=(self.folder, url, self.ahead, self.writes))
        process.start()
        return process

    def comes_to(self, writes: int, process: ForkServerProcess) -> bool:
        """Wait until a push has begun so many calls; False when it ends before."""
        while self.writes.value < writes:
            if not process.is_alive():
                return False
            time.sleep(0.001)
        return process.is_alive()

    def check(self) -> None:
        """Everything is in Xero exactly once, as without any kill.

        Raises:
            AssertionError: it is not.
        """
        assert self.server is not None
        kill(self.server)
        firm = pipeline(REGION).organisation
        with Outbox.open(f"sqlite:///{self.folder / 'outbox.db'}", firm.id, connection.now) as own:
            states = {request.state for request in own.requests()}
        assert states == {"confirmed"}, states
        sandbox = Sandbox.open(
            firm.xero.raw, path=self.folder / "xero.db", clock=connection.now, ids=uuid.uuid4,
            limits=Limits.none(),
        )  # fmt: skip
        found = books(sandbox)
        sandbox.close()
        doubles, losses = found - without_kills(), without_kills() - found
        assert not doubles, f"twice in Xero: {doubles}"
        assert not losses, f"not in Xero: {losses}"


def kill(process: ForkServerProcess) -> bool:
    """Kill a process as `kill -9` does; whether that ended it."""
    process.kill()
    process.join()
    return process.exitcode == _KILLED


@cache
def without_kills() -> Books:
    """What a month comes to when nobody is killed."""
    with new_folder() as place:
        world = World(place, REGION, Trouble(random.Random(0), Clock()), Limits.none())
        while world.push(month(REGION)).confirmed:
            pass
        found = books(world.sandbox)
        world.close()
    return found


@contextlib.contextmanager
def site() -> Iterator[Site]:
    """A firm that nothing was pushed of, and its organisation on a free port."""
    with tempfile.TemporaryDirectory() as name, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        opened = Site(Path(name), port)
        opened.serve()
        try:
            yield opened
        finally:
            if opened.server is not None:
                kill(opened.server)


def kill_pushes(count: int, chance: random.Random) -> int:
    """Kill so many pushes around their writes; how many months that took.

    Raises:
        AssertionError: something is twice in Xero, or missing.
    """
    killed = months = 0
    while killed < count:
        months += 1
        with site() as firm:
            exit_code: int | None = MORE
            while exit_code in (MORE, _KILLED):
                process = firm.begin()
                wanted = firm.writes.value + chance.randint(1, 3)
                if killed < count and firm.comes_to(wanted, process):
                    time.sleep(chance.uniform(0, 0.03))
                    killed += kill(process)
                process.join()
                exit_code = process.exitcode
                firm.ahead.value += _REST
            assert exit_code == DONE, exit_code
            firm.check()
        print(f"{killed} pushes killed in {months} months", file=sys.stderr, flush=True)
    return months


def kill_servers(count: int, chance: random.Random) -> int:
    """Kill the served organisation so often while it is pushed to; how many months that took.

    Raises:
        AssertionError: something is twice in Xero, or missing.
    """
    killed = months = 0
    while killed < count:
        months += 1
        with site() as firm:
            exit_code: int | None = MORE
            while exit_code == MORE:
                process = firm.begin()
                while killed < count:
                    wanted = firm.writes.value + chance.randint(1, 6)
                    if not firm.comes_to(wanted, process):
                        break
                    time.sleep(chance.uniform(0, 0.03))
                    assert firm.server is not None
                    killed += kill(firm.server)
                    firm.serve()
                process.join()
                exit_code = process.exitcode
                firm.ahead.value += _REST
            assert exit_code == DONE, exit_code
            firm.check()
        print(f"served Xero killed {killed} times in {months} months", file=sys.stderr, flush=True)
    return months
