"""Between the line and the ledger: remembered answers, calls that are lost, late or not found."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pm2xero.sandbox import idempotency
from pm2xero.sandbox.dispatch import RESOURCES, Call
from pm2xero.sandbox.mishaps import Mishaps
from pm2xero.sandbox.problems import Problem, not_found, validation_exception
from pm2xero.sandbox.reply import Reply, problem_reply
from pm2xero.sandbox.store import Store

_INEFFICIENT = "not filtering {} efficiently"
# What stands before the path in the address of the real API.
_HOST = len("https://api.xero.com")


@dataclass(frozen=True, slots=True)
class _Late:
    due: datetime
    act: Callable[[datetime], object]


class Gateway:
    """Brings calls to the ledger, each in one transaction; whoever uses it holds the lock.

    Args:
        answer: what the ledger answers to a call, within a transaction.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        mishaps: Mishaps,
        answer: Callable[[Call], Reply],
    ) -> None:
        self._store = store
        self._clock = clock
        self._mishaps = mishaps
        self._answer = answer
        self._waiting: list[_Late] = []

    def carry(self, call: Call, url: str) -> Reply:
        """One call, as its sender sees it.

        Raises:
            Problem: what is refused.
        """
        if call.method == "GET":
            return self._listed(call, url)
        fault = self._mishaps.at_gateway()
        if fault is None:
            return self._remembered(call, url, self._clock())
        return self._failed(call, url, fault)

    def catch_up(self) -> None:
        """Carry out the late calls whose time has come; what is refused then is heard by nobody."""
        while due := sorted((w for w in self._waiting if w.due <= self._clock()), key=_when):
            self._waiting.remove(due[0])
            with contextlib.suppress(Problem):
                # Nobody may have called meanwhile; a key is remembered by when the call is due.
                due[0].act(due[0].due)

    def _listed(self, call: Call, url: str) -> Reply:
        longest = self._mishaps.rules.longest_address
        is_list = len(call.path) == 1
        if is_list and longest and _HOST + len(url) > longest:
            self._mishaps.counts["longest_address"] += 1
            raise not_found()
        if is_list and call.endpoint in RESOURCES:
            if self._mishaps.happens("lists_not_found"):
                raise not_found()
            if call.query.get("where") and self._mishaps.happens("refused_filters"):
                raise validation_exception([], f"You are {_INEFFICIENT.format(call.endpoint)}")
            if self._mishaps.happens("busy_lists"):
                return Reply(200, b'{"status": "busy"}')
        return self._done(call)

    def _failed(self, call: Call, url: str, fault: str) -> Reply:
        status = self._mishaps.status()
        said = Reply(status, b"<html><body>An error occurred</body></html>", "text/html")
        key = _key(call)
        is_remembered = False
        if status == 500 and key is not None:
            is_remembered = True
            # Xero's own failure is remembered under its key; what a gateway says is not.
            request = idempotency.fingerprint(call.method, url, call.body)
            with self._store.transaction():
                known = idempotency.replay(self._store, key, request, self._clock())
                if known is not None:
                    return known
                idempotency.remember(self._store, key, request, self._clock(), said)

        def carry_out(now: datetime) -> Reply:
            return self._done(call) if is_remembered else self._remembered(call, url, now)

        if fault == "late":
            due = self._clock() + timedelta(seconds=self._mishaps.delay())
            self._waiting.append(_Late(due, carry_out))
        elif fault == "unsaid":
            with contextlib.suppress(Problem):
                carry_out(self._clock())
        return said

    def _remembered(self, call: Call, url: str, now: datetime) -> Reply:
        key = _key(call)
        if key is None:
            return self._done(call)
        request = idempotency.fingerprint(call.method, url, call.body)
        with self._store.transaction():
            known = idempotency.replay(self._store, key, request, now)
        if known is not None:
            return known
        try:
            with self._store.transaction():
                reply = self._answer(call)
                idempotency.remember(self._store, key, request, now, reply)
        except Problem as problem:
            # unverified for validation errors: the sources say that errors are kept as well.
            reply = problem_reply(problem)
            with self._store.transaction():
                idempotency.remember(self._store, key, request, now, reply)
        return reply

    def _done(self, call: Call) -> Reply:
        with self._store.transaction():
            return self._answer(call)


def _when(late: _Late) -> datetime:
    return late.due


def _key(call: Call) -> str | None:
    """The key that counts: DELETE knows none."""
    return call.headers.get("idempotency-key") if call.method in ("PUT", "POST") else None
