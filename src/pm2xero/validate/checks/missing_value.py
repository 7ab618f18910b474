"""A value that may be missing and is not guarded

A field that is optional is read as if it were always there. Guard it in the template, in the
condition of the request or of the rule that posts, or give what stands in its place; or refuse
documents that lack it. Otherwise a word such as None, or nothing, would reach Xero.

FAIL
    "Reference": {{ memo | fit(255) }}

PASS
    "Reference": {{ (memo or id) | fit(255) }}
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from pm2xero.errors import Finding, Position
from pm2xero.pack.model import Kind, RequestSpec
from pm2xero.render.missing_values import Missing, missing_values, present_in
from pm2xero.render.template_checks import place_in_template
from pm2xero.validate.subject import Subject

CODE = "PX514"


def check(subject: Subject) -> Iterator[Finding]:
    """Places of posted kinds that read what may be missing, each with the first kind that does."""
    told: set[tuple[Position, str]] = set()
    for name, mappings in subject.posted().items():
        kind = subject.pack.kinds[name]
        for mapping in mappings:
            there = present_in(subject.pack, kind, mapping)
            for spec in subject.requests_of(name, (mapping,)):
                found = subject.memory.once(
                    ("missing values", mapping, there),
                    (subject.env, spec, kind),
                    partial(_found, subject, kind, spec, there),
                )
                for missing in found:
                    finding = _finding(subject, missing, kind, spec)
                    assert finding.at is not None
                    if (finding.at, missing.path) not in told:
                        told.add((finding.at, missing.path))
                        yield finding


def _found(
    subject: Subject, kind: Kind, spec: RequestSpec, there: frozenset[str]
) -> tuple[Missing, ...]:
    return tuple(missing_values(subject.env, kind, spec, there))


def _finding(subject: Subject, missing: Missing, kind: Kind, spec: RequestSpec) -> Finding:
    path = missing.path
    if missing.template is None:
        assert missing.at is not None
        at = missing.at
        hint = f"ask for it with `when: {{ {path}: {{ present: true }} }}`, or refuse what lacks it"
    else:
        at = place_in_template(subject.env, missing.template, missing.line, path)
        # A method of a dictionary is told of by itself; here it stands for a field.
        read = re.sub(r"\.(get|items|keys|values)$", ".FIELD", missing.read)
        default = f"{read} if {path} else" if read != path else f"{path} or"
        hint = f'guard it with {{% if {path} %}}, or write ({default} "")'
    return Finding(
        CODE,
        f'"{path}" of {kind.name} may be missing here',
        at,
        hint=hint,
        width=len(path) if missing.template is not None else 1,
        related=((spec.at, "in this request"), (kind.at, f"{kind.name} is declared here")),
    )
