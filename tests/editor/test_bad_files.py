"""Each fault of the files under bad/ is told by the language server, at its line, and nothing else.

A file more in that folder is a test more.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pm2xero.errors import Position
from pm2xero.pack.yaml.read import parse_yaml
from pm2xero.pack.yaml.schema import check

from .client import LanguageServer, Message
from .marked import BAD, Marked

SCHEMAS = ("rules", "mappings", "region", "organisation", "cases")
files = pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())


@pytest.fixture(scope="module")
def told(server: LanguageServer) -> Mapping[str, list[Message]]:
    """What the server says of all files, as they are and mended; quick, since asked at once."""
    texts = {b.uri: b.text for b in BAD.values()}
    return server.diagnose({**texts, **{b.mended_uri: b.mended for b in BAD.values()}})


@files
def test_each_fault_is_told_at_its_line(told: Mapping[str, list[Message]], bad: Marked) -> None:
    assert _faults(told[bad.uri]) == bad.faults


@files
def test_without_the_faults_nothing_is_told(told: Mapping[str, list[Message]], bad: Marked) -> None:
    assert _faults(told[bad.mended_uri]) == set()


@files
def test_the_product_finds_no_other_faults(bad: Marked) -> None:
    """What the product's own reading of the schema says, an editor says at the same lines."""
    name = bad.path.name
    found = check(bad.schema, parse_yaml(bad.text, name), Position(name))
    assert {f.at.line for f in found if f.at} <= {line for line, _ in bad.faults}
    assert check(bad.schema, parse_yaml(bad.mended, name), Position(name)) == []


def test_there_are_bad_files_for_each_schema() -> None:
    assert {b.schema for b in BAD.values()} == {f"{s}.schema" for s in SCHEMAS}


def _faults(diagnostics: list[Message]) -> set[tuple[int, str]]:
    return {(d["range"]["start"]["line"] + 1, d["message"]) for d in diagnostics}
