"""What an editor shows of the key under the mouse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pm2xero.pack.yaml.read import SourceList, SourceMap, read_yaml

from .client import LanguageServer
from .language_server import ROOT
from .schemas import described
from .typed import shown

REQUEST = "mappings:\n  m:\n    requests:\n      - id: a\n        "
# schema, text, where the description stands
KEYS = [
    ("rules", "rules:\n  - id: a\n    ‸outcome: post", "common rule outcome"),
    ("rules", "rules:\n  - id: a\n    ‸by_hand: true", "common rule by_hand"),
    ("rules", "rules:\n  - id: a\n    ‸reason: x", "common rule reason"),
    ("rules", "rules:\n  - id: a\n    ‸kinds: all", "common rule kinds"),
    ("rules", "rules:\n  - id: a\n    ‸kinds: [client_bill]", "common rule kinds"),
    ("rules", "rules:\n  - id: a\n    ‸when: { a: b }", "common condition"),
    ("rules", "rules:\n  - id: a\n    when: { ‸a: b }", "common test"),
    ("rules", "rules:\n  - id: a\n    when: { a: { ‸in: [b] } }", "common test in"),
    ("rules", "rules:\n  - id: a\n    when: { ‸any: b, where: { c: d } }", "common condition any"),
    ("rules", "rules:\n  - id: a\n    when: { sum: b, ‸above: c }", "common test above"),
    ("rules", "kinds:\n  a:\n    ‸postings: []", "common kind postings"),
    ("rules", "kinds:\n  a:\n    postings:\n      - { ‸debit: b }", "common posting debit"),
    ("rules", "kinds:\n  a:\n    postings:\n      - { ‸matter: b }", "common posting matter"),
    ("mappings", REQUEST + "‸needs: [b]", "common request needs"),
    ("mappings", REQUEST + "‸becomes: document", "common request becomes"),
    ("mappings", REQUEST + "‸put: Invoices", "common request put"),
    ("mappings", REQUEST + "with: { a: { ‸bank: b } }", "common request with * bank"),
    ("mappings", "mappings:\n  m:\n    ‸on_change: { paid: void }", "common mapping on_change"),
    ("region", "‸extends: base", "region extends"),
    ("region", "tax_codes:\n  A:\n    ‸sales: X", "common tax_code sales"),
    ("organisation", "‸integration_start: x", "organisation integration_start"),
    ("organisation", "bank_accounts:\n  A: { ‸purpose: trust }",
     "organisation bank_account purpose"),
    ("cases", "cases:\n  - name: a\n    ‸given: bill", "cases case given"),
    ("cases", "cases:\n  - name: a\n    ‸known_gap: b", "cases case known_gap"),
]  # fmt: skip

# Whole files of each schema.
FILES = [
    "rules/base/client_billing.yaml",
    "rules/base/documents.yaml",
    "rules/base/preconditions.yaml",
    "rules/regions/ie.yaml",
    "rules/cases/lifecycle.yaml",
    "mappings/base/client_billing.yaml",
    "examples/au/organisation.yaml",
]


@pytest.mark.parametrize(("schema", "text", "where"), KEYS)
def test_a_key_shows_its_description(
    server: LanguageServer, schema: str, text: str, where: str
) -> None:
    assert described(where) in shown(server, schema, text)


def test_an_outcome_shows_what_each_of_them_does(server: LanguageServer) -> None:
    text = shown(server, "rules", "rules:\n  - id: a\n    outcome: ‸post")
    for value in ("post", "reject", "hold", "skip"):
        assert re.search(rf"^\* `{value}`: \w", text, re.MULTILINE)


@pytest.mark.parametrize("name", FILES)
def test_no_key_of_a_file_is_without_words(server: LanguageServer, name: str) -> None:
    file = ROOT / name
    uri = file.as_uri()
    server.open(uri, file.read_text(encoding="utf-8"))
    silent = [
        f"{name}:{line}: {key}"
        for key, line, column in _keys(file)
        if not server.hover(uri, line - 1, column)
    ]
    server.close(uri)
    assert silent == []


def _keys(file: Path) -> list[tuple[str, int, int]]:
    """Each key of a file with its line and column (from 1)."""
    found: list[tuple[str, int, int]] = []

    def walk(tree: object) -> None:
        if isinstance(tree, SourceMap):
            found.extend((str(k), at.line, at.column) for k, at in tree.key_at.items())
            for value in tree.values():
                walk(value)
        elif isinstance(tree, SourceList):
            for value in tree:
                walk(value)

    walk(read_yaml(file, file.name))
    return found
