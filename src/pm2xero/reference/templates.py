"""What a template may use, and the endpoints of Xero that it can make bodies for."""

from __future__ import annotations

import json
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

from jinja2.filters import FILTERS

from pm2xero.pack.model import Pack
from pm2xero.pack.template_use import templates
from pm2xero.reference.markdown import blocks, code, filled, table
from pm2xero.render.templates import environment
from pm2xero.resources import root
from pm2xero.xero.contracts import contract


def page(pack: Pack) -> str:
    """Names, filters, and the templates of the built-in pack with who uses them."""
    filters = environment(pack.template_dirs).filters
    own = {name: f for name, f in filters.items() if name not in FILTERS}
    jinja = (code(n) for n in sorted(filters) if n not in own and not n.startswith("_"))
    return filled(
        "templates",
        own=table(
            ["filter", "does"], [[code(_call(n, f)), str(f.__doc__)] for n, f in own.items()]
        ),
        jinja=", ".join(jinja),
        templates=table(
            ["template", "used by"],
            [
                [code(t.name), ", ".join(code(name) for name, _ in t.used_by)]
                for t in templates(pack).values()
            ],
        ),
    )


def endpoints_page() -> str:
    """Every verb and endpoint that a request may name."""
    files = sorted((root() / "schema" / "xero").glob("*.json"))
    return filled("endpoints", endpoints=blocks(*(_one(f) for f in files if f.stem != "common")))


def _one(file: Path) -> str:
    found = contract(file.stem)
    raw = json.loads(file.read_text(encoding="utf-8"))
    needed = frozenset(raw.get("required", ()))
    fields = ", ".join(f"**{n}**" if n in needed else n for n in raw.get("properties", {}))
    undo = f"{found.undo.contract}, Status {found.undo.status}" if found.undo else "by a person"
    return blocks(
        f"## {file.stem}",
        f"{raw['title']}. {raw['description']}",
        table(
            ["call", "batch", "undo"],
            [[code(f"{found.method} {found.path}"), "yes" if found.batch else "", undo]],
        ),
        f"Fields: {fields}." if fields else "",
    )


def _call(name: str, function: Callable[..., Any]) -> str:
    """A filter with what it is given besides the value: `fit(LENGTH)`."""
    given = [p.upper() for p in list(signature(function).parameters)[1:]]
    return f"{name}({', '.join(given)})" if given else name
