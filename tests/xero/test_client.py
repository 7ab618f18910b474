from __future__ import annotations

import threading
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import httpx
import pytest

from pm2xero.errors import Finding, LeaseLost
from pm2xero.xero.auth import GrantedToken, SignInError, StaticToken
from pm2xero.xero.client import UnknownOutcome, Unreachable, XeroClient
from pm2xero.xero.identity import Addresses, Credentials, IdentityServer
from tests.support.xero_world import World

SANDBOX = Addresses.of("http://sandbox", {})


def client(answer: httpx.Response | Exception) -> tuple[XeroClient, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    transport = httpx.MockTransport(handle)
    return XeroClient(StaticToken("t"), tenant="org", transport=transport), seen


def test_a_call_carries_sign_in_tenant_key_and_exact_bytes() -> None:
    xero, seen = client(httpx.Response(200, content=b'{"Total": 10.10}'))
    answer = xero.call(
        "PUT", "/Invoices", {"summarizeErrors": "false"}, {"Idempotency-Key": "k"}, b'{"A":1.00}'
    )
    (request,) = seen
    assert str(request.url) == "https://api.xero.com/api.xro/2.0/Invoices?summarizeErrors=false"
    assert request.headers["authorization"] == "Bearer t"
    assert request.headers["xero-tenant-id"] == "org"
    assert request.headers["accept"] == "application/json"
    assert request.headers["idempotency-key"] == "k"
    assert request.content == b'{"A":1.00}'
    assert answer.json == {"Total": Decimal("10.10")}


@pytest.mark.parametrize("text", ["", "<html>", "Too many", "[1]", '{"a":'])
def test_what_is_no_json_object_is_text(text: str) -> None:
    xero, _ = client(httpx.Response(503, text=text, headers={"Content-Type": "application/json"}))
    answer = xero.call("GET", "/Invoices")
    assert (answer.status, answer.json, answer.text) == (503, None, text)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ReadTimeout("x"), UnknownOutcome),
        (httpx.WriteTimeout("x"), UnknownOutcome),
        (httpx.ReadError("x"), UnknownOutcome),
        (httpx.RemoteProtocolError("x"), UnknownOutcome),
        (httpx.ConnectTimeout("x"), Unreachable),
        (httpx.ConnectError("x"), Unreachable),
    ],
)
def test_calls_without_an_answer(error: Exception, expected: type[Exception]) -> None:
    xero, _ = client(error)
    with pytest.raises(expected):
        xero.call("PUT", "/Invoices", body=b"{}")


def test_a_static_token_is_not_renewed() -> None:
    xero, seen = client(httpx.Response(401, json={"Detail": "TokenExpired: at 1"}))
    assert xero.call("GET", "/Invoices").status == 401
    assert len(seen) == 1


def test_credentials_come_from_the_environment_and_stay_out_of_sight() -> None:
    values = {"PM2XERO_CLIENT_ID": "id", "PM2XERO_CLIENT_SECRET": "hidden", "PM2XERO_TENANT": "t"}
    credentials = Credentials.from_environment(values)
    assert credentials == Credentials("id", "hidden", "t")
    assert "hidden" not in repr(credentials)
    with pytest.raises(SignInError, match="set PM2XERO_CLIENT_SECRET in the environment"):
        Credentials.from_environment({"PM2XERO_CLIENT_ID": "id"})


def test_a_granted_token_is_kept_until_shortly_before_it_expires(world: World) -> None:
    tokens = GrantedToken(
        Credentials("id", "secret"),
        IdentityServer(SANDBOX, transport=world.asgi),
        clock=world.clock,
    )
    first = tokens.token()
    world.clock.advance(1700)
    assert tokens.token() == first
    world.clock.advance(50)
    second = tokens.token()
    assert second != first
    assert world.client(tokens=tokens).call("GET", "/Organisation").status == 200


def test_a_refused_sign_in_is_told_in_the_words_of_xero(world: World) -> None:
    server = IdentityServer(SANDBOX, transport=world.asgi)
    tokens = GrantedToken(Credentials("id", "secret"), server, clock=world.clock, scopes="all")
    said = "Xero refuses the sign-in: Client credentials scope validation failed"
    with pytest.raises(SignInError, match=said):
        tokens.token()
    world.month()
    report = world.run(tokens=tokens)
    assert (report.stopped, report.cause) == (said, "not_signed_in")
    assert world.run().stopped is None


class Receiving(BaseHTTPRequestHandler):
    """A real server on loopback that remembers what reached it."""

    seen: ClassVar[list[str]] = []
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.seen.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


def test_what_is_raised_on_the_open_connection_keeps_the_call_from_being_sent() -> None:
    Receiving.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiving) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        xero = XeroClient(StaticToken("t"), base_url=f"http://127.0.0.1:{server.server_port}")
        asked: list[str] = []

        def refuse() -> None:
            raise LeaseLost(Finding("PE107", "somebody else writes now"))

        # Both a new connection and one that is kept open.
        for path in ("/First", "/Second"):
            xero.call("PUT", path, body=b"{}", leaving=lambda: asked.append("asked"))
            with pytest.raises(LeaseLost):
                xero.call("PUT", "/Never", body=b"{}", leaving=refuse)
        xero.close()
        server.shutdown()
    assert asked == ["asked", "asked"]
    assert Receiving.seen == ["/First", "/Second"]
