"""`pm2xero generate-cases`: propose the cases that are missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pm2xero.cli import common
from pm2xero.cli.test import pack_option, read_files

if TYPE_CHECKING:
    from pm2xero.cases.firms import Firms
    from pm2xero.cases.model import CaseFile
    from pm2xero.cases.propose import Firm, Proposals


@click.command(
    "generate-cases",
    epilog="""\b
Examples:
  pm2xero generate-cases
  pm2xero generate-cases --kind client_payment
  pm2xero generate-cases --org firm/organisation.yaml --out firm/cases.yaml

Each test of each rule is to be seen true and false in a case where it decides (MC/DC).""",
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="FILES...")
@click.option(
    "--kind", metavar="KIND",
    help="Only for this kind, and everything of its rules even where another kind shows it.",
)  # fmt: skip
@click.option(
    "--org", "organisation", type=click.Path(path_type=Path), metavar="ORG.yaml",
    help="Propose for this firm, instead of the firms of the cases.",
)  # fmt: skip
@click.option("--region", metavar="NAME", help="With --org: region layer, instead of its own.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write this file instead of standard output; one that is there is not replaced.",
)  # fmt: skip
@pack_option
@common.reports_faults
def command(
    paths: tuple[Path, ...], kind: str | None, organisation: Path | None, region: str | None,
    out: Path | None, packs: tuple[Path, ...],
) -> None:  # fmt: skip
    """Propose the cases that are missing, as YAML on standard output or in a file.

    FILES are the cases that are there; without any, those of the pack. What is proposed says what
    the pack does now: read each before you keep it. Paths in it count from the file that is written
    (also by `>`), so that `pm2xero test` runs it where it stands.
    """
    from pm2xero.cases.firms import Firms
    from pm2xero.cases.propose import Firm, Proposer, firms_of
    from pm2xero.errors import Finding, Position, UsageError
    from pm2xero.files import write_edited

    if out is not None and out.exists():
        raise UsageError(
            Finding(
                "PU925", "the file is there already, and nothing was written", Position(str(out))
            )
        )
    files = _files(paths, packs, organisation)
    cases = [c for f in files for c in f.cases]
    at = [Firm(organisation, region)] if organisation is not None else firms_of(cases)
    firms = Firms(packs)
    _check_kind(kind, at, firms)
    proposals = Proposer(firms, cases).propose(at, kind)
    folder = out.parent if out is not None else _folder_of_stdout()
    text = "\n".join(_lines(proposals, folder)) + "\n"
    if out is None:
        click.echo(text, nl=False)
    else:
        write_edited(out, text)
        click.echo(f"wrote {out}; now: pm2xero test {out}", err=True)
    for wish in proposals.not_found:
        click.echo(f"Not found at these firms: {wish.rule}: {wish.what}", err=True)
    for wish in proposals.nowhere:
        click.echo(f"No document of any firm shows (proved): {wish.rule}: {wish.what}", err=True)
    click.echo(f"{len(proposals.cases)} cases are proposed.", err=True)


def _files(
    paths: tuple[Path, ...], packs: tuple[Path, ...], organisation: Path | None
) -> list[CaseFile]:
    from pm2xero.errors import PackError

    if organisation is not None and not paths:
        return []
    files = read_files(paths, packs, "name a firm to propose the first ones for: --org ORG.yaml")
    broken = tuple(f for file in files for f in file.findings)
    if broken:
        raise PackError(*broken)
    return files


def _check_kind(kind: str | None, at: list[Firm], firms: Firms) -> None:
    from pm2xero.errors import Finding, UsageError
    from pm2xero.pack.yaml.suggest import did_you_mean

    if kind is None:
        return
    known: dict[str, object] = {}
    for firm in at:
        known |= firms.firm(firm.organisation, firm.region, {}).pack.kinds
    if kind not in known:
        hint = did_you_mean(kind, known)
        raise UsageError(Finding("PU911", f'the pack has no kind "{kind}"', hint=hint))


def _folder_of_stdout() -> Path | None:
    """The folder of the file that the shell writes standard output to, where there is one."""
    import os
    import stat
    import sys

    try:
        number = sys.stdout.fileno()
        if stat.S_ISREG(os.fstat(number).st_mode):
            return Path(f"/proc/self/fd/{number}").readlink().parent
    except (OSError, ValueError):
        pass  # no file descriptor, or a system without /proc
    return None


def _schema(folder: Path | None) -> str:
    """The way to the schema of case files: the nearest one above the folder, or the product's."""
    from pm2xero.resources import root

    here = (folder or Path()).resolve()
    for above in (here, *here.parents, root()):
        file = above / "schema" / "cases.schema.json"
        if file.is_file():
            return _seen_from(file, folder)
    return "cases.schema.json"


def _seen_from(path: Path, folder: Path | None) -> str:
    """A path as the file names it; whole where nobody knows where the file will stand."""
    import os

    if folder is None:
        return path.resolve().as_posix()
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def _lines(proposals: Proposals, folder: Path | None) -> list[str]:
    from pm2xero.cases.emit import block

    lines = [f"# yaml-language-server: $schema={_schema(folder)}", "spec: 1"]
    firms = list({(p.firm.organisation, p.firm.region): p.firm for p in proposals.cases}.values())
    if len(firms) == 1:
        lines += _firm(firms[0], folder, 0)
    lines += ["", "cases:" if proposals.cases else "cases: []"]
    for proposal in proposals.cases:
        shows = "; ".join(f"{w.rule}: {w.what}" for w in proposal.shows[:3])
        more = len(proposal.shows) - 3
        lines.append(f"  # shows {shows}" + (f" and {more} more" if more > 0 else ""))
        name, *rest = block(proposal.tree, 4)
        lines.append(f"  - {name.strip()}")
        if len(firms) > 1:
            lines += _firm(proposal.firm, folder, 4)
        lines += [*rest, ""]
    return lines


def _firm(firm: Firm, folder: Path | None, indent: int) -> list[str]:
    """The firm of a case; its path counts from the file that is written."""
    from pm2xero.cases.emit import flow

    pad = " " * indent
    lines = [f"{pad}organisation: {flow(_seen_from(firm.organisation, folder))}"]
    if firm.region is not None:
        lines.append(f"{pad}region: {flow(firm.region)}")
    return lines
