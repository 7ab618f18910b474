"""One analyser: texts that are edited are looked at as if they were saved, again and again."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pm2xero.pack import files
from pm2xero.validate.analyser import Analyser
from pm2xero.validate.run import Validation, validate
from tests.support.packs import EXAMPLES, FILES, MAPPINGS, RULES, TEMPLATE, at, write


def told(result: Validation) -> list[tuple[str, str]]:
    return [(f.code, at(f)) for f in result.findings]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return write(tmp_path / "pack", FILES)


FAULTS = {
    "rules/levy.yaml": (RULES.replace("levy_payable,", "levy_paybale,"), "PX309"),
    "mappings/levy.yaml": (MAPPINGS.replace("net: amount", "net: amuont"), "PX303"),
    "mappings/templates/levy.json.j2": (TEMPLATE.replace("bank.code", "bank.cod"), "PX402"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_an_edited_text_stands_in_the_place_of_its_file(pack: Path, name: str) -> None:
    text, code = FAULTS[name]
    analyser = Analyser(("au",), (pack,))
    assert told(analyser.analyse()) == []
    edited = analyser.analyse({pack / name: text})
    assert code in {c for c, _ in told(edited)}
    assert (pack / name).read_text(encoding="utf-8") == FILES[name]
    assert told(analyser.analyse()) == []
    (pack / name).write_text(text, encoding="utf-8")
    assert told(analyser.analyse()) == told(edited) == told(validate(("au",), (pack,)))


def test_a_file_that_is_not_there_yet_is_looked_at(pack: Path) -> None:
    analyser = Analyser(("au",), (pack,))
    new = pack / "rules" / "more.yaml"
    text = "spec: 1\nrules:\n  - { id: bank_transfr, outcome: hold }\n"
    assert told(analyser.analyse({new: text})) == [("PX204", "more.yaml:3:11")]
    assert told(analyser.analyse()) == []


def test_a_stray_file_that_comes_and_goes_is_told_while_it_is_there(pack: Path) -> None:
    analyser = Analyser(("au",), (pack,))
    stray = pack / "rules" / "more.yml"
    stray.write_text("spec: 1\n", encoding="utf-8")
    assert [c for c, _ in told(analyser.analyse())] == ["PX209"]
    stray.unlink()
    assert told(analyser.analyse()) == []


def test_the_organisation_file_may_be_edited_too(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "au", tmp_path / "firm")
    file = tmp_path / "firm" / "organisation.yaml"
    analyser = Analyser((), (), file)
    before = told(analyser.analyse())
    text = file.read_text(encoding="utf-8") + "rules:\n  - { id: bank_transfr, outcome: hold }\n"
    after = told(analyser.analyse({file: text}))
    assert [c for c, _ in after if c == "PX204"] == ["PX204"]
    assert told(analyser.analyse()) == before


def test_what_did_not_change_is_not_read_again(pack: Path) -> None:
    analyser = Analyser(("au",), (pack,))
    analyser.analyse()
    first = dict(analyser._memory.read)
    (pack / "rules" / "levy.yaml").write_text(RULES + "# a word\n", encoding="utf-8")
    analyser.analyse()
    second = analyser._memory.read
    changed = [
        Path(path).name for path, shown in first if second[path, shown] is not first[path, shown]
    ]
    assert changed == ["levy.yaml"]


def test_an_edit_that_keeps_size_and_time_is_an_edit(pack: Path) -> None:
    file = pack / "rules" / "levy.yaml"
    analyser = Analyser(("au",), (pack,))
    assert told(analyser.analyse()) == []
    before = file.stat()
    file.write_text(RULES.replace("kinds: [levy]", "kinds: [lexy]"), encoding="utf-8")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    assert {c for c, _ in told(analyser.analyse())} == {"PX311"}


def test_what_is_saved_while_it_is_read_is_read_again(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = pack / "rules" / "levy.yaml"
    text = RULES.replace("kinds: [levy]", "kinds: [lev]")
    real = files.read_yaml

    def read(path: Path, shown: str) -> object:
        tree = real(path, shown)
        if path == file:
            file.write_text(text, encoding="utf-8")
        return tree

    analyser = Analyser(("au",), (pack,))
    monkeypatch.setattr(files, "read_yaml", read)
    assert told(analyser.analyse()) == []
    assert {c for c, _ in told(analyser.analyse())} == {"PX311"}


def test_a_template_that_is_no_text_is_a_finding_wherever_it_is_named(pack: Path) -> None:
    templates = pack / "mappings" / "templates"
    (templates / "levy.json.j2").write_text(TEMPLATE + '{% include "part.j2" %}')
    (templates / "part.j2").write_bytes(b"\n\xff")
    found = validate(("au",), (pack,))
    assert [(f.code, at(f)) for f in found.findings] == [("PX401", "part.j2:2:1")]
    (templates / "levy.json.j2").write_bytes(TEMPLATE.encode() + b"\xe9")
    (templates / "part.j2").unlink()
    found = validate(("au",), (pack,))
    assert [(f.code, at(f)) for f in found.findings] == [("PX401", "levy.json.j2:17:1")]
    # One that nothing names is told as that.
    (templates / "levy.json.j2").write_text(TEMPLATE)
    (templates / "part.j2").write_bytes(b"\xff")
    assert [f.code for f in validate(("au",), (pack,)).findings] == ["PX512"]
