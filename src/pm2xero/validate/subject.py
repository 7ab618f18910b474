"""What the checks look at: one region's pack, the firm or example it is checked with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pm2xero.errors import Finding, OrganisationError, Position
from pm2xero.firm.organisation import Organisation, load_organisation
from pm2xero.pack.cache import Memory
from pm2xero.pack.files import PackRoot, builtin, regions
from pm2xero.pack.language.types import FieldType
from pm2xero.pack.layers import Merged
from pm2xero.pack.load import load_pack
from pm2xero.pack.model import Kind, Pack, RequestSpec
from pm2xero.render.templates import BodyEnvironment
from pm2xero.validate.fields_read import Reads, money_fields, reads_of


@dataclass(frozen=True, slots=True)
class Subject:
    """One region as it is checked.

    Attributes:
        pack: as much of it as could be built.
        whole: nothing was left out of the pack, so that what is not there is truly missing.
        firm: the organisation that was named, or None.
        example: the firm whose Xero answers for the region's facts: `firm`, else the example of
            the region; None where there is neither.
        memory: what was found out for other regions, which share most of their parts.
    """

    region: str
    pack: Pack
    merged: Merged
    env: BodyEnvironment
    whole: bool
    firm: Organisation | None
    example: Organisation | None
    memory: Memory

    def reads(self, spec: RequestSpec) -> Reads:
        """What a request takes from its document."""
        return self.memory.once("reads", (self.env, spec), lambda: reads_of(spec, self.env))

    def money(self, kind: Kind) -> tuple[tuple[str, FieldType], ...]:
        """The paths of all amounts and tax codes of a kind."""
        return self.memory.once("money", (kind,), lambda: tuple(money_fields(kind.record)))

    def posted(self) -> Mapping[str, tuple[str, ...]]:
        """The kinds that some rule posts, each with the mappings that its rules name."""
        found: dict[str, dict[str, None]] = {}
        for rule in self.pack.rules:
            if rule.outcome != "post" or rule.mapping is None:
                continue
            for kind in rule.kinds:
                found.setdefault(kind, {})[rule.mapping] = None
        return {kind: tuple(names) for kind, names in found.items()}

    def requests_of(self, kind: str, mappings: tuple[str, ...]) -> list[RequestSpec]:
        """The requests that documents of a kind can become."""
        return [s for name in mappings for s in self.pack.requests.get((name, kind), ())]


def example_of(layers: tuple[str, ...], roots: tuple[PackRoot, ...]) -> Path | None:
    """The example firm of the highest layer that has one, in any of the packs.

    An installed product has no examples, but the firms of its cases.
    """
    for name in reversed(layers):
        for pack in reversed(roots):
            for folder in ("examples", "rules/cases/firms"):
                file = pack.path / folder / name / "organisation.yaml"
                if file.is_file():
                    return file
    return None


def example_for(pack: Pack) -> Organisation | None:
    """An example firm of the built-in pack for a pack of some region; None when there is none."""
    file = example_of(pack.layers, (builtin(),))
    return load_example(file)[0] if file is not None else None


def shown_example() -> tuple[Pack, Organisation]:
    """The first region that has an example firm, to show what documents look like."""
    for name in regions():
        pack = load_pack(name)
        firm = example_for(pack)
        if firm is not None:
            return pack, firm
    raise AssertionError("the product brings a firm for each region of its cases")


def load_example(file: Path) -> tuple[Organisation | None, tuple[Finding, ...]]:
    """An example firm, or what is wrong with it."""
    try:
        return load_organisation(file), ()
    except OrganisationError as exc:
        return None, tuple(f if f.at else _at(f, file) for f in exc.findings)


def _at(finding: Finding, file: Path) -> Finding:
    from dataclasses import replace

    return replace(finding, at=Position(str(file)))
