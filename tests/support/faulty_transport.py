"""A transport on which things go wrong, at the calls that a test names."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from tests.support.xero_world import Clock

Pass = Callable[[], httpx.Response]


class Killed(BaseException):
    """The process is killed here; nothing may catch it."""


def timeout_before(forward: Pass) -> httpx.Response:
    raise httpx.ReadTimeout("the request never arrived")


def timeout_after(forward: Pass) -> httpx.Response:
    forward()
    raise httpx.ReadTimeout("the answer never arrived")


def dropped(forward: Pass) -> httpx.Response:
    forward()
    raise httpx.RemoteProtocolError("Server disconnected without sending a response.")


def unreachable(forward: Pass) -> httpx.Response:
    raise httpx.ConnectError("Connection refused")


def minute_limit(forward: Pass) -> httpx.Response:
    headers = {"X-Rate-Limit-Problem": "minute", "Retry-After": "17"}
    return httpx.Response(429, headers=headers, text="Too many requests")


def fault_before(forward: Pass) -> httpx.Response:
    return httpx.Response(500, json={"Type": "System", "Message": "An error occurred in Xero."})


def fault_after(forward: Pass) -> httpx.Response:
    forward()
    return fault_before(forward)


def offline_before(forward: Pass) -> httpx.Response:
    return httpx.Response(503, text="The Xero API is temporarily unavailable")


def offline_after(forward: Pass) -> httpx.Response:
    forward()
    return offline_before(forward)


def unreadable_after(forward: Pass) -> httpx.Response:
    forward()
    return httpx.Response(200, text="<html>")


def killed_before(forward: Pass) -> httpx.Response:
    raise Killed


def killed_after(forward: Pass) -> httpx.Response:
    forward()
    raise Killed


FAULTS = {
    fault.__name__: fault
    for fault in (
        timeout_before,
        timeout_after,
        dropped,
        unreachable,
        minute_limit,
        fault_before,
        fault_after,
        offline_before,
        offline_after,
        unreadable_after,
        killed_before,
        killed_after,
    )
}

Fault = Callable[[Pass], httpx.Response]


class FaultyTransport(httpx.BaseTransport):
    """Passes requests on, but for those that `choose` gives a fault.

    Args:
        choose: the fault of a request by its number from 1, or None.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        clock: Clock,
        choose: Callable[[int, httpx.Request], Fault | None] = lambda number, request: None,
    ) -> None:
        self.inner = inner
        self.clock = clock
        self.choose = choose
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.clock.advance(1)
        fault = self.choose(len(self.requests), request)
        if fault is None:
            return self.inner.handle_request(request)
        return fault(lambda: self.inner.handle_request(request))
