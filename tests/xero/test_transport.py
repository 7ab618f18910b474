"""The line to Xero: what leaves, where it may go, and what is no answer, over real sockets."""

from __future__ import annotations

import socket
import ssl
import zlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme

from pm2xero.xero.auth import StaticToken
from pm2xero.xero.client import UnknownOutcome, Unreachable, XeroClient
from pm2xero.xero.identity import Addresses, Credentials, IdentityServer, SignInUnanswered
from pm2xero.xero.reading import Patience
from tests.support.faulty_transport import FaultyTransport, Pass
from tests.support.raw_servers import RawServer, plain, serving, tunnel, without_end
from tests.support.unkind import is_list, is_write, once
from tests.support.xero_world import World
from tests.xero.test_endless_answers import Ticks

TOKEN = "a-token-that-is-long-enough"
SECRET = "a-secret-that-nobody-may-see"
OK = plain(b'{"Status":"OK"}')
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


class Clients:
    """Makes clients, and closes them in the end."""

    def __init__(self) -> None:
        self.made: list[XeroClient] = []

    def __call__(
        self, port: int, *, scheme: str = "http", host: str = "127.0.0.1", step: float = 0.0
    ) -> XeroClient:
        """One whose clock goes on by a step at each look, and who waits for a minute in all."""
        made = XeroClient(
            StaticToken(TOKEN),
            base_url=f"{scheme}://{host}:{port}",
            patience=Patience(seconds=60),
            ticks=Ticks(step),
        )
        self.made.append(made)
        return made


@pytest.fixture
def client() -> Iterator[Clients]:
    clients = Clients()
    yield clients
    for made in clients.made:
        made.close()


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_no_redirect_is_followed_and_the_outcome_is_unknown(
    client: Clients, status: int, method: str
) -> None:
    with serving(OK) as elsewhere:
        goes = b"Location: http://localhost:%d/Invoices" % elsewhere.port
        with serving(plain(b"", goes, status=b"%d Elsewhere" % status)) as xero:
            with pytest.raises(UnknownOutcome, match=f"sent elsewhere, HTTP {status}"):
                client(xero.port).call(method, "/Invoices", body=b"{}")
            assert len(xero.heads) == 1
        assert elsewhere.heads == []


EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"  # of deflate: nothing comes out of it
ENDLESS = {
    "headers": without_end(b"HTTP/1.1 200 OK\r\n", b"X-Slow: 1\r\n"),
    "one header": without_end(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"1"),
    "early hints": without_end(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "a status": without_end(b"HTTP/1.1 200 O", b"K"),
    "a body": without_end(b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "packing that comes to nothing": without_end(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\n" + zlib.compress(b"")[:2],
        EMPTY_BLOCK,
    ),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_what_drips_without_end_is_no_answer(client: Clients, what: str) -> None:
    with serving(ENDLESS[what]) as xero:
        with pytest.raises(UnknownOutcome) as raised:
            client(xero.port, step=0.5).call("PUT", "/Invoices", body=b"{}")
        assert TOKEN not in str(raised.value)


SHORT = {
    "fewer bytes than said": plain(b'{"Status":"OK"}').replace(b": 15", b": 900"),
    "no last chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n"
    b'{"Status":"OK"}\r\n',
    "half a header": b"HTTP/1.1 200 OK\r\nContent-",
    "nothing": b"",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
}


@pytest.mark.parametrize("what", SHORT)
def test_what_breaks_off_is_no_answer(client: Clients, what: str) -> None:
    def answer(line: socket.socket) -> None:
        line.sendall(SHORT[what])
        raise OSError("cut off")

    with serving(answer) as xero, pytest.raises(UnknownOutcome):
        client(xero.port).call("PUT", "/Invoices", body=b"{}")


@pytest.mark.parametrize("said", ["text/html", "text/plain; charset=utf-8", "application/xml"])
def test_a_good_answer_of_another_type_is_looked_up(world: World, said: str) -> None:
    """Whatever stands between may answer 200 in Xero's place, in words that look like Xero's."""

    def mistyped(forward: Pass) -> httpx.Response:
        answer = forward()
        return httpx.Response(200, content=answer.read(), headers={"Content-Type": said})

    world.month()
    chosen = once(mistyped, lambda request: is_write(request, "Invoices"))
    line = FaultyTransport(world.asgi, world.clock, chosen)
    report = world.run(line)
    assert (report.rejected, report.unknown, report.stopped) == (0, 0, None)
    writes = [n for n, r in enumerate(line.requests) if is_write(r, "Invoices")]
    looked = [n for n, r in enumerate(line.requests) if is_list(r) and "/Invoices" in r.url.path]
    assert any(n > writes[0] for n in looked)
    assert world.live()["Invoices"] == len(world.sandbox.documents("Invoices"))


# --- TLS ---


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_side(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture
def trusted(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RawServer]:
    """A server whose certificate is of the firm's own authority, which this process trusts."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with serving(OK, server_side(authority)) as xero:
        yield xero


def test_a_firms_own_authority_is_trusted_by_the_environment(
    client: Clients, trusted: RawServer
) -> None:
    answer = client(trusted.port, scheme="https", host="localhost").call("GET", "/Invoices")
    assert answer.json == {"Status": "OK"}


def test_a_certificate_of_nobody_we_trust_is_refused(
    client: Clients, authority: trustme.CA
) -> None:
    with serving(OK, server_side(authority)) as xero:
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            client(xero.port, scheme="https", host="localhost").call("PUT", "/Invoices", body=b"{}")
        assert xero.heads == []


def test_a_certificate_of_another_host_is_refused(
    client: Clients, trusted: RawServer, authority: trustme.CA
) -> None:
    with serving(OK, server_side(authority, "other.example")) as xero:
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            client(xero.port, scheme="https", host="localhost").call("PUT", "/Invoices", body=b"{}")
        assert xero.heads == []


# --- proxies ---


def test_a_proxy_carries_what_it_cannot_read(
    client: Clients, trusted: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lambda line: tunnel(line, trusted.port)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        xero = client(trusted.port, scheme="https", host="localhost")
        asked: list[int] = []
        answer = xero.call("PUT", "/Invoices", body=b"{}", leaving=lambda: asked.append(1))
        assert answer.status == 200 and asked
        (head,) = proxy.heads
    assert head.startswith(b"CONNECT localhost:%d " % trusted.port)
    assert TOKEN.encode() not in head and b"authorization" not in head.lower()
    assert TOKEN.encode() in trusted.heads[0]


def test_what_no_proxy_names_is_called_directly(
    client: Clients, trusted: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(plain(b"", status=b"403 Forbidden")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "example.org,localhost")
        xero = client(trusted.port, scheme="https", host="localhost")
        assert xero.call("GET", "/Invoices").status == 200
        assert proxy.heads == []


def test_a_proxy_that_refuses_means_that_nothing_left(
    client: Clients, trusted: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(plain(b"", status=b"407 Sign in first")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(Unreachable, match="407"):
            client(trusted.port, scheme="https", host="localhost").call(
                "PUT", "/Invoices", body=b"{}"
            )
    assert trusted.heads == []


def test_a_proxy_that_drips_without_end_ends_in_time(
    client: Clients, trusted: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(without_end(b"HTTP/1.1 200 OK\r\n", b"X-Slow: 1\r\n")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(UnknownOutcome):
            client(trusted.port, scheme="https", host="localhost", step=0.5).call(
                "PUT", "/Invoices", body=b"{}"
            )


@pytest.mark.parametrize("what", ENDLESS)
def test_a_sign_in_that_drips_without_end_is_told(what: str) -> None:
    with serving(ENDLESS[what]) as xero:
        server = IdentityServer(
            Addresses.of(f"http://127.0.0.1:{xero.port}/api.xro/2.0", {}), ticks=Ticks(0.5)
        )
        with pytest.raises(SignInUnanswered) as raised:
            server.ask(Credentials("id", SECRET), {"grant_type": "client_credentials"})
        server.close()
        assert SECRET not in str(raised.value)


def test_a_sign_in_is_not_sent_elsewhere() -> None:
    with serving(OK) as elsewhere:
        goes = b"Location: http://localhost:%d/connect/token" % elsewhere.port
        with serving(plain(b"", goes, status=b"307 Elsewhere")) as xero:
            server = IdentityServer(Addresses.of(f"http://127.0.0.1:{xero.port}/api.xro/2.0", {}))
            with pytest.raises(SignInUnanswered):
                server.ask(Credentials("id", SECRET), {"grant_type": "client_credentials"})
            server.close()
        assert elsewhere.heads == []
