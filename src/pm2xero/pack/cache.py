"""What is the same in several packs, read and built once: regions share most of their layers."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
# More than any pack needs; who edits for days must not fill the memory with what is long gone.
_MOST = 20_000
_MOST_ALIKE = 100


@dataclass(slots=True)
class Memory:
    """Files that were read and parts that were built before.

    Attributes:
        read: what reading a file gave, by its path and how messages name it.
        stamps: what each of those files was when it was read, by its contents.
        edited: texts that are not saved yet, by the path of their file; they stand in its place.
        strays: files of a pack that nothing reads, by the pack's folder.
        listed: the files of a folder.
        firms: the example firms that were read, by their file; None for one at fault.
    """

    read: dict[tuple[str, str], Any] = field(default_factory=dict)
    stamps: dict[tuple[str, str], bytes] = field(default_factory=dict)
    edited: dict[Path, str] = field(default_factory=dict)
    strays: dict[Path, tuple[Any, ...]] = field(default_factory=dict)
    listed: dict[Path, list[Path]] = field(default_factory=dict)
    firms: dict[Path, Any] = field(default_factory=dict)
    _built: dict[Hashable, tuple[tuple[object, ...], Any]] = field(default_factory=dict)
    _alike: dict[Hashable, list[Any]] = field(default_factory=dict)

    def stamp(self, file: Path) -> bytes:
        """What a file is now: a digest of its edited text, else of its bytes; empty for none.

        Its time and size do not tell: two edits within a tick of the clock may have the same.
        """
        text = self.edited.get(file.resolve()) if self.edited else None
        try:
            return sha256(text.encode("utf-8", "surrogatepass") if text is not None
                          else file.read_bytes()).digest()  # fmt: skip
        except OSError:
            return b""

    def forget_changed(self) -> None:
        """Let go of files that are not what they were when they were read."""
        for key in list(self.read):
            if self.stamp(Path(key[0])) != self.stamps.get(key):
                del self.read[key]
                self.stamps.pop(key, None)

    def once(self, what: Hashable, parts: tuple[object, ...], make: Callable[[], T]) -> T:
        """The result of `make`, made once for the very same parts.

        Args:
            what: everything else that the result depends on.
            parts: compared by identity; they are kept, so that no other object can take one's
                place.
        """
        key = (what, *map(id, parts))
        found = self._built.get(key)
        if found is None:
            if len(self._built) >= _MOST:
                self._built.clear()
            found = self._built[key] = (parts, make())
        made: T = found[1]
        return made

    def same(self, name: Hashable, made: T) -> T:
        """An equal object that was seen before under the name, if there is one."""
        known: list[T] = self._alike.setdefault(name, [])
        for other in known:
            if other == made:
                return other
        if len(known) >= _MOST_ALIKE:
            known.clear()
        known.append(made)
        return made
