"""The ASGI application: sign-in, limits, idempotency and the envelope of every answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from pm2xero.sandbox.dispatch import Call
from pm2xero.sandbox.limits import Throttle
from pm2xero.sandbox.problems import Problem
from pm2xero.sandbox.reply import Reply, problem_reply
from pm2xero.sandbox.wire import Wire, dump

API = "/api.xro/2.0/"


class Service(Protocol):
    """What the application serves."""

    throttle: Throttle

    def consent_page(self, query: Mapping[str, str]) -> str:
        """The page that asks a user."""

    def consented(self, form: Mapping[str, str]) -> str:
        """Where the browser goes when the user has answered."""

    def token(self, form: bytes, authorization: str | None, issuer: str) -> Wire:
        """The token endpoint."""

    def revoke(self, form: bytes, authorization: str | None) -> None:
        """The revocation endpoint."""

    def connections(self, authorization: str | None, event: str | None) -> list[Wire]:
        """The organisations that a token may see."""

    def disconnect(self, authorization: str | None, connection: str) -> None:
        """Take one connection back."""

    def handle(self, call: Call, url: str) -> Reply:
        """The Accounting API."""


def application(service: Service) -> Starlette:
    """The application over a service."""

    async def token(request: Request) -> Response:
        form = await request.body()
        issuer = str(request.base_url).rstrip("/")
        return _answered(
            lambda: _json(service.token(form, request.headers.get("authorization"), issuer))
        )

    async def authorise(request: Request) -> Response:
        if request.method == "GET":
            return _answered(lambda: _page(service.consent_page(dict(request.query_params))))
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        try:
            back = service.consented(form)
        except Problem as problem:
            return _refused(problem, {})
        return Response(status_code=303, headers={"Location": back})

    async def revocation(request: Request) -> Response:
        service.revoke(await request.body(), request.headers.get("authorization"))
        return Response(status_code=200)

    async def connections(request: Request) -> Response:
        authorization = request.headers.get("authorization")
        event = request.query_params.get("authEventId")
        return _answered(lambda: _json(service.connections(authorization, event)))

    async def connection(request: Request) -> Response:
        authorization = request.headers.get("authorization")
        try:
            service.disconnect(authorization, request.path_params["id"])
        except Problem as problem:
            return _refused(problem, {})
        return Response(status_code=204)

    async def api(request: Request) -> Response:
        throttle = service.throttle
        try:
            throttle.enter()
        except Problem as problem:
            return _refused(problem, {})
        try:
            body = await request.body()
            path = request.url.path
            call = Call(
                method=request.method,
                path=tuple(part for part in path.removeprefix(API).split("/") if part),
                query=dict(request.query_params),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=body,
            )
            url = f"{path}?{request.url.query}"
            return _answered(lambda: service.handle(call, url), throttle.headers())
        finally:
            throttle.leave()

    return Starlette(
        routes=[
            Route("/identity/connect/authorize", authorise, methods=["GET", "POST"]),
            Route("/connect/token", token, methods=["POST"]),
            Route("/connect/revocation", revocation, methods=["POST"]),
            Route("/connections", connections, methods=["GET"]),
            Route("/connections/{id}", connection, methods=["DELETE"]),
            # The official client writes it with a capital.
            Route("/Connections", connections, methods=["GET"]),
            Route(API + "{path:path}", api, methods=["GET", "PUT", "POST", "DELETE"]),
        ],
        exception_handlers={ClientDisconnect: _unheard},
    )


async def _unheard(_request: Request, _gone: Exception) -> Response:
    """Whoever asked was gone before all of it was here; nothing is done, and nobody hears it."""
    return Response(status_code=400)


def _json(payload: object) -> Reply:
    return Reply(200, dump(payload))


def _page(html: str) -> Reply:
    return Reply(200, html.encode(), "text/html; charset=utf-8")


def _answered(act: Callable[[], Reply], headers: Mapping[str, str] | None = None) -> Response:
    try:
        reply = act()
    except Problem as problem:
        return _refused(problem, headers or {})
    return Response(
        reply.body, reply.status, headers=dict(headers or {}), media_type=reply.media_type
    )


def _refused(problem: Problem, headers: Mapping[str, str]) -> Response:
    reply = problem_reply(problem)
    return Response(
        reply.body,
        reply.status,
        headers={**headers, **problem.headers},
        media_type=reply.media_type,
    )
