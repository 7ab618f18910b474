"""A text that is longer than Xero takes

A template cuts a text with `fit` at a length that is more than Xero takes for that field, a mapping
hands over a fixed text that is too long, or a field of the document is written as it is, though no
rule refuses one that is longer (`longer_than`). The lengths are those of `schema/xero/`.

FAIL
    "Narration": {{ title | fit(9000) }}

PASS
    "Narration": {{ title | fit(4000) }}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, partial
from typing import Any

from jinja2 import TemplateNotFound, TemplateSyntaxError

from pm2xero.errors import Finding, Position
from pm2xero.pack.language.conditions import AnyOf, Compare
from pm2xero.pack.model import Kind, Pack, RequestSpec
from pm2xero.read.limits import NAME, TEXT
from pm2xero.render.template_checks import parsed, template_file
from pm2xero.render.templates import BodyEnvironment
from pm2xero.resources import schema_file
from pm2xero.validate.subject import Subject

CODE = "PX509"
# How long a field may be that is read.
_LONGEST = {"text": TEXT, "identifier": NAME}
_FITTED = re.compile(r'"(\w+)"\s*:\s*\{\{[^}]*\|\s*fit\((\d+)\)')
_PLAIN = re.compile(r'"(\w+)"\s*:\s*\{\{\s*(\w+)\s*\}\}')


def check(subject: Subject) -> Iterator[Finding]:
    """`fit` and fixed texts against the lengths that Xero takes."""
    seen: set[object] = set()
    for name, mappings in subject.posted().items():
        kind = subject.pack.kinds[name]
        refused = dict(_refused(subject.pack, name))
        for spec in subject.requests_of(name, mappings):
            found = subject.memory.once(
                (CODE, *sorted(refused.items())),
                (subject.env, spec, kind),
                partial(_found, spec, subject.env, kind, refused),
            )
            for finding in found:
                key = (finding.at, finding.message)
                if key not in seen:
                    seen.add(key)
                    yield finding


def _refused(pack: Pack, kind: str) -> Iterator[tuple[str, int]]:
    """The fields that some rule refuses beyond a length, whatever else holds."""
    for rule in pack.rules_of(kind):
        condition = rule.conditions[kind]
        if rule.outcome in (None, "post") or condition is None:
            continue
        parts = condition.parts if isinstance(condition, AnyOf) else (condition,)
        for part in parts:
            if isinstance(part, Compare) and part.op == "longer_than":
                assert isinstance(part.operand, int)
                yield ".".join(part.path.steps), part.operand


def _found(
    spec: RequestSpec, env: BodyEnvironment, kind: Kind, refused: Mapping[str, int]
) -> tuple[Finding, ...]:
    return tuple(_spec(spec, env, kind, refused))


def _spec(
    spec: RequestSpec, env: BodyEnvironment, kind: Kind, refused: Mapping[str, int]
) -> Iterator[Finding]:
    lengths = _lengths(spec.contract)
    try:
        lines = parsed(env, spec.template).lines
    except (TemplateNotFound, TemplateSyntaxError):
        return
    for number, line in enumerate(lines, 1):
        for match in _FITTED.finditer(line):
            allowed = lengths.get(match[1])
            if allowed is not None and int(match[2]) > allowed:
                at = Position(template_file(env, spec.template), number, match.start(2) + 1)
                yield Finding(
                    CODE,
                    f"{match[1]} takes at most {allowed} characters, and this lets {match[2]} pass",
                    at,
                    should_be=f"fit({allowed})",
                    width=len(match[2]),
                    related=((spec.value_at.get("template", spec.at), "used by this request"),),
                )
        for match in _PLAIN.finditer(line):
            value = spec.values.get(match[2])
            allowed = lengths.get(match[1])
            if isinstance(value, str) and allowed is not None and len(value) > allowed:
                yield Finding(
                    CODE,
                    f"{match[1]} takes at most {allowed} characters, and this text has "
                    f"{len(value)}",
                    spec.value_at.get(match[2], spec.at),
                    width=len(value),
                )
            of = kind.record.field(match[2]) if match[2] not in spec.values else None
            if allowed is None or of is None or of.name not in _LONGEST:
                continue
            if min(_LONGEST[of.name], refused.get(match[2], TEXT)) > allowed:
                at = Position(template_file(env, spec.template), number, match.start(2) + 1)
                yield Finding(
                    CODE,
                    f'{match[1]} takes at most {allowed} characters, and "{match[2]}" of '
                    f"{kind.name} may have more",
                    at,
                    hint=f"cut it with `| fit({allowed})`, or refuse what is longer in a rule",
                    should_be=f"when: {{ {match[2]}: {{ longer_than: {allowed} }} }}",
                    width=len(match[2]),
                    severity="warning",
                    related=((spec.value_at.get("template", spec.at), "used by this request"),),
                )


@cache
def _lengths(contract: str) -> Mapping[str, int]:
    """The greatest length of each field of a body, by its name."""
    try:
        raw = json.loads(schema_file(f"xero/{contract}").read_text(encoding="utf-8"))
    except OSError:
        return {}
    common = json.loads(schema_file("xero/common").read_text(encoding="utf-8"))
    found: dict[str, int] = {}
    _collect(raw, "", {"": raw, "common.json": common}, found, 0)
    return found


def _collect(
    node: Any, file: str, files: Mapping[str, Any], found: dict[str, int], depth: int
) -> None:  # fmt: skip
    node, file = _resolve(node, file, files)
    if not isinstance(node, dict) or depth > 12:
        return
    for name, below in node.get("properties", {}).items():
        field, where = _resolve(below, file, files)
        if isinstance(field, dict) and isinstance(field.get("maxLength"), int):
            found[name] = max(found.get(name, 0), field["maxLength"])
        _collect(field, where, files, found, depth + 1)
    for key in ("items", "allOf", "anyOf", "oneOf"):
        below = node.get(key)
        for part in below if isinstance(below, list) else [below]:
            _collect(part, file, files, found, depth + 1)


def _resolve(node: Any, file: str, files: Mapping[str, Any]) -> tuple[Any, str]:
    """What a reference stands for, and the file that further references in it are within."""
    while isinstance(node, dict) and "$ref" in node:
        named, _, path = str(node["$ref"]).partition("#/")
        file = named.rsplit("/", 1)[-1].rstrip("#") or file
        target: Any = files.get(file, {})
        for step in path.split("/") if path else ():
            target = target.get(step, {})
        node = target
    return node, file
