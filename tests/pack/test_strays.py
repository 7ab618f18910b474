"""Every file of a pack is read or refused, and a field that is gone never becomes its own name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pm2xero.pack.load import builtin, examine, extension
from pm2xero.pack.strays import strays
from tests.support.pack_reading import write

STRAY = (
    "rules/bills.yml", "rules/bills.yaml.bak", "rules/billing/bills.yaml", "rules/region/au.yaml",
    "rules/regions/au.yml", "mappings/bills.YAML", "mappings/templates/bill.json",
    "mappings/templates/parts/bill.json.j2", "mappings/base/deep/x.yaml",
    "mappings/xero/errors.yaml",
)  # fmt: skip


@pytest.mark.parametrize("name", STRAY)
def test_a_file_that_nothing_reads_is_a_finding(tmp_path: Path, name: str) -> None:
    pack = write(tmp_path, {"rules/good.yaml": "spec: 1\n", name: "spec: 1\n"})
    found = [f for f in examine("au", extensions=(extension(pack),)).findings if f.code == "PX209"]
    (finding,) = found
    assert finding.at is not None and finding.hint
    assert Path(name).is_relative_to(Path(finding.at.file).relative_to(pack))


@pytest.mark.parametrize(
    "name", ["rules/README.md", "rules/.gitkeep", "rules/cases/deep/x.yaml", "mappings/note.txt"]
)
def test_texts_for_people_and_cases_may_stand_there(tmp_path: Path, name: str) -> None:
    pack = write(tmp_path, {"rules/good.yaml": "spec: 1\n", name: "x"})
    assert strays(pack, "firm/") == ()


def test_the_built_in_pack_has_none() -> None:
    assert strays(builtin().path, "") == ()


def test_a_field_that_is_gone_is_told_where_it_is_named(tmp_path: Path) -> None:
    rules = "spec: 1\nrecords:\n  line: { optional: { description: { remove: true } } }\n"
    pack = write(tmp_path, {"rules/x.yaml": rules})
    found = examine("au", extensions=(extension(pack),)).findings
    assert {f.code for f in found} == {"PX303"}
    assert all(f.at is not None and f.at.file.startswith("mappings/base/") for f in found)
    assert all('has a field "description"' in f.message for f in found)
