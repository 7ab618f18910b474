"""`pm2xero test`: run the cases of a pack, and say how much of it they show."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pm2xero.cli import common

if TYPE_CHECKING:
    from pm2xero.cases.model import CaseFile, CaseResult


def pack_option(command: common.Command) -> common.Command:
    """--pack."""
    return click.option(
        "--pack", "packs", type=click.Path(path_type=Path, exists=True, file_okay=False),
        multiple=True, metavar="DIR", help="A pack that extends the built-in one (repeatable).",
    )(command)  # fmt: skip


@click.command(
    "test",
    epilog="""\b
Examples:
  pm2xero test
  pm2xero test --coverage
  pm2xero test firm/cases.yaml --update
  pm2xero test --pack firm/ --format junit > cases.xml

Without FILES, the cases of the last --pack (its rules/cases/) or of the built-in pack are run.""",
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="FILES...")
@click.option("--region", metavar="NAME", help="Only the cases of this region layer.")
@pack_option
@click.option(
    "--update", is_flag=True,
    help="Show what would bring the expectations up to what happens now; write it with --yes.",
)  # fmt: skip
@click.option("--yes", is_flag=True, help="With --update: write the changes.")
@click.option(
    "--coverage",
    "show",
    is_flag=True,
    help="Say what the cases show (of the packs, where any is named), and what not.",
)
@click.option(
    "--fail-under", type=click.FloatRange(0, 100), default=None, metavar="PERCENT",
    help="With --coverage: fail below this share.  [default: 100]",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "junit"]), default="text",
    show_default=True, help="text for people, json for programs, junit for CI.",
)  # fmt: skip
@common.reports_faults
def command(
    paths: tuple[Path, ...], region: str | None, packs: tuple[Path, ...], update: bool, yes: bool,
    show: bool, fail_under: float | None, form: str,
) -> None:  # fmt: skip
    """Run the cases of a pack: documents, and what each must lead to.

    Every reason that is found must be expected and every expected one found. A case that no rule
    answers fails, as does a known gap that passes, and a file without cases.
    """
    from pm2xero.cases.coverage import coverage
    from pm2xero.cases.firms import Firms
    from pm2xero.cases.run import run_case
    from pm2xero.report import cases as report
    from pm2xero.report.width import folded

    files = read_files(paths, packs)
    firms = Firms(packs)
    results = [run_case(c, firms) for f in files for c in f.cases]
    if region is not None:
        files, results = _of_region(files, results, region)
    if update:
        sys.exit(_update(files, results, yes))
    limit = 100.0 if fail_under is None else fail_under
    covered = coverage(results, firms, packs) if show or fail_under is not None else None
    if form == "json":
        import orjson

        click.echo(orjson.dumps(report.as_json(files, results, covered)).decode())
    elif form == "junit":
        click.echo(report.as_junit(files, results, covered, limit))
    else:
        colour = common.use_colour(sys.stdout)
        click.echo(report.as_text(files, results, sys.stdout, colour=colour))
        if covered is not None:
            click.echo(folded(report.coverage_text(covered), sys.stdout))
    bad = any(r.status == "failed" for r in results) or any(f.findings for f in files)
    low = covered is not None and covered.percent < limit
    if low and form == "text":
        assert covered is not None
        click.echo(f"{covered.percent} % is less than the {limit:g} % that must be covered.")
    sys.exit(common.FINDINGS if bad or low or not results else common.OK)


def read_files(
    paths: tuple[Path, ...],
    packs: tuple[Path, ...],
    hint: str = "write one, or let `pm2xero generate-cases --org …` propose some",
) -> list[CaseFile]:
    """The case files of some paths, of the last pack, or of the built-in pack.

    Args:
        hint: what to do when there are none.

    Raises:
        UsageError: PU910 when there is no file of cases.
    """
    from pm2xero.cases.load import find_files, load_cases
    from pm2xero.errors import Finding, UsageError
    from pm2xero.resources import root

    if not paths and not packs:
        built_in = root()
        return [
            load_cases(f, f.relative_to(built_in).as_posix())
            for f in find_files([built_in / "rules" / "cases"])
        ]
    own = packs[-1] / "rules" / "cases" if packs else Path()
    found = find_files(paths or ([own] if own.is_dir() else []))
    if not found:
        where = ", ".join(str(p) for p in paths) or str(own)
        raise UsageError(Finding("PU910", f"there is no file of cases in {where}", hint=hint))
    return [load_cases(f) for f in found]


def _of_region(
    files: list[CaseFile], results: list[CaseResult], region: str
) -> tuple[list[CaseFile], list[CaseResult]]:
    from pm2xero.errors import Finding, UsageError

    kept = [r for r in results if r.region == region]
    if not kept:
        raise UsageError(Finding("PU910", f'there is no case of the region "{region}"'))
    named = {r.case.at.file for r in kept}
    return [f for f in files if f.shown in named], kept


def _update(files: list[CaseFile], results: list[CaseResult], yes: bool) -> int:
    from pm2xero.cases.update import changes
    from pm2xero.files import write_edited

    broken = tuple(f for file in files for f in file.findings)
    if broken:
        common.say_findings(broken)
        return common.BROKEN
    found = changes(files, results)
    for result in results if found else ():
        if result.status == "failed":
            # The values one by one: in the files a body may stand on a single line.
            for finding in result.findings:
                common.say(finding.message)
    for change in found:
        click.echo(change.diff, nl=False)
    left = sum(r.status == "failed" for r in results)
    if not found:
        click.echo(
            "Nothing to update." if not left else "What fails cannot be mended by an update."
        )
        return common.FINDINGS if left else common.OK
    if not yes:
        click.echo(f"{len(found)} files would change; --yes writes them.", err=True)
        return common.FINDINGS
    for change in found:
        change.path.parent.mkdir(parents=True, exist_ok=True)
        write_edited(change.path, change.after)
    click.echo(f"{len(found)} files were written.", err=True)
    return common.OK
