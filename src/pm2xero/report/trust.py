"""The trust proof and a matter's statement: to read, as a table for spreadsheets, for machines."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import IO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pm2xero.harmless import in_cell
from pm2xero.pack.surplus import Surplus
from pm2xero.reconcile.matter_statement import Statement
from pm2xero.reconcile.trust_proof import BankProof, NotInXero, ProofValue, TrustProof

SHOWN = 8
PROOF_COLUMNS = ("trust_bank", "account", "line", "booked", "sent", "in_xero", "difference")
STATEMENT_COLUMNS = (
    "date", "id", "kind", "number", "participant", "trust_bank", "amount", "balance", "in_xero",
    "cause",
)  # fmt: skip
FIRM = "Firm's funds"
_STYLES = {
    ProofValue.PROVED: "bold green",
    ProofValue.PROVED_FOR_XERO: "bold yellow",
    ProofValue.BROKEN: "bold red",
}
_MAY_BE = {
    Surplus.ZERO: "must be 0.00 in this region",
    Surplus.ZERO_OR_MORE: "must not be below 0.00",
}
Line = tuple[str, Decimal, Decimal | None, Decimal | None]


def print_proof(out: Console, proof: TrustProof, currency: str) -> None:
    """Each trust bank with its equation, what all share, what is missing, and the value last."""
    print_banks(out, proof, currency)
    _item(out, trust_verdict(proof, currency), _STYLES[proof.value], indent=0)


def print_banks(out: Console, proof: TrustProof, currency: str) -> None:
    """The equation of each trust bank, and the accounts that they share."""
    for bank in proof.banks:
        table = _table(f"{bank.title} ({', '.join(bank.banks)}, {bank.account})", currency)
        for name, booked, sent, in_xero in _lines(bank, proof.titles):
            # Only the money itself is seen in Xero of a single bank.
            different = in_xero - sent if in_xero is not None and sent is not None else None
            _row(table, name, booked, sent, in_xero, different)
        out.print(table)
        for text, style in _remarks(bank, proof.policy):
            _item(out, text, style)
        _missing(out, bank.missing)
    table = _table("All trust banks", currency)
    total = [sum((getattr(b, s).bank for b in proof.banks), ZERO) for s in ("booked", "sent")]
    in_xero = sum((b.in_xero for b in proof.banks), ZERO)
    _row(table, "  In the trust banks", total[0], total[1], in_xero, in_xero - total[1])
    for a in proof.accounts:
        _row(table, f"  {a.title} ({a.account})", a.booked, a.sent, a.in_xero, a.difference)
    out.print(table)
    if not proof.opening_known:
        _item(out, OPENING_UNKNOWN, "yellow")


OPENING_UNKNOWN = (
    "organisation.yaml gives no opening.trust_balances: nobody knows what the matters had at the "
    "start, so overdrawn matters and the firm's funds cannot be checked. An empty list says that "
    "there was none."
)
ZERO = Decimal("0.00")


def trust_verdict(proof: TrustProof, currency: str) -> str:
    """What the proof comes to, in one sentence."""
    if proof.value is ProofValue.PROVED:
        return f"trust money proved as at {proof.day}: both ledgers and the trust equation agree"
    if proof.value is ProofValue.PROVED_FOR_XERO:
        moved = sum((abs(item.bank) for item in proof.missing), ZERO)
        count = len({item.id for item in proof.missing})
        one = count == 1
        return (
            f"trust money proved as at {proof.day} for what is in Xero: {count} "
            f"{'document' if one else 'documents'} that moved {moved:,.2f} {currency} of trust "
            f"banks {'is' if one else 'are'} not there"
        )
    why = []
    for bank in proof.banks:
        if bank.difference:
            why.append(f"{bank.account} differs by {bank.difference:,.2f}")
        if bank.opening_gap:
            why.append(f"the opening of {bank.account} is off by {bank.opening_gap:,.2f}")
        if bank.outside:
            why.append(f"firm's funds of {bank.in_xero_surplus:,.2f} in {bank.account}")
    why += [f"{a.account} differs by {a.difference:,.2f}" for a in proof.accounts if a.difference]
    return f"trust money does not agree as at {proof.day}: {'; '.join(why)}"


def _lines(bank: BankProof, titles: Mapping[str, str]) -> Iterable[Line]:
    booked, sent = bank.booked, bank.sent
    yield "  In the trust bank", booked.bank, sent.bank, bank.in_xero
    for role in booked.placed:
        if booked.placed[role] or sent.placed[role]:
            yield f"+ {titles[role]}", booked.placed[role], sent.placed[role], None
    yield "= Matters' ledgers", booked.matters, sent.matters, None
    for role in booked.owed:
        if booked.owed[role] or sent.owed[role]:
            yield f"+ {titles[role]}", booked.owed[role], sent.owed[role], None
    yield f"+ {FIRM}", booked.surplus, sent.surplus, bank.in_xero_surplus


def _remarks(bank: BankProof, policy: Surplus) -> Iterable[tuple[str, str]]:
    if bank.outside:
        own = f"{bank.in_xero_surplus:,.2f}"
        yield f"The firm's funds in {bank.account} are {own}; they {_MAY_BE[policy]}.", "red"
    after = policy.outside(bank.booked.surplus)
    if bank.outside is not None and after and not bank.outside:
        text = f"firm's funds would be {bank.booked.surplus:,.2f}; they {_MAY_BE[policy]}"
        yield f"With all that Practice Management booked, the {text}.", "yellow"
    if bank.opening_gap:
        text = "than opening.trust_balances says whose it is (matter, or held_as)"
        more = f"{bank.opening_gap:,.2f} more in {bank.account}"
        yield f"The opening trial balance has {more} {text}.", "red"
    if bank.overdrawn:
        named = [f"{m} {bank.matters[m]:,.2f}" for m in bank.overdrawn]
        yield f"Overdrawn in Practice Management: {_some(named)}.", "yellow"


def _missing(out: Console, missing: tuple[NotInXero, ...]) -> None:
    for item in missing[:SHOWN]:
        matters = ", ".join(f"matter {m} {a:,.2f}" for m, a in sorted(item.matters.items()))
        bank = f"bank {item.bank:,.2f}" if item.bank else ""
        moved = ", ".join(part for part in (bank, matters) if part)
        _item(out, f"not in Xero: {item.day} {item.id} {item.kind}, {moved} ({item.cause})")
    if len(missing) > SHOWN:
        _item(out, f"… and {len(missing) - SHOWN:,} more (--format json has them all)")


def print_statement(out: Console, statement: Statement, currency: str) -> None:
    """The opening, each movement with the balance after it, and what is left by trust bank."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("date", "id", "number", "what"):
        table.add_column(name, no_wrap=name != "what")
    for name in (f"amount {currency}", "balance"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    begun = f"{statement.begun:,.2f}" if statement.opening is not None else "not known"
    table.add_row("", "", "", "at the start", "", begun, "")
    for m in statement.movements:
        what = f"{m.kind} {m.bank}" + (f", {m.participant}" if m.participant else "")
        amounts = f"{m.amount:,.2f}", f"{m.balance:,.2f}"
        note = "" if m.in_xero else f"not in Xero: {m.cause}"
        table.add_row(m.day.isoformat(), m.id, m.number, what, *amounts, note)
    out.print(table)
    for bank, amount in statement.banks.items():
        _item(out, f"in {bank}: {amount:,.2f}", "red" if amount < ZERO else "")
    text = (
        f"matter {statement.matter} has {statement.balance:,.2f} {currency} as at {statement.day}"
    )
    if statement.missing:
        verb = "is" if len(statement.missing) == 1 else "are"
        text += f"; {len(statement.missing)} of its movements {verb} not in Xero"
    if statement.overdrawn:
        text += f"; overdrawn in {', '.join(statement.overdrawn)}"
    done = statement.missing or statement.overdrawn
    _item(out, text, "bold yellow" if done else "bold green", indent=0)


def write_proof(stream: IO[str], proof: TrustProof) -> None:
    """A row for each line of each trust bank, and for each account that they share."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(PROOF_COLUMNS)
    for bank in proof.banks:
        for name, booked, sent, in_xero in _lines(bank, proof.titles):
            different = "" if in_xero is None or sent is None else str(in_xero - sent)
            there = "" if in_xero is None else str(in_xero)
            named = [in_cell(" ".join(bank.banks)), in_cell(bank.account)]
            writer.writerow([*named, name.lstrip("+= "), booked, sent, there, different])
    for a in proof.accounts:
        named = ["", in_cell(a.account), in_cell(a.title)]
        writer.writerow([*named, a.booked, a.sent, a.in_xero, a.difference])


def write_statement(stream: IO[str], statement: Statement) -> None:
    """A row for each movement, after one for what there was at the start."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(STATEMENT_COLUMNS)
    for bank, amount in (statement.opening or {}).items():
        row = ["", "", "opening", "", "", in_cell(bank), amount, statement.begun, "", ""]
        writer.writerow(row)
    for m in statement.movements:
        texts = (m.day.isoformat(), m.id, m.kind, m.number, m.participant, m.bank)
        there = "yes" if m.in_xero else "no"
        writer.writerow([*map(in_cell, texts), m.amount, m.balance, there, in_cell(m.cause)])


def _table(title: str, currency: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(title, min_width=36, max_width=36)
    for name in (f"PM {currency}", "of it sent", "Xero", "difference"):
        table.add_column(name, justify="right", no_wrap=True, min_width=12)
    return table


def _row(
    table: Table, name: str, booked: Decimal, sent: Decimal | None, in_xero: Decimal | None,
    different: Decimal | None,
) -> None:  # fmt: skip
    cells = ["" if a is None else f"{a:,.2f}" for a in (booked, sent, in_xero)]
    shown = Text(f"{different:,.2f}", style="red") if different else Text("")
    table.add_row(name, *cells, shown)


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")


def _item(out: Console, text: str, style: str = "", indent: int = 2) -> None:
    out.print(Padding(Text(text, style=style), (0, 0, 0, indent), expand=False))
