"""`python -m tests.quick`: the tests that belong to what changed, one path a line.

What changed is what git sees beside a commit (`--base`, else the last one), new files included. A
module's tests stand in the folder of the same name; what a pack says is told by the scenarios.
"""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCES = Path("src") / "pm2xero"
# Files beside the code, and the tests that read them.
PACKS = {"rules": "tests/scenarios", "mappings": "tests/scenarios", "schema": "tests/schema"}
# Folders whose tests take longer than a quick look may.
LONG = frozenset(("simulation", "benchmarks", "editor"))


def changed(base: str) -> Iterator[Path]:
    """Files that differ from a commit, and those that git does not know yet."""
    for command in (
        ["git", "diff", "--name-only", "--relative", base],
        ["git", "ls-files", "--others", "--exclude-standard"],
    ):
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        yield from map(Path, done.stdout.splitlines())


def paths_for(files: Iterable[Path]) -> list[str]:
    """The tests of files: those of the same name where there are any, else those of the folder."""
    found: dict[str, None] = {}
    for file in files:
        for path in _tests_of(file):
            if (ROOT / path).exists():
                found[str(path)] = None
    return [p for p in found if not any(str(Path(p).parent) == q for q in found)]


def _tests_of(file: Path) -> Iterator[Path]:
    if file.parts[0] in PACKS:
        yield Path(PACKS[file.parts[0]])
    elif file.parts[0] == "tests" and file.suffix == ".py" and file.parts[1] not in LONG:
        yield file if file.name.startswith("test_") else file.parent
    elif file.is_relative_to(SOURCES):
        inner = file.relative_to(SOURCES)
        folder = Path("tests") / inner.parts[0].removesuffix(".py")
        own = folder / f"test_{inner.stem}.py"
        yield own if (ROOT / own).exists() else folder


def main() -> None:
    """Print the paths."""
    parser = argparse.ArgumentParser(prog="python -m tests.quick", description=__doc__)
    parser.add_argument("--base", default="HEAD", help="the commit to compare with (default HEAD)")
    print("\n".join(paths_for(changed(parser.parse_args().base))))


if __name__ == "__main__":
    main()
