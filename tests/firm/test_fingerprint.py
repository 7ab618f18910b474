from __future__ import annotations

from pathlib import Path

import pytest

from pm2xero.firm.fingerprint import fingerprint, hashes


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    for name in ("rules/base/bills.yaml", "rules/base.yaml", "mappings/templates/bill.j2"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def names(pack: Path) -> list[str]:
    return [n.removeprefix("pack 1/") for n in hashes([pack], {}) if n.startswith("pack 1/")]


def mark(pack: Path) -> str:
    firm = pack.parent / "organisation.yaml"
    firm.write_text("id: bellbird")
    return fingerprint([pack], firm, b"{}")


def test_files_come_in_the_order_of_their_names_part_by_part(pack: Path) -> None:
    assert names(pack) == ["rules/base/bills.yaml", "rules/base.yaml", "mappings/templates/bill.j2"]


def test_every_file_that_decides_counts_with_its_name(pack: Path) -> None:
    before = mark(pack)
    (pack / "rules/base/bills.yaml").write_text("another")
    changed = mark(pack)
    (pack / "rules/base/bills.yaml").rename(pack / "rules/base/invoices.yaml")
    assert len({before, changed, mark(pack)}) == 3


def test_cases_decide_nothing_and_what_an_editor_leaves_is_no_file(pack: Path) -> None:
    before = mark(pack)
    cases = pack / "rules" / "cases" / "more"
    cases.mkdir(parents=True)
    (cases / "bills.yaml").write_text("cases: []")
    (pack / "rules" / ".#bills.yaml").symlink_to("kim@laptop.4711")
    assert mark(pack) == before
    (pack / "rules" / "base" / "cases").mkdir()
    (pack / "rules" / "base" / "cases" / "no_cases.yaml").write_text("spec: 1")
    assert mark(pack) != before, "only the folder of that name below rules/ holds cases"
