"""Servers on this machine that speak bytes: for whatever no well-behaved server would answer."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Answer = Callable[[socket.socket], None]


class RawServer:
    """Reads the head and the body of one request after the other, and answers as it is told."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.heads: list[bytes] = []
        self._answer = answer
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._lines: list[socket.socket] = []
        self._start(self._listen)

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def close(self) -> None:
        for open_one in (self._listener, *self._lines):
            with contextlib.suppress(OSError):
                open_one.shutdown(socket.SHUT_RDWR)
            open_one.close()
        for thread in self._threads:
            thread.join(timeout=30)

    def _start(self, act: Callable[[], None]) -> None:
        thread = threading.Thread(target=act, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                self._lines.append(line)
                self._start(lambda line=line: self._serve(line))  # type: ignore[misc]

    def _serve(self, line: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self._tls is not None:
                line = self._tls.wrap_socket(line, server_side=True)
                self._lines.append(line)
            while head := _request(line):
                self.heads.append(head)
                self._answer(line)
        line.close()


def _request(line: socket.socket) -> bytes:
    """One whole request; empty when the other side has gone."""
    got = b""
    while b"\r\n\r\n" not in got:
        piece = line.recv(65536)
        if not piece:
            return b""
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    length = 0
    for field in head.lower().split(b"\r\n"):
        if field.startswith(b"content-length:"):
            length = int(field.split(b":")[1])
    while len(body) < length:
        body += line.recv(65536)
    return head


@contextmanager
def serving(answer: Answer | bytes, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """A server that answers every request so."""
    act = answer if callable(answer) else (lambda line: line.sendall(answer))
    server = RawServer(act, tls)
    try:
        yield server
    finally:
        server.close()


def plain(body: bytes, *fields: bytes, status: bytes = b"200 OK") -> bytes:
    """An answer as it goes over the line."""
    head = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *fields]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def without_end(start: bytes, piece: bytes) -> Answer:
    """A beginning, and then the same piece for as long as anybody listens."""

    def answer(line: socket.socket) -> None:
        line.sendall(start)
        while True:
            line.sendall(piece)
            # The other side reads piece by piece, as from a line that is slow.
            if select.select([line], [], [], 0.002)[0] and not line.recv(1, socket.MSG_PEEK):
                raise OSError("nobody listens")

    return answer


def tunnel(line: socket.socket, port: int) -> None:
    """Agree to a CONNECT and carry bytes both ways until one side has gone."""
    line.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    with socket.create_connection(("127.0.0.1", port)) as other:
        ends = {line: other, other: line}
        while True:
            for ready in select.select(list(ends), [], [])[0]:
                piece = ready.recv(65536)
                if not piece:
                    raise OSError("one side has gone")
                ends[ready].sendall(piece)
