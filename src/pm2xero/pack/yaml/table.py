"""Reads one table of the product's own, such as what Xero's refusals mean, by its schema."""

from __future__ import annotations

from pathlib import Path

from pm2xero.errors import PackError, Position
from pm2xero.pack.yaml.read import SourceMap, read_yaml
from pm2xero.pack.yaml.schema import check


def read_table(path: Path, schema: str) -> SourceMap:
    """A file that fits its schema.

    Raises:
        PackError: with everything that is wrong in the form of the file.
    """
    tree: SourceMap = read_yaml(path, path.name)
    if findings := check(schema, tree, Position(path.name)):
        raise PackError(*findings)
    return tree
