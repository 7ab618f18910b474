"""A whole pack after merging, as one YAML; and such a YAML read back as a pack."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from pm2xero.errors import Finding, Position
from pm2xero.pack.files import PackRoot, builtin
from pm2xero.pack.layers import BY_ID, Document, Entry, Layer, Merged
from pm2xero.pack.load import Examined, assemble
from pm2xero.pack.yaml.read import SourceList, SourceMap, read_yaml
from pm2xero.pack.yaml.schema import check

_Dumper: type[Any] = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Writer(_Dumper):  # type: ignore[misc]  # the base is chosen when the module is loaded
    """Writes values as they were read: amounts with their digits, keys in their order."""


def _decimal(writer: Any, value: Decimal) -> Any:
    return writer.represent_scalar("tag:yaml.org,2002:float", str(value))


_Writer.add_representer(SourceMap, lambda w, v: w.represent_dict(v.items()))
_Writer.add_representer(SourceList, lambda w, v: w.represent_list(v))
_Writer.add_representer(tuple, lambda w, v: w.represent_list(v))
_Writer.add_representer(Decimal, _decimal)
_Writer.ignore_aliases = lambda self, data: True


def to_yaml(value: Any, *, flow: bool | None = False, width: int = 100) -> str:
    """A value as YAML that reads back as the same."""
    text: str = yaml.dump(
        value, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=width,
        default_flow_style=flow,
    )  # fmt: skip
    return text.removesuffix("...\n")


def whole(merged: Merged, region: str, layers: tuple[str, ...]) -> dict[str, Any]:
    """All entries and settings of a merged pack, section by section."""
    first: dict[str, Any] = {}
    settings = merged.settings
    if merged.sections:
        first["sections"] = list(merged.sections)
    for key in ("words", "no_tax", "trust_surplus", "every_document"):
        if settings.get(key):
            first[key] = settings[key]
    for group in ("fields", "records", "settings", "roles", "tax_codes"):
        if merged.entries[group]:
            first[group] = {name: _values(e) for name, e in merged.entries[group].items()}
    parts = [first] if first else []
    sections: dict[str, dict[str, Any]] = {}
    for group in ("kinds", "rules", "mappings"):
        for name, entry in merged.entries[group].items():
            section = str(entry.values.get("section", entry.section))
            part = sections.setdefault(section, {"section": section} if section else {})
            if group == "rules":
                part.setdefault(group, []).append(_rule(name, entry))
            else:
                part.setdefault(group, {})[name] = _values(entry)
    for section, rows in settings.get("rows", {}).items():
        part = sections.setdefault(section, {"section": section})
        part["rows"] = list(rows)
    rank = {s: i for i, s in enumerate(merged.sections)}
    ordered = sorted(sections, key=lambda s: rank.get(s, len(rank)))
    parts += [sections[s] for s in ordered]
    return {"spec": 1, "region": region, "layers": list(layers), "parts": parts}


def _values(entry: Entry) -> Any:
    values = {k: v for k, v in entry.values.items() if k != "id"}
    return values["is"] if set(values) == {"is"} else values


def _rule(name: str, entry: Entry) -> dict[str, Any]:
    values = {k: v for k, v in entry.values.items() if k not in ("id", "section")}
    return {"id": name, **values}


def read_whole(path: Path, roots: tuple[PackRoot, ...] = ()) -> Examined:
    """A pack from the YAML that `whole` makes; templates come from the packs in `roots`.

    Raises:
        PackError: the file is missing or no YAML.
    """
    shown = str(path)
    tree = read_yaml(path, shown)
    faults = check("effective.schema", tree, Position(shown))
    if faults:
        return Examined(tuple(faults), None, None)
    documents = tuple(Document(shown, part) for part in tree["parts"])
    layer = Layer(str(tree["region"]), documents)
    twice = _twice(documents)
    return assemble(str(tree["region"]), (layer,), (builtin(), *roots), twice)


def _twice(documents: tuple[Document, ...]) -> list[Finding]:
    """Settings may stand in one part only; entries are looked after by the merging."""
    seen: dict[str, Position] = {}
    found = []
    for document in documents:
        for key in document.content:
            if key in BY_ID or key in ("section", "rows"):
                continue
            at = document.content.key_at[key]
            if key in seen:
                message = f'"{key}" stands in two parts'
                related = ((seen[key], "first here"),)
                found.append(Finding("PX201", message, at, width=len(key), related=related))
            seen.setdefault(key, at)
    return found
