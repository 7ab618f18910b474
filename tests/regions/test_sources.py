"""The program knows no region: names of regions and tax types live in YAML and JSON."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from pm2xero.pack.load import load_pack, regions

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
# Tax types that are plain words as well: only a text that is nothing else is meant.
PLAIN = {"NONE", "INPUT", "OUTPUT"}


def tax_types() -> set[str]:
    """All tax types of the example firms and of the regions."""
    found = {
        rate["TaxType"]
        for file in (ROOT / "examples").glob("*/xero.json")
        for rate in json.loads(file.read_text(encoding="utf-8"))["TaxRates"]
    }
    for region in regions():
        pack = load_pack(region)
        found.add(pack.no_tax)
        for code in pack.tax_codes.values():
            found.update(t for t in code.types.values() if isinstance(t, str))
    return found


def texts(file: Path) -> Iterator[tuple[int, str]]:
    """The texts in a source file with their lines."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def test_no_region_or_tax_type_in_the_program() -> None:
    assert len(SOURCES) > 50
    names = set(regions())
    types = tax_types()
    assert {"au", "nz", "uk", "us"} <= names
    assert {"BASEXCLUDED", "OUTPUT2", "NONE"} <= types
    telling = re.compile(rf"\b({'|'.join(sorted(types - PLAIN))})\b")
    found = []
    for file in SOURCES:
        shown = file.relative_to(ROOT)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if telling.search(line):
                found.append(f"{shown}:{number}: {line.strip()}")
        for number, text in texts(file):
            if text.casefold() in names or text in PLAIN:
                found.append(f"{shown}:{number}: {text!r}")
    assert found == []
