"""A line to Xero on which happens what public reports say of the real one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx

from tests.support.faulty_transport import Fault, Pass
from tests.support.xero_world import World

Answer = dict[str, Any]


def is_write(request: httpx.Request, endpoint: str = "") -> bool:
    """Whether a request writes documents (no contacts), of one endpoint if one is named."""
    path = request.url.path.removeprefix("/api.xro/2.0")
    named = path.startswith(f"/{endpoint}") if endpoint else not path.startswith("/Contacts")
    return request.method != "GET" and named


def is_list(request: httpx.Request) -> bool:
    """Whether a request asks for a list of documents."""
    return request.method == "GET" and request.url.path.count("/") == 3


def once(fault: Fault, wanted: Callable[[httpx.Request], bool]) -> Callable[..., Fault | None]:
    """Chooses a fault for the first request that is wanted."""
    done: list[int] = []

    def choose(number: int, request: httpx.Request) -> Fault | None:
        if done or not wanted(request):
            return None
        done.append(number)
        return fault

    return choose


def always(fault: Fault, wanted: Callable[[httpx.Request], bool]) -> Callable[..., Fault | None]:
    """Chooses a fault for every request that is wanted."""
    return lambda number, request: fault if wanted(request) else None


def answered(status: int, body: str = "", **headers: str) -> Fault:
    """Answered so, and not carried out."""
    said = {"Content-Type": "application/json", **headers}
    return lambda forward: httpx.Response(status, content=body.encode(), headers=said)


def carried_out(status: int, body: str = "") -> Fault:
    """Carried out, and answered so all the same."""

    def fault(forward: Pass) -> httpx.Response:
        forward()
        return answered(status, body)(forward)

    return fault


def rewritten(change: Callable[[Answer], Answer]) -> Fault:
    """Carried out, with an answer in which something is changed."""

    def fault(forward: Pass) -> httpx.Response:
        answer = forward()
        return httpx.Response(answer.status_code, json=change(json.loads(answer.read())))

    return fault


def altered(world: World, request: httpx.Request, change: Callable[[Answer], None]) -> Pass:
    """Carries out a request in which something is changed, as Xero might read it otherwise."""
    sent = json.loads(request.content)
    change(sent)
    kept = ("auth", "xero", "accept")
    headers = {k: v for k, v in request.headers.items() if k.startswith(kept)}
    other = httpx.Request(request.method, request.url, headers=headers, content=json.dumps(sent))

    def carry_out() -> httpx.Response:
        answer = world.asgi.handle_request(other)
        assert answer.status_code == 200, answer.read()
        return answer

    return carry_out


def lost_after(carry_out: Pass) -> Fault:
    """Carried out in this way, and the answer is lost."""

    def fault(forward: Pass) -> httpx.Response:
        carry_out()
        raise httpx.ReadTimeout("lost")

    return fault


class Later:
    """A gateway gives up while Xero is still busy: the calls are carried out some time later."""

    def __init__(self, world: World, status: int | None, seconds: float) -> None:
        self.world = world
        self.status = status
        self.seconds = seconds
        self.kept: list[tuple[datetime, httpx.Request]] = []

    def __call__(self, request: httpx.Request) -> Fault:
        """The fault of one request."""

        def fault(forward: Pass) -> httpx.Response:
            self.kept.append((self.world.clock() + timedelta(seconds=self.seconds), request))
            if self.status is None:
                raise httpx.ReadTimeout("no answer")
            return httpx.Response(self.status, text="<html>", headers={"Content-Type": "text/html"})

        return fault

    def arrive(self) -> None:
        """Carry out what is due by now."""
        for due, request in list(self.kept):
            if self.world.clock() >= due:
                self.kept.remove((due, request))
                # Nobody watches the line any more.
                request.extensions = {}
                self.world.asgi.handle_request(request)
