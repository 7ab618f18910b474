"""Checks a YAML tree against a JSON Schema and says each fault the way a colleague would.

The words come from here, never from the schema library: unknown keys with a suggestion, missing
keys, wrong types, values that are not allowed; each at its own line and column.

Editors read the same schemas. `x-editors-only` names the keywords of a schema that are for them
alone: what they check is checked here by code that knows more and says it better.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from functools import cache
from typing import Any

from pm2xero.errors import Finding, Position
from pm2xero.pack.yaml.read import SourceMap, place_of
from pm2xero.pack.yaml.suggest import did_you_mean, one_of
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
_YES_NO = {
    "yes": "true", "on": "true", "y": "true", "1": "true",
    "no": "false", "off": "false", "n": "false", "0": "false",
}  # fmt: skip


@cache
def _validator(name: str) -> Any:
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource

    def retrieve(uri: str) -> Resource[Any]:
        return Resource.from_contents(_load(uri.removesuffix(".json")))

    registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]  # attrs init
    return Draft202012Validator(_load(name), registry=registry)


@cache
def _quick(name: str) -> Any:
    """The same schema compiled for a plain yes or no."""
    import jsonschema_rs

    def retrieve(uri: str) -> Any:
        return _load(uri.rsplit("/", 1)[-1].removesuffix(".json"))

    base = f"https://schema.invalid/{name}.json"
    return jsonschema_rs.Draft202012Validator(_load(name), retriever=retrieve, base_uri=base)


def _load(name: str) -> Any:
    """A schema without what is for editors only."""
    return _for_us(json.loads(schema_file(name).read_text(encoding="utf-8")))


def _for_us(part: Any) -> Any:
    if isinstance(part, list):
        return [_for_us(p) for p in part]
    if not isinstance(part, dict):
        return part
    left_out = part.get("x-editors-only", ())
    return {k: _for_us(v) for k, v in part.items() if k not in left_out}


def is_valid(name: str, tree: Any) -> bool:
    """Whether a tree fulfils the schema `name`, without a word on why not."""
    try:
        return bool(_quick(name).is_valid(tree))
    except (ValueError, TypeError, OverflowError):
        # Values that no JSON can hold, such as numbers beyond any size: the slow check says which.
        return False


def check(name: str, tree: Any, at: Position) -> list[Finding]:
    """All faults of a tree against the schema `name`, in the order of the file."""
    if not isinstance(tree, SourceMap):
        hint = "begin it with `spec: 1`, then `rules:` or whatever it declares"
        return [Finding("PX107", "the file must be a mapping of keys", at, hint=hint)]
    if is_valid(name, tree):
        return []
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
    name = _name(path, tree)
    scalar = isinstance(error.instance, str | int | Decimal)
    width = max(1, len(str(error.instance))) if scalar else 1
    if "propertyNames" in error.absolute_schema_path:
        said = error.schema.get("x-say", "a name that can be used here")
        key = str(error.instance)
        at = place_of(tree, [*path, key], of_key=True)
        better = re.sub(r"[^a-z0-9]+", "_", key.lower()).strip("_")
        hint = f"write {better}" if re.match(r"[a-z]", better) else None
        return [Finding("PX108", f'"{key}" is not {said}', at, hint=hint, width=len(key))]
    if rule == "required":
        told = {*error.instance, *_misspelt(error)}
        missing = [k for k in error.validator_value if k not in told]
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
        said = error.schema.get("x-say")
        if said and isinstance(wanted, list):
            message = f"{name} {said}, not {_found(error.instance)}"
            return [Finding("PX107", message, at)]
        wanted = [wanted] if isinstance(wanted, str) else wanted
        words_ = " or ".join(_TYPES[w] for w in wanted)
        message = f"{name} must be {words_}, not {_found(error.instance)}"
        hint = None
        if error.instance is None:
            hint = "write the value, or leave the line out: an empty one is no value"
        if "string" in wanted and isinstance(error.instance, int | Decimal):
            shown = str(error.instance).lower()
            hint = f'put it in quotes: "{shown}"'
        if wanted == ["boolean"]:
            meant = _YES_NO.get(str(error.instance).lower())
            hint = f"write {meant}" if meant else None
        if wanted == ["array"] and isinstance(error.instance, dict):
            hint = "start each entry with `- `"
        example = error.schema.get("x-example") if path else None
        should_be = f"{path[-1]}: {_flow(example)}" if example else None
        return [Finding("PX107", message, at, hint=hint, should_be=should_be, width=width)]
    said = error.schema.get("x-say") if isinstance(error.schema, dict) else None
    if rule == "pattern":
        message = f'"{error.instance}" is not {said or "written as it must be"} ({name})'
        return [Finding("PX108", message, at, width=width)]
    if rule in ("minItems", "minProperties", "minLength"):
        return [Finding("PX109", f"{name} must not be empty", at)]
    if rule == "maxLength":
        message = f"{name} is longer than {error.validator_value} characters"
        return [Finding("PX110", message, at, width=width)]
    return [Finding("PX110", f"{name} {said or 'is not allowed here'}", at, width=width)]


def _flow(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return "{ " + ", ".join(f"{k}: {_flow(v)}" for k, v in value.items()) + " }"


def _misspelt(error: Any) -> set[str]:
    """Keys that are there under a name close to theirs; the unknown key tells of it."""
    if error.schema.get("additionalProperties") is not False:
        return set()
    known = error.schema.get("properties", {})
    strays = [k for k in error.instance if k not in known]
    return {k for k in known for s in strays if did_you_mean(s, known) == did_you_mean(k, (k,))}


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
                f'unknown key "{key}" in {_name(path, tree)}',
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
    return [Finding("PX107", f"{_name(path, tree)} {said}, not {_found(error.instance)}", at)]


def _name(path: list[str | int], tree: Any) -> str:
    words = [p for p in path if isinstance(p, str)]
    if not words:
        return "the file"
    text = f'"{words[-1]}"'
    if path and isinstance(path[-1], int):
        for step in path:
            tree = tree[step]
        if isinstance(tree, SourceMap) and "id" in tree:
            return f'{words[-1].removesuffix("s")} "{tree["id"]}"'
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
        return "true" if value else "false"
    return f"the number {value}" if isinstance(value, int | Decimal) else f'"{value}"'


def _example(schema: Any, key: str) -> str | None:
    declared = schema.get("properties", {}).get(key, {})
    if "const" in declared:
        return f"{key}: {declared['const']}"
    if "enum" in declared:
        return f"{key}: {' | '.join(str(v) for v in declared['enum'])}"
    example = declared.get("x-example") or next(iter(declared.get("examples", ())), None)
    return f"{key}: {example}" if example and not isinstance(example, dict | list) else None
