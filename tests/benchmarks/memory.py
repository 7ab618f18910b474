"""Peak memory of deciding and rendering a stream, each length in a process of its own.

Run by itself, `python -m tests.benchmarks.memory COUNT` prints one JSON object.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Peak:
    """Peak resident memory in MB (10^6 bytes) after `count` transactions with `bills` bills."""

    count: int
    bills: int
    requests: int
    megabytes: float
    seconds: float


def peak(count: int) -> Peak:
    """Measure in a new process."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.memory", str(count)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return Peak(**json.loads(done.stdout))


def measure(count: int) -> Peak:
    """Stream `count` transactions through this process."""
    from tests.benchmarks.generate import generate
    from tests.benchmarks.ours import Ours

    ours = Ours()
    started = time.perf_counter()
    bills = requests = 0
    for line in generate(count):
        requests += ours.all_together([line])
        bills += b'"kind":"client_bill"' in line
    seconds = time.perf_counter() - started
    return Peak(count, bills, requests, round(_peak_bytes() / 1e6, 1), round(seconds, 1))


def _peak_bytes() -> int:
    """Linux starts a child's ru_maxrss at what its parent had, so its own mark is read there."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


if __name__ == "__main__":
    found = measure(int(sys.argv[1]))
    print(json.dumps({name: getattr(found, name) for name in Peak.__slots__}))
