"""A PostgreSQL server for the tests: a cluster of its own, on a socket, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

INSTALLED = Path("/usr/lib/postgresql")


def binaries() -> Path | None:
    """The folder with initdb and pg_ctl of the newest server installed."""
    found = [p.parent for p in INSTALLED.glob("*/bin/initdb") if (p.parent / "pg_ctl").exists()]
    return max(found, key=lambda p: int(p.parent.name), default=None)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """Run a server with the programs of `folder`; gives the URL of its first database."""
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root.
        shutil.chown(home, "postgres", "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    data = home / "data"

    def run(program: str, *arguments: str) -> None:
        command = [*as_user, str(folder / program), "-D", str(data), *arguments]
        subprocess.run(command, check=True, cwd=home, stdout=subprocess.DEVNULL)

    # A cluster that is thrown away need not outlive the machine, nor tidy hundreds of databases.
    quick = ("fsync", "full_page_writes", "autovacuum")
    settings = " ".join(
        f"-c {name}" for name in ("listen_addresses=", *(f"{each}=off" for each in quick))
    )
    settings += f" -c unix_socket_directories={home}"
    try:
        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        run("pg_ctl", "start", "-w", "-l", str(home / "log"), "-o", settings)
        try:
            yield f"postgresql+psycopg://postgres@/postgres?host={home}"
        finally:
            run("pg_ctl", "stop", "-w", "-m", "immediate")
    finally:
        shutil.rmtree(home)
