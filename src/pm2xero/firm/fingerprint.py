"""One hash over everything that decides and renders: rules, mappings, templates, the firm."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from pm2xero.resources import root

CASES = Path("rules") / "cases"


def fingerprint(
    packs: Iterable[Path], organisation: Path, snapshot: bytes, chart: bytes = b""
) -> str:
    """The same text for the same pack, firm, chart and snapshot of Xero, on any machine."""
    digest = hashlib.blake2b(digest_size=12)
    for folder in (root(), *packs):
        for part in ("rules", "mappings", "schema/xero"):
            for file in sorted((folder / part).rglob("*")):
                # Cases decide nothing: editing one makes no plan stale.
                if file.is_file() and folder / CASES not in file.parents:
                    name = file.relative_to(folder).as_posix().encode()
                    digest.update(name + b"\x00" + file.read_bytes() + b"\x01")
    digest.update(organisation.read_bytes() + b"\x02" + snapshot + chart)
    return digest.hexdigest()
