"""`pm2xero init`: files to start a region, a firm or a kind with."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pm2xero.cli import common

if TYPE_CHECKING:
    from pm2xero.errors import Finding
    from pm2xero.firm.organisation import Organisation


@click.command(
    "init",
    epilog="""\b
Examples:
  pm2xero init region xx --into pack
  pm2xero init firm marsh-and-co --into firm --region au --currency AUD
  pm2xero init kind guild_levy --into pack --org firm/organisation.yaml""",
)
@click.argument("what", type=click.Choice(["region", "firm", "kind"]))
@click.argument("name", metavar="NAME")
@click.option(
    "--into", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="DIR",
    help="The folder of the pack, or of the firm; made when it is not there.",
)  # fmt: skip
@click.option("--extends", "parent", default="base", show_default=True, metavar="REGION",
              help="What a new region is built on.")  # fmt: skip
@click.option("--region", metavar="NAME", help="The region of a new firm.")
@click.option(
    "--start", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE",
    help="When the integration of a new firm begins.  [default: today]",
)  # fmt: skip
@click.option(
    "--snapshot", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="xero.json",
    help="A new firm's own Xero organisation, as `pm2xero snapshot --out` wrote it.",
)  # fmt: skip
@click.option(
    "--chart", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="chart.csv",
    help="With --snapshot: accounts of Practice Management and their codes in Xero.",
)  # fmt: skip
@click.option("--currency", metavar="CODE", help="The base currency of a new firm, such as EUR.")
@click.option(
    "--org", "organisation", type=click.Path(path_type=Path), metavar="ORG.yaml",
    help="The firm for which the cases of a new kind are written.",
)  # fmt: skip
@click.option(
    "--pack", "packs", type=click.Path(path_type=Path, exists=True, file_okay=False),
    multiple=True, metavar="DIR", help="A pack that knows the region of a new firm (repeatable).",
)  # fmt: skip
@common.reports_faults
def command(
    what: str, name: str, into: Path, parent: str, region: str | None, currency: str | None,
    start: datetime | None, snapshot: Path | None, chart: Path | None, organisation: Path | None,
    packs: tuple[Path, ...],
) -> None:  # fmt: skip
    """Write files that validate at once, with the schemas that editors need to help.

    A firm comes with an invented snapshot of Xero, or with its own: --snapshot. The chart is a
    table with the columns account, xero, and, where they apply, purpose (office or trust, for a
    bank) and role (what the account is for the pack, such as trust_liability).
    """
    from pm2xero.errors import Finding, UsageError
    from pm2xero.firm.organisation import load_organisation
    from pm2xero.pack.files import builtin, regions
    from pm2xero.scaffold import make

    make.check_name(what, name)
    if chart is not None and snapshot is None:
        hint = "pm2xero snapshot --out xero.json writes it; then name it with --snapshot"
        raise UsageError(Finding("PU926", "--chart needs the firm's --snapshot", hint=hint))
    if what == "region":
        if name in regions((builtin(),)):
            message = f'there is a region "{name}" already'
            hint = f"choose another name, with --extends {name} to build on it"
            raise UsageError(Finding("PU924", message, hint=hint))
        files = make.region(name, parent, _pack_of(parent, into)["tax_codes"])
        then = f"pm2xero validate {into}"
    elif what == "kind":
        if name in _pack_of("base", into)["kinds"]:
            message = f'there is a kind "{name}" already'
            hint = "choose another name; a kind that is there is changed by what differs"
            raise UsageError(Finding("PU924", message, hint=hint))
        firm = load_organisation(organisation) if organisation else None
        files = make.kind(name, _firm_of_cases(firm, organisation, into))
        then = f"pm2xero validate {into}" + (f" --org {organisation}" if organisation else "")
    else:
        if region is None or (currency is None and snapshot is None):
            hint = "--region au --currency AUD, for example"
            raise UsageError(Finding("PU926", "a firm needs its region and currency", hint=hint))
        files = _firm_files(name, region, currency, packs, into, start, snapshot, chart)
        then = f"pm2xero validate --org {into / 'organisation.yaml'}"
    before = _errors(what, name, into, organisation)
    with make.written(into, files, make.schemas()) as made:
        new = [f for m, f in _errors(what, name, into, organisation).items() if m not in before]
        if new:
            message = f"this {what} would not validate, and nothing was written"
            raise UsageError(Finding("PU929", message), *new)
    for file in made:
        click.echo(f"wrote {file}")
    click.echo(f"\nnow: {then}")


def _pack_of(region: str, into: Path) -> dict[str, frozenset[str]]:
    """The names of tax codes and kinds of a region, which may be one of the same pack."""
    from pm2xero.pack.load import examine, extension

    own = (extension(into),) if (into / "rules").is_dir() else ()
    pack = examine(region, extensions=own).pack
    if pack is None:
        return {"tax_codes": frozenset(), "kinds": frozenset()}
    return {"tax_codes": frozenset(pack.tax_codes), "kinds": frozenset(pack.kinds)}


def _errors(
    what: str, name: str, into: Path, organisation: Path | None
) -> dict[Any, Finding]:  # fmt: skip
    """The errors that `validate` finds with what is in the folder, by what makes each the same."""
    from pm2xero.validate.run import validate

    if what == "firm":
        file = into / "organisation.yaml"
        found = validate(organisation=file) if file.is_file() else None
    elif not (into / "rules").is_dir():
        found = None
    elif what == "region":
        there = (into / "rules" / "regions" / f"{name}.yaml").is_file()
        found = validate((name,), (into,)) if there else None
    else:
        found = validate(() if organisation else ("base",), (into,), organisation)
    errors = (f for f in found.findings if f.severity == "error") if found else ()
    return {_mark(f): f for f in errors}


def _mark(finding: Finding) -> tuple[str, str, str]:
    return finding.code, finding.message, finding.at.file if finding.at else ""


def _firm_files(
    name: str, region: str, currency: str | None, packs: tuple[Path, ...], into: Path,
    start: datetime | None, snapshot: Path | None, chart: Path | None,
) -> dict[str, str]:  # fmt: skip
    import os
    import uuid
    from datetime import UTC

    from pm2xero.pack.load import extension, load_pack
    from pm2xero.scaffold import make

    pack = load_pack(region, extensions=tuple(extension(p) for p in packs))
    day = start.date() if start is not None else datetime.now(UTC).date()
    own = [Path(os.path.relpath(p, into)).as_posix() for p in packs]
    if snapshot is not None:
        from pm2xero.scaffold.own_firm import own_firm

        return own_firm(name, pack, snapshot, chart, start=day, packs=own)
    return make.firm(
        name, pack, currency=str(currency), start=day, organisation_id=str(uuid.uuid4()), packs=own
    )


def _firm_of_cases(firm: Organisation | None, file: Path | None, into: Path) -> dict[str, str]:
    """What the cases of a new kind take from a firm; nothing when no firm is named."""
    if firm is None or file is None:
        return {}
    import os

    from pm2xero.pack.load import extension, load_pack

    banks = [n for n, b in firm.bank_accounts.items() if b.purpose == "office"]
    costs = [
        n
        for n, code in firm.accounts.items()
        if (a := firm.xero.accounts.get(code)) is not None
        and a.account_class == "EXPENSE"
        and a.status == "ACTIVE"
    ]
    if not banks or not costs:
        return {}
    pack = load_pack(firm.region, extensions=tuple(extension(p) for p in firm.packs))
    day = max(firm.integration_start.date(), firm.xero.lock_date or firm.integration_start.date())
    from datetime import timedelta

    return {
        "organisation": Path(os.path.relpath(file, into / "rules" / "cases")).as_posix(),
        "date": (day + timedelta(days=1)).isoformat(),
        "currency": firm.base_currency,
        "bank": banks[0],
        "bank_code": firm.bank_accounts[banks[0]].code,
        "account": costs[0],
        "account_code": firm.accounts[costs[0]],
        "no_tax": pack.no_tax,
    }
