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
        self._packs = packs
        self._organisation = organisation
        read = read_firm(organisation, None) if organisation is not None else None
        self._firm = read.firm if read is not None else None
        own = read.packs if read is not None else ()
        self._roots = pack_folders(own, packs)
        if ALL in names:
            names = tuple(regions((builtin(), *map(extension, self._roots))))
        self._analyser = Analyser(names, packs, organisation, prove=prove)

    def files(self) -> tuple[Path, ...] | None:
        """Every file and folder that is read; None for a firm whose file is at fault.

        What is suggested for such a firm depends on what else stands near it; nothing is proven
        of it either, so that asking again costs little.
        """
        if self._organisation is None:
            return self._folders()
        if self._firm is None:
            return None
        return (*self._folders(), *files_of(self._firm))

    def work_out(self) -> Validation:
        """The verdict."""
        return self._analyser.analyse()

    def is_all(self) -> bool:
        """Whether the example firms that were asked name nothing outside of the packs."""
        folders = [f.resolve() for f in self._folders()]
        for firm in self._analyser.examples.values():
            if firm is None:
                return False
            files = (file.resolve() for file in files_of(firm))
            if not all(any(f.is_relative_to(folder) for folder in folders) for f in files):
                return False
        return True

    def _folders(self) -> tuple[Path, ...]:
        roots = (builtin().path, *self._roots)
        return tuple(root / part for root in roots for part in PARTS)


def files_of(firm: Organisation) -> Iterator[Path]:
    """The file of a firm, and every file and folder that it names."""
    yield Path(firm.file)
    yield firm.snapshot_file
    for file in (firm.chart_file, firm.opening_file):
        if file is not None:
            yield file
    for pack in firm.packs:
        yield from (pack / part for part in PARTS)
