"""`python -m tests.benchmarks validate`: checking and proving all regions, as whole processes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from rich.console import Console

RUNS = 5
# What an implementer waits for, and the most that may take, in seconds of real time; None where
# nothing was promised.
WAYS: dict[str, tuple[tuple[str, ...], float | None]] = {
    "checks": (("--no-proofs", "--no-cache"), 0.5),
    "checks and all proofs": (("--soundness", "off", "--no-cache"), 2.0),
    "the same, and each mapping booked once": (("--no-cache",), None),
    "the same, and every region booked": (("--soundness", "every", "--no-cache"), None),
    "checks, nothing changed": (("--no-proofs",), 0.2),
    "everything, nothing changed": ((), 0.25),
}
NOTHING = "pm2xero --help"


def main() -> int:
    """Time each way; 1 when a limit is not kept."""
    out = Console(width=100)
    alone = _median(("--help",), command=())
    out.print(f"{NOTHING}: {alone:.2f} s, median of {RUNS} processes", highlight=False)
    held = True
    for name, (options, limit) in WAYS.items():
        took = _median(options, runs=RUNS if limit is not None else 1)
        kept = limit is None or took <= limit
        held = held and kept
        told = f" (limit {limit} s)" if limit is not None else ""
        word = ("holds" if kept else "falls short") if limit is not None else ""
        out.print(
            f"{word:<12}validate, all regions, {name}: {took:.2f} s,"
            f" {took / alone:.1f} x the help{told}",
            highlight=False,
        )
    return 0 if held else 1


def _median(
    options: tuple[str, ...], *, command: tuple[str, ...] = ("validate",), runs: int = RUNS
) -> float:
    words = [sys.executable, "-m", "pm2xero", *command, *options]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        took.append(time.perf_counter() - began)
    return statistics.median(took)
