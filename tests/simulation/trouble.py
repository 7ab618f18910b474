"""Everything that goes wrong in one seed: a faulty line to Xero, and a process that dies."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

WRITE_FAULTS = (
    "timeout before commit",
    "timeout after commit",
    "timeout before a late commit",
    "dropped before commit",
    "dropped after commit",
    "no connection",
    "429 minute",
    "429 day",
    "429 concurrent",
    "500 before commit",
    "500 after commit",
    "503 before commit",
    "503 after commit",
    "502 page after commit",
    "cut answer",
    "half batch refused",
    "half batch lost",
    "token expires",
    "second sender",
    "asleep while connecting",
    "asleep before sending",
)
READ_FAULTS = (
    "timeout before commit",
    "dropped before commit",
    "no connection",
    "429 minute",
    "500 before commit",
    "503 before commit",
    "token expires",
    "second sender",
)
ASLEEP = "asleep between two writes"
KILL = "killed"
# Longer than a lease lasts, so that a second push does all the work meanwhile.
_ASLEEP = 150
# Longer than Xero remembers a key.
_FAST_ASLEEP = 500
_DOZES = 0.02
_READS = 0.3
# Xero forgets a key after six minutes, so what acts later than that cannot be told from anew.
_LATEST = 20.0


class Killed(BaseException):
    """The process is gone; nothing of it may be written from here on."""


@dataclass(slots=True)
class Clock:
    """Simulated time."""

    now: datetime = datetime(2026, 6, 1, 9, tzinfo=UTC)
    due: list[tuple[datetime, Callable[[], object]]] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass, and what falls due meanwhile happen."""
        end = self.now + timedelta(seconds=seconds)
        while self.due and self.due[0][0] <= end:
            self.now, happen = self.due.pop(0)
            happen()
        self.now = end


@dataclass(slots=True)
class Trouble:
    """Decides at each step what happens there; the same seed always decides the same.

    Attributes:
        kinds: faults that may happen in this seed.
        rate: chance of a fault at each call; deadly: chance of the end at each step.
        left, lives: how many faults, and how many kills, there are still to come.
        rival: starts a second push, given whether it must be let in.
        carried: keys of calls that Xero has carried out, or will.
        deliver: brings a call to Xero that its sender has given up.
        expire: makes every access token too old.
    """

    chance: random.Random
    clock: Clock
    kinds: tuple[str, ...] = ()
    rate: float = 0.0
    deadly: float = 0.0
    left: int = 0
    lives: int = 0
    rival: Callable[[bool], None] | None = None
    is_dead: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    deliver: Callable[[httpx.Request], None] | None = None
    expire: Callable[[], None] | None = None
    replies: dict[str, tuple[datetime, bytes, httpx.Response]] = field(default_factory=dict)
    carried: set[str] = field(default_factory=set)
    trace: Any = field(default_factory=hashlib.blake2b)

    def step(self, place: str) -> None:
        """A place where the process may die.

        Raises:
            Killed: it does, or has died before.
        """
        if self.is_dead:
            raise Killed
        if self.lives and self.chance.random() < self.deadly:
            self.lives -= 1
            self.is_dead = True
            self.counts[f"{KILL} {place}"] += 1
            raise Killed

    def doze(self) -> None:
        """Perhaps sleep so long that another push takes over."""
        if self.rival and self.left and ASLEEP in self.kinds and self.chance.random() < _DOZES:
            self.left -= 1
            self.counts[ASLEEP] += 1
            self.clock.sleep(_ASLEEP)
            self.meet_rival(must_be_let_in=True)

    def meet_rival(self, *, must_be_let_in: bool) -> None:
        """A second push is started beside this one."""
        if self.rival is not None:
            self.rival(must_be_let_in)

    def draw(self, *, writes: bool) -> str | None:
        """The fault of a call, if it has one."""
        # A push reads far more often than it writes, and what is lost of a read does no harm.
        rate = self.rate if writes else self.rate * _READS
        if not self.left or self.chance.random() >= rate:
            return None
        known = WRITE_FAULTS if writes else READ_FAULTS
        possible = [kind for kind in self.kinds if kind in known]
        if not possible:
            return None
        self.left -= 1
        kind = self.chance.choice(possible)
        self.counts[kind] += 1
        return kind


