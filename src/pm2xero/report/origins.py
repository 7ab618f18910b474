"""Effective values with the place of each, and what each replaced."""

from __future__ import annotations

from typing import Any

from pm2xero.pack.effective import to_yaml
from pm2xero.pack.provenance import Shown, Value
from pm2xero.report.findings import ReadSource


def as_text(found: list[Shown], read: ReadSource, *, origin: bool) -> str:
    """YAML as it is in force; with origins, the place behind each value and what stood there."""
    blocks = []
    for shown in found:
        rows = [f"# {shown.what} {shown.id}"]
        for value in shown.values:
            text = _yaml(value)
            if not origin:
                rows += text
                continue
            rows.append(f"{text[0]}  # {value.at} ({value.layer})")
            rows += text[1:]
            rows += _replaced(value, read)
        blocks.append("\n".join(rows))
    return "\n\n".join(blocks)


def _yaml(value: Value) -> list[str]:
    """A value under its key; plain ones on one line, whatever their length."""
    if isinstance(value.value, dict | list):
        return to_yaml({value.key: value.value}, flow=None).rstrip("\n").splitlines()
    return [to_yaml({value.key: value.value}, width=100_000).rstrip("\n")]


def _replaced(value: Value, read: ReadSource) -> list[str]:
    rows = []
    for old in value.replaced:
        lines = read(old.at.file)
        line = lines[old.at.line - 1].strip() if lines and old.at.line <= len(lines) else ""
        rows.append(f"  # instead of: {line}  # {old.at} ({old.layer})".replace(":   #", ":  #"))
    return rows


def as_json(found: list[Shown]) -> list[dict[str, Any]]:
    """The same as data."""
    return [
        {
            "what": shown.what,
            "id": shown.id,
            "values": [
                {
                    "key": v.key,
                    "value": v.value,
                    "at": str(v.at),
                    "layer": v.layer,
                    "replaced": [{"at": str(o.at), "layer": o.layer} for o in v.replaced],
                }
                for v in shown.values
            ],
        }
        for shown in found
    ]
