"""The schemas that editors use, as data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from pm2xero.scaffold.make import SCHEMAS

from .language_server import ROOT

__all__ = ["SCHEMAS", "Part", "described", "parts", "properties", "schema", "target", "validator"]


@dataclass(frozen=True, slots=True)
class Part:
    """A schema within a schema, and the way to it."""

    name: str
    way: tuple[str, ...]
    content: Any

    def __str__(self) -> str:
        return f"{self.name}: {'/'.join(self.way)}"


@cache
def schema(name: str) -> Any:
    """One of the schemas, such as `rules`."""
    file = ROOT / "schema" / f"{name}.schema.json"
    return json.loads(file.read_text(encoding="utf-8"))


def target(part: Part) -> Any:
    """What a part refers to; the part itself when it refers to nothing."""
    reference = part.content.get("$ref")
    if reference is None:
        return part.content
    file, _, way = reference.partition("#/")
    found = schema(file.removesuffix(".schema.json") or part.name)
    for step in way.split("/"):
        found = found[step]
    return found


def parts(name: str) -> Iterator[Part]:
    """All schemas within a schema, itself included."""
    yield from _within(Part(name, (), schema(name)))


_ONE = ("items", "additionalProperties", "propertyNames", "not", "if", "then", "else")
_LISTS = ("allOf", "anyOf", "oneOf")
_MAPS = ("properties", "patternProperties", "$defs")


def _within(part: Part) -> Iterator[Part]:
    content = part.content
    if not isinstance(content, dict):
        return
    yield part
    for key in _ONE:
        if key in content:
            yield from _within(Part(part.name, (*part.way, key), content[key]))
    for key in _LISTS:
        for index, inner in enumerate(content.get(key, ())):
            yield from _within(Part(part.name, (*part.way, key, str(index)), inner))
    for key in _MAPS:
        for name, inner in content.get(key, {}).items():
            yield from _within(Part(part.name, (*part.way, key, name), inner))


def validator(part: Part) -> Draft202012Validator:
    """Checks values against a part, with what is there for editors only."""
    steps = (s.replace("~", "~0").replace("/", "~1") for s in part.way)
    reference = f"{part.name}.schema.json#/{quote('/'.join(steps))}"
    return Draft202012Validator({"$ref": reference}, registry=_registry())


@cache
def _registry() -> Registry[Any]:
    resources = [(f"{n}.schema.json", Resource.from_contents(schema(n))) for n in SCHEMAS]
    return Registry().with_resources(resources)


def properties(name: str) -> Iterator[Part]:
    """All properties that a schema declares, at any depth."""
    return (p for p in parts(name) if len(p.way) > 1 and p.way[-2] == "properties")


def described(where: str) -> str:
    """The description of a property by a short way to it: `common rule outcome`."""
    name, *way = where.split()
    found = schema(name)
    if way[0] in found.get("$defs", {}):
        found = found["$defs"][way.pop(0)]
    for step in way:
        found = found["additionalProperties"] if step == "*" else found["properties"][step]
    text: str = (found if "description" in found else target(Part(name, (), found)))["description"]
    return text
