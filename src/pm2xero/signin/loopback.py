"""Where a browser comes back to: one address of this machine, for one answer."""

from __future__ import annotations

import hmac
import queue
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from pm2xero.errors import Finding, UsageError

_PATH = "/callback"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>pm2xero</title></head>
<body><main><h1>{head}</h1><p>{text}</p></main></body></html>
"""


class Loopback:
    """Listens on the first free port until the block ends.

    Only an answer with the right `state` counts; whatever else knocks is turned away, so that a
    page of somebody else can neither slip in its own code nor end the wait.

    Raises:
        UsageError: PU950 when every port is taken.
    """

    def __init__(self, ports: Sequence[int], state: str) -> None:
        self._answers: queue.Queue[Mapping[str, str]] = queue.Queue()
        self._server = self._bound(ports, state)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def address(self) -> str:
        """The redirect URI; by name, as Xero is said to refuse 127.0.0.1."""
        return f"http://localhost:{self._server.server_address[1]}{_PATH}"

    def wait(self, seconds: float) -> Mapping[str, str]:
        """What Xero sends with the browser.

        Raises:
            UsageError: PU950 when nobody comes.
        """
        try:
            return self._answers.get(timeout=seconds)
        except queue.Empty:
            message = f"nobody came back from Xero within {seconds:.0f} seconds"
            hint = f"is {self.address} among the redirect URIs of the app?"
            raise UsageError(Finding("PU950", message, hint=hint)) from None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _bound(self, ports: Sequence[int], state: str) -> ThreadingHTTPServer:
        answers = self._answers

        class Handler(_Handler):
            expected = state
            given = answers

        for port in ports:
            try:
                return ThreadingHTTPServer(("127.0.0.1", port), Handler)
            except OSError:
                continue
        taken = ", ".join(str(port) for port in ports)
        message = f"Xero cannot send the browser back: the ports {taken} of this machine are taken"
        raise UsageError(Finding("PU950", message, should_be="one of them free"))


class _Handler(BaseHTTPRequestHandler):
    expected: str
    given: queue.Queue[Mapping[str, str]]
    # A browser may open a connection ahead of time and say nothing on it.
    timeout = 30

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        if parts.path != _PATH:
            self._say(404, "Nothing here", "This address is for one answer of Xero.")
        elif not hmac.compare_digest(query.get("state", "").encode(), self.expected.encode()):
            self._say(400, "Not ours", "This answer belongs to another sign-in; it is not used.")
        else:
            if "error" in query:
                self._say(200, "Not connected", "Xero was not opened to pm2xero.")
            else:
                self._say(200, "Xero has answered", "Go back to pm2xero; close this window.")
            self.given.put(query)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the address holds the code."""

    def _say(self, status: int, head: str, text: str) -> None:
        body = _PAGE.format(head=head, text=text).encode()
        self.send_response(status)
        for name, value in (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("Referrer-Policy", "no-referrer"),
            ("Content-Security-Policy", "default-src 'none'"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
