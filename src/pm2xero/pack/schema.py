"""Checks a YAML tree against a JSON Schema and says each fault the way a colleague would.

The words come from here, never from the schema library: unknown keys with a suggestion, missing
keys, wrong types, values that are not allowed; each at its own line and column.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pm2xero.errors import Finding, Position
from pm2xero.pack.source import SourceMap, place_of
from pm2xero.pack.suggest import did_you_mean, one_of
from pm2xero.resources import schema_file

_TYPES = {
    "object": "a mapping (`key: value` lines)",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "boolean": "true or false",
    "number": "a number",
    "null": "nothing",
}


@cache
def _validator(name: str) -> Any:
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource

    def retrieve(uri: str) -> Resource[Any]:
        return Resource.from_contents(
            json.loads(schema_file(uri.removesuffix(".json")).read_text())
        )

    schema = json.loads(schema_file(name).read_text(encoding="utf-8"))
    registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]  # attrs init
    return Draft202012Validator(schema, registry=registry)


def check(name: str, tree: Any, at: Position) -> list[Finding]:
    """All faults of a tree against the schema `name`, in the order of the file."""
    if not isinstance(tree, SourceMap):
        return [Finding("PX107", "the file must be a mapping of keys", at)]
    findings: dict[tuple[object, ...], Finding] = {}
    for error in _validator(name).iter_errors(tree):
        for finding in _explain(error, tree):
            findings.setdefault((finding.code, finding.at, finding.message), finding)
    return sorted(findings.values(), key=lambda f: (f.at or at, f.code))


def _explain(error: Any, tree: Any) -> list[Finding]:
    path = list(error.absolute_path)
    rule = error.validator
    if rule == "additionalProperties":
        return _unknown_keys(error, tree, path)
    if rule in ("anyOf", "oneOf") and error.context:
        return _alternatives(error, tree, path)
    at = place_of(tree, path)
    name = _name(path)
    width = max(1, len(str(error.instance))) if isinstance(error.instance, str) else 1
    if rule == "required":
        missing = [k for k in error.validator_value if k not in error.instance]
        return [
            Finding("PX106", f'{name} lacks "{key}"', at, should_be=_example(error.schema, key))
            for key in missing
        ]
    if rule in ("enum", "const"):
        allowed = error.validator_value if rule == "enum" else [error.validator_value]
        words = [str(a) for a in allowed]
        message = f'"{error.instance}" is not a value for {name}'
        hint = did_you_mean(error.instance, words)
        return [Finding("PX104", message, at, hint=hint, should_be=one_of(words), width=width)]
    if rule == "type":
        wanted = error.validator_value
        wanted = [wanted] if isinstance(wanted, str) else wanted
        words_ = " or ".join(_TYPES[w] for w in wanted)
        message = f"{name} must be {words_}, not {_found(error.instance)}"
        hint = None
        if "string" in wanted and isinstance(error.instance, int | float):
            hint = f'put it in quotes: "{error.instance}"'
        return [Finding("PX107", message, at, hint=hint, width=width)]
    said = error.schema.get("x-say") if isinstance(error.schema, dict) else None
    if rule == "pattern":
        message = f'"{error.instance}" is not {said or "written as it must be"} ({name})'
        return [Finding("PX108", message, at, width=width)]
    if rule in ("minItems", "minProperties", "minLength"):
        return [Finding("PX109", f"{name} must not be empty", at)]
    return [Finding("PX110", f"{name} {said or 'is not allowed here'}", at, width=width)]


def _unknown_keys(error: Any, tree: Any, path: list[str | int]) -> list[Finding]:
    known = error.schema.get("properties", {})
    findings = []
    for key in error.instance:
        if key in known:
            continue
        where = place_of(tree, [*path, key], of_key=True)
        findings.append(
            Finding(
                "PX105",
                f'unknown key "{key}" in {_name(path)}',
                where,
                hint=did_you_mean(key, known),
                should_be=one_of(known, 30),
                width=len(key),
            )
        )
    return findings


def _alternatives(error: Any, tree: Any, path: list[str | int]) -> list[Finding]:
    """Of several forms, speak of the one that was meant: the form of the value's own type."""
    by_branch: dict[int, list[Any]] = {}
    for sub in error.context:
        by_branch.setdefault(sub.schema_path[0], []).append(sub)
    fitting = [
        subs
        for subs in by_branch.values()
        if not any(s.validator == "type" and not list(s.relative_path) for s in subs)
    ]
    if fitting:
        best = min(fitting, key=lambda subs: (len(subs), -max(len(s.path) for s in subs)))
        return [f for sub in best for f in _explain(sub, tree)]
    said = error.schema.get("x-say", "has another form")
    at = place_of(tree, path)
    return [Finding("PX107", f"{_name(path)} {said}, not {_found(error.instance)}", at)]


def _name(path: list[str | int]) -> str:
    words = [p for p in path if isinstance(p, str)]
    if not words:
        return "the file"
    text = f'"{words[-1]}"'
    if path and isinstance(path[-1], int):
        text = f"entry {path[-1] + 1} of {text}"
    return text


def _found(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true or false"
    return f'"{value}"'


def _example(schema: Any, key: str) -> str | None:
    examples = schema.get("properties", {}).get(key, {}).get("examples")
    return f"{key}: {examples[0]}" if examples and not isinstance(examples[0], dict) else None
