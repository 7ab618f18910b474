"""What a validation found, in a form that can be kept, without anything of the analyser."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from pm2xero.errors import Finding, Position


@dataclass(frozen=True, slots=True)
class Told:
    """A finding, the regions that have it, and the document that shows it, where there is one."""

    finding: Finding
    regions: tuple[str, ...]
    example: Any = None


@dataclass(frozen=True, slots=True)
class Validation:
    """What a run found.

    Attributes:
        told: findings of all regions, each once, in the order of files and lines.
        regions: the regions that were looked at.
        kinds, rules, mappings: how many the widest region has.
        proven: for each region, what was proven, in words.
    """

    told: tuple[Told, ...]
    regions: tuple[str, ...]
    kinds: int = 0
    rules: int = 0
    mappings: int = 0
    proven: tuple[tuple[str, str], ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings; one that only some regions have says which."""
        return tuple(self._said(t) for t in self.told)

    def count(self, severity: str) -> int:
        """How many findings have a severity."""
        return sum(t.finding.severity == severity for t in self.told)

    def _said(self, told: Told) -> Finding:
        finding = told.finding
        file = finding.at.file if finding.at else ""
        own = any(file.endswith(f"regions/{r}.yaml") for r in told.regions)
        if own or len(told.regions) == len(self.regions):
            return finding
        listed = ", ".join(told.regions[:4]) + (", …" if len(told.regions) > 4 else "")
        return replace(finding, message=f"{finding.message} (in {listed})")


def told(finding: Finding, regions: tuple[str, ...]) -> Told:
    """A finding as it is kept: by itself, with its example as plain JSON."""
    example = getattr(finding, "example", None)
    plain = Finding(
        finding.code, finding.message, finding.at, finding.hint, finding.should_be, finding.width,
        finding.severity, finding.related,
    )  # fmt: skip
    if example is None:
        return Told(plain, regions)
    return Told(plain, regions, json.loads(json.dumps(example.as_json(), default=str)))


def as_value(validation: Validation) -> dict[str, Any]:
    """A validation as plain JSON; `of_value` makes the same one of it."""
    return {
        "told": [_told_value(t) for t in validation.told],
        "regions": list(validation.regions),
        "counts": [validation.kinds, validation.rules, validation.mappings],
        "proven": [list(p) for p in validation.proven],
    }


def of_value(value: Any) -> Validation:
    """The validation that was made into a value.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it is none.
    """
    kinds, rules, mappings = map(int, value["counts"])
    return Validation(
        tuple(_told_of(t) for t in value["told"]),
        tuple(map(str, value["regions"])),
        kinds,
        rules,
        mappings,
        tuple((str(region), str(words)) for region, words in value["proven"]),
    )


def _told_value(told: Told) -> dict[str, Any]:
    f = told.finding
    return {
        "code": f.code, "message": f.message, "at": _place_value(f.at), "hint": f.hint,
        "should_be": f.should_be, "width": f.width, "severity": f.severity,
        "related": [[_place_value(at), why] for at, why in f.related],
        "regions": list(told.regions), "example": told.example,
    }  # fmt: skip


def _told_of(value: Any) -> Told:
    if value["severity"] not in ("error", "warning"):
        raise ValueError("no such severity")
    related = []
    for place, why in value["related"]:
        at = _place_of(place)
        if at is None:
            raise ValueError("a related place is missing")
        related.append((at, str(why)))
    finding = Finding(
        str(value["code"]), str(value["message"]), _place_of(value["at"]), value["hint"],
        value["should_be"], int(value["width"]), value["severity"], tuple(related),
    )  # fmt: skip
    return Told(finding, tuple(map(str, value["regions"])), value["example"])


def _place_value(at: Position | None) -> list[Any] | None:
    return [at.file, at.line, at.column] if at is not None else None


def _place_of(value: Any) -> Position | None:
    if value is None:
        return None
    file, line, column = value
    return Position(str(file), int(line), int(column))
