"""Small pieces of YAML, read as they are in a pack."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from pm2xero.errors import Finding, PackError, Position
from pm2xero.pack.language.condition_parser import parse_condition
from pm2xero.pack.language.conditions import Condition
from pm2xero.pack.language.paths import Scope
from pm2xero.pack.load import load_pack
from pm2xero.pack.model import Pack
from pm2xero.pack.yaml.read import parse_yaml


@cache
def base() -> Pack:
    """The base of the built-in pack, without a region."""
    return load_pack("base")


def scope(kind: str = "client_bill") -> Scope:
    """The names that a kind of the built-in pack offers."""
    return Scope(kind, base().kinds[kind].record)


def read(text: str) -> Any:
    """YAML text, from a file called x.yaml."""
    return parse_yaml(text, "x.yaml")


def fault(text: str) -> Finding:
    """The only fault of a YAML text."""
    try:
        read(text)
    except PackError as exc:
        (finding,) = exc.findings
        return finding
    raise AssertionError("the text was taken as good")


def condition(text: str, kind: str = "client_bill") -> tuple[Condition | None, list[Finding]]:
    """The condition that a YAML text makes for a kind, and its faults."""
    findings: list[Finding] = []
    tree = parse_condition(read(text), scope(kind), Position("x.yaml"), findings)
    return tree, findings


def write(folder: Path, files: dict[str, str]) -> Path:
    """A pack in a folder."""
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder
