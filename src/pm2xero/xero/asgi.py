"""A transport that calls an ASGI application in this process, synchronously."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import httpx

from pm2xero.xero.client import SENDING

_Message = MutableMapping[str, Any]
Application = Callable[
    [_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]],
    Awaitable[None],
]


class AsgiTransport(httpx.BaseTransport):
    """Runs each request to its end on an event loop of its own; needs no thread and no socket.

    httpx has this only for its asynchronous client.
    """

    def __init__(self, app: Application) -> None:
        self._inner = httpx.ASGITransport(app)
        self._runner = asyncio.Runner()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Call the application and read its whole answer."""
        # As a connection would say it, so that whoever watches the line sees the same here.
        if (trace := request.extensions.get("trace")) is not None:
            trace(SENDING, {})
        # Without what `run` does around each call about signals, which takes longer than the call.
        return self._runner.get_loop().run_until_complete(self._handle(request))

    def close(self) -> None:
        """Close the loop."""
        self._runner.close()

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        content = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=content)
