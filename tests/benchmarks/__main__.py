"""`python -m tests.benchmarks`: speed and memory beside the peers, as one table.

Without options 100,000 transactions are decided and rendered in three rounds, and memory is taken
at 10,000 and 1,000,000; `--quick` takes 10,000 for everything.
"""

from __future__ import annotations

import argparse
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.memory import Peak, peak

DECIDE_PER_SECOND = 100_000
BOTH_PER_SECOND = 15_000
TIMES_ZEN = 15
MEGABYTES = 500

PARTS = ("read", "decide", "render", "check", "decide, render, check", "all together")
PEERS = {
    "by hand: decide": ("hand-written Python", "decide"),
    "zen-engine: decide": ("zen-engine, decision table", "decide"),
    "by hand: bodies": ("hand-written dicts + json, no check", "render"),
    "by hand: both": ("both by hand, no check", "decide, render, check"),
    "floor": ("orjson parse + dump of the same bytes", "all together"),
}


def main() -> int:
    """Run everything; 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "what", nargs="?", choices=["push", "validate", "history", "lists", "reconcile"],
        help="push: sending instead; validate: checking and proving instead; history: a long past; "
        "lists: reading what changed in Xero; reconcile: a whole reconciliation",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="10,000 transactions, one round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of 100,000 (default 3)")
    parser.add_argument("--no-memory", action="store_true", help="leave memory out")
    parser.add_argument(
        "--beside", type=Path, metavar="CHECKOUT",
        help="reconcile: another version, in a checkout with its .venv",
    )  # fmt: skip
    options = parser.parse_args()
    if options.what == "push":
        from tests.benchmarks.push import main as push

        return push()
    if options.what == "validate":
        from tests.benchmarks.validation import main as validation

        return validation()
    if options.what == "history":
        from tests.benchmarks.history import main as history

        return history(options.quick)
    if options.what == "reconcile":
        from tests.benchmarks.reconciling import main as reconciling

        return reconciling(options.beside)
    if options.what == "lists":
        from tests.benchmarks.lists import main as lists

        return lists()
    # The peers are imported only where they run.
    from tests.benchmarks.rounds import measure, one_core

    core = one_core()
    out, log = Console(width=100), Console(stderr=True)
    count, rounds = (10_000, 1) if options.quick else (100_000, options.rounds)
    out.print(_machine(core), highlight=False)
    took = measure(count, rounds, lambda text: log.print(f"{count:,} transactions, {text}"))
    out.print(_speeds(took, count, rounds))
    peaks = (
        [] if options.no_memory else _peaks([10_000] if options.quick else [10_000, 1_000_000], log)
    )
    for found in peaks:
        out.print(
            f"Peak memory at {found.count:,} transactions ({found.bills:,} client bills,"
            f" {found.requests:,} requests): {found.megabytes:.0f} MB, {found.seconds:.0f} s"
            " with making them",
            highlight=False,
        )
    return _limits(took, peaks, out)


def _peaks(counts: list[int], log: Console) -> list[Peak]:
    found = []
    for count in counts:
        log.print(f"memory at {count:,}")
        found.append(peak(count))
    return found


def _machine(core: int | None) -> str:
    info = Path("/proc/cpuinfo")
    names = (
        [
            x.split(":", 1)[1].strip()
            for x in info.read_text().splitlines()
            if x.startswith("model name")
        ]
        if info.exists()
        else []
    )
    name = names[0] if names else platform.processor() or platform.machine()
    where = "one core" if core is None else f"core {core} alone"
    peers = ", ".join(f"{p} {version(p)}" for p in ("zen-engine", "xero-python", "orjson"))
    return (
        f"{name}, {where}; {platform.python_implementation()} {platform.python_version()}; {peers}"
    )


def _speeds(took: dict[str, float], count: int, rounds: int) -> Table:
    middle = f", median of {rounds} rounds" if rounds > 1 else ""
    table = Table(title=f"{count:,} transactions{middle}, processor time", title_justify="left")
    table.add_column("")
    table.add_column("µs each", justify="right")
    table.add_column("a second", justify="right")
    table.add_column("beside ours", justify="right")
    for stage in PARTS:
        table.add_row(stage, f"{took[stage]:.1f}", f"{1e6 / took[stage]:,.0f}", "")
    table.add_section()
    for stage, (title, against) in PEERS.items():
        ratio = f"{took[stage] / took[against]:.2f} x {against}"
        table.add_row(title, f"{took[stage]:.1f}", f"{1e6 / took[stage]:,.0f}", ratio)
    table.add_section()
    bill, sdk = took["whole: a bill"], took["SDK: a bill"]
    table.add_row("a bill: decide, render, check", f"{bill:.1f}", f"{1e6 / bill:,.0f}", "")
    table.add_row(
        "a bill: xero-python builds the body", f"{sdk:.1f}", f"{1e6 / sdk:,.0f}",
        f"{sdk / bill:.2f} x a bill",
    )  # fmt: skip
    return table


def _limits(took: dict[str, float], peaks: list[Peak], out: Console) -> int:
    decide, both = 1e6 / took["decide"], 1e6 / took["decide, render, check"]
    zen = took["zen-engine: decide"] / took["decide"]
    bill = took["SDK: a bill"] / took["whole: a bill"]
    rows = [
        (decide >= DECIDE_PER_SECOND, f"decide {decide:,.0f} a second", f"{DECIDE_PER_SECOND:,}"),
        (
            both >= BOTH_PER_SECOND,
            f"decide, render, check {both:,.0f} a second",
            f"{BOTH_PER_SECOND:,}",
        ),
        (zen >= TIMES_ZEN, f"decide {zen:.1f} times as fast as zen-engine", f"{TIMES_ZEN} times"),
        (bill >= 1, f"a bill {bill:.2f} times as fast as the SDK builds its body", "1 time"),
    ]
    rows += [
        (
            p.megabytes < MEGABYTES,
            f"{p.count:,} transactions in {p.megabytes:.0f} MB",
            f"{MEGABYTES} MB",
        )
        for p in peaks
    ]
    for held, text, limit in rows:
        out.print(
            f"{'holds      ' if held else 'falls short'}  {text} (limit {limit})", highlight=False
        )
    return 0 if all(held for held, _, _ in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
