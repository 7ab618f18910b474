"""`pm2xero validate`: every fault of packs and of a firm, before anything is sent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pm2xero.cli import common

if TYPE_CHECKING:
    from pm2xero.validate.proving import Booking

FORMS = ("text", "json", "sarif", "junit", "github", "markdown")


@click.command(
    "validate",
    epilog="""\b
Examples:
  pm2xero validate
  pm2xero validate firm/pack --region au --region nz
  pm2xero validate --org firm/organisation.yaml --fail-on warning
  pm2xero validate --soundness every
  pm2xero validate firm/pack --format sarif > findings.sarif

Exit codes: 0 nothing found, 1 findings, 2 wrong usage.""",
)
@click.argument(
    "packs", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="[PACK...]",
)  # fmt: skip
@click.option(
    "--region", "names", multiple=True, metavar="NAME",
    help="A region to check (repeatable), or all. Default: those of the packs, or the firm's.",
)  # fmt: skip
@click.option(
    "--org", "organisation", type=click.Path(path_type=Path), metavar="ORG.yaml",
    help="Check with this firm: its own layer, accounts and tax rates.",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(FORMS), default="text", show_default=True,
    help="text for people; the others for tools.",
)  # fmt: skip
@click.option(
    "--fail-on", type=click.Choice(["error", "warning"]), default="error", show_default=True,
    help="The least that makes the exit code 1.",
)  # fmt: skip
@click.option(
    "--proofs/--no-proofs", default=True, show_default=True,
    help="Prove that every transaction gets exactly one outcome and every rule can apply.",
)  # fmt: skip
@click.option(
    "--soundness", type=click.Choice(["once", "every", "off"]), default="once", show_default=True,
    help="Book generated transactions in an emulated Xero, and compare each account with what "
    "the kinds declare: each mapping once, or in every region with its own accounts and tax "
    "types. Needs --proofs.",
)  # fmt: skip
@click.option(
    "--cache/--no-cache",
    default=True,
    show_default=True,
    help="Tell what was found before about files that have not changed since, by their bytes.",
)
@common.reports_faults
def command(
    packs: tuple[Path, ...], names: tuple[str, ...], organisation: Path | None, form: str,
    fail_on: str, proofs: bool, soundness: Booking, cache: bool,
) -> None:  # fmt: skip
    """Check packs and tell every fault at once, each with its place and the way out.

    PACK is a folder with rules/ and mappings/ that extends the built-in pack; without any, the
    built-in pack itself is checked. Nothing is sent and no network is used.

    What was worked out is kept in the user's cache folder (PM2XERO_CACHE names another one, or is
    off) and told again while no byte of the packs, the firm or the product has changed.
    """
    import os

    from pm2xero.report.validation import FORMS as REPORTS
    from pm2xero.report.validation import as_text
    from pm2xero.validate.kept.folder import Folder
    from pm2xero.validate.kept.verdicts import Question, Work, answered

    folder = Folder.of(os.environ) if cache else None

    def work() -> Work:
        from pm2xero.validate.kept.work import PackWork

        if not proofs:
            return PackWork(names, packs, organisation, None)
        from pm2xero.validate.kept.proofs import KeptProofs
        from pm2xero.validate.proving import prover

        return PackWork(names, packs, organisation, prover(soundness, KeptProofs.of(folder)))

    asked = (soundness if proofs else "no proofs",)
    result = answered(Question(names, packs, organisation, asked), folder, work)
    if form == "text":
        text = as_text(result, colour=common.use_colour(sys.stdout), stream=sys.stdout)
    else:
        text = REPORTS[form](result)
    click.echo(text)
    bad = result.count("error") + (result.count("warning") if fail_on == "warning" else 0)
    unread = organisation is not None and any(
        f.code == "PX101" and f.at is not None and f.at.file == str(organisation)
        for f in result.findings
    )
    # A firm's file that is no YAML was not checked at all.
    sys.exit(common.BROKEN if unread else common.FINDINGS if bad else common.OK)
