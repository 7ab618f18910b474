"""The second half of `make demo`: a bookkeeper and Practice Management work the list off.

Usage: python -m tests.examples.demo REGION FOLDER
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

from .bookkeeper import Bookkeeper, corrections

EXAMPLES = Path("examples")
PM2XERO = str(Path(sys.executable).parent / "pm2xero")


def main(region: str, folder: Path) -> int:
    """Both steps, with the commands of each; the exit code of the last reconciliation."""
    firm = EXAMPLES / region
    places = [
        *("--org", str(firm / "organisation.yaml")), *("--db", str(folder / "outbox.sqlite3")),
        *("--sandbox", str(folder / "sandbox.sqlite3")),
    ]  # fmt: skip

    def run(*args: str, tell: bool = True) -> tuple[int, str]:
        if tell:
            print(f"\n$ pm2xero {shlex.join([*args, *places])}", flush=True)
        done = subprocess.run([PM2XERO, *args, *places], stdout=subprocess.PIPE, text=True)
        return done.returncode, done.stdout

    def left() -> dict[str, list[str]]:
        found = json.loads(run("reconcile", "--format", "json", tell=False)[1])
        hashes = [trace["digest"] for trace in found["unreadable"]]
        return {"ids": found["not_in_xero"]["total"]["ids"], "unreadable": hashes}

    work = json.loads(run("manual-work", "--format", "json")[1])
    entered = Bookkeeper(firm / "xero.json", folder / "sandbox.sqlite3").enter(work)
    print(f"the bookkeeper enters {len(entered)} of {len(work)} documents in Xero")
    print(run("resolve", "--matched", "--yes", "--reason", "entered by hand")[1].splitlines()[-1])
    text = (firm / "month.jsonl").read_text(encoding="utf-8")
    voided = corrections([json.loads(line) for line in text.splitlines()], set(left()["ids"]))
    file = folder / "corrections.jsonl"
    file.write_text("".join(f"{json.dumps(d)}\n" for d in voided), encoding="utf-8")
    print(f"\nPractice Management voids the {len(voided)} documents that cannot be entered")
    print(run("push", str(file))[1].splitlines()[-1])
    for digest in left()["unreadable"]:
        run("skip", "--unreadable", digest[:8], "--reason", "the export was wrong")
    code, said = run("reconcile")
    print(said.splitlines()[-1])
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
