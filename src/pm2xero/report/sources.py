"""Finds the lines of a file that a message speaks of."""

from __future__ import annotations

from pathlib import Path

from pm2xero.resources import root


def read_source(file: str) -> list[str] | None:
    """The lines of a file as messages name it: as given, or of the built-in pack; None if gone."""
    for path in (Path(file), root() / file):
        try:
            return path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
        except OSError:
            continue
    return None
