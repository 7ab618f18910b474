"""The analyser: the documents of packs and of a firm in, every finding out.

`validate`, `watch`, pages and editors ask the same one. Texts that are being edited are looked at
as they would be if they were saved, and a file that did not change is not read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pm2xero.firm.organisation import Organisation
from pm2xero.pack.cache import Memory
from pm2xero.pack.load import PackRoot
from pm2xero.validate.run import Prove, Validation, validate


class Analyser:
    """Finds, places and explains the faults of packs, as often as it is asked.

    Args:
        names: regions; those of the packs, or the firm's own, when empty.
        packs: packs that extend the built-in one.
        organisation: the organisation file of a firm to check with.
        base: a pack in place of the built-in one.
        prove: proves what a whole pack must fulfil.
    """

    def __init__(
        self,
        names: tuple[str, ...] = (),
        packs: tuple[Path, ...] = (),
        organisation: Path | None = None,
        *,
        base: PackRoot | None = None,
        prove: Prove | None = None,
    ) -> None:
        self._names = names
        self._packs = packs
        self._organisation = organisation
        self._base = base
        self._prove = prove
        self._memory = Memory()

    def analyse(self, edited: Mapping[Path, str] | None = None) -> Validation:
        """Every finding as things stand; nothing is raised for one.

        Args:
            edited: texts that are not saved, by their file; a file need not be there yet.

        Raises:
            UsageError: PU913 when a folder that was named is no pack.
        """
        memory = self._memory
        memory.edited = {path.resolve(): text for path, text in (edited or {}).items()}
        memory.strays.clear()
        memory.listed.clear()
        memory.firms.clear()
        memory.forget_changed()
        return validate(
            self._names, self._packs, self._organisation, base=self._base, prove=self._prove,
            memory=memory,
        )  # fmt: skip

    @property
    def examples(self) -> Mapping[Path, Organisation | None]:
        """The example firms that were asked in place of a real one; None for one at fault."""
        return self._memory.firms
