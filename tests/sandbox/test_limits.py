"""Rate limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from pm2xero.sandbox import Limits, Sandbox

from .api import ROOT, SNAPSHOT, Api, Clock, invoice, seeded_ids


@pytest.fixture
def limited(clock: Clock, runner: asyncio.Runner) -> Iterator[Api]:
    sandbox = Sandbox.open(SNAPSHOT, clock=clock, ids=seeded_ids(), limits=Limits.xero(per_day=100))
    yield Api(sandbox, runner)
    sandbox.close()


def test_published_limits() -> None:
    limits = Limits.xero()
    assert (limits.concurrent, limits.per_minute, limits.per_day) == (5, 60, 5000)
    assert limits.app_per_minute == 10_000


def test_minute_and_its_headers(limited: Api, clock: Clock) -> None:
    first = limited.call("GET", "Invoices")
    assert first.headers["X-MinLimit-Remaining"] == "59"
    assert first.headers["X-DayLimit-Remaining"] == "99"
    assert first.headers["X-AppMinLimit-Remaining"] == "9999"
    clock.advance(seconds=10)
    for _ in range(59):
        assert limited.call("GET", "Invoices").status_code == 200
    refused = limited.call("GET", "Invoices")
    assert refused.status_code == 429
    assert refused.headers["X-Rate-Limit-Problem"] == "minute"
    assert refused.headers["Retry-After"] == "50"
    assert refused.headers["content-type"].startswith("text/plain")
    clock.advance(seconds=50)
    assert limited.call("GET", "Invoices").headers["X-MinLimit-Remaining"] == "59"


def test_day(limited: Api, clock: Clock) -> None:
    for _ in range(100):
        clock.advance(seconds=2)
        assert limited.call("GET", "Invoices").status_code == 200
    clock.advance(minutes=2)
    refused = limited.call("GET", "Invoices")
    assert refused.headers["X-Rate-Limit-Problem"] == "day"
    assert int(refused.headers["Retry-After"]) == 24 * 3600 - 198 - 120
    clock.advance(days=1)
    limited.sign_in()
    assert limited.call("GET", "Invoices").status_code == 200


def test_refused_requests_and_replays_are_told_apart(limited: Api) -> None:
    """A replay still consumes quota; a refused request does not, nor does it write."""
    body = {"Invoices": [invoice()]}
    for left in (59, 58):
        answer = limited.call("PUT", "Invoices", body, headers={"Idempotency-Key": "k"})
        assert answer.headers["X-MinLimit-Remaining"] == str(left)
    for _ in range(58):
        limited.call("GET", "Accounts")
    for _ in range(3):
        refused = limited.call("PUT", "Invoices", body)
        assert refused.status_code == 429
        assert refused.headers["X-MinLimit-Remaining"] == "0"
    assert limited.balances()["610"] == "110.00"


def test_five_at_once(limited: Api, runner: asyncio.Runner) -> None:
    async def six() -> list[httpx.Response]:
        gate = asyncio.Event()

        async def slow_body() -> AsyncIterator[bytes]:
            await gate.wait()
            yield b'{"Contacts": []}'

        headers = {
            "Authorization": f"Bearer {limited.sandbox.access_token()}",
            "Accept": "application/json",
        }
        transport = httpx.ASGITransport(limited.sandbox.app)
        async with httpx.AsyncClient(transport=transport, headers=headers) as client:
            url = f"{ROOT}/api.xro/2.0/Contacts"
            held = [asyncio.create_task(client.put(url, content=slow_body())) for _ in range(5)]
            await asyncio.sleep(0.01)
            sixth = await client.get(url)
            gate.set()
            others = [await task for task in held]
            return [sixth, *others, await client.get(url)]

    sixth, *others, later = runner.run(six())
    assert sixth.status_code == 429
    assert sixth.headers["X-Rate-Limit-Problem"] == "concurrent"
    assert "Retry-After" not in sixth.headers
    assert {other.status_code for other in others} == {400}
    assert later.status_code == 200


def test_body_size(limited: Api) -> None:
    answer = limited.send("PUT", "Invoices", content=b" " * 3_500_001)
    assert answer.status_code == 400
    assert "larger" in answer.json()["Message"]


def test_no_limits_no_headers(api: Api) -> None:
    for _ in range(70):
        answer = api.call("GET", "Contacts")
    assert answer.status_code == 200
    assert not [name for name in answer.headers if "limit" in name.lower()]
