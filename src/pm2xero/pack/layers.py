"""Layers of a pack, merged by id: a higher layer changes a field, removes an entry, or adds one.

Every effective value keeps its origin and what it replaced. A layer that changes nothing, removes
what is not there, or defines an id twice is at fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pm2xero.errors import Finding, Position
from pm2xero.pack.cache import Memory
from pm2xero.pack.guards import Kept, keep
from pm2xero.pack.model import Origin
from pm2xero.pack.overlay import ABOUT, Place, laid, moved_fields, origin_of, put, replaced_keys
from pm2xero.pack.overlay import fields as fields_by_name
from pm2xero.pack.yaml.read import SourceMap
from pm2xero.pack.yaml.suggest import did_you_mean

# Sections whose entries are merged by id, and the word for one entry in messages.
BY_ID = {
    "fields": "field",
    "records": "record",
    "settings": "setting",
    "roles": "role",
    "kinds": "kind",
    "rules": "rule",
    "mappings": "mapping",
    "tax_codes": "tax code",
}


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file of a layer, already checked against its schema."""

    file: str
    content: SourceMap


@dataclass(frozen=True, slots=True)
class Layer:
    """One step of base → region → state → firm; only a region may replace required rules."""

    name: str
    documents: tuple[Document, ...]
    is_region: bool = False


@dataclass(slots=True)
class Entry:
    """A merged rule, kind, mapping …: its values, where each came from, and its section.

    `at` is where the lowest layer names it. `values` and `origins` are those of that layer itself
    as long as no higher one changes them, so that packs that share the layer share them too.
    """

    id: str
    values: SourceMap
    origins: dict[str, Origin]
    section: str
    layer: str
    place: int
    at: Position
    is_own: bool = False

    def own(self) -> None:
        """Make the values this entry's own, before they are changed."""
        if not self.is_own:
            self.values, self.origins = self.values.copy(), dict(self.origins)
            self.is_own = True


@dataclass(slots=True)
class Merged:
    """All entries of a pack after merging, plus the settings that are single values.

    Attributes:
        removed: where the highest layer that did so takes an entry away, by group and id.
        kept: the required rules as each layer had them, by id.
        replaced: required rules that a region puts another in the place of: which, and where.
    """

    entries: dict[str, dict[str, Entry]] = field(default_factory=lambda: {k: {} for k in BY_ID})
    settings: dict[str, Any] = field(default_factory=dict)
    setting_at: dict[str, Position] = field(default_factory=dict)
    word_at: dict[str, Position] = field(default_factory=dict)
    sections: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    removed: dict[tuple[str, str], Position] = field(default_factory=dict)
    kept: dict[str, list[Kept]] = field(default_factory=dict)
    replaced: list[tuple[Kept, str, Position]] = field(default_factory=list)


def merge(layers: tuple[Layer, ...], memory: Memory | None = None) -> Merged:
    """Merge layers from the lowest to the highest; faults are collected, not raised.

    Args:
        memory: what was taken from the same layers for other regions.
    """
    memory = memory or Memory()
    merged = Merged()
    place = 0
    for layer in layers:
        seen: dict[tuple[str, str], Position] = {}
        for document in layer.documents:
            _settings(document, merged)
            section = str(document.content.get("section", ""))
            if section and section not in merged.sections:
                merged.sections.append(section)
            for group in BY_ID:
                listed = memory.once(
                    ("entries", group, layer.name),
                    (document,),
                    partial(_entries, document, group, layer.name),
                )
                for identity, values, origins, at in listed:
                    place += 1
                    first = seen.get((group, identity))
                    if first is not None:
                        merged.findings.append(
                            Finding(
                                "PX201",
                                f'the {BY_ID[group]} "{identity}" stands twice in one layer',
                                at,
                                width=len(identity),
                                related=((first, "first here"),),
                            )
                        )
                        continue
                    seen[group, identity] = at
                    entry = Entry(identity, values, origins, section, layer.name, place, at)
                    _apply(group, entry, merged)
        keep(merged, layer)
    return merged


