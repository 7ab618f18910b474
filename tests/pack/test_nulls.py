"""A null in a pack is a finding wherever it stands; it never becomes a word, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pm2xero.errors import OrganisationError
from pm2xero.firm.organisation import load_organisation
from pm2xero.pack.files import builtin
from pm2xero.pack.load import examine, extension
from pm2xero.pack.yaml.nulls import nulls
from pm2xero.pack.yaml.read import SourceList, SourceMap, read_yaml
from tests.regions.firms import EXAMPLES
from tests.support.packs import FILES, MAPPINGS, RULES, at, write

FILES_OF_THE_PACK = [
    f for part in ("rules", "mappings") for f in sorted((builtin().path / part).rglob("*.yaml"))
    if "cases" not in f.parts
]  # fmt: skip


def nodes(tree: Any) -> Iterator[tuple[Any, Any, int]]:
    """Every key and entry of a tree, with the mapping or list that holds it, and its line."""
    if isinstance(tree, SourceMap):
        for key, value in tree.items():
            yield tree, key, tree.key_at[key].line
            yield from nodes(value)
    elif isinstance(tree, SourceList):
        for index, value in enumerate(tree):
            yield tree, index, tree.item_at[index].line
            yield from nodes(value)


@pytest.mark.parametrize("file", FILES_OF_THE_PACK, ids=lambda f: f.name)
def test_a_null_anywhere_is_told_at_its_line(file: Path) -> None:
    tree = read_yaml(file, file.name)
    assert list(nulls(tree)) == []
    for holder, key, line in list(nodes(tree)):
        put = dict.__setitem__ if isinstance(holder, SourceMap) else list.__setitem__
        value = holder[key]
        put(holder, key, None)
        assert [f.at.line for f in nulls(tree) if f.at is not None] == [line]
        put(holder, key, value)


SILENT = {
    "a value of a request": ("mappings/levy.yaml", MAPPINGS, "{ bank: bank_account }", "~"),
    "a word among several": ("rules/levy.yaml", RULES, "[amount,", "[{ way: { one_of: [~] } },"),
    "all words": ("rules/levy.yaml", RULES, "[amount,", "[amount, { way: { one_of: } },"),
    "a pattern": (
        "rules/levy.yaml", RULES, "kinds: [levy],", "kinds: [levy], when: { id: { matches: } },"
    ),
    "a word about a field": (
        "rules/levy.yaml", RULES, "[amount,",
        "[amount, { of: { type: document, refers_to: } },",
    ),
    "a text": ("mappings/levy.yaml", MAPPINGS, "describe: Levy", "describe: ~"),
}  # fmt: skip


@pytest.mark.parametrize("where", SILENT)
def test_what_was_a_word_once_is_a_finding(tmp_path: Path, where: str) -> None:
    name, text, old, new = SILENT[where]
    assert old in text
    pack = write(tmp_path, {**FILES, name: text.replace(old, new, 1)})
    found = examine("au", extensions=(extension(pack),)).findings
    line = text[: text.index(old)].count("\n") + 1
    assert f"{Path(name).name}:{line}" in {at(f).rpartition(":")[0] for f in found}
    assert all(f.severity == "error" for f in found)


def test_a_null_in_the_layer_of_a_firm(tmp_path: Path) -> None:
    (tmp_path / "xero.json").write_bytes((EXAMPLES / "au" / "xero.json").read_bytes())
    text = (EXAMPLES / "au" / "organisation.yaml").read_text(encoding="utf-8")
    own = "mappings:\n  sales_invoice:\n    requests: [{ id: invoice, with: { type: } }]\n"
    (tmp_path / "organisation.yaml").write_text(text + own, encoding="utf-8")
    with pytest.raises(OrganisationError) as told:
        load_organisation(tmp_path / "organisation.yaml")
    assert [f.code for f in told.value.findings] == ["PX109"]
