"""Finds what an id names in a pack or a firm, with the place of each value and what it replaced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pm2xero.errors import Position
from pm2xero.pack.layers import BY_ID, Entry, Merged
from pm2xero.pack.model import Origin
from pm2xero.pack.yaml.read import SourceMap, place_of, read_yaml


@dataclass(frozen=True, slots=True)
class Value:
    """One effective value, where it is written, in which layer, and what it replaced."""

    key: str
    value: Any
    at: Position
    layer: str
    replaced: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """What an id names: `what` is rule, kind, mapping, value of the firm …"""

    what: str
    id: str
    values: tuple[Value, ...]


def find(identity: str, merged: Merged | None, firm: Path | None) -> list[Shown]:
    """Everything of that id: entries of the pack by id, settings, and values of the firm.

    A value of the firm is named by its path (`xero.snapshot`) or, below accounts, bank_accounts
    and roles, by its own name.
    """
    found = []
    if merged is not None:
        for group, word in BY_ID.items():
            entry = merged.entries[group].get(identity)
            if entry is not None:
                found.append(Shown(word, identity, tuple(_entry(entry))))
        if identity in merged.settings and identity in merged.setting_at:
            at = merged.setting_at[identity]
            value = Value(identity, merged.settings[identity], at, _layer(at))
            found.append(Shown("setting", identity, (value,)))
        word_ = merged.settings.get("words", {}).get(identity)
        if word_ is not None:
            found.append(Shown("word", identity, tuple(_word(identity, word_, merged))))
    if firm is not None:
        found += _firm(identity, firm)
    return found


def known(merged: Merged | None, firm: Path | None) -> list[str]:
    """Everything that could have been meant."""
    names = []
    if merged is not None:
        names += [n for group in merged.entries.values() for n in group]
        names += [*merged.settings, *merged.settings.get("words", {})]
    if firm is not None:
        tree = read_yaml(firm)
        names += [".".join(path) for path, _ in _paths(tree, ())]
    return names


def _entry(entry: Entry) -> Iterator[Value]:
    for key, value in entry.values.items():
        if key == "id":
            continue
        origin = entry.origins.get(key)
        if origin is not None:
            yield Value(key, value, origin.at, origin.layer, origin.replaced)


def _word(identity: str, value: Any, merged: Merged) -> Iterator[Value]:
    at = merged.word_at.get(identity, Position(""))
    yield Value(identity, value, at, _layer(at))


def _layer(at: Position) -> str:
    return Path(at.file).stem if "/regions/" in at.file else at.file.rpartition("/")[2]


def _firm(identity: str, firm: Path) -> Iterator[Shown]:
    tree = read_yaml(firm)
    for path, value in _paths(tree, ()):
        if ".".join(path) == identity or (
            len(path) > 1 and path[-1] == identity and path[0] in _TABLES
        ):
            at = place_of(tree, list(path))
            shown = Value(".".join(path), value, at, str(firm))
            yield Shown("value of the firm", identity, (shown,))


_TABLES = ("accounts", "bank_accounts", "roles")


def _paths(tree: Any, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(tree, SourceMap):
        for key, value in tree.items():
            yield (*above, key), value
            yield from _paths(value, (*above, key))
