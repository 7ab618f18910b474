"""The words of a check: the table of `mappings/xero/checklist.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pm2xero.check.checklist import Cause
from pm2xero.firm.changes import ChangeKind
from pm2xero.pack.yaml.table import read_table
from pm2xero.resources import root


@dataclass(frozen=True, slots=True)
class PointWords:
    """What should be so, who can put it right, and how."""

    title: str
    who: str
    do: str


@dataclass(frozen=True, slots=True)
class LimitationWords:
    """A limitation, and the ids of the rules by which it shows that it is not met."""

    id: str
    title: str
    source: str
    rules: tuple[str, ...]
    who: str
    met: str | None
    confirm: str | None


@dataclass(frozen=True, slots=True)
class Words:
    """The table; of a change: who looks, and what to do."""

    points: Mapping[Cause, PointWords]
    changes: Mapping[ChangeKind, tuple[str, str]]
    limitations: tuple[LimitationWords, ...]


def load_words(path: Path | None = None) -> Words:
    """Read the table; the one of the pack when no file is named.

    Raises:
        PackError: with everything that is wrong in the file.
    """
    return _loaded(path or root() / "mappings" / "xero" / "checklist.yaml")


@cache
def _loaded(path: Path) -> Words:
    tree = read_table(path, "xero_checklist.schema")
    people = tree["people"]
    return Words(
        {
            Cause(name): PointWords(raw["title"], people[raw["who"]], raw["do"])
            for name, raw in tree["points"].items()
        },
        {
            ChangeKind(name): (people[raw["who"]], raw["do"])
            for name, raw in tree["changes"].items()
        },
        tuple(
            LimitationWords(
                raw["id"], raw["title"], raw["source"], tuple(raw["rules"]), people[raw["who"]],
                raw.get("met"), raw.get("confirm"),
            )
            for raw in tree["limitations"]
        ),
    )  # fmt: skip
