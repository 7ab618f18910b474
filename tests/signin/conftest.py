"""A served Xero, and somebody who answers its consent page."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
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
def run() -> Run:
    def call(*args: str | Path) -> Result:
        return CliRunner().invoke(cli, [str(a) for a in args], prog_name="pm2xero")

    return call


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedXero]:
    with served_xero(tmp_path) as served:
        yield served


@dataclass
class Person:
    """Answers the consent page without a browser; `seen` are the addresses that were opened."""

    answer: str = "allow"
    tenant: str = ""
    seen: list[str] = field(default_factory=list)
    change: Callable[[str], str] = lambda address: address

    def open(self, address: str) -> bool:
        self.seen.append(address)
        threading.Thread(target=self._go, args=(address,), daemon=True).start()
        return True

    def _go(self, address: str) -> None:
        with httpx.Client(timeout=10) as http:
            page = http.get(address).text
            form = {
                name: html.unescape(value)
                for name, value in re.findall(r'type="hidden" name="(.*?)" value="(.*?)"', page)
            }
            shown = re.findall(r'name="tenant" value="(.*?)"', page)
            form |= {"tenant": self.tenant or shown[0], "answer": self.answer}
            sent = http.post(address.partition("?")[0], data=form)
            http.get(self.change(sent.headers["location"]))


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
