"""Files with faults that say themselves what is wrong with them, and how it is mended.

    outcome: rejected  # ✗ Value is not accepted.
    # ✓ outcome: reject

Behind a faulty line stands what the language server says of it; the `# ✓` lines below take its
place when the fault is mended (an empty one takes it out).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "bad"


@dataclass(frozen=True, slots=True)
class Marked:
    """A faulty text, the faults by line (from 1), and the text without them."""

    path: Path
    text: str
    faults: frozenset[tuple[int, str]]
    mended: str

    @property
    def uri(self) -> str:
        """Where an editor has it open."""
        return self.path.as_uri()

    @property
    def mended_uri(self) -> str:
        """The mended text, as a file beside it."""
        return self.path.with_suffix(".mended.yaml").as_uri()

    @property
    def schema(self) -> str:
        """The schema that its first line names."""
        found = re.search(r"\$schema=(\S+)\.json", self.text.partition("\n")[0])
        assert found, f"{self.path} names no schema in its first line"
        return found[1].rpartition("/")[2]


def marked(path: Path) -> Marked:
    """Read a file with its marks."""
    text = path.read_text(encoding="utf-8")
    faults: set[tuple[int, str]] = set()
    mended: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        content, *said = line.split("✗")
        instead = re.fullmatch(r"(\s*)# ✓ ?(.*)", line)
        if said:
            assert content.endswith("# "), f"{path}:{number}: the mark stands in no comment"
            faults |= {(number, s.strip(" #")) for s in said}
        elif instead and instead[2]:
            mended.append(instead[1] + instead[2])
        elif not instead:
            mended.append(line)
    assert faults, f"{path} says of no line what is wrong with it"
    return Marked(path, text, frozenset(faults), "\n".join(mended) + "\n")


BAD = {
    path.relative_to(FOLDER).with_suffix("").as_posix(): marked(path)
    for path in sorted(FOLDER.rglob("*.yaml"))
}
