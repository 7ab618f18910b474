"""Trial balances as CSV files: one that Practice Management exports, and the one to begin with."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from pm2xero.errors import Finding, InputError, OrganisationError, Position
from pm2xero.firm.organisation import Organisation
from pm2xero.harmless import in_cell
from pm2xero.pack.yaml.suggest import did_you_mean

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
# Commas only between thousands, and no zeros in front.
_AMOUNT = re.compile(r"[-+]?([1-9][0-9]{0,2}(,[0-9]{3})+|[1-9][0-9]*|0)?(\.[0-9]*)?")
_FORM = "columns code, debit, credit (or code, balance)"


@dataclass(frozen=True, slots=True)
class Row:
    """One account of a trial balance, in currency units; debits are positive.

    Attributes:
        code: its code in Xero, or its name there when it has no code.
    """

    code: str
    amount: Decimal
    at: Position


def read_trial_balance(path: Path) -> tuple[Row, ...]:
    """A trial balance with the columns code, debit, credit, or code, balance; others are ignored.

    Raises:
        InputError: PI801 when the file cannot be read, PI803 with the line that is wrong.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            return tuple(_rows(path, csv.reader(stream)))
    except UnicodeDecodeError:
        hint = "save it as CSV UTF-8"
        message = "the trial balance is not UTF-8 text"
        raise InputError(Finding("PI803", message, Position(str(path)), hint=hint)) from None
    except csv.Error as exc:
        message = f"the trial balance is no CSV: {exc}"
        raise InputError(Finding("PI803", message, Position(str(path)), should_be=_FORM)) from None
    except OSError as exc:
        message = f"the trial balance cannot be read: {exc.strerror}"
        raise InputError(Finding("PI801", message, Position(str(path)))) from None


def balances_of(rows: tuple[Row, ...]) -> dict[str, Decimal]:
    """Balances by account; one that stands on several lines is added up."""
    balances: dict[str, Decimal] = {}
    for row in rows:
        balances[row.code] = balances.get(row.code, ZERO) + row.amount
    return balances


def codes_of_practice_management(
    rows: Iterable[Row], firm: Organisation
) -> tuple[Finding, ...]:  # fmt: skip
    """Rows by an account of Practice Management where the account in Xero is meant."""
    codes = dict(firm.accounts) | {name: bank.code for name, bank in firm.bank_accounts.items()}
    return tuple(
        Finding(
            "PI806",
            f'"{row.code}" is an account of Practice Management, not of Xero',
            row.at,
            should_be=f"{codes[row.code]}, its code in Xero; several may add up to one",
            width=len(row.code),
        )
        for row in rows
        if row.code in codes and row.code not in firm.xero.accounts
    )


def trial_balance_csv(balances: Mapping[str, Decimal], name: Callable[[str], str]) -> str:
    """The text of a file that `read_trial_balance` reads, with the names of the accounts."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(("code", "debit", "credit", "name"))
    for code, amount in sorted(balances.items()):
        if amount:
            sides = (f"{amount:.2f}", "") if amount > 0 else ("", f"{-amount:.2f}")
            out.writerow((in_cell(code), *sides, in_cell(name(code))))
    return text.getvalue()


def opening_rows(firm: Organisation) -> tuple[Row, ...] | None:
    """The firm's `opening.trial_balance`, or None when it gives none.

    Raises:
        OrganisationError: PO505 when the file cannot be read, PO506 when it does not balance.
        InputError: PI803 with the line that is wrong.
    """
    path, at = firm.opening_file, firm.opening_at
    if path is None or at is None:
        return None
    width = len(path.name)
    try:
        rows = read_trial_balance(path)
    except InputError as exc:
        (found,) = exc.findings
        if found.code != "PI801":
            raise InputError(replace(found, related=((at, "is where it is named"),))) from None
        raise OrganisationError(
            Finding(
                "PO505",
                f"the opening {found.message.removeprefix('the ')} ({path})",
                at,
                should_be=f"a file that is there; `pm2xero opening --org {firm.file} --out {path}` "
                "writes that of Xero",
                width=width,
            )
        ) from None
    debits = sum((r.amount for r in rows if r.amount > 0), ZERO)
    credits = -sum((r.amount for r in rows if r.amount < 0), ZERO)
    if debits != credits:
        raise OrganisationError(
            Finding(
                "PO506",
                f"the debits of {path.name} are {debits:,.2f} and its credits {credits:,.2f}: they "
                f"differ by {abs(debits - credits):,.2f}",
                at,
                should_be="a whole trial balance, equity and retained earnings included",
                width=width,
            )
        )
    return rows


def opening_faults(firm: Organisation) -> Iterator[Finding]:
    """Everything that is wrong with the firm's `opening.trial_balance`.

    An account that the snapshot of Xero does not know is a warning: it may have come later.
    """
    try:
        rows = opening_rows(firm) or ()
    except (OrganisationError, InputError) as exc:
        yield from exc.findings
        return
    accounts = firm.xero.raw["Accounts"]
    known = {str(a.get("Code") or a.get("Name")) for a in accounts}
    for row in rows:
        if row.code not in known:
            yield Finding(
                "PO507",
                f'Xero has no account "{row.code}"',
                row.at,
                hint=did_you_mean(row.code, known),
                should_be="the account's code in Xero, not in Practice Management",
                width=len(row.code),
                severity="warning",
            )


def _rows(path: Path, lines: Any) -> Iterator[Row]:
    head = [name.strip().lower() for name in next(lines, [])]
    if "code" not in head or not ("balance" in head or {"debit", "credit"} <= {*head}):
        raise InputError(_wrong(Position(str(path)), "the trial balance lacks its columns"))
    for cells in lines:
        # A field in quotes may span lines; the reader counts them.
        at = Position(str(path), lines.line_num)
        if not any(cell.strip() for cell in cells):
            continue
        try:
            if len(cells) > len(head):
                # Most likely an amount with a comma that is not in quotes.
                raise ValueError(cells)
            yield _row(dict(zip(head, cells, strict=False)), at)
        except (LookupError, ValueError, InvalidOperation):
            message = "this line of the trial balance cannot be read"
            raise InputError(_wrong(at, message)) from None


def _row(cells: Mapping[str, str], at: Position) -> Row:
    if "balance" in cells:
        amount = _money(cells["balance"])
    else:
        amount = _money(cells["debit"]) - _money(cells.get("credit", ""))
    code = cells["code"].strip()
    if code.startswith("'") and in_cell(code[1:]) == code:
        # As it was written for spreadsheets.
        code = code[1:]
    if amount and not code:
        raise ValueError(cells)
    return Row(code, amount, at)


def _money(text: str) -> Decimal:
    text = text.strip()
    # What Decimal alone would take: 12,50 as 1250, 000.00 (the rest of 1,000.00), NaN.
    if not _AMOUNT.fullmatch(text):
        raise ValueError(text)
    amount = Decimal(text.replace(",", "") or "0")
    if amount != amount.quantize(CENT):
        raise ValueError(text)
    return amount.quantize(CENT)


def _wrong(at: Position, message: str) -> Finding:
    return Finding("PI803", message, at, should_be=_FORM)
