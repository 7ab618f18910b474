"""The verdicts of `validate` on packs that have not changed since.

A verdict is kept by the question (which packs, regions, firm, proofs, asked of which product) and
holds with it every file that it was made of, by their bytes. It answers only while all of them are
what they were; one byte more and everything is worked out anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pm2xero.validate.kept.digests import CannotTellError, digest_of, digest_of_parts, product
from pm2xero.validate.kept.folder import Folder
from pm2xero.validate.verdict import Validation, as_value, of_value

# What of a pack's folder takes part; all else in it may come and go.
PARTS = ("rules", "mappings", "examples")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of `validate`.

    Attributes:
        packs, organisation: as they are given, since places in findings are named so.
        options: everything else that the answer depends on.
    """

    names: tuple[str, ...]
    packs: tuple[Path, ...]
    organisation: Path | None
    options: tuple[str, ...]

    def name(self) -> str:
        """The name under which the answer is kept.

        Raises:
            CannotTellError: the product cannot tell what it is.
        """
        asked = [
            list(self.names), [str(p) for p in self.packs],
            None if self.organisation is None else str(self.organisation), list(self.options),
            str(Path.cwd()),
        ]  # fmt: skip
        return f"verdict-{digest_of_parts((product(), json.dumps(asked)))}"


class Work(Protocol):
    """Makes a verdict, and says what it is made of."""

    def files(self) -> Iterable[Path] | None:
        """Every file and folder that is read, as things stand; None when that cannot be told."""

    def work_out(self) -> Validation:
        """The verdict."""

    def is_all(self) -> bool:
        """Whether nothing was read but what `files` named; asked when the verdict is there."""


def answered(question: Question, folder: Folder | None, work: Callable[[], Work]) -> Validation:
    """The verdict on a question: the one that is kept, or else a new one, which is kept then.

    Args:
        folder: where verdicts are kept; None where none are.
        work: asked only when there is something to work out, since it takes long to import.
    """
    if folder is None:
        return work().work_out()
    try:
        name = question.name()
        known = _known(folder.read(name))
    except (CannotTellError, OSError):
        return work().work_out()
    if known is not None:
        return known
    making = work()
    before = _made_of(making.files())
    result = making.work_out()
    # What was saved meanwhile may have been read before or after, and a firm's file may name other
    # files by now.
    if before and making.is_all() and _made_of(making.files()) == before:
        with suppress(CannotTellError, OSError):
            if question.name() == name:
                folder.write(name, {"made_of": before, "verdict": as_value(result)})
    return result


def _known(kept: object) -> Validation | None:
    """The verdict that is kept, while everything that it was made of is what it was.

    Raises:
        CannotTellError: something of it cannot be read now.
    """
    try:
        if not isinstance(kept, dict):
            return None
        made_of = kept["made_of"]
        if any(digest_of(path) != digest for path, digest in made_of.items()):
            return None
        return of_value(kept["verdict"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def absolute(path: Path) -> Path:
    """The whole name of a file, without looking at what it is a link to."""
    return Path.cwd() / path


def _made_of(files: Iterable[Path] | None) -> dict[str, str] | None:
    """Each file or folder with what it is; None when that cannot be told."""
    if files is None:
        return None
    try:
        return {path: digest_of(path) for path in dict.fromkeys(str(absolute(f)) for f in files)}
    except (CannotTellError, OSError):
        return None
