"""Where the things of a run are kept and sent, as a command names them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from pm2xero.errors import Finding, UsageError
from pm2xero.xero.call_log import Watch
from pm2xero.xero.identity import is_xero

# `host=db password=…`, as other programs of PostgreSQL take it.
_WORDS = re.compile(r"^\s*(host|hostaddr|port|dbname|user|password|passfile|service)\s*=", re.I)


@dataclass(frozen=True, slots=True)
class Target:
    """Where things are kept and sent.

    Attributes:
        database: URL of the outbox; None for an SQLite file beside the organisation.
        xero_url: base of the API; None for the embedded sandbox.
        sandbox: file of the embedded sandbox; None for one beside the outbox.
        log: who is told of each attempt of a call; None when nobody asks.
    """

    organisation: Path
    region: str | None
    packs: tuple[Path, ...]
    database: str | None
    xero_url: str | None
    sandbox: Path | None
    log: Watch | None = None

    @property
    def is_real(self) -> bool:
        """Whether Xero itself is meant, and no emulated one, embedded or served."""
        return self.xero_url is not None and is_xero(self.xero_url)

    @property
    def sandbox_file(self) -> Path:
        """The file of the embedded Xero."""
        return self.sandbox or self.folder / "sandbox.sqlite3"

    @property
    def folder(self) -> Path:
        """Where files go that were not named."""
        return self.organisation.parent

    @property
    def database_url(self) -> str:
        """The outbox; a plain file name means SQLite.

        Raises:
            UsageError: PU907, it is named as other programs take it.
        """
        given = self.database or str(self.folder / "outbox.sqlite3")
        if _WORDS.search(given):
            # Taken for a file, its password would be the name of one.
            raise UsageError(
                Finding(
                    "PU907",
                    "the outbox is named in the words of libpq (host=…)",
                    should_be="postgresql+psycopg://USER@HOST/DATABASE",
                )
            )
        return given if "://" in given else f"sqlite:///{given}"

    @property
    def _outbox_file(self) -> Path | None:
        url = self.database_url
        if not url.startswith("sqlite:///"):
            return None
        return Path(url.removeprefix("sqlite:///").partition("?")[0])

    @property
    def has_outbox(self) -> bool:
        """Whether the outbox is there already; that of a server is taken to be."""
        file = self._outbox_file
        return file is None or file.exists()

    @property
    def is_new_outbox(self) -> bool:
        """Whether the outbox is a file that is not there yet, in a folder that is."""
        file = self._outbox_file
        return file is not None and not file.exists() and file.parent.is_dir()

    def memory_file(self, organisation: str) -> Path | None:
        """Where the generation of an outbox is remembered; nowhere for one that is not kept.

        Beside the outbox where that is a file, else beside the firm.
        """
        name = f"{quote(organisation, safe='')}.generation"
        file = self._outbox_file
        if file is not None:
            return None if str(file) in ("", ":memory:") else file.with_name(f"{file.name}.{name}")
        return None if self.database_url.startswith("sqlite:") else self.folder / name

    def require_outbox(self) -> str:
        """The URL of an outbox that is there already.

        Raises:
            UsageError: PU907, nothing was ever pushed to this file.
        """
        if not self.has_outbox:
            file = self._outbox_file
            raise UsageError(
                Finding(
                    "PU907",
                    f"there is no outbox {file} yet",
                    should_be="a file that `pm2xero push` has made; --db names another one",
                )
            )
        return self.database_url
