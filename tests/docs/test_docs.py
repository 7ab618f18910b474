"""Every page of docs/ is made from the product, run, or checked."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from pm2xero.cli.main import COMMANDS, cli
from pm2xero.pack.yaml.read import parse_yaml
from pm2xero.reference import yaml_files
from pm2xero.reference.pages import pages
from pm2xero.reference.site import anchor, app, body, files
from pm2xero.validate.run import validate
from pm2xero.xero.asgi import AsgiTransport

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WRITTEN = [*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]


@pytest.mark.parametrize("name", pages(cli))
def test_the_reference_is_current(name: str) -> None:
    """`make docs` makes it anew."""
    assert (DOCS / "reference" / name).read_text(encoding="utf-8") == pages(cli)[name]()


def test_the_reference_has_no_other_pages() -> None:
    assert {f.name for f in (DOCS / "reference").iterdir()} == {*pages(cli)}


def test_every_key_says_what_it_is() -> None:
    assert list(yaml_files.undocumented()) == []


def steps(page: Path) -> Iterator[tuple[str, str, str]]:
    """What a page lets its reader do: the last words before a block, its language, its content."""
    text = page.read_text(encoding="utf-8")
    for found in FENCED.finditer(text):
        before = text[: found.start()].rstrip().splitlines()[-1]
        yield before, found[1], found[2]


def test_the_tutorial_works_from_an_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = []
    for before, language, content in steps(DOCS / "tutorial.md"):
        named = re.search(r"`([\w/.-]+)`:$", before)
        if named is not None:
            with Path(named[1]).open("a" if language == "yaml" else "w", encoding="utf-8") as file:
                file.write(f"\n{content}" if language == "yaml" else content)
        elif language == "console":
            ran += map(run, re.split(r"^\$ ", content, flags=re.MULTILINE)[1:])
    assert len(ran) > 12
    assert {"init", "validate", "decide", "push", "reconcile"} <= {*ran}


def run(block: str) -> str:
    """Run a command of a page; each line below it must be among what it says."""
    command, *expected = block.splitlines()
    words, _, comment = command.partition("#")
    program, name, *rest = shlex.split(words)
    assert program == "pm2xero"
    result = CliRunner().invoke(cli, [name, *rest], prog_name="pm2xero")
    wanted = 1 if "exit 1" in comment else 0
    assert result.exit_code == wanted, f"{command}\n{result.output}\n{result.exception}"
    said = " ".join(result.output.split())
    for line in filter(None, map(str.strip, expected)):
        for part in filter(None, (p.strip() for p in line.split("…"))):
            assert " ".join(part.split()) in said, f"{command}: {part}\n{result.output}"
    return name


RECIPES = [c for _, language, c in steps(DOCS / "cookbook.md") if language == "yaml"]


@pytest.mark.parametrize("recipe", RECIPES, ids=range(len(RECIPES)))
def test_each_recipe_validates(tmp_path: Path, recipe: str) -> None:
    region = re.search(r"^region: (\w+)", recipe, re.MULTILINE)
    place = f"rules/regions/{region[1]}.yaml" if region else "rules/own.yaml"
    file = tmp_path / place
    file.parent.mkdir(parents=True)
    file.write_text(recipe, encoding="utf-8")
    found = validate((region[1] if region else "au",), (tmp_path,))
    assert [f.message for f in found.findings] == []


def test_the_yaml_of_the_pages_is_yaml() -> None:
    for page in WRITTEN:
        for _, language, content in steps(page):
            if language == "yaml":
                parse_yaml(content, page.name)


def anchors(page: Path) -> set[str]:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    return {anchor(re.sub("`", "", h)) for h in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("page", WRITTEN, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("https://"):
            continue
        name, _, place = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.is_file(), target
        assert not place or place in anchors(file), target


@pytest.mark.parametrize("page", WRITTEN, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_commands_and_options_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name, rest in re.findall(r"pm2xero ([a-z][a-z-]+)([^`\n#;&|]*)", text):
        if name not in COMMANDS:
            assert not re.search(rf"[`$] ?pm2xero {name}", text), name
            continue
        group = cli.get_command(None, name)  # type: ignore[attr-defined, arg-type]  # the group needs no context
        known = {o for p in group.params for o in (*p.opts, *p.secondary_opts)}
        used = re.findall(r"(?<!\S)(--[a-z][a-z-]*)", rest)
        assert {*used} <= known | {"--help"}, (name, used)


def test_readme_is_short_and_begins_with_the_two_commands() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 200
    assert "$ make demo" in "\n".join(lines[:20]) and "$ make test" in "\n".join(lines[:20])


def test_pages_are_served_with_links_and_without_markup_of_their_own() -> None:
    with httpx.Client(transport=AsgiTransport(app()), base_url="http://docs") as client:
        for name in files():
            answer = client.get(f"/{name}")
            assert answer.status_code == 200 and "<main><h1" in answer.text, name
        assert client.get("/reference/input.md").text.count("<table>") > 30
        assert client.get("/nowhere").headers["location"] == "/index.md"
    assert "<script>" not in body("a <script>alert(1)</script>")
    assert 'id="two-words-1"' in body("# Two words\n\n# Two words\n")


def test_an_unknown_page_is_told() -> None:
    result = CliRunner().invoke(cli, ["docs", "tutoral.md"])
    assert result.exit_code == 2
    assert 'did you mean "tutorial.md"?' in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_as_documented(shell: str) -> None:
    said = (DOCS / "operations.md").read_text(encoding="utf-8")
    assert f"_PM2XERO_COMPLETE={shell}_source pm2xero" in said
    script = subprocess.run(
        [sys.executable, "-m", "pm2xero"], capture_output=True, text=True, check=True,
        env={"_PM2XERO_COMPLETE": f"{shell}_source", "PATH": "/usr/bin:/bin"},
    ).stdout  # fmt: skip
    assert "_pm2xero_completion" in script


def test_the_image_copies_what_the_wheel_is_made_of() -> None:
    copied = re.findall(
        r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE
    )
    names = {name for line in copied for name in line.split()}
    assert all((ROOT / name).exists() for name in names)
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    brought = re.findall(r'^"(\w+)" = "pm2xero/_pack/', project, re.MULTILINE)
    assert {*brought} <= names and {"src", "docs"} <= names
