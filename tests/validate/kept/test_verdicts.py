"""A verdict that is told again is what would be found now, whatever has changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pm2xero.report.validation import as_json, as_text
from pm2xero.validate.kept import work
from pm2xero.validate.kept.folder import Folder
from pm2xero.validate.kept.verdicts import Question, answered
from pm2xero.validate.kept.work import PackWork
from pm2xero.validate.proving import prover
from pm2xero.validate.verdict import Validation, as_value, of_value
from tests.support.packs import EXAMPLES, FILES, RULES, write

# One validation takes a while; the smallest bytes that show a fault say no more than the first.
PHASES = (Phase.explicit, Phase.generate)
HERE = [HealthCheck.function_scoped_fixture]
CHART = "account,xero,purpose,role\n6200,469,,\n"
OPENING = "code,debit,credit\n090,10.00,\n880,,10.00\n"


@pytest.fixture
def firm(tmp_path: Path) -> Path:
    """A firm with everything that its file can name."""
    folder = tmp_path / "firm"
    folder.mkdir()
    write(tmp_path / "pack", FILES)
    shutil.copy(EXAMPLES / "au" / "xero.json", folder)
    text = (EXAMPLES / "au" / "organisation.yaml").read_text(encoding="utf-8")
    text = text.replace(
        "opening:\n", "packs: [../pack]\nchart: chart.csv\nopening:\n  trial_balance: opening.csv\n"
    )
    write(folder, {"organisation.yaml": text, "chart.csv": CHART, "opening.csv": OPENING})
    return folder / "organisation.yaml"


class Asked:
    """A question, and how often it had to be worked out."""

    def __init__(self, folder: Folder, organisation: Path | None, *packs: Path) -> None:
        self.folder = folder
        self.organisation = organisation
        self.packs = packs
        self.worked = 0

    def work(self) -> PackWork:
        self.worked += 1
        return PackWork(("au",), self.packs, self.organisation, None)

    def answer(self, folder: Folder | None = None) -> Validation:
        question = Question(("au",), self.packs, self.organisation, ("no proofs",))
        return answered(question, folder or self.folder, self.work)

    def anew(self) -> Validation:
        return self.work().work_out()


def test_it_is_worked_out_once(firm: Path, tmp_path: Path) -> None:
    asked = Asked(Folder(tmp_path / "kept"), firm)
    first = asked.answer()
    assert asked.answer() == first
    assert asked.worked == 1
    # Nothing depends on what is kept.
    shutil.rmtree(tmp_path / "kept")
    assert asked.answer() == first
    assert asked.worked == 2


@settings(max_examples=12, deadline=None, phases=PHASES, suppress_health_check=HERE)
@given(data=st.data())
def test_any_byte_of_any_file_counts(firm: Path, tmp_path: Path, data: st.DataObject) -> None:
    """Whatever is changed, what is told is what would be found without anything kept."""
    asked = Asked(Folder(tmp_path / "kept"), firm)
    asked.answer()
    files = sorted(f for f in firm.parents[1].rglob("*") if f.is_file() and "kept" not in f.parts)
    assert len(files) == 7
    file = data.draw(st.sampled_from(files))
    raw = file.read_bytes()
    at = data.draw(st.integers(0, len(raw) - 1))
    other = data.draw(st.sampled_from(b'a0:\n #"-x\xff').filter(lambda b: b != raw[at]))
    status = file.stat()
    try:
        file.write_bytes(raw[:at] + bytes([other]) + raw[at + 1 :])
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        before = asked.worked
        assert as_json(asked.answer()) == as_json(asked.anew())
        assert asked.worked == before + 2
    finally:
        file.write_bytes(raw)


@pytest.mark.parametrize("change", ["new", "gone", "renamed", "stray", "template"])
def test_files_that_come_and_go_count(tmp_path: Path, change: str) -> None:
    pack = write(tmp_path / "pack", FILES)
    asked = Asked(Folder(tmp_path / "kept"), None, pack)
    asked.answer()
    rules = pack / "rules"
    if change == "new":
        (rules / "more.yaml").write_text(
            "spec: 1\nrules:\n  - { id: bank_transfr, outcome: hold }\n"
        )
    elif change == "gone":
        (rules / "levy.yaml").unlink()
    elif change == "renamed":
        (rules / "levy.yaml").rename(rules / "levy.yml")
    elif change == "stray":
        (pack / "mappings" / "notes.csv").write_text("")
    else:
        (pack / "mappings" / "templates" / "levy.json.j2").rename(
            pack / "mappings" / "templates" / "levi.json.j2"
        )
    found = asked.answer()
    assert found.told
    assert as_json(found) == as_json(asked.anew())


def test_a_firm_whose_file_is_at_fault_is_always_asked_anew(firm: Path, tmp_path: Path) -> None:
    firm.write_text(firm.read_text().replace("../pack", "../pakc"))
    asked = Asked(Folder(tmp_path / "kept"), firm)
    assert [t.finding.hint for t in asked.answer().told] == ['did you mean "../pack"?']
    (tmp_path / "pack").rename(tmp_path / "pakcs")
    assert 'did you mean "../pakcs"?' in {t.finding.hint for t in asked.answer().told}


def test_what_is_saved_meanwhile_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = write(tmp_path / "pack", FILES)
    asked = Asked(Folder(tmp_path / "kept"), None, pack)
    real = PackWork.work_out

    def work_out(self: PackWork) -> Validation:
        found = real(self)
        (pack / "rules" / "levy.yaml").write_text(RULES.replace("[levy]", "[lev]"))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(PackWork, "work_out", work_out)
        assert not asked.answer().told
    assert [t.finding.code for t in asked.answer().told] == ["PX311"]


@pytest.mark.parametrize("moment", ["before the first digest", "before the work"])
def test_a_firm_that_names_another_pack_meanwhile_is_not_kept(
    firm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The verdict is about the pack that is named now, and changes with it."""
    other = write(tmp_path / "other", FILES)
    asked = Asked(Folder(tmp_path / "kept"), firm)
    now = firm.read_text().replace("../pack", "../other")

    def then_save(step: Callable[[PackWork], Any]) -> Callable[[PackWork], Any]:
        def stepped(work: PackWork) -> Any:
            found = step(work)
            firm.write_text(now)
            return found

        return stepped

    def save_first(step: Callable[[PackWork], Any]) -> Callable[[PackWork], Any]:
        def stepped(work: PackWork) -> Any:
            firm.write_text(now)
            return step(work)

        return stepped

    with monkeypatch.context() as patch:
        if moment == "before the first digest":
            patch.setattr(PackWork, "files", then_save(PackWork.files))
        else:
            patch.setattr(PackWork, "work_out", save_first(PackWork.work_out))
        assert "PX311" not in [t.finding.code for t in asked.answer().told]
    (other / "rules" / "levy.yaml").write_text(RULES.replace("[levy]", "[lev]"))
    assert "PX311" in [t.finding.code for t in asked.answer().told]


