"""`matrix`, `show`, `effective`, `diff`, `init` and `watch` on the command line."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pm2xero.cli.watch import changes
from pm2xero.pack.yaml.read import parse_yaml
from pm2xero.pack.yaml.schema import check
from tests.support.packs import FILES, RULES, write

from .conftest import EXAMPLES, Run


def test_matrix_tells_what_changed_since(run: Run, tmp_path: Path) -> None:
    old = json.loads(run("matrix", "--region", "au", "--format", "json").stdout)
    old["rows"] = [r for r in old["rows"] if r["kind"] != "client_bill"]
    file = tmp_path / "old.json"
    file.write_text(json.dumps(old), encoding="utf-8")
    told = run("matrix", "--region", "au", "--diff", file).stdout
    assert "| `client_bill` | au | — | Yes |" in told
    file.write_text("[]", encoding="utf-8")
    result = run("matrix", "--region", "au", "--diff", file)
    assert (result.exit_code, "PI805" in result.stderr) == (2, True)


def test_show_tells_the_place_and_what_was_replaced(run: Run) -> None:
    text = run("show", "trust_advance", "--region", "nz", "--origin").stdout
    lines = text.splitlines()
    at = next(i for i, x in enumerate(lines) if x.startswith("outcome: post"))
    assert "rules/regions/nz.yaml:" in lines[at]
    assert lines[at + 1].startswith("  # instead of: outcome: reject  # rules/base/trust_")
    assert {x for x in lines if x.startswith("# ")} == {
        "# kind trust_advance", "# rule trust_advance", "# mapping trust_advance",
    }  # fmt: skip


def test_show_without_origins_is_yaml(run: Run) -> None:
    text = run("show", "GST", "--region", "nz").stdout
    assert dict(parse_yaml(text, "x"))["sales"] == "OUTPUT2"


def test_show_finds_values_of_the_firm(run: Run, firm: Path) -> None:
    by_name = run("show", "BA-TRUST", "--org", firm, "--origin").stdout
    by_path = run("show", "bank_accounts.BA-TRUST.xero", "--org", firm, "--origin").stdout
    assert "organisation.yaml:" in by_name
    assert "bank_accounts.BA-TRUST.xero: 092  # " in by_path


def test_show_suggests(run: Run) -> None:
    result = run("show", "bank_transfr", "--region", "au")
    assert result.exit_code == 2
    assert 'did you mean "bank_transfer"?' in result.stderr


def test_show_needs_a_region(run: Run) -> None:
    assert "PU926" in run("show", "draft").stderr


def test_effective_is_a_side_of_diff(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "au.yaml"
    file.write_text(run("effective", "--region", "au").stdout, encoding="utf-8")
    pack = write(tmp_path / "none", {"rules/none.yaml": "spec: 1\n"})
    result = run("diff", file, pack, "--region", "au")
    first, _, proven = result.stdout.partition("\n\nproven: every transaction of 34 kinds gets")
    assert (first, result.exit_code) == ("no difference in au", 0)
    assert proven


def test_diff_of_two_regions(run: Run) -> None:
    result = run("diff", "au", "nz", "--format", "json")
    value = json.loads(result.stdout)
    changed = {c["id"]: c for c in value["changes"]}
    assert changed["trust_advance"]["details"] == ["outcome: post (before: reject)"]
    assert changed["FRE"]["how"] == "removed"
    assert {k["kind"] for k in value["kinds"]} >= {"trust_advance", "trust_statutory_deposit"}
    assert result.exit_code == 1


def test_diff_with_the_impact_on_a_month(run: Run, firm: Path, month: Path, tmp_path: Path) -> None:
    rules = "spec: 1\nrules:\n  - { id: bank_transfer, outcome: post }\n"
    pack = write(tmp_path, {"rules/firm.yaml": rules})
    args = ("diff", "au", pack, "--org", firm, "--on", month)
    text = run(*args).stdout
    assert "newly posted" in text
    assert "reject → post" in text
    markdown = run(*args, "--format", "markdown").stdout
    assert "| newly posted |" in markdown
    assert "<details><summary>newly posted</summary>" in markdown
    effects = json.loads(run(*args, "--format", "json").stdout)["impact"]["effects"]
    assert effects["newly posted"]["count"] == len(effects["newly posted"]["first"]) > 0


def test_diff_on_documents_needs_a_firm(run: Run, month: Path) -> None:
    assert "PU927" in run("diff", "au", "nz", "--on", month).stderr


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the levy pack in two revisions."""
    folder = tmp_path / "repository"
    write(folder, FILES)
    user = {
        "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "A",
        "GIT_COMMITTER_EMAIL": "a@example.org", "GIT_CONFIG_GLOBAL": os.devnull,
    }  # fmt: skip
    for name, value in user.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)

    def git(*args: str) -> None:
        subprocess.run(["git", *args], check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    changed = RULES.replace("outcome: post", "outcome: reject, reason: No., remedy: None.")
    write(folder, {"rules/levy.yaml": changed})
    git("commit", "-qam", "two")
    return folder


def test_diff_of_two_revisions(run: Run, repository: Path) -> None:
    result = run("diff", "git:HEAD~1", "git:HEAD", "--region", "au")
    assert "~ rule levy" in result.stdout
    assert "outcome: reject (before: post)" in result.stdout
    assert "levy: no (before: needs set-up)" in result.stdout
    assert "git:HEAD/rules/levy.yaml:16:" in result.stdout
    same = run("diff", "git:HEAD", ".", "--region", "au")
    assert same.exit_code == 0, same.output


def test_diff_of_a_revision_that_is_an_option(run: Run, repository: Path) -> None:
    result = run("diff", "git:--output=x", "git:HEAD", "--region", "au")
    assert "PU923" in result.stderr
    assert not (repository / "x").exists()


def test_init_makes_what_validates_at_once(run: Run, tmp_path: Path) -> None:
    pack, firm = tmp_path / "pack", tmp_path / "firm"
    assert run("init", "region", "xx", "--into", pack).exit_code == 0
    made = run(
        "init", "firm", "marsh-and-co", "--into", firm, "--region", "xx", "--currency", "EUR",
        "--pack", pack,
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    organisation = firm / "organisation.yaml"
    kind = run("init", "kind", "guild_levy", "--into", pack, "--org", organisation)
    assert kind.exit_code == 0, kind.output
    result = run("validate", pack, "--org", organisation, "--fail-on", "warning")
    assert result.exit_code == 0, result.output
    assert "every transaction of 35 kinds gets exactly one outcome" in result.stdout
    cases = run("test", pack / "rules" / "cases", "--pack", pack)
    assert (cases.exit_code, "2 passed" in cases.stdout) == (0, True), cases.output


def test_init_writes_headers_that_lead_to_schemas(run: Run, tmp_path: Path) -> None:
    run("init", "kind", "levy", "--into", tmp_path)
    run("init", "region", "xx", "--into", tmp_path)
    files = list(tmp_path.rglob("*.yaml"))
    assert len(files) == 3
    for file in files:
        first = file.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema=")
        schema = file.parent / first.split("=", 1)[1]
        assert json.loads(schema.read_text(encoding="utf-8"))["$schema"]


@pytest.mark.parametrize("region", sorted(p.parent.name for p in EXAMPLES.glob("*/xero.json")))
def test_init_of_a_firm_fits_every_region(run: Run, tmp_path: Path, region: str) -> None:
    run("init", "firm", "a-firm", "--into", tmp_path, "--region", region, "--currency", "EUR")
    file = tmp_path / "organisation.yaml"
    assert check("organisation.schema", parse_yaml(file.read_text("utf-8"), "x"), None) == []  # type: ignore[arg-type]  # no place is needed
    result = run("validate", "--org", file, "--no-proofs", "--fail-on", "warning")
    assert result.exit_code == 0, result.output


def test_init_never_overwrites(run: Run, tmp_path: Path) -> None:
    run("init", "region", "xx", "--into", tmp_path)
    file = tmp_path / "rules" / "regions" / "xx.yaml"
    file.write_text("mine", encoding="utf-8")
    assert "PU925" in run("init", "region", "xx", "--into", tmp_path).stderr
    assert file.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["Guild Levy", "9", "a/b", "../x"])
def test_init_refuses_names_that_cannot_be(run: Run, tmp_path: Path, name: str) -> None:
    result = run("init", "kind", name, "--into", tmp_path)
    assert (result.exit_code, "PU924" in result.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_watch_validates_again_after_a_save(run: Run, tmp_path: Path) -> None:
    pack = write(tmp_path, FILES)
    result = run(
        "watch", pack, "--region", "au", "--no-proofs", "--no-cases", "--every", "0.05",
        "--rounds", "1",
    )  # fmt: skip
    assert result.exit_code == 0
    assert result.stdout.count("checked 35 kinds") == 1


def test_watch_sees_what_is_saved_made_and_removed(tmp_path: Path) -> None:
    pack = write(tmp_path, FILES)
    file, new = pack / "rules" / "levy.yaml", pack / "rules" / "new.yaml"
    steps: Iterator[object] = iter(
        (
            lambda: file.write_text(RULES + "# saved\n", encoding="utf-8"),
            lambda: (pack / "notes.txt").write_text("not a part of the pack"),
            lambda: new.write_text("spec: 1\n", encoding="utf-8"),
            new.unlink,
        )
    )

    def sleep(seconds: float) -> None:
        next(steps)()  # type: ignore[operator]  # each step is a function

    seen = [[p.name for p in found] for found in changes([pack], sleep, 0.1, 4)]
    assert seen == [[], ["levy.yaml"], ["new.yaml"], ["new.yaml"]]


def test_watch_ends_quietly_when_it_is_stopped(tmp_path: Path) -> None:
    def stop(seconds: float) -> None:
        raise KeyboardInterrupt

    assert list(changes([tmp_path], stop, 1.0, None)) == [[]]


def test_diff_and_all_regions_know_the_packs_of_the_firm(run: Run, tmp_path: Path) -> None:
    region = "spec: 1\nregion: xx\ntitle: Elsewhere\nextends: nz\n"
    rule = (
        "spec: 1\nsection: Own\nrules:\n  - { id: own, kinds: [client_bill], outcome: hold,\n"
        "      when: { totals.gross: { above: '9.00' } }, reason: It is dear., remedy: Ask. }\n"
    )
    write(tmp_path / "shared", {"rules/own.yaml": rule, "rules/regions/xx.yaml": region})
    other = "spec: 1\nrules:\n  - { id: bank_transfer, outcome: hold }\n"
    write(tmp_path / "change", {"rules/other.yaml": other})
    text = (EXAMPLES / "nz" / "organisation.yaml").read_text(encoding="utf-8")
    text = text.replace("region: nz\n", "region: nz\npacks: [../shared]\n")
    text += "\nrules:\n  - { id: own, remedy: Ask the partner. }\n"
    xero = (EXAMPLES / "nz" / "xero.json").read_text(encoding="utf-8")
    write(tmp_path / "firm", {"organisation.yaml": text, "xero.json": xero})
    firm = tmp_path / "firm" / "organisation.yaml"
    found = run("diff", "nz", tmp_path / "change", "--org", firm, "--no-solve")
    assert (found.exit_code, "bank_transfer" in found.stdout) == (1, True)
    # A pack of the firm that is itself a side of the comparison is not laid under the other.
    plain = text.replace("\nrules:\n  - { id: own, remedy: Ask the partner. }\n", "")
    firm.write_text(plain, encoding="utf-8")
    found = run("diff", "nz", tmp_path / "shared", "--org", firm, "--no-solve")
    assert (found.exit_code, "+ rule own" in found.stdout) == (1, True)
    every = run("validate", "--org", firm, "--region", "all", "--no-proofs", "--format", "json")
    assert "xx" in json.loads(every.stdout)["regions"]


def test_diff_keeps_the_order_of_the_packs_of_the_firm(run: Run, tmp_path: Path) -> None:
    for name, outcome in (("first", "hold"), ("second", "post")):
        rule = f"spec: 1\nrules:\n  - {{ id: bank_transfer, outcome: {outcome} }}\n"
        write(tmp_path / name, {"rules/own.yaml": rule})
    text = (EXAMPLES / "nz" / "organisation.yaml").read_text(encoding="utf-8")
    text = text.replace("region: nz\n", "region: nz\npacks: [../first, ../second]\n")
    xero = (EXAMPLES / "nz" / "xero.json").read_text(encoding="utf-8")
    firm = write(tmp_path / "firm", {"organisation.yaml": text, "xero.json": xero})
    file = firm / "organisation.yaml"
    found = run("diff", "nz", tmp_path / "second", "--org", file, "--no-solve").stdout
    assert "hold" in found and "post" in found
