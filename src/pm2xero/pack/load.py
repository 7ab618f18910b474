"""Loads a pack for one organisation: finds the files of each layer, merges, checks, builds."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from pm2xero.errors import Finding, PackError, Position
from pm2xero.pack.cache import Memory
from pm2xero.pack.field_types import TypeReader
from pm2xero.pack.files import (
    Files,
    PackRoot,
    builtin,
    extension,
    first_faults,
    regions,
)
from pm2xero.pack.kinds import build_kinds
from pm2xero.pack.layers import Entry, Layer, Merged, merge
from pm2xero.pack.mappings import build_mappings, compile_requests
from pm2xero.pack.model import Pack, TaxCode, TaxRateSearch
from pm2xero.pack.rules import build_kept_guards, build_rules
from pm2xero.pack.surplus import Surplus
from pm2xero.pack.yaml.read import SourceMap

__all__ = [
    "Examined", "Memory", "PackRoot", "builtin", "examine", "extension", "load_pack", "regions",
]  # fmt: skip

# The sides of a tax code, and the class of account that each is for when nothing else is said.
SIDES = {"sales": "REVENUE", "purchases": "EXPENSE"}


@dataclass(frozen=True, slots=True)
class Examined:
    """What loading gave: the faults, and as much of the pack as could be built in spite of them.

    `merged` and `pack` are None when the region cannot be followed down to the base.
    """

    findings: tuple[Finding, ...]
    merged: Merged | None
    pack: Pack | None

    def sound(self) -> Pack:
        """The pack, when there is no fault.

        Raises:
            PackError: with every fault that was found, in the order of files and lines.
        """
        faults = self.faults
        if faults or self.pack is None:
            raise PackError(*faults)
        return self.pack

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings that keep the pack from being used; warnings do not."""
        return tuple(f for f in self.findings if f.severity == "error")


def load_pack(
    region: str,
    *,
    extensions: tuple[PackRoot, ...] = (),
    overlay: tuple[str, SourceMap] | None = None,
    region_at: Position | None = None,
    base: PackRoot | None = None,
) -> Pack:
    """Load the layers base → region (→ state) → extensions → firm and build the pack.

    Args:
        region: name of the region or state layer.
        extensions: further packs, applied in this order over the built-in one.
        overlay: file name and content of the firm's own layer (its organisation.yaml).
        region_at: where the region is named, for messages.
        base: a pack that stands in for the built-in one, such as an earlier version of it.

    Raises:
        PackError: with every fault that was found, in the order of files and lines.
    """
    return examine(
        region, extensions=extensions, overlay=overlay, region_at=region_at, base=base
    ).sound()


def examine(
    region: str,
    *,
    extensions: tuple[PackRoot, ...] = (),
    overlay: tuple[str, SourceMap] | None = None,
    region_at: Position | None = None,
    base: PackRoot | None = None,
    memory: Memory | None = None,
    lost: AbstractSet[str] = frozenset(),
) -> Examined:
    """Load a pack as `load_pack` does, but hand back the faults instead of raising.

    Entries that break the form of the YAML are left out, and everything else is still looked at:
    faults of all layers come out of one run. `lost` are names that were cut out of the overlay.
    """
    roots = (base or builtin(), *extensions)
    memory = memory or Memory()
    files = Files(roots, memory)
    layers = files.layers(region, overlay, region_at)
    if layers is None:
        return Examined(tuple(first_faults(files.findings, set())), None, None)
    return assemble(region, layers, roots, files.findings, files.words | lost, memory)


def assemble(
    region: str,
    layers: tuple[Layer, ...],
    roots: tuple[PackRoot, ...],
    found: Sequence[Finding] = (),
    lost: AbstractSet[str] = frozenset(),
    memory: Memory | None = None,
) -> Examined:
    """Merge layers and build the pack of them.

    Args:
        roots: where templates are looked for; later ones hide earlier ones.
        found: what is wrong already.
        lost: names in what was cut out, which are not told again as missing.
        memory: parts that were built for other regions.
    """
    memory = memory or Memory()
    findings: list[Finding] = []
    merged = merge(layers, memory)
    findings.extend(merged.findings)
    fields, kinds, roles, faults = memory.once(
        "kinds", _parts_of_kinds(merged), partial(build_kinds, merged)
    )
    findings.extend(faults)
    kinds = {name: memory.same(("kind", name), kind) for name, kind in kinds.items()}
    roles = memory.same("roles", roles)
    rules = build_rules(merged, kinds, findings, memory)
    mappings = build_mappings(merged, findings)
    requests = compile_requests(mappings, rules, kinds, roles, findings, memory)
    pack = Pack(
        region=region,
        layers=tuple(layer.name for layer in layers),
        fields=fields,
        kinds=kinds,
        rules=rules,
        mappings=mappings,
        requests=requests,
        roles=roles,
        tax_codes=_tax_codes(merged.entries["tax_codes"]),
        no_tax=str(merged.settings.get("no_tax", "")),
        trust_surplus=Surplus.said(merged.settings.get("trust_surplus")),
        words=dict(merged.settings.get("words", {})),
        sections=tuple(merged.sections),
        rows=dict(merged.settings.get("rows", {})),
        found_by=tuple((merged.settings.get("every_document") or {}).get("found_by") or ()),
        settings=TypeReader(merged, []).declared_settings(),
        guards=build_kept_guards(merged, kinds, rules),
        template_dirs=tuple(
            d for r in reversed(roots) if (d := r.path / "mappings" / "templates").is_dir()
        ),
    )
    told = first_faults([*found, *findings], set(lost))
    return Examined(tuple(told), merged, pack)


def _parts_of_kinds(merged: Merged) -> tuple[object, ...]:
    """All that kinds are built of: the same objects give the same kinds."""
    groups = ("fields", "records", "roles", "settings", "kinds")
    entries = (e.values for g in groups for e in merged.entries[g].values())
    return (merged.settings.get("every_document"), *entries)


def _tax_codes(entries: dict[str, Entry]) -> dict[str, TaxCode]:
    result = {}
    for code, entry in entries.items():
        values = entry.values
        types = {s: _tax_type(s, values[s]) for s in SIDES if s in values}
        rate = Decimal(values["rate"]) if "rate" in values else None
        result[code] = TaxCode(code, str(values.get("title", code)), types, rate, values.at)
    return result


def _tax_type(side: str, value: object) -> str | TaxRateSearch:
    if not isinstance(value, SourceMap):
        return str(value)
    names = tuple(str(n) for n in value.get("names", ()))
    return TaxRateSearch(Decimal(value["rate"]), names, str(value.get("on", SIDES[side])))
