"""The files of a firm from its own Xero organisation and its chart of accounts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from pm2xero.errors import Finding, InputError, Position
from pm2xero.firm.chart_file import ChartFile, read_chart
from pm2xero.firm.snapshot import XeroSnapshot, load_snapshot
from pm2xero.pack.model import Pack
from pm2xero.pack.yaml.suggest import did_you_mean


def own_firm(
    name: str, pack: Pack, snapshot: Path, chart: Path | None, *, start: date,
    packs: Sequence[str] = (),
) -> dict[str, str]:  # fmt: skip
    """An organisation file that is pinned to the snapshot's Xero organisation.

    Raises:
        OrganisationError: PO502, the snapshot cannot be used.
        InputError: PI808, with every line of the chart that cannot be used.
    """
    xero = load_snapshot(snapshot, Position(str(snapshot)))
    found = _read(chart, xero, pack) if chart is not None else ChartFile()
    open_roles = [n for n, r in pack.roles.items() if r.system is None and n not in found.roles]
    lines = [
        "# yaml-language-server: $schema=schema/organisation.schema.json",
        "spec: 1",
        f"organisation: {name}",
        f"name: {_text(xero.name or name)}",
        f"region: {pack.region}",
        *([f"packs: {json.dumps(list(packs), ensure_ascii=False)}"] if packs else []),
        f"base_currency: {xero.base_currency}",
        'division: "1"',
        "accounting_method: accrual           # what Practice Management keeps its books by",
        f'integration_start: "{start.isoformat()}T00:00:00Z"  # nothing posted before is sent',
        "",
        "xero:",
        f"  organisation_id: {xero.organisation_id}",
        "  snapshot: xero.json                 # Organisation, Accounts and TaxRates",
        "",
        *(["sandbox: true                         # a demo company: for a rehearsal only", ""]
          if xero.organisation_class in ("DEMO", "TRIAL") else []),
        "default_contact: { number: FIRM, name: Bank and cash entries }",
        "",
        "# Accounts of Practice Management and their codes in Xero.",
        *_table("bank_accounts", {
            n: f"{{ xero: {_text(code)}, purpose: {purpose} }}"
            for n, (code, purpose) in found.banks.items()
        }),
        "",
        *_table("accounts", {n: _text(code) for n, code in found.accounts.items()}),
        "",
        *_table("roles", {n: _text(code) for n, code in found.roles.items()}),
        *(f"  # {n}: the code in Xero of: {pack.roles[n].title}" for n in open_roles),
        "",
        "# What there was before the integration began. If the firm has books already, write them:",
        "#   pm2xero opening --org organisation.yaml --out opening.csv",
        "# Let an accountant compare them with Practice Management, and uncomment the next line.",
        "# opening: { trial_balance: opening.csv }",
    ]  # fmt: skip
    return {
        "organisation.yaml": "\n".join(lines) + "\n",
        "xero.json": snapshot.read_text(encoding="utf-8"),
    }


def _table(key: str, rows: Mapping[str, str]) -> list[str]:
    if not rows:
        return [f"{key}: {{}}"]
    return [f"{key}:", *(f"  {_text(name)}: {value}" for name, value in rows.items())]


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _read(chart: Path, xero: XeroSnapshot, pack: Pack) -> ChartFile:
    at = Position(str(chart))
    found = read_chart(chart, xero, "PI808", at)
    faults = [*found.faults, *_unknown(found, xero, pack)]
    if faults:
        raise InputError(*sorted(faults, key=lambda f: f.at or at))
    return found


def _unknown(found: ChartFile, xero: XeroSnapshot, pack: Pack) -> Iterator[Finding]:
    """Codes that Xero does not have, and roles that the pack does not have."""
    codes = {**found.accounts, **{n: c for n, (c, _) in found.banks.items()}}
    named = [(found.at[n], c) for n, c in codes.items()]
    named += [(found.role_at[n], c) for n, c in found.roles.items()]
    for at, code in dict.fromkeys(named):
        if code not in xero.accounts:
            hint = did_you_mean(code, xero.accounts)
            yield Finding("PI808", f'Xero has no account with the code "{code}"', at, hint=hint)
    roles = [n for n, r in pack.roles.items() if r.system is None]
    for role in found.roles:
        if role not in roles:
            hint = did_you_mean(role, roles)
            at = found.role_at[role]
            yield Finding("PI808", f'the pack has no role "{role}"', at, hint=hint)
