"""No token, secret, code or key is ever where somebody could read it by accident."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import msgspec
import pytest
from click.testing import Result
from cryptography.fernet import Fernet

from pm2xero.signin.grant import Enrolment
from pm2xero.signin.settings import registration
from pm2xero.xero.auth import Bearer, StaticToken
from pm2xero.xero.client import CallError, XeroClient
from pm2xero.xero.identity import Credentials, IdentityServer, SignInError, TokenAnswer
from tests.support.served_xero import ServedXero

from .conftest import Person, Run
from .test_refresh import GRANT, XERO

Connect = Callable[..., Result]
SECRET = "secret-of-the-web-app"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All that is logged, and every argument of every process that is begun."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(f"{record.getMessage()} {record.args!r}")

    root = logging.getLogger()
    ear = Ear(logging.NOTSET)
    root.addHandler(ear)
    before = root.level
    root.setLevel(1)
    real = subprocess.Popen.__init__

    def begin(self: object, *args: object, **more: object) -> None:
        heard.append(f"{args!r} {more!r}")
        real(self, *args, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess.Popen, "__init__", begin)
    yield heard  # type: ignore[misc]
    root.removeHandler(ear)
    root.setLevel(before)


def test_a_whole_life_of_a_sign_in_leaves_no_secret_behind(
    run: Run, served: ServedXero, connect: Connect, person: Person, said: list[str],
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("PM2XERO_CLIENT_SECRET", SECRET)
    monkeypatch.setenv("PM2XERO_GRANTS", f"sqlite:///{tmp_path}/grants.db")
    monkeypatch.setenv("PM2XERO_GRANT_KEY", key := Fernet.generate_key().decode())
    seen: list[str] = []

    def keep(result: Result) -> Result:
        seen.extend((result.stdout, result.stderr))
        if result.exc_info is not None:
            seen.extend(traceback.format_exception(*result.exc_info))
        return result

    assert keep(connect("--app", "web")).exit_code == 0
    month = served.firm.parent / "some.jsonl"
    month.write_text("\n".join(_documents(served)[:8]))
    where = ("--org", served.firm)
    keep(run("push", month, *where, "--locks", tmp_path / "locks.json"))
    keep(run("snapshot", *where))
    keep(run("status", *where))
    keep(run("reconcile", *where, "--format", "json"))
    keep(run("whoami", *where, "--format", "json"))
    secrets = _tokens(served)
    with served.sandbox._lock, served.sandbox._store.transaction():
        served.sandbox._store.execute("DELETE FROM token")
    keep(run("push", month, *where))
    # Xero no longer honours it, so it is forgotten here.
    assert keep(run("disconnect", *where)).exit_code == 0
    codes = [a.partition("code=")[2].partition("&")[0] for a in person.came_back]
    assert len(secrets) >= 2 and all(codes)
    private = {SECRET, key, *secrets, *codes}
    ours = [f for f in tmp_path.rglob("*") if f.is_file() and not f.name.startswith("xero.db")]
    assert any(f.name == "outbox.sqlite3" for f in ours)
    texts = {str(f): f.read_bytes().decode("latin-1") for f in ours}
    texts |= {f"output {n}": text for n, text in enumerate(seen)}
    texts |= {f"log or argument {n}": text for n, text in enumerate(said)}
    texts["argv"] = " ".join(sys.argv)
    found = {name for name, text in texts.items() for secret in private if secret in text}
    assert found == set()


def _documents(served: ServedXero) -> list[str]:
    return (served.firm.parent / "month.jsonl").read_text().splitlines()


def _tokens(served: ServedXero) -> list[str]:
    """All that the emulated Xero has ever given and not forgotten."""
    with served.sandbox._lock:
        return [row[0] for row in served.sandbox._store.rows("SELECT token FROM token")]


def test_nothing_that_holds_a_secret_shows_it() -> None:
    grant = replace(GRANT, previous_token="refresh-token-before")
    answer = TokenAnswer("access-token-0", 1800, "refresh-token-0", "refresh-token-id")
    app = registration({}, "our-app", "web", SECRET)
    shown = [
        grant, Enrolment(grant=grant), answer, app, Credentials("id", SECRET), app.credentials,
        Bearer("access-token-0"), StaticToken("access-token-0"),
        IdentityServer(XERO), XeroClient(StaticToken("access-token-0")),
    ]  # fmt: skip
    for thing in shown:
        for text in (repr(thing), str(thing), f"{thing}"):
            assert "token-0" not in text and "token-before" not in text and SECRET not in text
            assert "token-id" not in text
    # What is kept does hold them, or this would prove nothing.
    assert b"refresh-token-before" in msgspec.json.encode(grant)


@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_a_server_that_repeats_what_it_was_sent_does_not_make_us_say_it(status: int) -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        sent = request.content.decode() + str(dict(request.headers))
        return httpx.Response(status, json={"error": sent, "error_description": sent})

    server = IdentityServer(XERO, transport=httpx.MockTransport(echo))
    form = {"grant_type": "refresh_token", "refresh_token": "refresh-token-0",
            "code": "code-of-a-consent", "code_verifier": "verifier-of-a-consent"}  # fmt: skip
    with pytest.raises(SignInError) as told:
        server.ask(Credentials("our-app", SECRET), form)
    text = "".join(traceback.format_exception(told.value))
    for secret in ("refresh-token-0", "code-of-a-consent", "verifier-of-a-consent", SECRET):
        assert secret not in str(told.value) and secret not in text
    assert told.value.__suppress_context__ or told.value.__context__ is None

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError(str(dict(request.headers)), request=request)

    xero = XeroClient(StaticToken("access-token-0"), transport=httpx.MockTransport(fail))
    with pytest.raises(CallError) as lost:
        xero.call("GET", "/Invoices")
    assert "access-token-0" not in "".join(traceback.format_exception(lost.value))


def test_json_of_a_sign_in_names_no_token(run: Run, served: ServedXero, connect: Connect) -> None:
    told = json.loads(connect("--format", "json").stdout)
    assert not [key for key in told if "token" in key or "secret" in key]
