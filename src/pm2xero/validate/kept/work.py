"""Works a verdict out, and says every file and folder that it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pm2xero.firm.organisation import Organisation, pack_folders
from pm2xero.pack.load import builtin, extension, regions
from pm2xero.validate.analyser import Analyser
from pm2xero.validate.firm_read import read_firm
from pm2xero.validate.kept.verdicts import PARTS
from pm2xero.validate.run import Prove
from pm2xero.validate.verdict import Validation

ALL = "all"


class PackWork:
    """The work of `validate` on packs and a firm.

    Args:
        names: regions; `all` stands for each that the packs have.
        prove: proves what a whole pack must fulfil; None for no proofs.
    """

    def __init__(
        self, names: tuple[str, ...], packs: tuple[Path, ...], organisation: Path | None,
        prove: Prove | None,
    ) -> None:  # fmt: skip
        self._names = names
        self._packs = packs
        self._organisation = organisation
        self._prove = prove
        self._analyser: Analyser | None = None
        self._folders: tuple[Path, ...] = ()

    def files(self) -> tuple[Path, ...] | None:
        """Every file and folder that is read, as things stand; None for a firm at fault.

        What is suggested for such a firm depends on what else stands near it; nothing is proven
        of it either, so that asking again costs little.
        """
        firm, roots = self._read()
        self._folders = tuple(root / part for root in (builtin().path, *roots) for part in PARTS)
        if self._organisation is None:
            return self._folders
        return None if firm is None else (*self._folders, *files_of(firm))

    def work_out(self) -> Validation:
        """The verdict; all of it is read now, so whatever was said before of files is older."""
        names = self._names
        if ALL in names:
            _, roots = self._read()
            names = tuple(regions((builtin(), *map(extension, roots))))
        self._analyser = Analyser(names, self._packs, self._organisation, prove=self._prove)
        return self._analyser.analyse()

    def is_all(self) -> bool:
        """Whether the example firms that were asked name nothing outside of the packs."""
        folders = [f.resolve() for f in self._folders]
        examples = self._analyser.examples if self._analyser is not None else {}
        for firm in examples.values():
            if firm is None:
                return False
            files = (file.resolve() for file in files_of(firm))
            if not all(any(f.is_relative_to(folder) for folder in folders) for f in files):
                return False
        return True

    def _read(self) -> tuple[Organisation | None, tuple[Path, ...]]:
        """The firm, and the packs that extend the built-in one."""
        if self._organisation is None:
            return None, tuple(pack_folders((), self._packs))
        read = read_firm(self._organisation, None)
        return read.firm, tuple(pack_folders(read.packs, self._packs))


def files_of(firm: Organisation) -> Iterator[Path]:
    """The file of a firm, and every file and folder that it names."""
    yield Path(firm.file)
    yield firm.snapshot_file
    for file in (firm.chart_file, firm.opening_file):
        if file is not None:
            yield file
    for pack in firm.packs:
        yield from (pack / part for part in PARTS)
