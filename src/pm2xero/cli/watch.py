"""`pm2xero watch`: validate, and run the cases, whenever a file is saved."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click

from pm2xero.cli import common

# What an editor saves that can change a decision, a body or a case.
ENDINGS = (".yaml", ".yml", ".j2", ".json", ".jsonl")

Stamp = tuple[int, int]


@click.command(
    "watch",
    epilog="""\b
Examples:
  pm2xero watch firm/pack --region au
  pm2xero watch firm/pack --org firm/organisation.yaml""",
)
@click.argument(
    "packs", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="[PACK...]",
)  # fmt: skip
@click.option("--region", "names", multiple=True, metavar="NAME", help="A region (repeatable).")
@click.option(
    "--org", "organisation", type=click.Path(path_type=Path), metavar="ORG.yaml",
    help="Check with this firm.",
)  # fmt: skip
@click.option("--proofs/--no-proofs", default=True, show_default=True, help="Prove as well.")
@click.option("--cases/--no-cases", default=True, show_default=True, help="Run the cases as well.")
@click.option(
    "--every", type=click.FloatRange(0.05, 60), default=0.5, show_default=True, metavar="SECONDS",
    help="How often files are looked at.",
)  # fmt: skip
@click.option(
    "--cache/--no-cache",
    default=True,
    show_default=True,
    help="Do not prove again what was proven before and has not changed.",
)
@click.option("--rounds", type=click.IntRange(min=1), hidden=True)
@common.reports_faults
def command(
    packs: tuple[Path, ...], names: tuple[str, ...], organisation: Path | None, proofs: bool,
    cases: bool, every: float, cache: bool, rounds: int | None,
) -> None:  # fmt: skip
    """Validate now and after each save of a file of the packs or the firm; Ctrl-C ends it."""
    from pm2xero.firm.organisation import pack_folders
    from pm2xero.report.validation import as_text
    from pm2xero.resources import root
    from pm2xero.validate.analyser import Analyser
    from pm2xero.validate.firm_read import read_firm
    from pm2xero.validate.kept.folder import Folder
    from pm2xero.validate.kept.proofs import KeptProofs
    from pm2xero.validate.proving import prover

    kept = KeptProofs.of(Folder.of(os.environ)) if cache else None
    prove = prover("once", kept) if proofs else None
    every_pack = packs
    if organisation is not None:
        every_pack = pack_folders(read_firm(organisation, None).packs, packs)
    roots = list(every_pack) or [root() / "rules", root() / "mappings"]
    if organisation is not None:
        roots.append(organisation.parent)
    analyser = Analyser(names, packs, organisation, prove=prove)
    colour = common.use_colour(sys.stdout)
    for changed in changes(roots, time.sleep, every, rounds):
        if changed:
            click.echo(f"\n— {', '.join(p.name for p in changed[:5])}")
        began = time.perf_counter()
        result = analyser.analyse()
        click.echo(as_text(result, colour=colour, stream=sys.stdout))
        if cases and not result.count("error"):
            _run_cases(every_pack)
        click.echo(f"({time.perf_counter() - began:.1f} s)")


def _run_cases(packs: tuple[Path, ...]) -> None:
    """Run the cases of the packs, or of the built-in one; a pack may have none yet."""
    folders = [p / "rules" / "cases" for p in packs]
    there = [f for f in folders if f.is_dir()]
    if packs and not there:
        return
    from pm2xero.cli.test import command as test

    more = [a for p in packs for a in ("--pack", str(p))]
    try:
        test.main([*map(str, there), *more], standalone_mode=False)
    except SystemExit:
        # The command has told what failed; watching goes on.
        return


def changes(
    roots: Iterable[Path], sleep: Callable[[float], None], every: float, rounds: int | None
) -> Iterator[list[Path]]:
    """Nothing at once, then the files that changed, each time some did.

    Args:
        rounds: how often to look before it ends; None goes on for ever.
    """
    watched = list(roots)
    seen = stamps(watched)
    yield []
    looked = 0
    while rounds is None or looked < rounds:
        looked += 1
        try:
            sleep(every)
        except KeyboardInterrupt:
            return
        now = stamps(watched)
        changed = sorted(p for p in {*now, *seen} if now.get(p) != seen.get(p))
        seen = now
        if changed:
            yield changed


def stamps(roots: Iterable[Path]) -> dict[Path, Stamp]:
    """When each file was last saved, and its size; one that vanishes meanwhile is left out."""
    found: dict[Path, Stamp] = {}
    for root in roots:
        for file in root.rglob("*"):
            if file.suffix not in ENDINGS:
                continue
            try:
                stat = file.stat()
            except OSError:
                continue
            found[file] = (stat.st_mtime_ns, stat.st_size)
    return found
