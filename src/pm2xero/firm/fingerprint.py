"""One hash over everything that decides and renders: rules, mappings, templates, the firm."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pm2xero.resources import root

CASES = Path("rules") / "cases"


def hashes(packs: Iterable[Path], files: Mapping[str, Path]) -> dict[str, str]:
    """A short hash of every file that decides, by its name: which of them were others then.

    Args:
        files: the firm's own, by what they are.
    """
    found = {name: _hash(file.read_bytes()) for name, file in files.items()}
    for number, folder in enumerate((root(), *packs)):
        label = f"pack {number}/" if number else ""
        found |= {label + name: _hash(file.read_bytes()) for name, file in _deciding(folder)}
    return found


def _hash(contents: bytes) -> str:
    return hashlib.blake2b(contents, digest_size=8).hexdigest()


def _deciding(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files that decide, each by its name below the folder, in the order of names by part."""
    for part in ("rules", "mappings", "schema/xero"):
        found: list[tuple[str, ...]] = []
        for place, folders, names in os.walk(folder / part):
            within = Path(place).relative_to(folder)
            if within == CASES.parent and CASES.name in folders:
                # Cases decide nothing: editing one makes no plan stale.
                folders.remove(CASES.name)
            found += ((*within.parts, name) for name in names)
        files = (("/".join(parts), folder.joinpath(*parts)) for parts in sorted(found))
        yield from ((name, file) for name, file in files if file.is_file())


def fingerprint(
    packs: Iterable[Path], organisation: Path, snapshot: bytes, chart: bytes = b""
) -> str:
    """The same text for the same pack, firm, chart and snapshot of Xero, on any machine."""
    digest = hashlib.blake2b(digest_size=12)
    for folder in (root(), *packs):
        for name, file in _deciding(folder):
            digest.update(name.encode() + b"\x00" + file.read_bytes() + b"\x01")
    digest.update(organisation.read_bytes() + b"\x02" + snapshot + chart)
    return digest.hexdigest()
