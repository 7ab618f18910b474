"""The templates of a pack: where each stands, and which requests make their bodies with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pm2xero.errors import Position
from pm2xero.pack.model import Pack


@dataclass(frozen=True, slots=True)
class TemplateUse:
    """A template file that is in force, with what it hides and who uses it.

    Attributes:
        hides: files of the same name in lower packs.
        used_by: `mapping/request` with the place of each.
    """

    name: str
    file: Path
    hides: tuple[Path, ...]
    used_by: tuple[tuple[str, Position], ...]

    @property
    def text(self) -> str:
        """The template as it is written."""
        return self.file.read_text(encoding="utf-8")


def templates(pack: Pack) -> dict[str, TemplateUse]:
    """All templates by name; a file of a higher pack hides one of the same name below it."""
    files: dict[str, list[Path]] = {}
    for folder in pack.template_dirs:
        for file in sorted(folder.glob("**/*.j2")):
            files.setdefault(file.relative_to(folder).as_posix(), []).append(file)
    users: dict[str, dict[tuple[str, Position], None]] = {}
    for (mapping, _), requests in pack.requests.items():
        for request in requests:
            users.setdefault(request.template, {})[f"{mapping}/{request.id}", request.at] = None
    return {
        name: TemplateUse(name, found[0], tuple(found[1:]), tuple(users.get(name, {})))
        for name, found in sorted(files.items())
    }
