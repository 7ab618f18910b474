"""Writes values as YAML that reads back the same: amounts keep their digits, codes their quotes."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

WIDTH = 100

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./+-]*( [A-Za-z0-9_./+(-][A-Za-z0-9_./+()-]*)*\Z")
_WORDS = frozenset(("true", "false", "null", "~"))


def block(value: Any, indent: int) -> list[str]:
    """A mapping or list as lines of YAML, each indented by that many spaces."""
    pad = " " * indent
    lines: list[str] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            lines += _entry(f"{pad}{_key(key)}:", inner, indent)
        return lines
    for inner in value:
        text = flow(inner)
        if not isinstance(inner, dict | list) or len(pad) + 2 + len(text) <= WIDTH:
            lines.append(f"{pad}- {text}")
            continue
        first, *rest = block(inner, indent + 2)
        lines += [f"{pad}- {first.lstrip()}", *rest]
    return lines


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        if not value:
            return "{}"
        return "{ " + ", ".join(f"{_key(k)}: {flow(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(v) for v in value) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    text = str(value)
    if _PLAIN.match(text) and text not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False)


def _entry(head: str, value: Any, indent: int) -> list[str]:
    text = flow(value)
    if not isinstance(value, dict | list) or not value or len(head) + 1 + len(text) <= WIDTH:
        return [f"{head} {text}"]
    return [head, *block(value, indent + 2)]


def _key(key: object) -> str:
    text = str(key)
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.\[\]+-]*", text)
    return text if plain and "[" not in text else json.dumps(text, ensure_ascii=False)
