"""Against a served Xero: the right organisation, a snapshot that is true, and what a push says."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from pm2xero.sandbox import Limits, Sandbox, load_snapshot

from .conftest import EXAMPLES, Run

ELSEWHERE = "5b8e0c1e-7c3a-4f1d-9d52-3e6a1c94b7f1"


@dataclass
class Served:
    """An emulated organisation behind a port, and a firm's own copy of its files."""

    sandbox: Sandbox
    firm: Path
    url: str = ""
    delay: float = 0.0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The API, which takes its time when it should."""
        await asyncio.sleep(self.delay)
        await self.sandbox.app(scope, receive, send)

    @property
    def places(self) -> list[str]:
        return ["--org", str(self.firm), "--xero-url", self.url]


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    folder = tmp_path / "firm"
    shutil.copytree(EXAMPLES / "au", folder)
    sandbox = Sandbox.open(
        load_snapshot(folder / "xero.json"),
        path=tmp_path / "xero.db",
        clock=lambda: datetime.now(UTC),
        ids=uuid.uuid4,
        limits=Limits.none(),
    )
    served = Served(sandbox, folder / "organisation.yaml")
    config = uvicorn.Config(served, host="127.0.0.1", port=0, log_level="error")
    server = uvicorn.Server(config)
    with config.bind_socket() as socket:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        monkeypatch.setenv("PM2XERO_CLIENT_ID", "any")
        monkeypatch.setenv("PM2XERO_CLIENT_SECRET", "any")
        monkeypatch.setenv("PM2XERO_TENANT", sandbox.organisation_id)
        served.url = f"http://127.0.0.1:{socket.getsockname()[1]}/api.xro/2.0"
        yield served
        server.should_exit = True
        thread.join()
    sandbox.close()


def agreed(run: Run, served: Served) -> str:
    """The verdict of a reconciliation."""
    found = json.loads(run("reconcile", *served.places, "--format", "json").stdout)
    return str(found["verdict"])


def test_a_month_goes_to_a_served_organisation_and_agrees(run: Run, served: Served) -> None:
    month = served.firm.parent / "month.jsonl"
    pushed = run("push", month, *served.places)
    assert re.search(r"\d+ requests confirmed by Xero in \d+ calls", pushed.stdout)
    assert agreed(run, served) == "agrees_for_what_is_in_xero"


def test_another_organisation_is_refused_before_anything_is_sent(run: Run, served: Served) -> None:
    text = served.firm.read_text(encoding="utf-8")
    own = served.sandbox.organisation_id
    served.firm.write_text(text.replace(own, ELSEWHERE), encoding="utf-8")
    result = run("push", served.firm.parent / "month.jsonl", *served.places)
    assert result.exit_code == 2
    assert "PU915" in result.stderr and own in result.stderr and ELSEWHERE in result.stderr
    assert served.sandbox.documents("Invoices") == []
    taken = run("snapshot", *served.places)
    assert taken.exit_code == 2
    assert "PU915" in taken.stderr


def test_a_snapshot_that_is_behind_is_refused_until_it_is_taken_anew(
    run: Run, served: Served
) -> None:
    served.sandbox.set_lock_dates(period=date(2026, 5, 10))
    served.sandbox.archive_account("469")
    month = served.firm.parent / "month.jsonl"
    refused = run("push", month, *served.places)
    assert refused.exit_code == 2
    assert "PU916" in refused.stderr
    assert "the lock date is 2026-05-10, not 2026-03-31" in refused.stderr
    assert "the status of account 469" in refused.stderr and "ARCHIVED" in refused.stderr
    assert served.sandbox.documents("Invoices") == []

    anew = run("snapshot", *served.places)
    assert anew.exit_code == 0
    assert "changed: the lock date is 2026-05-10, not 2026-03-31" in anew.stdout
    assert run("snapshot", *served.places).stdout == ""
    pushed = run("push", month, *served.places, "--format", "json")
    sent = json.loads(pushed.stdout)["sent"]
    assert sent["confirmed"] > 10 and sent["rejected"] == 0 and sent["stopped"] is None
    assert agreed(run, served) == "agrees_for_what_is_in_xero"


def test_a_first_snapshot_needs_no_firm(run: Run, served: Served, tmp_path: Path) -> None:
    out = tmp_path / "new.json"
    assert run("snapshot", "--xero-url", served.url, "--out", out).exit_code == 0
    assert json.loads(out.read_text())["Organisation"]["BaseCurrency"] == "AUD"
    nowhere = run("snapshot", "--xero-url", served.url)
    assert nowhere.exit_code == 2
    assert "PU917" in nowhere.stderr


def test_a_plan_leaves_no_file_behind(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "firm"
    shutil.copytree(EXAMPLES / "au", folder)
    before = sorted(folder.iterdir())
    for words in (["plan"], ["push", "--dry-run"]):
        result = run(*words, folder / "month.jsonl", "--org", folder / "organisation.yaml")
        assert re.search(r"\d+ calls", result.stdout)
        assert sorted(folder.iterdir()) == before


def test_a_push_that_is_interrupted_says_that_nothing_is_lost(served: Served) -> None:
    served.delay = 0.2
    month = served.firm.parent / "month.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "pm2xero", "push", str(month), *served.places],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(served.sandbox, "Contacts")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "push again to go on" in said
    assert "Traceback" not in said
    served.delay = 0
    # What was on its way when the signal came may still arrive, so the next push waits for it.
    assert len(served.sandbox.documents("BankTransfers")) == 0


def test_how_far_a_push_is_stands_on_standard_error(
    run: Run, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pm2xero.cli.progress._LINE_EVERY", 5)
    result = run("push", served.firm.parent / "month.jsonl", *served.places)
    lines = [line for line in result.stderr.splitlines() if "requests," in line]
    assert lines and lines[0].endswith("calls")
    assert re.match(r"\d+ of \d+ requests, ", lines[0])
    assert "requests," not in result.stdout


def wait_for(sandbox: Sandbox, endpoint: str) -> None:
    end = time.monotonic() + 120
    while not sandbox.documents(endpoint):
        assert time.monotonic() < end, "the push never began"
        time.sleep(0.005)
