"""A served Xero, and somebody who answers its consent page."""

from __future__ import annotations

import contextlib
import html
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPErrorProcessor, HTTPRedirectHandler, build_opener, urlopen

import pytest
from click.testing import CliRunner, Result

from pm2xero.cli.main import cli
from pm2xero.signin.settings import load_settings
from tests.support.served_xero import ServedXero, served_xero

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def own_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No keyring, credentials or fixed ports of this machine."""
    for name in ("CLIENT_ID", "CLIENT_SECRET", "TENANT", "URL", "TOKEN_URL", "GRANT_KEY", "DB"):
        monkeypatch.delenv(f"PM2XERO_{name}", raising=False)
    monkeypatch.setenv("PM2XERO_GRANTS", "file")
    # Any free port, so that tests can run beside each other.
    settings = replace(load_settings(), ports=(0,))
    monkeypatch.setattr("pm2xero.signin.settings.load_settings", lambda: settings)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """One command, which asks as often as ever but waits for nothing."""
    # There is no other machine that writes down an answer, and no server that recovers.
    monkeypatch.setattr("pm2xero.signin.refresh._SETTLING", 0.0)
    monkeypatch.setattr("pm2xero.signin.refresh._PAUSES", (0.0, 0.0))

    def call(*args: str | Path) -> Result:
        return CliRunner().invoke(cli, [str(a) for a in args], prog_name="pm2xero")

    return call


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedXero]:
    with served_xero(tmp_path) as served:
        yield served


@dataclass
class Person:
    """Answers the consent page without a browser; keeps what it opened and was sent back to."""

    answer: str = "allow"
    tenant: str = ""
    seen: list[str] = field(default_factory=list)
    came_back: list[str] = field(default_factory=list)
    change: Callable[[str], str] = lambda address: address

    def open(self, address: str) -> bool:
        self.seen.append(address)
        threading.Thread(target=self._go, args=(address,), daemon=True).start()
        return True

    def _go(self, address: str) -> None:
        # No httpx: what a browser does must not stand in the logs of this process.
        page = _opener.open(address, timeout=10).read().decode()
        form = {
            name: html.unescape(value)
            for name, value in re.findall(r'type="hidden" name="(.*?)" value="(.*?)"', page)
        }
        shown = re.findall(r'name="tenant" value="(.*?)"', page)
        form |= {"tenant": self.tenant or shown[0], "answer": self.answer}
        sent = _opener.open(address.partition("?")[0], urlencode(form).encode(), timeout=10)
        self.came_back.append(sent.headers["location"])
        with contextlib.suppress(HTTPError):
            urlopen(self.change(sent.headers["location"]), timeout=10)


class _Stay(HTTPRedirectHandler, HTTPErrorProcessor):
    """Shows where one is sent to, and does not go there."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response


_opener = build_opener(_Stay)


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Person:
    person = Person()
    monkeypatch.setenv("BROWSER", "person")
    monkeypatch.setattr("webbrowser.open", person.open)
    return person


@pytest.fixture
def connect(run: Run, served: ServedXero, person: Person) -> Callable[..., Result]:
    def call(*more: Any) -> Result:
        return run("connect", "--org", served.firm, "--xero-url", served.url,
                   "--client-id", "our-app", *more)  # fmt: skip

    return call
