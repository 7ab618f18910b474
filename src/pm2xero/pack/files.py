"""Finds and reads the YAML files of each layer of a pack; what is broken is told and cut out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pm2xero.errors import Finding, PackError, Position, UsageError
from pm2xero.pack.cache import Memory
from pm2xero.pack.layers import BY_ID, Document, Layer
from pm2xero.pack.strays import strays
from pm2xero.pack.yaml.nulls import nulls
from pm2xero.pack.yaml.read import SourceList, SourceMap, parse_yaml, read_yaml
from pm2xero.pack.yaml.schema import check, is_valid
from pm2xero.pack.yaml.suggest import did_you_mean, one_of
from pm2xero.resources import root

BASE = "base"
# What can be a file's name on every system; nothing else is ever looked for.
_NAME = re.compile(r"[A-Za-z0-9][\w-]{0,99}")


@dataclass(frozen=True, slots=True)
class PackRoot:
    """A folder with `rules/` and `mappings/`; `shown` is how messages name it."""

    path: Path
    shown: str


def builtin() -> PackRoot:
    """The pack that comes with the product."""
    return PackRoot(root(), "")


def is_pack(path: Path) -> bool:
    """Whether a folder holds a pack."""
    return any(is_folder(path / part) for part in ("rules", "mappings"))


def is_folder(path: Path) -> bool:
    """Whether there is such a folder that can be looked into; no name is too odd to ask."""
    try:
        return path.is_dir()
    except OSError:
        return False


def extension(path: Path) -> PackRoot:
    """A pack that extends the built-in one.

    Raises:
        UsageError: PU913 when the folder is no pack, so that a wrong name passes for nothing.
    """
    if not is_pack(path):
        raise UsageError(
            Finding(
                "PU913",
                "this folder is no pack: it has neither rules/ nor mappings/",
                Position(str(path)),
            )
        )
    return PackRoot(path, f"{path}/")


def regions(roots: tuple[PackRoot, ...] = ()) -> list[str]:
    """The names of all region layers."""
    found = {
        f.stem
        for r in (roots or (builtin(),))
        for f in (r.path / "rules" / "regions").glob("*.yaml")
    }
    return sorted(found)


@dataclass(frozen=True, slots=True)
class _Read:
    document: Document | None
    findings: tuple[Finding, ...]
    words: frozenset[str]


class Files:
    """Reads the layers of one region, collecting what is wrong with the files themselves.

    Attributes:
        findings: faults of single files.
        words: names that stand in what was cut out; that they are missing is no second fault.
    """

    def __init__(self, roots: tuple[PackRoot, ...], memory: Memory | None = None) -> None:
        self.roots = roots
        self.findings: list[Finding] = []
        self.words: set[str] = set()
        self._memory = memory or Memory()

    def layers(
        self, region: str, overlay: tuple[str, SourceMap] | None, at: Position | None
    ) -> tuple[Layer, ...] | None:
        """base → region (→ state) → extensions → firm; None when the region cannot be followed."""
        for pack in self.roots:
            if pack.path not in self._memory.strays:
                self._memory.strays[pack.path] = strays(pack.path, pack.shown)
            self.findings.extend(self._memory.strays[pack.path])
        layers = [Layer(BASE, self._documents(self.roots[0], BASE))]
        chain = self._chain(region, at)
        for name in chain or ():
            layers += self._region_layers(name)
        layers.extend(
            Layer(extra.shown.rstrip("/"), self._documents(extra, "")) for extra in self.roots[1:]
        )
        if overlay is not None:
            layers.append(Layer(overlay[0], (Document(*overlay),)))
        return tuple(layers) if chain is not None else None

    def _region_layers(self, name: str) -> list[Layer]:
        """A layer for each pack that has the region; a later one changes what is there."""
        layers: list[Layer] = []
        for pack in self.roots:
            documents = tuple(self._region(pack, name))
            if documents:
                layers.append(Layer(f"{pack.shown}{name}" if layers else name, documents, True))
        return layers

    def _documents(self, pack: PackRoot, folder: str) -> tuple[Document, ...]:
        documents = []
        for part, schema in (("rules", "rules.schema"), ("mappings", "mappings.schema")):
            place = pack.path / part / folder
            files = self._listed(place)
            if not folder:
                files = [*files, *self._listed(place / BASE)]
            documents += [d for f in files if (d := self._file(f, pack, schema)) is not None]
        return tuple(documents)

    def _is_there(self, file: Path) -> bool:
        return file.is_file() or (
            bool(self._memory.edited) and file.resolve() in self._memory.edited
        )

    def _listed(self, place: Path) -> list[Path]:
        """The YAML files of a folder, with those that are edited there and not saved yet."""
        known = self._memory.listed.get(place)
        if known is not None:
            return known
        files = set(place.glob("*.yaml")) if place.is_dir() else set()
        if self._memory.edited:
            where = place.resolve()
            names = (p.name for p in self._memory.edited if p.parent == where)
            files |= {place / n for n in names if n.endswith(".yaml")}
        found = self._memory.listed[place] = sorted(files)
        return found

    def _region(self, pack: PackRoot, region: str) -> list[Document]:
        documents: list[Document] = []
        if not _NAME.fullmatch(region):
            return documents
        for part, schema in (("rules", "region.schema"), ("mappings", "mappings.schema")):
            file = pack.path / part / "regions" / f"{region}.yaml"
            if self._is_there(file) and (document := self._file(file, pack, schema)) is not None:
                documents.append(document)
        return documents

    def _chain(self, region: str, at: Position | None) -> list[str] | None:
        """The region's layers from the lowest up, following `extends` down to base."""
        chain: list[str] = []
        current = region
        while current != BASE:
            if current in chain:
                message = f'the region "{current}" extends itself'
                self.findings.append(Finding("PX206", message, at, width=len(current)))
                return None
            below = [d for pack in self.roots for d in self._region(pack, current)]
            named = [d for d in reversed(below) if "extends" in d.content]
            # A pack that only changes a region may say that it extends just this one.
            others = [d for d in named if d.content["extends"] != current]
            document = next(iter(others or named), None)
            if document is None:
                if not self._exists(current):
                    self.findings.append(_unknown(current, regions(self.roots), at))
                return None
            chain.append(current)
            at = document.content.value_at["extends"]
            current = str(document.content["extends"])
        return chain[::-1]

    def _exists(self, region: str) -> bool:
        return region in regions(self.roots)

    def _file(self, file: Path, pack: PackRoot, schema: str) -> Document | None:
        shown = pack.shown + file.relative_to(pack.path).as_posix()
        key = (str(file), shown)
        found: _Read | None = self._memory.read.get(key)
        if found is None:
            text = self._memory.edited.get(file.resolve()) if self._memory.edited else None
            # Before it is read: what is saved in between is read again the next time.
            self._memory.stamps[key] = self._memory.stamp(file)
            found = self._memory.read[key] = _read(file, shown, schema, text)
        self.findings.extend(found.findings)
        self.words |= found.words
        return found.document


