from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pm2xero.connection import now
from pm2xero.firm.organisation import load_organisation
from pm2xero.outbox.store import Outbox
from tests.simulation.killing import kill_pushes, kill_servers
from tests.simulation.months import EXAMPLES

FIRM = EXAMPLES / "au" / "organisation.yaml"
MONTH = EXAMPLES / "au" / "month.jsonl"
KILLS = 4


def command(name: str, folder: Path, *inputs: str) -> list[str]:
    places = ["--db", str(folder / "outbox.db"), "--sandbox", str(folder / "xero.db")]
    return [sys.executable, "-m", "pm2xero", name, *inputs, "--org", str(FIRM), *places]


def run(name: str, folder: Path, *inputs: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(name, folder, *inputs), capture_output=True, text=True, check=False
    )


def begun(folder: Path) -> subprocess.Popen[bytes]:
    """A push of the month as a process of its own."""
    return subprocess.Popen(
        command("push", folder, str(MONTH)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def outbox(folder: Path) -> Outbox:
    firm = load_organisation(FIRM, None)
    return Outbox.open(f"sqlite:///{folder / 'outbox.db'}", firm.id, now)


def free(folder: Path) -> None:
    """Let two minutes pass for the lease of a push that was killed."""
    if not (folder / "outbox.db").exists():
        return
    with outbox(folder) as opened:
        held = opened.lease()
        if held is not None:
            opened.release(held.owner)


def wait_until(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.005)


# Some documents of a month must be refused, and are not in Xero.
FOR_XERO = "agrees_for_what_is_in_xero"


def states(folder: Path) -> list[str]:
    with outbox(folder) as opened:
        return [r.state for r in opened.requests()]


def taken_in(folder: Path) -> bool:
    return (folder / "outbox.db").exists() and bool(states(folder))


@pytest.mark.long
def test_pushes_that_are_killed_are_continued_until_both_ledgers_agree(tmp_path: Path) -> None:
    chance = random.Random(20260601)
    cut_off = 0
    for _ in range(KILLS):
        process = begun(tmp_path)
        if not taken_in(tmp_path):
            wait_until(lambda: taken_in(tmp_path))
        else:
            time.sleep(0.6)
        time.sleep(chance.uniform(0.0, 0.25))
        cut_off += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        free(tmp_path)
    assert cut_off, "no push was cut off"
    assert run("push", tmp_path, str(MONTH)).returncode == 1  # some documents must be refused
    assert set(states(tmp_path)) == {"confirmed"}
    assert verdict(tmp_path) == FOR_XERO


@pytest.mark.long
def test_pushes_and_a_served_xero_that_are_killed_while_they_talk() -> None:
    # As often as one likes: python -m tests.simulation --killed-pushes 150 --killed-servers 50
    chance = random.Random(20260602)
    kill_pushes(6, chance)
    kill_servers(3, chance)


def test_a_second_push_is_refused_while_one_runs(tmp_path: Path) -> None:
    first = begun(tmp_path)
    wait_until(lambda: (tmp_path / "outbox.db").exists() and lease_of(tmp_path) is not None)
    for _ in range(20):
        os.kill(first.pid, signal.SIGSTOP)
        second = run("push", tmp_path, str(MONTH))
        os.kill(first.pid, signal.SIGCONT)
        assert second.returncode == 2
        if "PE122" not in second.stderr:
            break
        # It was stopped in the middle of a write.
        time.sleep(0.05)
    first.wait()
    assert "PE110" in second.stderr
    assert verdict(tmp_path) == FOR_XERO


def verdict(folder: Path) -> str:
    """What reconcile says of both ledgers."""
    return str(json.loads(run("reconcile", folder, "--format", "json").stdout)["verdict"])


def lease_of(folder: Path) -> object:
    with outbox(folder) as opened:
        return opened.lease()
