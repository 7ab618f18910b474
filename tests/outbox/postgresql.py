"""A PostgreSQL server for the tests: a cluster of its own, on a socket, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, make_url, text

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


# What a server may have set otherwise than the product would: nothing may depend on it.
UNFRIENDLY = {
    "default_transaction_isolation": "serializable",
    "DateStyle": "German, DMY",
    "TimeZone": "Australia/Sydney",
    "bytea_output": "escape",
    "standard_conforming_strings": "off",
    "synchronous_commit": "off",
}


def created(url: str, name: str, *, encoding: str = "UTF8", like: str | None = None) -> str:
    """A new database of a server, as unfriendly as databases are; gives its URL.

    Args:
        like: another database that this one is a copy of, with all that is in it.
    """
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        options = f"TEMPLATE {like}"
        if like is None:
            options = f"TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'"
            if encoding == "UTF8" and _sorts_by_language(connection):
                options += " LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
        connection.execute(text(f"CREATE DATABASE {name} {options}"))
        for setting, value in UNFRIENDLY.items():
            connection.execute(text(f"ALTER DATABASE {name} SET {setting} = '{value}'"))
    engine.dispose()
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def drop(url: str, name: str) -> None:
    """Remove a database of a server, whoever is connected to it."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def _sorts_by_language(connection: Connection) -> bool:
    """Whether a database may sort by a language: from version 15, where it was built so."""
    number = connection.execute(text("SELECT current_setting('server_version_num')::int"))
    known = text("SELECT count(*) FROM pg_collation WHERE collprovider = 'i'")
    return bool(number.scalar_one() >= 150000 and connection.execute(known).scalar_one())
