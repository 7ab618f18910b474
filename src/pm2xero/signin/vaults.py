"""Chooses where a firm's sign-in is kept."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pm2xero.signin.file_vault import FileVault
from pm2xero.signin.grant import Enrolment
from pm2xero.signin.keyring_safe import KeyringSafe, usable_keyring
from pm2xero.signin.vault import Vault, unusable

WHERE = "PM2XERO_GRANTS"


def open_vault(folder: Path, firm: str, environment: Mapping[str, str] | None = None) -> Vault:
    """The vault that PM2XERO_GRANTS names: keyring, file, or the URL of a database.

    When it says nothing: where the firm's sign-in is already, else the keyring where there is one,
    else the file.

    Raises:
        UsageError: PU953, it cannot be used.
    """
    values = os.environ if environment is None else environment
    where = values.get(WHERE, "")
    if "://" in where:
        # Imported here: few keep sign-ins in a database, and its libraries are slow to load.
        from pm2xero.signin.database_vault import KEY, DatabaseVault

        return DatabaseVault(where, firm, values.get(KEY, ""))
    if where not in ("", "keyring", "file"):
        raise unusable(f'{WHERE} is "{where}"', "keyring, file, or the URL of a database")
    plain = FileVault(folder, firm)
    kept = plain.read() if not where else Enrolment()
    if where == "file" or kept.grant is not None:
        return plain
    backend = usable_keyring()
    if backend is not None:
        name = f"{firm} in {folder.resolve()}"
        return FileVault(folder, firm, KeyringSafe(backend, name))
    if where == "keyring":
        raise unusable("there is no keyring on this system that keeps secrets", f"{WHERE}=file")
    if kept.elsewhere:
        message = f"the sign-in is kept in {kept.elsewhere}, which cannot be reached from here"
        raise unusable(message, f"connect again, with {WHERE}=file for runs without a desktop")
    return plain


def is_enrolled(folder: Path, firm: str, environment: Mapping[str, str] | None = None) -> bool:
    """Whether a firm may have been connected; asked before a keyring or a database is opened."""
    values = os.environ if environment is None else environment
    return "://" in values.get(WHERE, "") or FileVault(folder, firm).is_there
