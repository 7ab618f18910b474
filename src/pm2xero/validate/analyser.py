"""The analyser: the documents of packs and of a firm in, every finding out.

`validate`, `watch`, pages and editors ask the same one. Texts that are being edited are looked at
as they would be if they were saved, and a file that did not change is not read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pm2xero.pack.cache import Memory
from pm2xero.pack.load import PackRoot
from pm2xero.validate.run import Prove, Validation, validate

Stamp = tuple[int, int]


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
        self._stamps: dict[tuple[str, str], Stamp | str | None] = {}

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
        for key in list(memory.read):
            if self._stamp(key) != self._stamps.get(key):
                del memory.read[key]
        result = validate(
            self._names, self._packs, self._organisation, base=self._base, prove=self._prove,
            memory=memory,
        )  # fmt: skip
        self._stamps = {key: self._stamp(key) for key in memory.read}
        return result

    def _stamp(self, key: tuple[str, str]) -> Stamp | str | None:
        """What tells a file from what it was: its edited text, else when it was saved."""
        path = Path(key[0])
        text = self._memory.edited.get(path.resolve())
        if text is not None:
            return text
        try:
            stat = path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size
