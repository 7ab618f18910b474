"""Answers that are too large, too slow, or no answers end in words, never in a traceback."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pm2xero.xero.auth import GrantedToken, SignInError, StaticToken
from pm2xero.xero.client import UnknownOutcome, XeroClient
from pm2xero.xero.identity import Addresses, Credentials, IdentityServer
from pm2xero.xero.reading import Patience
from tests.send.test_wrong_answers import BODIES, JUNK, STATUSES

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TOKEN = "a-token-that-is-long-enough"
XERO = Addresses.of("https://api.xero.com/api.xro/2.0", {})
SECRET = "a-secret-that-nobody-may-see"
PACKED = gzip.compress(b" " * 50_000_000)
SMALL = Patience(size=1_000_000, seconds=60)


class Ticks:
    """A clock that goes on by a step at each look."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


class Body(httpx.SyncByteStream):
    """Pieces that come one after the other; counts those that were taken."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.taken = 0
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.taken += 1
            yield piece

    def close(self) -> None:
        self.is_closed = True


def forever(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


def bomb() -> Iterator[bytes]:
    for start in range(0, len(PACKED), 1000):
        yield PACKED[start : start + 1000]


ENDLESS: dict[str, tuple[Callable[[], Iterator[bytes]], dict[str, str], float]] = {
    "a bomb": (bomb, {"Content-Encoding": "gzip"}, 0.0),
    "a bomb in a bomb": (bomb, {"Content-Encoding": "gzip, gzip"}, 0.0),
    "a body without end": (lambda: forever(b"x" * 10_000), {}, 0.0),
    "a slow drip": (lambda: forever(b"x"), {}, 7.0),
    "no gzip at all": (lambda: iter([b"plain"]), {"Content-Encoding": "gzip"}, 0.0),
    "a body cut off": (lambda: _broken(), {}, 0.0),
}


def _broken() -> Iterator[bytes]:
    yield b"{"
    raise httpx.RemoteProtocolError(f"peer closed the connection of {TOKEN}")


def answering(kind: str) -> tuple[httpx.MockTransport, Body, float]:
    pieces, headers, step = ENDLESS[kind]
    body = Body(pieces())
    return (
        httpx.MockTransport(lambda r: httpx.Response(200, headers=headers, stream=body)),
        body,
        step,
    )


@pytest.mark.parametrize("kind", ENDLESS)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_an_answer_without_end_leaves_the_outcome_unknown(kind: str, method: str) -> None:
    transport, body, step = answering(kind)
    client = XeroClient(
        StaticToken(TOKEN), transport=transport, patience=SMALL, ticks=Ticks(step)
    )  # fmt: skip
    tracemalloc.start()
    try:
        with pytest.raises(UnknownOutcome) as raised:
            client.call(method, "/Invoices", {}, {}, b"{}")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert TOKEN not in str(raised.value)
    assert body.taken < 200 and body.is_closed
    assert peak < 10 * SMALL.size


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_sign_in_without_end_is_told(kind: str) -> None:
    transport, body, step = answering(kind)
    tokens = GrantedToken(
        Credentials("id", SECRET),
        IdentityServer(XERO, transport=transport, ticks=Ticks(step)),
        clock=lambda: NOW,
    )  # fmt: skip
    with pytest.raises(SignInError, match="cannot be reached"):
        tokens.token()
    assert body.taken < 400 and body.is_closed


GRANTS = st.fixed_dictionaries(
    {},
    optional={
        "access_token": st.one_of(JUNK, st.sampled_from([TOKEN, "a\nb", "x" * 20_000, "\u2713"])),
        "expires_in": st.one_of(JUNK, st.integers()),
        "refresh_token": JUNK,
        "error": st.one_of(JUNK, st.just(f"bad {SECRET}")),
        "error_description": st.one_of(JUNK, st.just(f"{SECRET} is wrong")),
    },
)


@settings(max_examples=150, deadline=None)
@given(
    status=STATUSES,
    body=st.one_of(BODIES, GRANTS.map(lambda tree: json.dumps(tree).encode())),
    headers=st.sampled_from([{}, {"Content-Type": "application/json; charset=utf-16"},
                             {"Content-Encoding": "br"}, {"Content-Length": "3"}]),
)  # fmt: skip
def test_whatever_the_sign_in_answers_is_a_token_or_a_sentence(
    status: int, body: bytes, headers: dict[str, str]
) -> None:
    transport = httpx.MockTransport(
        lambda r: httpx.Response(status, headers=headers, content=body)
    )  # fmt: skip
    tokens = GrantedToken(
        Credentials("id", SECRET), IdentityServer(XERO, transport=transport), clock=lambda: NOW
    )
    try:
        found: Any = tokens.token()
    except SignInError as error:
        assert SECRET not in str(error)
        assert len(str(error)) < 500 and "\n" not in str(error)
    else:
        assert isinstance(found, str) and 0 < len(found) <= 16_384
        # It can stand in a header.
        httpx.Headers({"Authorization": f"Bearer {found}"}).raw[0][1].decode("ascii")
