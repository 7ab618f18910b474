"""A fresh sandbox without limits, in memory, and a caller of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from pm2xero.sandbox import Limits, Sandbox

from .api import SNAPSHOT, Api, Clock, seeded_ids


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    opened = Sandbox.open(SNAPSHOT, clock=clock, ids=seeded_ids(), limits=Limits.none())
    yield opened
    opened.close()


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as running:
        yield running


@pytest.fixture
def api(sandbox: Sandbox, runner: asyncio.Runner) -> Api:
    return Api(sandbox, runner)
