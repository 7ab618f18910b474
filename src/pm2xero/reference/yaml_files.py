"""The keys of each YAML file that an implementer writes, from the JSON Schemas of the product."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from pm2xero.reference.markdown import blocks, code, filled, table
from pm2xero.resources import root

Schema = dict[str, Any]

# File, and where it stands.
FILES = (
    ("rules", "rules/**/*.yaml"),
    ("region", "rules/regions/REGION.yaml"),
    ("mappings", "mappings/**/*.yaml"),
    ("organisation", "organisation.yaml"),
    ("cases", "rules/cases/*.yaml"),
    ("xero_errors", "mappings/xero/errors.yaml"),
    ("xero_lookup", "mappings/xero/lookup.yaml"),
    ("xero_sign_in", "mappings/xero/sign_in.yaml"),
    ("xero_checklist", "mappings/xero/checklist.yaml"),
)
COMMON = "common"
# These are told with the language of rules, on a page of their own.
_LANGUAGE = frozenset(("condition", "test"))
_WORDS = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "true or false",
    "array": "list",
    "object": "group",
    "null": "nothing",
}


@cache
def schema(name: str) -> Schema:
    """A schema by its name."""
    text = (root() / "schema" / f"{name}.schema.json").read_text(encoding="utf-8")
    found: Schema = json.loads(text)
    return found


def page() -> str:
    """Every file and every part of one, key by key."""
    files = [
        blocks(
            f"## {name}",
            f"`{place}`: {schema(name)['description']}",
            _keys(schema(name), name),
            *(_part(name, part) for part in schema(name).get("$defs", {})),
        )
        for name, place in FILES
    ]
    parts = [_part(COMMON, p) for p in schema(COMMON)["$defs"] if p not in _LANGUAGE]
    return filled("yaml", files=blocks(*files), parts=blocks(*parts))


def undocumented() -> Iterator[str]:
    """Keys that say nothing of themselves; there must be none."""
    for name in (*(name for name, _ in FILES), COMMON):
        for part in (schema(name), *schema(name).get("$defs", {}).values()):
            for key, value in part.get("properties", {}).items():
                if isinstance(value, dict) and not _about(value, name):
                    yield f"{name}: {key}"


def _part(file: str, name: str) -> str:
    """A part that has keys of its own, or whose entries have; nothing for any other."""
    part = schema(file)["$defs"][name]
    inner = _with_keys(part)
    if inner is None:
        return ""
    return blocks(f"### {name}", str(part.get("description", "")), _keys(inner, file))


def _with_keys(part: Schema) -> Schema | None:
    while not part.get("properties"):
        below = part.get("additionalProperties") or part.get("items")
        if not isinstance(below, dict) or "$ref" in below:
            return None
        part = below
    return part


def _keys(found: Schema, file: str) -> str:
    needed = frozenset(found.get("required", ()))
    rows = [
        [code(key), "yes" if key in needed else "", _type(value, file), _about(value, file)]
        for key, value in found.get("properties", {}).items()
        if isinstance(value, dict)
    ]
    return table(["key", "needed", "is", "what it says"], rows) if rows else ""


def _resolved(value: Schema, file: str) -> tuple[Schema, str]:
    """A value with what it refers to, and the file in which that stands."""
    ref = value.get("$ref")
    if not isinstance(ref, str):
        return value, file
    other, _, path = ref.partition("#/")
    home = other.removesuffix(".schema.json") if other else file
    found: Any = schema(home)
    for step in path.split("/"):
        found = found[step]
    own = {k: v for k, v in value.items() if k != "$ref"}
    deeper, home = _resolved(found, home)
    return {**deeper, **own}, home


def _about(value: Schema, file: str) -> str:
    found, _ = _resolved(value, file)
    about = str(found.get("description", ""))
    words = found.get("enum", ())
    if words and len(words) <= 20:
        named = ", ".join(code(json.dumps(w).strip('"')) for w in words)
        about += f" One of {named}."
    for example in found.get("examples", ())[:1]:
        about += f" Such as {code(json.dumps(example, ensure_ascii=False))}."
    return about


def _type(value: Schema, file: str) -> str:
    found, home = _resolved(value, file)
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        if name in _LANGUAGE:
            return f"[{name}](language.md#conditions)"
        if name in schema(home).get("$defs", {}) and _with_keys(found) is not None:
            return f"[{name}](#{name})"
    kind = found.get("type")
    if isinstance(kind, list):
        return " or ".join(_WORDS[k] for k in kind)
    if kind == "array":
        items = found.get("items")
        return f"list of {_type(items, home)}" if isinstance(items, dict) and items else "list"
    below = found.get("additionalProperties")
    if kind == "object" and isinstance(below, dict) and "$ref" in below:
        return f"names, each with {_type(below, home)}"
    return _WORDS.get(str(kind), "value")