def _settings(document: Document, merged: Merged) -> None:
    content = document.content
    for key in ("no_tax", "trust_surplus"):
        if key in content:
            merged.settings[key] = content[key]
            merged.setting_at[key] = content.value_at[key]
    if "every_document" in content:
        value, key = content["every_document"], "every_document"
        if key in merged.settings:
            place = Place("every document", merged.setting_at[key].file, merged.findings)
            value = fields_by_name(merged.settings[key], value, place)
        merged.settings[key] = value
        merged.setting_at[key] = content.value_at[key]
    if "words" in content:
        merged.settings.setdefault("words", {}).update(content["words"])
        merged.word_at.update(content["words"].value_at)
    if "rows" in content:
        rows = tuple(str(r) for r in content["rows"])
        merged.settings.setdefault("rows", {})[str(content.get("section", ""))] = rows
    if "sections" in content:
        named = [str(s) for s in content["sections"]]
        merged.sections = named + [s for s in merged.sections if s not in named]


def _entries(
    document: Document, group: str, layer: str
) -> tuple[tuple[str, SourceMap, dict[str, Origin], Position], ...]:
    return tuple(
        (
            identity,
            values,
            {k: Origin(values.value_at[k], layer) for k in values if k != "id"},
            at,
        )
        for identity, values, at in _listed(document, group)
    )


def _listed(document: Document, group: str) -> Iterator[tuple[str, SourceMap, Position]]:
    content = document.content.get(group)
    if content is None:
        return
    if isinstance(content, SourceMap):
        for identity, values in content.items():
            if not isinstance(values, SourceMap):
                wrapped = SourceMap(content.value_at[identity])
                at = content.value_at[identity]
                wrapped.put("is", values, content.key_at[identity], at)
                values = wrapped
            yield identity, values, content.key_at[identity]
        return
    for item in content:
        yield str(item["id"]), item, item.value_at["id"]


def _apply(group: str, entry: Entry, merged: Merged) -> None:
    known = merged.entries[group]
    word = BY_ID[group]
    identity, values = entry.id, entry.values
    if values.get("remove") is True:
        if identity not in known:
            merged.findings.append(
                Finding(
                    "PX203",
                    f'there is no {word} "{identity}" in a lower layer to remove',
                    entry.at,
                    hint=did_you_mean(identity, known),
                    width=len(identity),
                )
            )
            return
        del known[identity]
        merged.removed[group, identity] = entry.at
        return
    below = known.get(identity)
    if below is None:
        if "replace" in values:
            at = values.value_at["replace"]
            hint = did_you_mean(identity, known) or "leave it out"
            message = f'there is no {word} "{identity}" in a lower layer to replace anything of'
            merged.findings.append(Finding("PX203", message, at, hint=hint))
        known[identity] = entry
        return
    below.own()
    _override(group, below, entry, merged)


def _override(group: str, below: Entry, entry: Entry, merged: Merged) -> None:
    """Lay an entry of a higher layer over the one of the same id."""
    word, values, layer = BY_ID[group], entry.values, entry.layer
    if not any(k not in ("id",) for k in values):
        merged.findings.append(
            Finding(
                "PX202",
                f'this change of {word} "{below.id}" changes nothing',
                entry.at,
                hint="say what is to be different, or `remove: true`",
                width=len(below.id),
                related=((below.at, f"defined in layer {below.layer}"),),
            )
        )
        return
    told = f'{word} "{below.id}"'
    gone = replaced_keys(values, below.values, Place(told, below.layer, merged.findings))
    if group == "fields":
        # A type is one value, whether it is written as a word or as a mapping.
        gone = gone | (set(below.values) - set(values))
    for key in gone:
        below.values.pop(key, None)
    for key in values:
        if key in ABOUT:
            continue
        old = below.origins.get(key)
        if key not in below.values:
            put(below.values, key, values)
            below.origins[key] = origin_of(values, key, layer, old)
            continue
        place = Place(told, old.layer if old else below.layer, merged.findings)
        value = laid(group, key, below.values, values, place)
        if value is below.values[key]:
            continue
        put(below.values, key, values)
        dict.__setitem__(below.values, key, value)
        below.origins[key] = origin_of(values, key, layer, old)
    if group == "records":
        moved_fields(below.values, values)
