"""Tracking categories, their options and items that mappings name, against the snapshot of Xero."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pm2xero.errors import Finding
from pm2xero.firm.organisation import Organisation
from pm2xero.firm.snapshot import XeroSnapshot
from pm2xero.pack.model import LineSource, Pack
from pm2xero.pack.yaml.suggest import did_you_mean, one_of


@dataclass(frozen=True, slots=True)
class Unknown:
    """A name that Xero does not have, with those that it has."""

    message: str
    name: str
    known: tuple[str, ...]


def unknown_tracking(xero: XeroSnapshot, category: str, option: str | None) -> Unknown | None:
    """What Xero does not have of a category and its option; None where nothing is known of them.

    Capitals do not count (unverified: whether they do in Xero).
    """
    if xero.tracking is None:
        return None
    found = _alike(category, xero.tracking)
    if found is None:
        what = f'Xero has no tracking category "{category}"'
        return Unknown(what, category, tuple(xero.tracking))
    options = xero.tracking[found]
    if option is None or _alike(option, options) is not None:
        return None
    what = f'the tracking category "{found}" has no option "{option}" in Xero'
    return Unknown(what, option, options)


def unknown_item(xero: XeroSnapshot, code: str) -> Unknown | None:
    """That Xero has no item of a code; None where it has, or nothing is known."""
    if xero.items is None or code in xero.items:
        return None
    return Unknown(f'Xero has no item with the code "{code}"', code, xero.items)


def _alike(name: str, known: Iterable[str]) -> str | None:
    return next((k for k in known if k.casefold() == name.casefold()), None)


def catalogue_faults(pack: Pack, organisation: Organisation) -> Iterator[Finding]:
    """Names that a mapping writes out; those that a field holds are looked at in each body."""
    told: set[object] = set()
    for specs in pack.requests.values():
        for line in (line for spec in specs for line in spec.lines):
            for key, unknown in _unknown(line, organisation.xero):
                at = line.value_at.get(key, line.at)
                if (at, unknown.name) in told:
                    continue
                told.add((at, unknown.name))
                yield Finding(
                    "PO514",
                    unknown.message,
                    at,
                    hint=did_you_mean(unknown.name, unknown.known)
                    or "add it in Xero and take the snapshot anew",
                    should_be=one_of(unknown.known, 20) if unknown.known else None,
                    width=len(unknown.name),
                )


def _unknown(line: LineSource, xero: XeroSnapshot) -> Iterator[tuple[str, Unknown]]:
    for category, option in line.tracking:
        found = unknown_tracking(xero, category, option if isinstance(option, str) else None)
        if found is not None:
            yield category, found
    if isinstance(line.item, str) and (found := unknown_item(xero, line.item)) is not None:
        yield "item", found


def body_faults(xero: XeroSnapshot, line: Mapping[str, Any]) -> Iterator[str]:
    """What a line of a body names that Xero does not have, in words."""
    for part in line.get("Tracking") or ():
        found = unknown_tracking(xero, str(part.get("Name")), str(part.get("Option")))
        if found is not None:
            yield found.message
    if "ItemCode" in line and (found := unknown_item(xero, str(line["ItemCode"]))) is not None:
        yield found.message
