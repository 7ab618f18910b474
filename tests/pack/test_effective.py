"""The effective pack as one YAML: it reads back as the same pack."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pm2xero.errors import Position
from pm2xero.pack.effective import read_whole, to_yaml, whole
from pm2xero.pack.load import examine, regions
from pm2xero.pack.model import Pack


def written(region: str, folder: Path) -> Path:
    examined = examine(region)
    assert examined.merged is not None
    assert examined.pack is not None
    file = folder / f"{region}.yaml"
    text = to_yaml(whole(examined.merged, region, examined.pack.layers))
    file.write_text(text, encoding="utf-8")
    return file


def plain(pack: Pack) -> tuple[object, ...]:
    """What decides and renders, without the places where it is written."""
    rules = [
        (
            r.id, r.code, sorted(r.kinds), r.outcome, r.mapping, r.by_hand, r.leaves, r.source,
            r.section, r.order[0], r.partial,
            {k: c.key if c else None for k, c in r.conditions.items()},
            {k: {n: t.text for n, t in v.items()} for k, v in r.texts.items()},
        )
        for r in pack.rules
    ]  # fmt: skip
    kinds = {
        n: (k.title, k.section, k.side, k.record, len(k.postings), k.opens, k.settles,
            {p: i.why for p, i in k.ignores.items()})
        for n, k in pack.kinds.items()
    }  # fmt: skip
    requests = {
        key: [
            (s.id, s.method, s.path, s.template, s.each, s.needs, dict(s.values), s.contact,
             [(x.each, x.account, x.tax, x.net, x.tax_amount, x.sign, x.merge) for x in s.lines])
            for s in specs
        ]
        for key, specs in pack.requests.items()
    }  # fmt: skip
    nowhere = Position("")
    codes = {n: replace(t, at=nowhere) for n, t in pack.tax_codes.items()}
    roles = {n: replace(r, at=nowhere) for n, r in pack.roles.items()}
    changes = {n: m.on_change for n, m in pack.mappings.items()}
    return rules, kinds, requests, codes, roles, changes, pack.no_tax, pack.words, pack.rows


@pytest.mark.parametrize("region", regions())
def test_it_loads_again_to_the_same_pack(region: str, tmp_path: Path) -> None:
    before = examine(region).pack
    again = read_whole(written(region, tmp_path))
    assert again.findings == ()
    assert before is not None
    assert again.pack is not None
    for old, new in zip(plain(before), plain(again.pack), strict=True):
        assert new == old


def test_writing_it_again_changes_nothing(tmp_path: Path) -> None:
    first = written("nz", tmp_path)
    again = read_whole(first)
    assert again.merged is not None
    text = to_yaml(whole(again.merged, "nz", ("base", "nz")))
    assert text == first.read_text(encoding="utf-8")


def test_a_fault_in_it_is_a_finding(tmp_path: Path) -> None:
    file = written("au", tmp_path)
    text = file.read_text(encoding="utf-8").replace("outcome: reject", "outcome: rejct", 1)
    file.write_text(text, encoding="utf-8")
    assert [f.code for f in read_whole(file).findings] == ["PX104"]


def test_a_setting_that_stands_twice_is_a_finding(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(
        "spec: 1\nregion: x\nparts:\n  - { no_tax: A }\n  - { no_tax: B }\n", encoding="utf-8"
    )
    assert [f.code for f in read_whole(file).findings] == ["PX201"]


def test_texts_that_look_like_something_else_stay_texts() -> None:
    from pm2xero.pack.yaml.read import parse_yaml

    values = {
        "a": "10.0",
        "b": "no",
        "c": "2026-01-01",
        "d": "0123",
        "e": "null",
        "f": "1",
        "g": "",
    }
    assert dict(parse_yaml(to_yaml(values), "x.yaml")) == values