def test_a_region_that_comes_meanwhile_is_asked_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = write(tmp_path / "pack", FILES)
    regions: list[str] = []
    monkeypatch.setattr(work, "regions", lambda roots: tuple(regions))
    made = PackWork(("all",), (pack,), None, None)
    made.files()
    regions.append("no-such-region")
    assert "no-such-region" in str(made.work_out().findings)


def test_where_one_stands_and_how_files_are_named_are_parts_of_the_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty = {**FILES, "rules/levy.yaml": RULES.replace("[levy]", "[lev]")}
    kept = Folder(tmp_path / "kept")
    for place in ("one", "two"):
        write(tmp_path / place / "pack", faulty if place == "one" else FILES)
    monkeypatch.chdir(tmp_path / "one")
    near = Asked(kept, None, Path("pack")).answer().findings
    assert near[0].at is not None
    assert near[0].at.file == "pack/rules/levy.yaml"
    far = Asked(kept, None, tmp_path / "one" / "pack").answer().findings
    assert far[0].at is not None
    assert far[0].at.file == f"{tmp_path}/one/pack/rules/levy.yaml"
    monkeypatch.chdir(tmp_path / "two")
    assert not Asked(kept, None, Path("pack")).answer().told


@pytest.mark.parametrize("value", [None, 1, [], {}, {"made_of": {}, "verdict": {"told": 1}}])
def test_what_is_no_verdict_is_worked_out_anew(tmp_path: Path, value: object) -> None:
    pack = write(tmp_path / "pack", FILES)
    kept = Folder(tmp_path / "kept")
    asked = Asked(kept, None, pack)
    asked.answer()
    (file,) = kept.path.iterdir()
    kept.write(file.name, value)
    assert not asked.answer().told
    assert asked.worked == 2


def test_a_verdict_with_examples_reads_the_same(tmp_path: Path) -> None:
    gap = RULES.replace("outcome: post", 'when: { amount: { above: "1.00" } }, outcome: post')
    # A role that the example firm has.
    gap = gap.replace("debit: levy_payable", "debit: trust_liability")
    pack = write(tmp_path / "pack", {**FILES, "rules/levy.yaml": gap})
    found = PackWork(("au",), (pack,), None, prover("off")).work_out()
    assert any(t.example for t in found.told)
    again = of_value(json.loads(json.dumps(as_value(found))))
    assert again == found
    assert (as_json(again), as_text(again)) == (as_json(found), as_text(found))


# What the command opens for reading, by the hook that Python calls for each.
AUDITED = """
import os, sys
opened = []
def hook(event, args):
    if event == "open" and isinstance(args[0], str | bytes) and not isinstance(args[0], int):
        opened.append(os.path.abspath(os.fsdecode(args[0])))
    elif event in ("os.listdir", "os.scandir") and isinstance(args[0], str | bytes):
        opened.append(os.path.abspath(os.fsdecode(args[0])))
sys.addaudithook(hook)
from pm2xero.cli.main import cli
try:
    cli(sys.argv[1:])
except SystemExit:
    pass
sys.stderr.write("\\n".join(opened))
"""


def test_nothing_is_read_that_a_verdict_does_not_depend_on(firm: Path, tmp_path: Path) -> None:
    """Else a change of it would go unseen."""
    kept = tmp_path / "kept"
    words = ("validate", "--org", str(firm), "--soundness", "off")
    environment = {**os.environ, "PM2XERO_CACHE": str(kept), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTHONPATH", None)
    script = tmp_path / "script" / "audited.py"
    write(tmp_path, {"script/audited.py": AUDITED})
    done = subprocess.run(
        [sys.executable, str(script), *words], env=environment, capture_output=True, text=True,
        check=True, cwd=tmp_path,
    )  # fmt: skip
    (file,) = kept.glob("verdict-*")
    made_of = json.loads(file.read_text().split("\n", 1)[1])["value"]["made_of"]
    root = EXAMPLES.parent
    # The product, and Python itself.
    own = [root / "src", root / "schema", *map(Path, (sys.prefix, sys.base_prefix))]
    own += [kept, script.parent]
    seen = [Path(p) for p in done.stderr.splitlines()]
    assert firm.with_name("chart.csv") in seen
    missed = [
        p
        for p in seen
        if not any(p.is_relative_to(f) for f in own)
        and not any(p.is_relative_to(f) for f in made_of)
    ]
    assert list(map(str, missed)) == []
