"""The body schemas of `schema/xero/`: the API's facts as data, and the check of every body."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema_rs

from pm2xero.render.request import Contract, Undo
from pm2xero.resources import root, schema_file

# References between the schemas resolve against this name; nothing is ever fetched.
_BASE = "https://schema.invalid/xero/"


@cache
def contract(name: str) -> Contract:
    """The contract of a verb and endpoint, such as `put.Invoices`."""
    raw = json.loads(schema_file(f"xero/{name}").read_text(encoding="utf-8"))
    undo = raw.get("x-undo")
    return Contract(
        name=name,
        method=str(raw["x-method"]),
        path=str(raw["x-path"]),
        id_name=raw["x-id"],
        wrapper=raw["x-wrapper"],
        batch=bool(raw["x-batch"]),
        summarize=bool(raw["x-summarize-errors"]),
        undo=Undo(undo["contract"], undo["id-in-body"], undo["status"]) if undo else None,
    )


@cache
def validator(name: str) -> Any:
    """The compiled body schema of a contract; resolves its references offline."""
    folder = root() / "schema" / "xero"
    common = json.loads((folder / "common.json").read_text(encoding="utf-8"))
    registry = jsonschema_rs.Registry([(_BASE + "common.json", common)])
    raw = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return jsonschema_rs.Draft202012Validator(
        raw, registry=registry, base_uri=f"{_BASE}{name}.json", offline=True
    )


def faults(name: str, body: Any) -> list[str]:
    """What breaks the body schema, in words with the place in the body."""
    found = []
    for error in validator(name).iter_errors(body):
        place = "".join(
            f"[{s}]" if isinstance(s, int) else f".{s}" for s in error.instance_path
        ).lstrip(".")
        found.append(f"{place or 'the body'}: {error.message}")
    return found
