"""The firm that packs are checked with, or as much of it as its file gives in spite of faults."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pm2xero.errors import Finding, OrganisationError, PackError, Position
from pm2xero.firm.organisation import (
    LAYER_KEYS,
    Organisation,
    load_organisation,
    named_packs,
    own_layer,
)
from pm2xero.firm.trial_balance import opening_faults
from pm2xero.pack.files import without_faults
from pm2xero.pack.yaml.read import SourceMap, parse_yaml, read_yaml


@dataclass(frozen=True, slots=True)
class FirmRead:
    """What an organisation file gave.

    Attributes:
        firm: None when the file is at fault.
        region: the layer that it calls for, where it can be told; `region_at` is its place.
        packs: the packs that it names.
        overlay: the firm's own layer without its faults, and the name of the file.
        lost: names in what was cut out of it.
    """

    firm: Organisation | None
    findings: tuple[Finding, ...]
    region: str | None = None
    region_at: Position | None = None
    packs: tuple[Path, ...] = ()
    overlay: tuple[str, SourceMap] | None = None
    lost: frozenset[str] = frozenset()


def read_firm(path: Path, region: str | None, edited: str | None = None) -> FirmRead:
    """Read an organisation file; `region` replaces the one in it. Nothing is raised for faults.

    Args:
        edited: a text of it that is not saved yet.
    """
    try:
        firm = load_organisation(path, region, edited)
    except OrganisationError as exc:
        return _broken(path, region, exc.findings, edited)
    return FirmRead(
        firm, tuple(opening_faults(firm)), firm.region, firm.region_at, firm.packs,
        (firm.file, firm.overlay) if len(firm.overlay) > 1 else None,
    )  # fmt: skip


def _broken(
    path: Path, region: str | None, findings: tuple[Finding, ...], edited: str | None
) -> FirmRead:
    """What can still be looked at, so that one fault does not hide all that follow."""
    try:
        tree = read_yaml(path, str(path)) if edited is None else parse_yaml(edited, str(path))
    except PackError:
        return FirmRead(None, findings, region)
    if any(f.code == "PO508" for f in findings):
        # The region may be one of the pack that is not there.
        return FirmRead(None, findings)
    sound, lost = without_faults(tree, [f.at for f in findings if f.at is not None])
    if sound is None:
        return FirmRead(None, findings, region)
    named = sound.get("region")
    region_at = sound.value_at["region"] if isinstance(named, str) and region is None else None
    layer = own_layer(sound)
    overlay = (str(path), layer) if any(k in layer for k in LAYER_KEYS) else None
    return FirmRead(
        None, findings, region or (named if isinstance(named, str) else None), region_at,
        named_packs(tree, path), overlay, frozenset(lost),
    )  # fmt: skip
