"""The fields at the top of a body, as conditions of tables may ask of them."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pm2xero.pack.language.types import FLAG, MONEY, FieldType, RecordType, ScalarType
from pm2xero.resources import schema_file


@cache
def body_record(contract: str) -> RecordType:
    """The single values of a body, such as `LineAmountTypes` of put.Invoices, with their words."""
    files = {
        "": json.loads(schema_file(f"xero/{contract}").read_text(encoding="utf-8")),
        "common.json": json.loads(schema_file("xero/common").read_text(encoding="utf-8")),
    }
    found = {}
    for name, value in files[""].get("properties", {}).items():
        kind = _type(value, "", files)
        if kind is not None:
            found[name] = kind
    return RecordType(f"the body of {contract}", {}, found)


def _type(value: Any, file: str, files: dict[str, Any]) -> FieldType | None:
    while "$ref" in value:
        named, _, path = value["$ref"].partition("#/")
        file = named or file
        value = files[file]
        for step in path.split("/"):
            value = value[step]
    words = value.get("enum", [value["const"]] if "const" in value else ())
    if words and all(isinstance(w, str) for w in words):
        return ScalarType("text", tuple(words))
    return {"string": ScalarType("text"), "number": MONEY, "boolean": FLAG}.get(
        str(value.get("type"))
    )
