"""The files of a firm from its own Xero organisation and its chart of accounts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pm2xero.errors import Finding, InputError, Position
from pm2xero.firm.snapshot import XeroSnapshot, load_snapshot
from pm2xero.pack.model import Pack
from pm2xero.pack.yaml.suggest import did_you_mean

_COLUMNS = ("account", "xero")
_PURPOSES = ("office", "trust")


@dataclass(slots=True)
class _Chart:
    banks: dict[str, tuple[str, str]] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)


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
    found = _read(chart, xero, pack) if chart is not None else _Chart()
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


def _read(chart: Path, xero: XeroSnapshot, pack: Pack) -> _Chart:
    found = _Chart()
    faults = list(_rows(chart, xero, pack, found))
    if faults:
        raise InputError(*faults)
    return found


def _rows(
    chart: Path, xero: XeroSnapshot, pack: Pack, found: _Chart
) -> Iterator[Finding]:  # fmt: skip
    try:
        text = chart.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        yield Finding("PI808", "the chart cannot be read as UTF-8 text", Position(str(chart)))
        return
    rows = csv.DictReader(io.StringIO(text))
    heads = [str(h).strip().lower() for h in rows.fieldnames or ()]
    if not {*_COLUMNS} <= {*heads}:
        should_be = "account,xero,purpose,role"
        message = "the chart lacks its columns account and xero"
        yield Finding("PI808", message, Position(str(chart)), should_be=should_be)
        return
    roles = [n for n, r in pack.roles.items() if r.system is None]
    for row in rows:
        cells = {str(k).strip().lower(): str(v or "").strip() for k, v in row.items() if k}
        account, code = cells["account"], cells["xero"]
        purpose, role = cells.get("purpose", "").lower(), cells.get("role", "")
        at = Position(str(chart), rows.line_num)
        if not account and not code:
            continue
        there = xero.accounts.get(code)
        if there is None:
            hint = did_you_mean(code, xero.accounts)
            yield Finding("PI808", f'Xero has no account with the code "{code}"', at, hint=hint)
        elif role and role not in roles:
            hint = did_you_mean(role, roles)
            yield Finding("PI808", f'the pack has no role "{role}"', at, hint=hint)
        elif there.type == "BANK" and account and purpose not in _PURPOSES:
            message = f'the bank "{account}" must be of the purpose office or trust'
            yield Finding("PI808", message, at)
        elif there.type == "BANK" and account:
            found.banks[account] = (code, purpose)
        elif account:
            found.accounts[account] = code
        if there is not None and role in roles:
            found.roles[role] = code
