"""`pm2xero diff`: what a change of a pack does, in words and on real documents."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pm2xero.cli import common

if TYPE_CHECKING:
    from pm2xero.compare.impact import Impact
    from pm2xero.compare.sides import Version
    from pm2xero.compare.turned import Turns
    from pm2xero.firm.organisation import Organisation


@click.command(
    "diff",
    epilog="""\b
Examples:
  pm2xero diff au nz
  pm2xero diff git:HEAD rules --region au
  pm2xero diff git:v1.0 git:HEAD --format markdown
  pm2xero diff git:main . --org firm/organisation.yaml --on month.jsonl

Exit codes: 0 no difference, 1 a difference, 2 wrong usage or a pack with faults.""",
)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--region", "names", multiple=True, metavar="NAME",
    help="A region to compare in (repeatable). Default: the firm's own, else all.",
)  # fmt: skip
@click.option(
    "--pack", "packs", type=click.Path(path_type=Path, exists=True, file_okay=False),
    multiple=True, metavar="DIR", help="A pack that extends both sides (repeatable).",
)  # fmt: skip
@click.option(
    "--org", "organisation", type=click.Path(path_type=Path), metavar="ORG.yaml",
    help="The firm for which the documents of --on are decided.",
)  # fmt: skip
@click.option(
    "--on", "inputs", multiple=True, metavar="MONTH.jsonl",
    help="Real documents (repeatable): what would have become of each.",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text",
    show_default=True, help="markdown for a pull request.",
)  # fmt: skip
@click.option(
    "--solve/--no-solve", default=True, show_default=True,
    help="Ask the solver which documents are decided otherwise, with an example of each.",
)  # fmt: skip
@common.reports_faults
def command(
    old: str, new: str, names: tuple[str, ...], packs: tuple[Path, ...],
    organisation: Path | None, inputs: tuple[str, ...], form: str, solve: bool,
) -> None:  # fmt: skip
    """Compare two packs rule by rule, and what they make of the same documents.

    OLD and NEW are regions, folders of packs, YAML of `effective`, or revisions as git:REV.
    Which documents get another outcome or mapping is asked of the solver: it gives an example of
    each sort, and proves that there are no others, for the firm of --org, for the example firm of
    each region, or, between two regions, for any firm.
    """
    from pm2xero.compare.changes import compare
    from pm2xero.compare.sides import opened
    from pm2xero.errors import Finding, UsageError
    from pm2xero.firm.organisation import load_organisation
    from pm2xero.report.diff import as_json, as_markdown, as_text
    from pm2xero.report.width import folded

    if inputs and organisation is None:
        hint = "say for which firm: --org ORG.yaml"
        raise UsageError(Finding("PU927", "--on needs a firm", hint=hint))
    firm = load_organisation(organisation) if organisation else None
    # A pack of the firm that is one side of the comparison is not laid under the other side, too.
    olds, news = (_without(side, firm, packs) for side in (new, old))
    with opened(old, packs, olds) as before, opened(new, packs, news) as after:
        regions = _regions(before, after, names, firm)
        found = compare((r, before.load(r, firm), after.load(r, firm)) for r in regions)
        turns = _turns(before, after, regions, firm) if solve else None
        seen = _impact(before, after, regions[0], firm, inputs) if firm and inputs else None
    if form == "json":
        click.echo(json.dumps(as_json(found, seen, turns), ensure_ascii=False, indent=1))
    elif form == "text":
        click.echo(folded(as_text(found, seen, turns), sys.stdout))
    else:
        click.echo(as_markdown(found, seen, turns))
    differs = bool(found.changes or found.kinds or (turns and turns.turns))
    differs = differs or (seen is not None and seen.touched > 0)
    sys.exit(common.FINDINGS if differs else common.OK)


def _without(
    side: str, firm: Organisation | None, named: tuple[Path, ...]
) -> tuple[Path, ...]:  # fmt: skip
    """The firm's packs without one side of the comparison and what is named anyway."""
    left_out = {Path(side).resolve(), *(p.resolve() for p in named)}
    return tuple(p for p in firm.packs if p.resolve() not in left_out) if firm else ()


def _regions(
    before: Version, after: Version, names: tuple[str, ...], firm: Organisation | None
) -> tuple[str, ...]:
    if before.region is not None or after.region is not None:
        # A region has one content only; both sides are told under the name of the new one.
        return (after.region or before.region or "",)
    if names and "all" not in names:
        return names
    if firm is not None and not names:
        return (firm.region,)
    return tuple(r for r in after.regions if r in before.regions)


def _turns(
    before: Version, after: Version, regions: tuple[str, ...], firm: Organisation | None
) -> Turns | None:
    """What the solver says; None where no region has a firm to ask about."""
    from pm2xero.compare.turned import turned
    from pm2xero.validate.subject import example_for

    pairs = []
    for region in regions:
        sides = []
        for side in (before, after):
            pack = side.load(region, firm).pack
            assert pack is not None, "load raises when there is none"
            own = firm or example_for(pack)
            if own is not None:
                sides.append((pack, own))
        if len(sides) == 2:
            pairs.append((region, sides[0], sides[1]))
    return turned(pairs) if pairs else None


def _impact(
    before: Version, after: Version, region: str, firm: Organisation, inputs: tuple[str, ...]
) -> Impact:
    from pm2xero.compare.impact import impact
    from pm2xero.pipeline import Pipeline

    pipelines = []
    for side in (before, after):
        pack = side.load(region, firm).pack
        assert pack is not None, "load raises when there is none"
        pipelines.append(Pipeline(pack, firm))
    with common.opened(inputs) as sources:
        return impact(pipelines[0], pipelines[1], sources)
