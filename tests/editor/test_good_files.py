"""Files that are in order: an editor marks nothing in them."""

from __future__ import annotations

import re
from pathlib import Path

from click.testing import CliRunner

from pm2xero.cli.main import cli

from .client import LanguageServer
from .language_server import ROOT

FOLDERS = ("rules", "mappings", "examples")
HEADER = re.compile(r"# yaml-language-server: \$schema=(\S+)")


def test_of_the_pack_and_the_examples(server: LanguageServer) -> None:
    files = [f for folder in FOLDERS for f in sorted((ROOT / folder).rglob("*.yaml"))]
    assert all(_names_a_schema(f) for f in files)
    assert _marked(server, files) == {}


def test_that_init_writes(server: LanguageServer, tmp_path: Path) -> None:
    firm, org = tmp_path / "firm", str(tmp_path / "firm" / "organisation.yaml")
    pack = tmp_path / "pack"
    for arguments in (
        ["region", "xx", "--into", str(pack)],
        ["region", "xx-north", "--into", str(pack), "--extends", "xx"],
        ["firm", "marsh", "--into", str(firm), "--region", "au", "--currency", "AUD"],
        ["kind", "guild_levy", "--into", str(pack), "--org", org],
    ):
        made = CliRunner().invoke(cli, ["init", *arguments])
        assert made.exit_code == 0, made.output
    files = sorted(tmp_path.rglob("*.yaml"))
    assert {f.relative_to(tmp_path).as_posix() for f in files} == {
        "firm/organisation.yaml",
        "pack/mappings/guild_levy.yaml",
        "pack/rules/cases/guild_levy.yaml",
        "pack/rules/guild_levy.yaml",
        "pack/rules/regions/xx-north.yaml",
        "pack/rules/regions/xx.yaml",
    }
    assert all(_names_a_schema(f) for f in files)
    assert _marked(server, files) == {}


def test_of_a_whole_pack_as_effective_writes_it(server: LanguageServer) -> None:
    made = CliRunner().invoke(cli, ["effective", "--region", "au"])
    assert made.exit_code == 0, made.output
    uri = (ROOT / "effective.yaml").as_uri()
    assert HEADER.match(made.output)
    assert server.diagnose({uri: made.output})[uri] == []


def test_a_header_that_leads_nowhere_is_told(server: LanguageServer) -> None:
    """What makes the tests above worth something: a file without its schema does not pass."""
    uri = (ROOT / "lost.yaml").as_uri()
    text = "# yaml-language-server: $schema=schema/no_such.schema.json\nspec: 1\n"
    (told,) = server.diagnose({uri: text})[uri]
    assert "no_such.schema.json" in told["message"]


def _names_a_schema(file: Path) -> bool:
    """Whether the first line names a schema that is there."""
    header = HEADER.match(file.read_text(encoding="utf-8"))
    return header is not None and (file.parent / header[1]).is_file()


def _marked(server: LanguageServer, files: list[Path]) -> dict[str, list[str]]:
    told = server.diagnose({f.as_uri(): f.read_text(encoding="utf-8") for f in files})
    return {
        uri: [f"{d['range']['start']['line'] + 1}: {d['message']}" for d in diagnostics]
        for uri, diagnostics in told.items()
        if diagnostics
    }
