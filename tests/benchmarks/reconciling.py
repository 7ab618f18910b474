"""`python -m tests.benchmarks reconcile`: what `reconcile` costs, beside another version of it.

The processor time of whole commands: the first reconciliation of a firm, one within the hour after
its push (Xero tells all of it again), and one a day later, when nothing has changed.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.generate import generate

STATES = ("first", "within the hour", "a day later")
# The part of the other version's processor time that may be taken.
LIMIT = 0.5
_FILES = ("outbox.sqlite3", "sandbox.sqlite3")


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the program, and the example firm that comes with it.

    Attributes:
        command: how it is started.
    """

    name: str
    command: tuple[str, ...]
    firm: Path


def ours() -> Version:
    """The version that these tests belong to."""
    return version("this", Path(__file__).parents[2], (sys.executable, "-m", "pm2xero"))


def version(name: str, checkout: Path, command: tuple[str, ...] = ()) -> Version:
    """The version of a checkout with a `.venv` of its own, unless told how it is started."""
    started = command or (str(checkout / ".venv" / "bin" / "pm2xero"),)
    return Version(name, started, checkout / "examples" / "au")


def costs(
    count: int, versions: Sequence[Version], runs: int = 3, states: Sequence[str] = STATES
) -> dict[tuple[str, str], list[float]]:
    """Seconds of each run by version and state; the versions take turns."""
    found: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        desks = {v.name: _Desk(Path(name) / v.name, v, count) for v in versions}
        for state in states:
            for _ in range(runs):
                for told, desk in desks.items():
                    found.setdefault((told, state), []).append(desk.reconciled(state))
    return found


class _Desk:
    """A firm that has pushed so many documents, in a folder of its own."""

    def __init__(self, folder: Path, version: Version, count: int) -> None:
        self._version = version
        self._folder = folder
        shutil.copytree(version.firm, folder, ignore=shutil.ignore_patterns("*.sqlite3*"))
        month = folder / "many.jsonl"
        month.write_bytes(b"\n".join(generate(count)))
        self._run("push", str(month))
        for file in _FILES:
            shutil.copy(folder / file, folder / f"pushed.{file}")

    def reconciled(self, state: str) -> float:
        """The processor time of one reconciliation in a state, in seconds."""
        for file in _FILES:
            for old in self._folder.glob(f"{file}*"):
                old.unlink()
            shutil.copy(self._folder / f"pushed.{file}", self._folder / file)
        ago = timedelta(days=1) if state == STATES[2] else timedelta()
        with closing(sqlite3.connect(self._folder / _FILES[1])) as xero, xero:
            at = (datetime.now(UTC) - ago).isoformat(timespec="milliseconds")
            xero.execute("UPDATE record SET updated = ?", (at,))
        if state != STATES[0]:
            self._run("reconcile")
        return self._run("reconcile")

    def _run(self, command: str, *words: str) -> float:
        """One command; what it took of the processor."""
        said = self._folder / "said.txt"
        places = ("--org", str(self._folder / "organisation.yaml"))
        with said.open("wb") as out:
            process = subprocess.Popen(
                [*self._version.command, command, *words, *places], stdout=out, stderr=out
            )
            _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        text = said.read_text(encoding="utf-8")
        assert process.returncode in (0, 1) and "Traceback" not in text, text
        assert command != "reconcile" or "does not agree" not in text, text
        return used.ru_utime + used.ru_stime


def main(other: Path | None, count: int = 12_000) -> int:
    """Print the seconds, and with another version the ratios; 1 when one is above the limit."""
    versions = [ours(), *([version("other", other)] if other is not None else [])]
    found = costs(count, versions)
    table = Table(title=f"Processor time of reconcile, {count:,} documents")
    for name in ("state", *(v.name for v in versions), "ratio", "limit"):
        table.add_column(name, justify="left" if name == "state" else "right")
    fine = True
    for state in STATES:
        runs = [found[v.name, state] for v in versions]
        ratio = statistics.median(a / b for a, b in zip(*runs, strict=True)) if other else None
        fine &= ratio is None or ratio <= LIMIT
        table.add_row(
            state, *(f"{statistics.median(each):.2f}" for each in runs),
            f"{ratio:.2f}" if ratio is not None else "", f"{LIMIT}" if ratio is not None else "",
        )  # fmt: skip
    Console(width=100, highlight=False).print(table)
    return 0 if fine else 1
