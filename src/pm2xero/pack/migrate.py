"""Brings the YAML of a pack forward to the form that this program reads.

`spec:` at the top of each file says for which form it was written. A step brings a file's text from
one form to the next and is never changed after its release; comments and order stay where the step
lets them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pm2xero.errors import Finding, PackError, Position

SPEC = 1
Step = Callable[[str], str]
# The form that is reached -> how a file's text gets there from the one before.
STEPS: Mapping[int, Step] = {}
_SPEC = re.compile(r"^spec:[ \t]*(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Migration:
    """A file with its text as it is and as it would be."""

    path: Path
    spec: int
    before: str
    after: str


def migrations(
    roots: Iterable[Path], steps: Mapping[int, Step] = STEPS, newest: int = SPEC
) -> Iterator[Migration]:  # fmt: skip
    """The files below some folders (or files) that are of an older form.

    Raises:
        PackError: PX112, with every file that was written for a newer program.
    """
    newer, found = [], []
    for file in _files(roots):
        text = file.read_text(encoding="utf-8")
        said = _SPEC.search(text)
        if said is None or not said[1].isdigit():
            # No file of a pack, or one that `validate` tells of.
            continue
        spec = int(said[1])
        if spec > newest:
            line = text.count("\n", 0, said.start()) + 1
            message = f"this file is of the form {spec}, and this program reads up to {newest}"
            newer.append(Finding("PX112", message, Position(str(file), line), should_be=_NEWER))
        elif spec < newest:
            found.append(Migration(file, spec, text, _forward(text, spec, newest, steps)))
    if newer:
        raise PackError(*newer)
    yield from found


_NEWER = "install the newer pm2xero that the pack was written for"


def _forward(text: str, spec: int, newest: int, steps: Mapping[int, Step]) -> str:
    for number in range(spec + 1, newest + 1):
        text = _SPEC.sub(f"spec: {number}", steps[number](text), count=1)
    return text


def _files(roots: Iterable[Path]) -> Iterator[Path]:
    for root in roots:
        if root.is_file():
            yield root
        else:
            yield from sorted(f for f in root.rglob("*") if f.suffix in (".yaml", ".yml"))
