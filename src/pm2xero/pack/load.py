"""Loads a pack for one organisation: finds the files of each layer, merges, checks, builds."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from pm2xero.errors import Finding, PackError, Position
from pm2xero.pack.build_kinds import KindBuilder
from pm2xero.pack.build_mappings import build_mappings, compile_requests
from pm2xero.pack.build_rules import build_rules
from pm2xero.pack.layers import Document, Entry, Layer, merge
from pm2xero.pack.model import Pack, TaxCode, TaxRateSearch
from pm2xero.pack.schema import check
from pm2xero.pack.source import SourceMap, read_yaml
from pm2xero.pack.suggest import did_you_mean, one_of
from pm2xero.resources import root

BASE = "base"
# The sides of a tax code, and the class of account that each is for when nothing else is said.
SIDES = {"sales": "REVENUE", "purchases": "EXPENSE"}


@dataclass(frozen=True, slots=True)
class PackRoot:
    """A folder with `rules/` and `mappings/`; `shown` is how messages name it."""

    path: Path
    shown: str


def builtin() -> PackRoot:
    """The pack that comes with the product."""
    return PackRoot(root(), "")


def extension(path: Path) -> PackRoot:
    """A pack that extends the built-in one."""
    return PackRoot(path, f"{path}/")


def load_pack(
    region: str,
    *,
    extensions: tuple[PackRoot, ...] = (),
    overlay: tuple[str, SourceMap] | None = None,
    region_at: Position | None = None,
) -> Pack:
    """Load the layers base → region (→ state) → extensions → firm and build the pack.

    Args:
        region: name of the region or state layer.
        extensions: further packs, applied in this order over the built-in one.
        overlay: file name and content of the firm's own layer (its organisation.yaml).
        region_at: where the region is named, for messages.

    Raises:
        PackError: with every fault that was found, in the order of files and lines.
    """
    findings: list[Finding] = []
    roots = (builtin(), *extensions)
    layers = _layers(region, roots, overlay, findings, region_at)
    if findings:
        raise PackError(*_in_order(findings))
    merged = merge(layers)
    findings.extend(merged.findings)
    builder = KindBuilder(merged, findings)
    fields, kinds, roles = builder.build()
    rules = build_rules(merged, kinds, findings)
    mappings = build_mappings(merged, findings)
    requests = compile_requests(mappings, rules, kinds, roles, builder)
    if findings:
        raise PackError(*_in_order(findings))
    return Pack(
        region=region,
        layers=tuple(layer.name for layer in layers),
        fields=fields,
        kinds=kinds,
        rules=rules,
        mappings=mappings,
        requests=requests,
        roles=roles,
        tax_codes=_tax_codes(merged.entries["tax_codes"]),
        no_tax=str(merged.settings["no_tax"]),
        words=dict(merged.settings.get("words", {})),
        template_dirs=tuple(
            d for r in reversed(roots) if (d := r.path / "mappings" / "templates").is_dir()
        ),
    )


def _in_order(findings: list[Finding]) -> list[Finding]:
    unique = {(f.code, f.at, f.message): f for f in findings}
    return sorted(unique.values(), key=lambda f: (f.at or Position(""), f.code, f.message))


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


def _layers(
    region: str,
    roots: tuple[PackRoot, ...],
    overlay: tuple[str, SourceMap] | None,
    findings: list[Finding],
    region_at: Position | None,
) -> tuple[Layer, ...]:
    base_root = roots[0]
    layers = [Layer(BASE, _documents(base_root, BASE, findings))]
    for name in _chain(region, roots, findings, region_at):
        documents = tuple(d for r in roots for d in _region_documents(r, name, findings))
        layers.append(Layer(name, documents))
    layers.extend(
        Layer(extra.shown.rstrip("/"), _documents(extra, "", findings)) for extra in roots[1:]
    )
    if overlay is not None:
        layers.append(Layer(overlay[0], (Document(*overlay),)))
    return tuple(layers)


def _documents(pack: PackRoot, folder: str, findings: list[Finding]) -> tuple[Document, ...]:
    documents = []
    for part, schema in (("rules", "rules.schema"), ("mappings", "mappings.schema")):
        place = pack.path / part / folder
        files = sorted(place.glob("*.yaml")) if place.is_dir() else []
        if not folder and (place / BASE).is_dir():
            files += sorted((place / BASE).glob("*.yaml"))
        for file in files:
            document = _read(file, pack, schema, findings)
            if document is not None:
                documents.append(document)
    return tuple(documents)


def _region_documents(pack: PackRoot, region: str, findings: list[Finding]) -> list[Document]:
    documents = []
    for part, schema in (("rules", "region.schema"), ("mappings", "mappings.schema")):
        file = pack.path / part / "regions" / f"{region}.yaml"
        if file.is_file() and (document := _read(file, pack, schema, findings)) is not None:
            documents.append(document)
    return documents


def _read(file: Path, pack: PackRoot, schema: str, findings: list[Finding]) -> Document | None:
    shown = pack.shown + file.relative_to(pack.path).as_posix()
    try:
        tree = read_yaml(file, shown)
    except PackError as exc:
        findings.extend(exc.findings)
        return None
    faults = check(schema, tree, Position(shown))
    findings.extend(faults)
    return None if faults else Document(shown, tree)


def _chain(
    region: str, roots: tuple[PackRoot, ...], findings: list[Finding], at: Position | None
) -> list[str]:
    """The region's layers from the lowest up, following `extends` down to base."""
    if region == BASE:
        return []
    chain: list[str] = []
    current = region
    while current != BASE:
        if current in chain:
            message = f'the region "{current}" extends itself'
            findings.append(Finding("PX206", message, at, width=len(current)))
            break
        document = None
        for pack in roots:
            found = _region_documents(pack, current, [])
            document = next((d for d in found if "extends" in d.content), document)
        if document is None:
            known = regions(roots)
            if not any((r.path / "rules" / "regions" / f"{current}.yaml").is_file() for r in roots):
                findings.append(
                    Finding(
                        "PX206",
                        f'there is no region "{current}"',
                        at,
                        hint=did_you_mean(current, known),
                        should_be=one_of(known, 30),
                        width=len(current),
                    )
                )
            else:
                for pack in roots:
                    _region_documents(pack, current, findings)
            break
        chain.append(current)
        at = document.content.value_at["extends"]
        current = str(document.content["extends"])
    return chain[::-1]


def regions(roots: tuple[PackRoot, ...] = ()) -> list[str]:
    """The names of all region layers."""
    return sorted(
        f.stem
        for r in (roots or (builtin(),))
        for f in (r.path / "rules" / "regions").glob("*.yaml")
    )
