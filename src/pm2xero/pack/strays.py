"""Files in a pack that nothing reads: each is a finding, so that none is passed over in silence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pm2xero.errors import Finding, Position
from pm2xero.pack.yaml.suggest import did_you_mean

# What may stand in a folder of a pack: the ending of its files, and the folders in it. Cases,
# templates and sources have folders of their own; what is below cases is looked after by them.
_FOLDERS = {
    "rules": (".yaml", ("base", "regions", "cases")),
    "rules/base": (".yaml", ()),
    "rules/regions": (".yaml", ()),
    "mappings": (".yaml", ("base", "regions", "templates", "xero", "sources")),
    "mappings/base": (".yaml", ()),
    "mappings/regions": (".yaml", ()),
    "mappings/templates": (".j2", ()),
}


def strays(path: Path, shown: str) -> tuple[Finding, ...]:
    """Files and folders below rules/ and mappings/ of a pack that are not read.

    What begins with a dot, and texts for people (.md, .txt), may stand anywhere.

    Args:
        shown: how messages name the pack; empty for the built-in one, whose mappings/xero holds
            what is known of Xero itself.
    """
    return tuple(f for folder in _FOLDERS for f in _folder(path, shown, folder))


def _folder(pack: Path, above: str, folder: str) -> Iterator[Finding]:
    ending, folders = _FOLDERS[folder]
    if above:
        folders = tuple(f for f in folders if f != "xero")
    place = pack / folder
    try:
        found = sorted(place.iterdir())
    except OSError:
        return
    for path in found:
        if path.name.startswith((".", "__")) or path.suffix in (".md", ".txt"):
            continue
        shown = f"{above}{folder}/{path.name}"
        if path.is_dir():
            if path.name not in folders:
                hint = did_you_mean(path.name, folders) or f"move its files up into {folder}"
                yield _finding(
                    f"the folder {folder}/{path.name} of a pack is not read", shown, hint
                )
        elif path.suffix != ending:
            hint = f"name it {path.stem}{ending}, or take it out of the pack"
            yield _finding(f"only {ending} files are read in {folder}", shown, hint)


def _finding(message: str, shown: str, hint: str) -> Finding:
    return Finding("PX209", message, Position(shown), hint=hint)
