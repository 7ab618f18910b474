"""Firms that are loaded once: hundreds of commands of the tests begin with the same few files.

A firm is loaded anew as soon as a byte of what it was loaded of is another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pm2xero.firm.organisation import pack_folders
from pm2xero.pack.cache import Memory
from pm2xero.pipeline import Pipeline
from pm2xero.resources import root

_ROOT = Path(__file__).parents[2]

Contents = dict[Path, bytes | None]


@dataclass(frozen=True, slots=True)
class _Loaded:
    pipeline: Pipeline
    made_of: Contents
    folders: tuple[Path, ...]


class Firms:
    """Loads pipelines, and remembers them with every byte that they were made of.

    Args:
        load: how one is loaded that is not known.
    """

    def __init__(self, load: Callable[..., Pipeline]) -> None:
        self._load = load
        self._known: dict[tuple[Any, ...], _Loaded] = {}

    def __call__(
        self,
        organisation: Path,
        region: str | None = None,
        packs: tuple[Path, ...] = (),
        memory: Memory | None = None,
    ) -> Pipeline:
        """The pipeline of a firm; it has a state of its own."""
        if memory is not None or root() != _ROOT:
            return self._load(organisation, region, packs, memory)
        key = (str(organisation), Path.cwd(), region, packs)
        known = self._known.get(key)
        if known is None or _contents(known.made_of, known.folders) != known.made_of:
            pipeline = self._load(organisation, region, packs)
            firm = pipeline.organisation
            files = (organisation, firm.snapshot_file, firm.chart_file)
            folders = tuple(pack_folders(firm.packs, packs))
            made_of = _contents((f for f in files if f is not None), folders)
            known = self._known[key] = _Loaded(pipeline, made_of, folders)
        return known.pipeline.afresh()


def _contents(files: Any, folders: tuple[Path, ...]) -> Contents:
    return {path: _bytes(path) for path in (*files, *_within(folders))}


def _within(folders: tuple[Path, ...]) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
