"""A firm of its own for a test: the sample firm with a changed Xero or organisation file."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.support.office import EXAMPLES, Doc, Office, month

Snapshot = dict[str, Any]
Found = dict[str, Any]


def account(snapshot: Snapshot, code: str) -> dict[str, Any]:
    """An account of a snapshot by its code."""
    found: dict[str, Any]
    (found,) = (a for a in snapshot["Accounts"] if a.get("Code") == code)
    return found


def firm(
    folder: Path, change: Callable[[Snapshot], None] | None = None, opening: str | None = None
) -> Office:
    """The sample firm in a folder; `opening` is what its file says below `opening:`."""
    sample = EXAMPLES / "au"
    snapshot = json.loads((sample / "xero.json").read_text(encoding="utf-8"))
    if change is not None:
        change(snapshot)
    folder.mkdir(exist_ok=True)
    (folder / "xero.json").write_text(json.dumps(snapshot), encoding="utf-8")
    declare(folder, opening)
    return Office(folder, folder / "organisation.yaml")


def declare(folder: Path, opening: str | None) -> None:
    """Write the organisation file with another opening."""
    text = (EXAMPLES / "au" / "organisation.yaml").read_text(encoding="utf-8")
    if opening is not None:
        head, _, _ = text.partition("\nopening:")
        text = f"{head}\nopening:\n{opening}"
    (folder / "organisation.yaml").write_text(text, encoding="utf-8")


def dated(sample: str, day: str, **changes: object) -> Doc:
    """A document of the sample month, moved to another day."""
    found = {**month()[sample], "date": day, **changes}
    if "due_date" in found:
        found["due_date"] = day
    return found


def differing(found: Found) -> dict[str, str]:
    """The accounts that differ and by how much."""
    return {a["code"]: a["difference"] for a in found["accounts"] if Decimal(a["difference"])}


def lines(found: Found, column: str) -> dict[str, Decimal]:
    """One column of the trial balance by account, without zeros."""
    return {a["code"]: v for a in found["accounts"] if (v := Decimal(a[column]))}


def said(office: Office, *args: str | Path) -> str:
    """What `reconcile` prints, on one line."""
    return " ".join(office.run("reconcile", *args).stdout.split())