def _unknown(region: str, known: list[str], at: Position | None) -> Finding:
    return Finding(
        "PX206",
        f'there is no region "{region}"',
        at,
        hint=did_you_mean(region, known),
        should_be=one_of(known, 30),
        width=len(region),
    )


def _read(file: Path, shown: str, schema: str, text: str | None = None) -> _Read:
    try:
        tree = read_yaml(file, shown) if text is None else parse_yaml(text, shown)
    except PackError as exc:
        return _Read(None, tuple(exc.findings), _words_of(file))
    faults = check(schema, tree, Position(shown))
    lines = {f.at.line for f in faults if f.at is not None}
    faults += [f for f in nulls(tree) if f.at is not None and f.at.line not in lines]
    if not faults:
        return _Read(Document(shown, tree), (), frozenset())
    sound, lost = without_faults(tree, [f.at for f in faults if f.at is not None])
    words = frozenset(lost)
    if sound is None or not is_valid(schema, sound):
        return _Read(None, tuple(faults), _words_of(file))
    return _Read(Document(shown, sound), tuple(faults), words)


def _words_of(file: Path) -> frozenset[str]:
    """Every key and id of a file that cannot be read as YAML."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset()
    return frozenset(re.findall(r"[A-Za-z][\w.-]*", text))


def without_faults(tree: Any, places: Iterable[Position]) -> tuple[SourceMap | None, set[str]]:
    """A tree without the entries that hold one of the places, and the names that went with them."""
    if not isinstance(tree, SourceMap):
        return None, set()
    sound, lost = tree.copy(), set[str]()
    marks = list(places)
    for key in tree:
        inside = [p for p in marks if _holds(tree.key_at, key, p)]
        if not inside:
            continue
        value = tree[key]
        if key not in BY_ID or any(p == tree.key_at[key] for p in inside):
            _forget(sound, key, lost)
        elif isinstance(value, SourceMap):
            entries = value.copy()
            for name in value:
                if any(_holds(value.key_at, name, p) for p in inside):
                    _forget(entries, name, lost)
            dict.__setitem__(sound, key, entries)
        elif isinstance(value, SourceList):
            kept = SourceList(value.at)
            for index, item in enumerate(value):
                end = value.item_at[index + 1] if index + 1 < len(value) else None
                if any(p >= value.item_at[index] and (not end or p < end) for p in inside):
                    lost |= _names(item)
                    continue
                kept.append(item)
                kept.item_at.append(value.item_at[index])
            dict.__setitem__(sound, key, kept)
        else:
            _forget(sound, key, lost)
    return sound, lost


def _holds(key_at: dict[str, Position], key: str, place: Position) -> bool:
    """Whether a place lies between a key and the next one of the same mapping."""
    start = key_at[key]
    following = min((p for p in key_at.values() if p > start), default=None)
    return place >= start and (following is None or place < following)


def _forget(tree: SourceMap, key: str, lost: set[str]) -> None:
    lost |= {key} | _names(tree[key])
    dict.__delitem__(tree, key)


def _names(value: Any) -> set[str]:
    """All keys and ids below a value."""
    if isinstance(value, dict):
        found = {str(value["id"])} if "id" in value else set()
        return found.union(value, *(_names(v) for v in value.values()))
    if isinstance(value, list):
        return set().union(*(_names(v) for v in value)) if value else set()
    return {value} if isinstance(value, str) and re.fullmatch(r"[\w.-]+", value) else set()


# Findings that say only that something is not there.
_MISSING = frozenset(
    ("PX203", "PX204", "PX303", "PX306", "PX307", "PX309", "PX310", "PX311", "PX312", "PX313")
)


def first_faults(findings: Iterable[Finding], lost: set[str]) -> list[Finding]:
    """The findings without those that only follow from what was cut out, in their order."""
    unique: dict[object, Finding] = {}
    for finding in findings:
        quoted = set(re.findall(r'"([^"]+)"', finding.message)) if lost else set()
        if finding.code in _MISSING and quoted & lost:
            continue
        unique.setdefault((finding.code, finding.at, finding.message), replace(finding))
    return sorted(unique.values(), key=lambda f: (f.at or Position(""), f.code, f.message))
