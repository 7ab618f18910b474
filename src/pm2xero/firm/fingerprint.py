"""One hash over everything that decides and renders: rules, mappings, templates, the firm."""

from __future__ import annotations

import hashlib
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
        for file in _deciding(folder):
            found[label + file.relative_to(folder).as_posix()] = _hash(file.read_bytes())
    return found


def _hash(contents: bytes) -> str:
    return hashlib.blake2b(contents, digest_size=8).hexdigest()


def _deciding(folder: Path) -> Iterator[Path]:
    for part in ("rules", "mappings", "schema/xero"):
        for file in sorted((folder / part).rglob("*")):
            # Cases decide nothing: editing one makes no plan stale.
            if file.is_file() and folder / CASES not in file.parents:
                yield file


def fingerprint(
    packs: Iterable[Path], organisation: Path, snapshot: bytes, chart: bytes = b""
) -> str:
    """The same text for the same pack, firm, chart and snapshot of Xero, on any machine."""
    digest = hashlib.blake2b(digest_size=12)
    for folder in (root(), *packs):
        for file in _deciding(folder):
            name = file.relative_to(folder).as_posix().encode()
            digest.update(name + b"\x00" + file.read_bytes() + b"\x01")
    digest.update(organisation.read_bytes() + b"\x02" + snapshot + chart)
    return digest.hexdigest()
