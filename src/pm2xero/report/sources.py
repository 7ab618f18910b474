"""Finds the lines of a file that a message speaks of."""

from __future__ import annotations

from pathlib import Path

from pm2xero.resources import root


def read_source(file: str) -> list[str] | None:
    """The lines of a file as messages name it: as given, or of the built-in pack; None if gone."""
    for path in (Path(file), root() / file):
        try:
            text = path.read_text(encoding="utf-8-sig", errors="replace")
        except OSError:
            continue
        return None if _is_binary(text[:4096]) else text.splitlines()
    return None


def _is_binary(head: str) -> bool:
    """No text that somebody wants to see: it is compressed, or in another encoding."""
    return "\x00" in head or head.count("\ufffd") > len(head) // 20
