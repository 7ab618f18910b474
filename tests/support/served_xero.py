"""An emulated Xero behind a port, whose time a test moves, and a firm's own copy of its files."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn

from pm2xero.resources import root
from pm2xero.sandbox import Limits, Sandbox, Unkindness, load_snapshot

OTHER = "0b8e0c1e-7c3a-4f1d-9d52-3e6a1c94b7f9"


@dataclass
class ServedXero:
    """The organisation of the Australian example; `calls` are methods and paths that were asked."""

    sandbox: Sandbox
    firm: Path
    url: str = ""
    passed: timedelta = timedelta()
    calls: list[tuple[str, str]] = field(default_factory=list)
    token_delay: float = 0.0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.calls.append((scope["method"], scope["path"]))
            if scope["path"] == "/connect/token":
                await asyncio.sleep(self.token_delay)
        await self.sandbox.app(scope, receive, send)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.passed

    @property
    def root(self) -> str:
        return self.url.removesuffix("/api.xro/2.0")


@contextmanager
def served_xero(
    folder: Path, unkindness: Unkindness | None = None, limits: Limits | None = None
) -> Iterator[ServedXero]:
    """Serve it until the block ends; the firm's files are copied below a folder."""
    firm = folder / "firm"
    shutil.copytree(root() / "examples" / "au", firm)
    box: list[ServedXero] = []
    sandbox = Sandbox.open(
        load_snapshot(firm / "xero.json"),
        path=folder / "xero.db",
        clock=lambda: box[0].now() if box else datetime.now(UTC),
        ids=uuid.uuid4,
        limits=limits or Limits.none(),
        unkindness=unkindness,
        others={OTHER: "Other Pty Ltd"},
    )
    served = ServedXero(sandbox, firm / "organisation.yaml")
    box.append(served)
    config = uvicorn.Config(served, host="127.0.0.1", port=0, log_level="error")
    server = uvicorn.Server(config)
    try:
        with config.bind_socket() as socket:
            thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
            thread.start()
            while not server.started:
                time.sleep(0.01)
            served.url = f"http://127.0.0.1:{socket.getsockname()[1]}/api.xro/2.0"
            yield served
            server.should_exit = True
            thread.join()
    finally:
        sandbox.close()
