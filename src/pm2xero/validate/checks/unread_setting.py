"""A setting that nothing reads

A firm that says it changes nothing: no condition, mapping, text, table of accounts or template of
any region that was checked reads `settings.NAME`. Usually its name is misspelt in one place, or
what read it is gone.

FAIL
    settings:
      large: { title: Payments that are looked at, type: money, default: "10000.00" }

PASS
    settings:
      large: { title: Payments that are looked at, type: money, default: "10000.00" }
    rules:
      - { id: large, kinds: [client_payment], when: { amount: { above: settings.large } }, … }
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any

from pm2xero.errors import Finding
from pm2xero.pack.language.paths import AccountExpr, PathExpr
from pm2xero.validate.fields_read import template_reads
from pm2xero.validate.subject import Subject

CODE = "PX526"
EVERYWHERE = True
NEEDS_WHOLE = True

_BASE = "settings"


def check(subject: Subject) -> Iterator[Finding]:
    """Settings that no part of the pack names."""
    left = dict(subject.pack.settings)
    for names in _read(subject):
        for name in list(left) if names == {"*"} else names:
            left.pop(name, None)
        if not left:
            return
    for name, setting in left.items():
        yield Finding(
            CODE,
            f'nothing reads the setting "{name}"',
            setting.at,
            hint=f"remove it, or read `settings.{name}` where it matters",
            width=len(name),
            severity="warning",
        )


def _read(subject: Subject) -> Iterator[set[str]]:
    """The settings that each part of a pack reads; `*` for all of them."""
    pack, once = subject.pack, subject.memory.once
    parts: list[Any] = [*pack.rules, *pack.kinds.values()]
    parts += [spec for specs in pack.requests.values() for spec in specs]
    for part in parts:
        yield once(CODE, (part,), partial(_named, part))
    for template in {s.template for specs in pack.requests.values() for s in specs}:
        yield _by_template(subject, template)


def _by_template(subject: Subject, template: str) -> set[str]:
    found = set()
    for dotted in template_reads(subject.env, template):
        base, _, rest = dotted.partition(".")
        if base == _BASE:
            found.add(rest.partition(".")[0] or "*")
    return {"*"} if "*" in found else found


def _named(part: Any) -> set[str]:
    found: set[str] = set()
    _walk(part, found.add)
    return found


def _walk(value: Any, tell: Callable[[str], object]) -> None:
    if isinstance(value, PathExpr):
        if value.base == _BASE:
            tell(value.steps[0])
        return
    if isinstance(value, AccountExpr) and value.table is not None:
        tell(value.table)
    if is_dataclass(value):
        for part in fields(value):
            _walk(getattr(value, part.name), tell)
    elif isinstance(value, Mapping):
        for inner in value.values():
            _walk(inner, tell)
    elif isinstance(value, list | tuple):
        for inner in value:
            _walk(inner, tell)