class FaultyLine(httpx.BaseTransport):
    """The line between the sender and the sandbox."""

    def __init__(self, inner: httpx.BaseTransport, trouble: Trouble) -> None:
        self._inner = inner
        self._trouble = trouble

    def close(self) -> None:
        """Hang up."""
        self._inner.close()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request over, or not, or bring its answer back, or not."""
        trouble = self._trouble
        request.read()
        trouble.trace.update(f"{request.method} {request.url}\n".encode() + request.content)
        trouble.step("before a call")
        trouble.counts["calls"] += 1
        trouble.counts["writes"] += request.method != "GET"
        trouble.clock.sleep(trouble.chance.uniform(0.05, 0.8))
        answer = self._carried(request, trouble.draw(writes=request.method != "GET"))
        trouble.step("after a call")
        return answer

    def _carried(self, request: httpx.Request, fault: str | None) -> httpx.Response:
        trouble, clock = self._trouble, self._trouble.clock
        known = trouble.replies.get(request.headers.get("idempotency-key", ""))
        if known and clock() - known[0] < timedelta(minutes=6) and known[1] == request.content:
            return known[2]
        match fault:
            case "timeout before a late commit":
                clock.sleep(60)
                trouble.carried.add(request.headers.get("idempotency-key", ""))
                due = clock() + timedelta(seconds=trouble.chance.uniform(0, _LATEST))
                clock.due.append((due, lambda: trouble.deliver and trouble.deliver(request)))
                clock.due.sort(key=lambda item: item[0])
                raise httpx.ReadTimeout("timed out")
            case "no connection":
                raise httpx.ConnectError("connection refused")
            case "token expires" if trouble.expire is not None:
                trouble.expire()
            case "second sender":
                trouble.meet_rival(must_be_let_in=False)
            case "asleep while connecting":
                clock.sleep(_ASLEEP)
                trouble.meet_rival(must_be_let_in=True)
                raise httpx.ConnectError("connection refused")
            case "asleep before sending":
                clock.sleep(_ASLEEP)
                trouble.meet_rival(must_be_let_in=True)
                clock.sleep(trouble.chance.choice((0, _FAST_ASLEEP)))
            case "half batch refused" | "half batch lost":
                return self._halved(request, fault)
        if fault and fault.startswith("429"):
            return _limited(fault, trouble.chance)
        if fault and fault.endswith("before commit"):
            return self._failed(fault)
        answer = self._inner.handle_request(request)
        trouble.carried.add(request.headers.get("idempotency-key", ""))
        if fault == "cut answer":
            body = answer.read()
            return httpx.Response(answer.status_code, content=body[: len(body) // 2])
        if fault and fault.endswith("after commit"):
            return self._failed(fault)
        return answer

    def _failed(self, fault: str) -> httpx.Response:
        if fault.startswith("timeout"):
            self._trouble.clock.sleep(60)
            raise httpx.ReadTimeout("timed out")
        if fault.startswith("dropped"):
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return httpx.Response(int(fault[:3]), html="<html><body>An error occurred</body></html>")

    def _halved(self, request: httpx.Request, fault: str) -> httpx.Response:
        """Xero takes some elements and fails on the others; what it says of that may get lost."""
        body = json.loads(request.content)
        wrapper = next(iter(body))
        elements = body[wrapper]
        key = request.headers.get("idempotency-key", "")
        # What was carried out under this key before is answered from memory, whole.
        is_known = key in self._trouble.carried
        if is_known or not isinstance(elements, list) or len(elements) < 2 or len(body) > 1:
            return self._inner.handle_request(request)
        kept = [self._trouble.chance.random() < 0.5 for _ in elements]
        results: list[dict[str, Any]] = []
        if any(kept):
            # The text of each element must stay as it was, so amounts pass as they are written.
            some = {wrapper: [e for e, keep in zip(elements, kept, strict=True) if keep]}
            part = httpx.Request(
                request.method, request.url,
                headers={k: v for k, v in request.headers.items()
                         if k not in ("idempotency-key", "content-length")},
                content=json.dumps(some).encode(),
            )  # fmt: skip
            answer = self._inner.handle_request(part)
            content = answer.read()
            if answer.status_code != 200:
                # A refusal of the whole call, such as one call too many, may have no body.
                headers = {k: v for k, v in answer.headers.items() if k.startswith(("x-", "retry"))}
                return httpx.Response(answer.status_code, headers=headers, content=content)
            results = list(json.loads(content)[wrapper])
        if fault == "half batch lost":
            return self._failed("timeout")
        said = {"ValidationErrors": [{"Message": "A transient error, please try again"}]}
        failed = [{**e, "StatusAttributeString": "ERROR", **said} for e in elements]
        # An unkind answer may tell of fewer than were kept; then this one does, too.
        taken = iter(results)
        merged = [
            found
            for fault_of, keep in zip(failed, kept, strict=True)
            if (found := next(taken, None) if keep else fault_of) is not None
        ]
        reply = httpx.Response(200, json={wrapper: merged})
        self._trouble.replies[key] = (self._trouble.clock(), request.content, reply)
        return reply


def _limited(fault: str, chance: random.Random) -> httpx.Response:
    problem = fault.removeprefix("429 ")
    headers = {"X-Rate-Limit-Problem": problem}
    if problem != "concurrent":
        seconds = chance.randint(1, 60) if problem == "minute" else chance.randint(600, 80_000)
        headers["Retry-After"] = str(seconds)
    return httpx.Response(429, headers=headers)
