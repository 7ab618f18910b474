"""The chart of a firm as a CSV file: each account of Practice Management and its code in Xero.

Columns: `account` (empty where a row only names a role), `xero`, and for banks `purpose` (office or
trust); `role` says what an account is for the pack, as under `roles`. `name` and `note` are for
people.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pm2xero.errors import Finding, Position
from pm2xero.firm.snapshot import XeroSnapshot
from pm2xero.pack.yaml.suggest import did_you_mean

_COLUMNS = ("account", "xero")
# The last two are for people.
_ALL = ("account", "xero", "purpose", "role", "name", "note")
_PURPOSES = ("office", "trust")


@dataclass(slots=True)
class ChartFile:
    """What the rows say, each name with its place.

    Attributes:
        banks: code in Xero and purpose, by bank account.
        accounts, roles: code in Xero, by ledger account and by role.
        at: where each account or bank stands; role_at: where each role does.
        faults: every row that cannot be used, as findings of the code that was asked for.
    """

    banks: dict[str, tuple[str, str]] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    at: dict[str, Position] = field(default_factory=dict)
    role_at: dict[str, Position] = field(default_factory=dict)
    faults: list[Finding] = field(default_factory=list)


def read_chart(path: Path, xero: XeroSnapshot | None, code: str, at: Position) -> ChartFile:
    """Read the file; nothing is raised for what is wrong in it.

    Args:
        xero: tells banks from other accounts; None leaves that to the purpose.
        code: of the findings.
        at: where the file is named.
    """
    found = ChartFile()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        message = f"the chart {path} cannot be read as UTF-8 text"
        found.faults.append(Finding(code, message, at, width=len(path.name)))
        return found
    found.faults += _rows(path, text, xero, code, found)
    return found


def _rows(
    path: Path, text: str, xero: XeroSnapshot | None, code: str, found: ChartFile
) -> Iterator[Finding]:
    rows = csv.DictReader(io.StringIO(text))
    heads = [str(h).strip().lower() for h in rows.fieldnames or ()]
    should_be = "account,xero,purpose,role"
    if not {*_COLUMNS} <= {*heads}:
        message = "the chart lacks its columns account and xero"
        yield Finding(code, message, Position(str(path)), should_be=should_be)
        return
    for head in heads:
        if head not in _ALL:
            hint = did_you_mean(head, _ALL) or "take the column out, or name it otherwise"
            message = f'the chart has a column "{head}" that nothing reads'
            yield Finding(code, message, Position(str(path)), hint=hint, should_be=should_be)
    for row in rows:
        cells = {str(k).strip().lower(): str(v or "").strip() for k, v in row.items() if k}
        at = Position(str(path), rows.line_num)
        if row.get(None):  # csv keeps what is too much under None
            yield Finding(code, "the row has more cells than there are columns", at)
        elif any(cells.values()):
            yield from _row(cells, at, xero, code, found)


def _row(
    cells: dict[str, str], at: Position, xero: XeroSnapshot | None, code: str, found: ChartFile
) -> Iterator[Finding]:
    account, number = cells["account"], cells["xero"]
    purpose, role = cells.get("purpose", "").lower(), cells.get("role", "")
    if not number:
        yield Finding(code, f'"{account or role}" has no code in Xero', at)
        return
    there = xero.accounts.get(number) if xero is not None else None
    is_bank = bool(purpose) or (there is not None and there.type == "BANK")
    if account in found.at:
        first = found.at[account]
        related = ((first, "first here"),)
        yield Finding(code, f'"{account}" stands twice in the chart', at, related=related)
    elif account and is_bank and purpose not in _PURPOSES:
        yield Finding(code, f'the bank "{account}" must be of the purpose office or trust', at)
    elif account:
        found.at[account] = at
        if is_bank:
            found.banks[account] = (number, purpose)
        else:
            found.accounts[account] = number
    elif purpose or not role:
        yield Finding(code, "the row names neither an account nor a role", at)
    if role in found.role_at:
        related = ((found.role_at[role], "first here"),)
        yield Finding(code, f'the role "{role}" stands twice in the chart', at, related=related)
    elif role:
        found.roles[role], found.role_at[role] = number, at
