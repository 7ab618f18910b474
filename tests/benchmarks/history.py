"""`python -m tests.benchmarks history`: what a long past costs a push, a plan and a status.

The processor time of whole commands on outboxes of different lengths, as ratios within one run: ten
more documents after a long past beside the same ten after a short one.
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
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from pm2xero.history.opening import open_past
from pm2xero.pipeline import Pipeline
from pm2xero.push.intake import Intake
from pm2xero.push.revise import Corrector, Situation
from pm2xero.read.stream import Source
from tests.benchmarks.generate import generate
from tests.benchmarks.ours import FIRM

SHORT = 200
# How much more a command may cost after so many documents than after a short past.
LIMITS = {12_000: 1.15, 100_000: 1.3}
COMMANDS = ("push", "plan", "status")
AT = datetime(2026, 7, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command took after a past of so many documents.

    Attributes:
        seconds: processor time of the process; megabytes: its peak memory.
    """

    command: str
    past: int
    seconds: float
    megabytes: float


def costs(lengths: Sequence[int], runs: int = 5) -> list[Cost]:
    """Measure every command after every length, in turns, so that the machine's pace is shared."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        new = folder / "new.jsonl"
        new.write_bytes(b"\n".join(_bills(10)))
        pasts = {length: _apart(folder, length) for length in dict.fromkeys(lengths)}
        found: dict[tuple[str, int], list[tuple[float, float]]] = {}
        for _ in range(runs):
            for length, outbox in pasts.items():
                for command in COMMANDS:
                    spent = _run(folder, outbox, command, new)
                    found.setdefault((command, length), []).append(spent)
    return [
        Cost(
            command, length,
            statistics.median(s for s, _ in spent), statistics.median(m for _, m in spent),
        )
        for (command, length), spent in found.items()
    ]  # fmt: skip


def _bills(count: int) -> list[bytes]:
    """Bills that refer to nothing of the past."""
    documents = (orjson.loads(line) for line in generate(40 * count, seed=99))
    bills = islice((d for d in documents if d["kind"] == "client_bill"), count)
    return [
        orjson.dumps({**d, "id": f"NEW-{i}", "number": f"NEW-{i}"}) for i, d in enumerate(bills)
    ]


def _apart(folder: Path, length: int) -> Path:
    """A past made by a process of its own: a child's peak memory starts at that of its parent."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as others:
        return others.submit(_past, folder, length).result()


def _past(folder: Path, length: int) -> Path:
    """An outbox with so many documents, all of whose requests Xero has confirmed."""
    path = folder / f"past-{length}.sqlite3"
    pipeline = Pipeline.load(FIRM)
    with open_past(pipeline, FIRM, (), f"sqlite:///{path}", lambda: AT) as past:
        outbox = past.outbox
        corrector = Corrector(pipeline, lambda _: Situation(), outbox.undone, outbox.ids_ever)
        intake = Intake(
            pipeline, outbox, past.state, outbox.save_many, past.fingerprint, lambda: AT, corrector
        )
        source = Source("past.jsonl", BytesIO(b"\n".join(generate(length))))
        intake.run(pipeline.order([source]))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE requests SET state = 'confirmed', attempts = 1, xero_id = "
            "lower(hex(randomblob(4)) || '-0000-4000-8000-' || hex(randomblob(6)))"
        )
        connection.execute(
            "INSERT INTO links SELECT organisation, id, 'InvoiceID', transaction_id, revision, "
            "xero_id, becomes_document FROM requests"
        )
    return path


def _run(folder: Path, outbox: Path, command: str, new: Path) -> tuple[float, float]:
    here, xero = folder / "outbox.sqlite3", folder / "xero.sqlite3"
    for file in folder.glob("outbox.sqlite3*"):
        file.unlink()
    for file in folder.glob("xero.sqlite3*"):
        file.unlink()
    shutil.copy(outbox, here)
    arguments = [sys.executable, "-m", "pm2xero", command, "--org", str(FIRM), "--db", str(here)]
    if command == "push":
        arguments.insert(4, str(new))
    if command != "status":
        arguments += ["--sandbox", str(xero)]
    said = folder / "said.txt"
    with said.open("wb") as out:
        process = subprocess.Popen(arguments, stdout=out, stderr=out)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    text = said.read_text(encoding="utf-8")
    assert process.returncode in (0, 1), text
    assert command != "push" or "10 requests confirmed" in text, text
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1000


def main(quick: bool = False) -> int:
    """Print the ratios; 1 when one is above its limit."""
    lengths = [SHORT, 2_000] if quick else [SHORT, *LIMITS]
    found = {(c.command, c.past): c for c in costs(lengths, runs=1 if quick else 5)}
    table = Table(title=f"Processor time after a past, beside the same after {SHORT} documents")
    for name in ("command", "past", "seconds", "ratio", "limit", "peak MB"):
        table.add_column(name, justify="left" if name == "command" else "right")
    fine = True
    for (command, length), cost in sorted(found.items()):
        ratio = cost.seconds / found[command, SHORT].seconds
        limit = LIMITS.get(length)
        fine &= limit is None or ratio <= limit
        table.add_row(
            command, f"{length:,}", f"{cost.seconds:.2f}", f"{ratio:.2f}",
            f"{limit:.2f}" if limit else "", f"{cost.megabytes:.0f}",
        )  # fmt: skip
    Console(width=100, highlight=False).print(table)
    return 0 if fine or quick else 1
