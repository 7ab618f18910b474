"""The two sides of a comparison: regions, folders of packs, effective YAML, revisions of git."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pm2xero.errors import Finding, PackError, UsageError
from pm2xero.firm.organisation import Organisation
from pm2xero.pack.effective import read_whole
from pm2xero.pack.load import Examined, PackRoot, builtin, examine, extension, regions
from pm2xero.pack.yaml.suggest import did_you_mean

GIT = "git:"
# What of a revision makes a pack.
PARTS = ("rules", "mappings")


@dataclass(frozen=True, slots=True)
class Version:
    """One side: how it is named, the regions that it has, and how one of them is loaded.

    `region` is set when the side is a region by itself.
    """

    name: str
    regions: tuple[str, ...]
    region: str | None
    _load: Callable[[str, Organisation | None], Examined]

    def load(self, region: str, firm: Organisation | None = None) -> Examined:
        """The pack of a region (of its own one, where the side is a region) for a firm.

        Raises:
            PackError: with every fault of the pack.
        """
        examined = self._load(self.region or region, firm)
        if examined.faults or examined.pack is None:
            raise PackError(*examined.faults)
        return examined


@contextmanager
def opened(spec: str, packs: tuple[Path, ...], own: tuple[Path, ...] = ()) -> Iterator[Version]:
    """The version that a word of the command line names; a revision lives until this ends.

    Args:
        packs: packs that are laid over it.
        own: the firm's packs, in their order; where one of them is the version, it keeps its place.

    Raises:
        UsageError: PU923 when it is nothing that is known.
    """
    above, below = tuple(extension(p) for p in packs), tuple(extension(p) for p in own)
    extra = (*below, *above)
    if spec.startswith(GIT):
        with TemporaryDirectory(prefix="pm2xero-") as folder:
            _unpack(spec.removeprefix(GIT), Path(folder), spec)
            yield _folder(Path(folder), f"{spec}/", below, above, spec)
    elif spec.endswith((".yaml", ".yml")) and Path(spec).is_file():
        yield _effective(Path(spec), extra)
    elif Path(spec).is_dir() and any((Path(spec) / part).is_dir() for part in PARTS):
        yield _folder(Path(spec), f"{spec.rstrip('/')}/", below, above, spec)
    else:
        known = regions((builtin(), *extra))
        if spec not in known:
            hint = did_you_mean(spec, known) or "a region, a folder with rules/, or git:REVISION"
            message = f'"{spec}" is no region, no folder of a pack and no revision'
            raise UsageError(Finding("PU923", message, hint=hint))

        def load(region: str, firm: Organisation | None) -> Examined:
            return _examine(region, None, extra, firm)

        yield Version(spec, tuple(known), spec, load)


def _folder(
    path: Path, shown: str, below: tuple[PackRoot, ...], above: tuple[PackRoot, ...], name: str
) -> Version:
    """A folder that is a whole pack (it has a base) or one that extends the built-in pack."""
    root = PackRoot(path, shown)
    whole = (path / "rules" / "base").is_dir()
    base = root if whole else None
    place = path.resolve()
    stack = [root if pack.path.resolve() == place else pack for pack in below]
    if not whole and root not in stack:
        stack.append(root)
    more = (*stack, *above)

    def load(region: str, firm: Organisation | None) -> Examined:
        return _examine(region, base, more, firm)

    return Version(name, tuple(regions((base or builtin(), *more))), None, load)


def _effective(path: Path, extra: tuple[PackRoot, ...]) -> Version:
    def load(region: str, firm: Organisation | None) -> Examined:
        return read_whole(path, extra)

    return Version(str(path), tuple(regions((builtin(), *extra))), None, load)


def _examine(
    region: str, base: PackRoot | None, extra: tuple[PackRoot, ...], firm: Organisation | None
) -> Examined:
    overlay = None
    if firm is not None and len(firm.overlay) > 1:
        overlay = (firm.file, firm.overlay)
    return examine(region, base=base, extensions=extra, overlay=overlay)


def _unpack(revision: str, into: Path, spec: str) -> None:
    """The rules and mappings of a revision of the repository that the shell stands in."""
    top = _git("rev-parse", "--show-toplevel", spec=spec).decode().strip()
    listed = _git("-C", top, "ls-tree", "--name-only", "--end-of-options", revision, spec=spec)
    parts = [p for p in listed.decode().split() if p in PARTS]
    if not parts:
        raise UsageError(Finding("PU923", f'the revision "{revision}" holds no rules or mappings'))
    archive = _git("-C", top, "archive", "--format=tar", revision, "--", *parts, spec=spec)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(into, filter="data")


def _git(*arguments: str, spec: str) -> bytes:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, check=False)
    except OSError:
        raise UsageError(Finding("PU923", f'"{spec}" needs git, which is not installed')) from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = said[-1] if said else "git gave no reason"
        raise UsageError(Finding("PU923", f'"{spec}" cannot be read from git: {why}'))
    return done.stdout
