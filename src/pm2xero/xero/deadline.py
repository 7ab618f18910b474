"""One end for a whole call: connecting, sending, each header and each byte of the answer.

The timeouts of httpx are for one step each, so a line that gives a byte now and then, in the
headers or in packing that comes to nothing, would never end. Here every step gets what is left.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from typing import Any

import httpcore
import httpx

# So much of a body is written before the time is looked at again.
_PIECE = 64 * 1024


class Deadline:
    """When the present call must have ended; a client makes one call after the other.

    Args:
        ticks: seconds of a clock that never goes back.
    """

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._end: float | None = None

    def begin(self, seconds: float) -> None:
        """A call begins now, and has so many seconds."""
        self._end = self._ticks() + seconds

    def left(self, timeout: float | None) -> float | None:
        """What one step may take: its own timeout, or what is left of the call if that is less.

        Raises:
            TimeoutError: nothing is left.
        """
        if self._end is None:
            return timeout
        rest = self._end - self._ticks()
        if rest <= 0:
            raise TimeoutError("the whole call took too long")
        return rest if timeout is None else min(timeout, rest)


def keep_to(client: httpx.Client, deadline: Deadline) -> None:
    """Bind every connection of a client, through a proxy as well as direct, to a deadline.

    httpx hands no backend on to httpcore, whose pool takes one, so it is put in place here.
    """
    transports = [client._transport, *client._mounts.values()]
    for transport in transports:
        pool = transport._pool if isinstance(transport, httpx.HTTPTransport) else None
        if isinstance(pool, httpcore.ConnectionPool):
            pool._network_backend = _Backend(pool._network_backend, deadline)


class _Backend(httpcore.NetworkBackend):
    """Opens connections that end in time."""

    def __init__(self, inner: httpcore.NetworkBackend, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            left = self._deadline.left(timeout)
        except TimeoutError as late:
            raise httpcore.ConnectTimeout(str(late)) from None
        opened = self._inner.connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(opened, self._deadline)

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    """A connection whose every step has what is left of the call."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            left = self._deadline.left(timeout)
        except TimeoutError as late:
            raise httpcore.ReadTimeout(str(late)) from None
        return self._inner.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            try:
                left = self._deadline.left(timeout)
            except TimeoutError as late:
                raise httpcore.WriteTimeout(str(late)) from None
            self._inner.write(buffer[start : start + _PIECE], left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        try:
            left = self._deadline.left(timeout)
        except TimeoutError as late:
            raise httpcore.ConnectTimeout(str(late)) from None
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
