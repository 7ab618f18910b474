"""Where the built-in pack and the schemas are: the checkout's top level, or inside the wheel."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def root() -> Path:
    """The folder that holds `rules/`, `mappings/` and `schema/`."""
    packaged = Path(__file__).parent / "_pack"
    if packaged.is_dir():
        return packaged
    return Path(__file__).parents[2]


def schema_file(name: str) -> Path:
    """A JSON Schema by its name without extension, such as `rules` or `xero/put.Invoices`."""
    return root() / "schema" / f"{name}.json"
