"""Loading: the chain of regions, extension packs, and the firm's own layer."""

from __future__ import annotations

from pathlib import Path

import pytest

from pm2xero.errors import PackError, Position
from pm2xero.pack.load import builtin, extension, load_pack, regions
from tests.support.pack_reading import read, write

RULE = "rules:\n  - { id: firm.note, kinds: [client_bill], warning: Checked twice. }\n"


def region(name: str, extends: str, title: str = "A state") -> dict[str, str]:
    return {
        f"rules/regions/{name}.yaml": (
            f"spec: 1\nregion: {name}\ntitle: {title}\nextends: {extends}\n"
            f"words: {{ from_{name.replace('-', '_')}: here }}\n"
        )
    }


def test_every_built_in_region_loads() -> None:
    names = regions()
    assert names
    for name in names:
        pack = load_pack(name)
        assert pack.layers[0] == "base"
        assert pack.layers[-1] == name


def test_a_chain_of_regions_is_applied_from_the_lowest_up(tmp_path: Path) -> None:
    parent = regions()[0]
    files = region("x-city", "x-state") | region("x-state", parent)
    pack = load_pack("x-city", extensions=(extension(write(tmp_path, files)),))
    chain = load_pack(parent).layers
    assert pack.layers == (*chain, "x-state", "x-city", str(tmp_path))
    assert {"from_x_city", "from_x_state"} <= set(pack.words)


def test_an_unknown_region_is_told_with_the_closest_one(tmp_path: Path) -> None:
    at = Position("organisation.yaml", 4, 9)
    roots = (extension(write(tmp_path, region("zz-first", "base"))),)
    with pytest.raises(PackError) as caught:
        load_pack("zz-frist", extensions=roots, region_at=at)
    (finding,) = caught.value.findings
    assert (finding.code, finding.message) == ("PX206", 'there is no region "zz-frist"')
    assert (finding.at, finding.hint) == (at, 'did you mean "zz-first"?')


def test_an_unknown_parent_is_told_where_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(PackError) as caught:
        load_pack("zz", extensions=(extension(write(tmp_path, region("zz", "nowhere"))),))
    (finding,) = caught.value.findings
    assert finding.message == 'there is no region "nowhere"'
    assert str(finding.at) == f"{tmp_path}/rules/regions/zz.yaml:4:10"


def test_regions_that_extend_each_other_are_a_fault(tmp_path: Path) -> None:
    files = region("zz-a", "zz-b") | region("zz-b", "zz-a")
    with pytest.raises(PackError) as caught:
        load_pack("zz-a", extensions=(extension(write(tmp_path, files)),))
    (finding,) = caught.value.findings
    assert (finding.code, finding.message) == ("PX206", 'the region "zz-a" extends itself')
    assert finding.at is not None
    assert finding.at.file.endswith("zz-b.yaml")


def test_a_broken_region_file_is_told_and_not_called_missing(tmp_path: Path) -> None:
    files = region("zz", "base")
    broken = {k: v + "rulez: []\n" for k, v in files.items()}
    with pytest.raises(PackError) as caught:
        load_pack("zz", extensions=(extension(write(tmp_path, broken)),))
    assert [f.message for f in caught.value.findings] == ['unknown key "rulez" in the file']


def test_extensions_come_above_regions_and_the_firm_above_all(tmp_path: Path) -> None:
    low = write(tmp_path / "low", {"rules/a.yaml": "spec: 1\n" + RULE})
    high = write(
        tmp_path / "high",
        {"rules/a.yaml": "spec: 1\nrules:\n  - { id: firm.note, warning: Checked thrice. }\n"},
    )
    overlay = read("spec: 1\nrules:\n  - { id: firm.note, by_hand: true }\n")
    pack = load_pack(
        "base", extensions=(extension(low), extension(high)), overlay=("x.yaml", overlay)
    )
    rule = next(r for r in pack.rules if r.id == "firm.note")
    assert rule.texts["client_bill"]["warning"].text == "Checked thrice."
    assert rule.by_hand
    assert rule.origins["by_hand"].layer == "x.yaml"
    warning = rule.origins["warning"]
    assert (warning.layer, warning.replaced[0].layer) == (str(high), str(low))


def test_templates_of_a_higher_pack_hide_lower_ones(tmp_path: Path) -> None:
    folder = write(tmp_path, {"mappings/templates/x.json.j2": "{}"})
    pack = load_pack("base", extensions=(extension(folder),))
    own = builtin().path / "mappings" / "templates"
    assert pack.template_dirs == (folder / "mappings" / "templates", own)


def test_faults_of_all_files_are_told_in_one_run_in_order(tmp_path: Path) -> None:
    files = {
        "rules/b.yaml": "spec: 1\nrulez: []\n",
        "rules/a.yaml": "spec: 1\nrules:\n  - { id: a, outcom: skip }\n  - { id: a b }\n",
        "mappings/c.yaml": "spec: 1\nmappings: []\n",
    }
    with pytest.raises(PackError) as caught:
        load_pack("base", extensions=(extension(write(tmp_path, files)),))
    places = [str(f.at).removeprefix(f"{tmp_path}/") for f in caught.value.findings]
    assert places == [
        "mappings/c.yaml:2:11", "rules/a.yaml:3:14", "rules/a.yaml:4:11", "rules/b.yaml:2:1",
    ]  # fmt: skip
