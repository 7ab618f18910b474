"""What the bookkeeper enters in Xero by hand, to read or as a table."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import IO, Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from pm2xero.harmless import in_cell
from pm2xero.reconcile.missing import is_missing
from pm2xero.reconcile.pm_side import Booked, is_put_off
from pm2xero.reconcile.to_enter import ToEnter
from pm2xero.report.text import money
from pm2xero.sentences import counted

COLUMNS = (
    "id", "date", "kind", "number", "participant", "amount", "currency", "journal", "code", "why",
    "what_to_do", "xero",
)  # fmt: skip


UNEVEN = (
    "in Xero: nothing as it stands, for it does not add up; correct it in Practice Management and "
    "save it again"
)


@dataclass(frozen=True, slots=True)
class Work:
    """A document that a person enters, and what it is in Xero."""

    item: Booked
    documents: tuple[ToEnter, ...]


def is_work(item: Booked) -> bool:
    """Whether a person enters a document in Xero, or there corrects what it was.

    What counts elsewhere, as in the books of another division, is not entered here.
    """
    if not item.by_hand:
        return False
    stopped = item.standing in ("unsupported", "held", "refused") or is_put_off(item)
    return item.is_behind or (is_missing(item) and stopped)


def work_of(item: Booked, documents: Iterable[ToEnter]) -> Work:
    """A document, and what of it can be entered as it stands.

    Not a payment on a document by its number that is paid already, voided or gone.
    """
    if is_put_off(item):
        documents = (replace(document, pays=()) for document in documents)
    return Work(item, tuple(documents))


def _is_uneven(item: Booked, documents: Sequence[ToEnter]) -> bool:
    return bool(_journal(item)) and not documents and not is_put_off(item)


def print_manual_work(out: Console, work: Sequence[Work]) -> None:
    """Each document with its journal, why it was not copied, and what to do; then the total."""
    for item, documents in ((w.item, w.documents) for w in work):
        amount = _amount(item)
        head = f"{item.date.isoformat()}  {item.id}  {item.kind}{amount}"
        out.print(Text(head, style="bold"))
        named = " ".join(x for x in (item.number, item.participant) if x)
        if named:
            _line(out, named)
        for code, name, value in _journal(item):
            _line(out, f"{_side(value):<6} {abs(value):>14,.2f}  {code} {name}".rstrip())
        _line(out, item.message, "dim")
        if item.remedy:
            _line(out, f"→ {item.remedy}")
        if _is_uneven(item, documents):
            _line(out, UNEVEN, "cyan")
        for document in documents:
            _line(out, f"in Xero: {in_words(document)}", "cyan")
        out.print()
    totals: dict[str, Decimal] = {}
    for item in (w.item for w in work):
        totals[item.currency] = totals.get(item.currency, Decimal("0.00")) + abs(_to_enter(item))
    amounts = "".join(f", {money(sum_)} {name}" for name, sum_ in sorted(totals.items()) if sum_)
    out.print(f"{counted(len(work), 'transaction')} to enter in Xero by hand{amounts}")
    if work:
        out.print(
            "when all are done: pm2xero resolve --matched --reason … (by day, accounts, contact)"
        )
        out.print("one by one: pm2xero resolve ID --as-done-in-xero XERO_ID --reason …")


def in_words(document: ToEnter) -> str:
    """A document to make in Xero, in one line."""
    whose = document.contact and f" of {document.contact}"
    number = document.number and f" {document.number}"
    rest = ""
    if document.endpoint == "Payments":
        number = _paid_in_words(document)
        if document.pays and document.left_over:
            rest = f"; {document.left_over:,.2f} of it stays as an overpayment"
    where = f" on {document.bank}" if document.bank else ""
    if document.to_bank:
        where = f" from {document.bank} to {document.to_bank}"
    coded = ", ".join(
        f"{x.account} {_side(x.amount)} {abs(x.amount):,.2f}"
        f"{f' {x.tax_type}' if document.tax and x.tax_type else ''}"
        f"{f' {abs(x.tax):,.2f}' if x.tax else ''}"
        for x in document.lines
    )
    tax = f", tax {abs(document.tax):,.2f}" if document.tax else ""
    return (
        f"{document.what}{number}{whose}{where}, {document.day}, {document.total:,.2f} "
        f"{document.currency}{f' ({coded}{tax})' if coded else ''}{rest}"
    )


def _paid_in_words(document: ToEnter) -> str:
    """The documents that a payment is on; with their amounts, unless it is on one as a whole."""
    if len(document.pays) == 1 and not document.left_over:
        return f" {document.pays[0].number}"
    named = ", ".join(f"{paid.number} ({paid.amount:,.2f})" for paid in document.pays)
    return f" {named}" if named else ""


def manual_work_json(work: Iterable[Work]) -> list[dict[str, Any]]:
    """The same for programs; amounts are decimal strings, debits are positive."""
    return [
        {
            "id": w.item.id,
            "revision": w.item.revision,
            "kind": w.item.kind,
            "date": w.item.date,
            "number": w.item.number,
            "participant": w.item.participant,
            "amount": _to_enter(w.item),
            "currency": w.item.currency,
            "journal": [
                {"account": code, "name": name, "amount": value}
                for code, name, value in _journal(w.item)
            ],
            "code": w.item.cause,
            "why": w.item.message,
            "what_to_do": w.item.remedy,
            "xero": [asdict(document) for document in w.documents],
        }
        for w in work
    ]


def write_manual_work(stream: IO[str], work: Iterable[Work]) -> None:
    """The same as CSV; text that a spreadsheet would take for a formula is made harmless."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item, documents in ((w.item, w.documents) for w in work):
        journal = "; ".join(
            f"{_side(v)} {code or name} {abs(v)}" for code, name, v in _journal(item)
        )
        texts = [item.id, item.date.isoformat(), item.kind, item.number, item.participant]
        made = "; ".join(map(in_words, documents)) or (
            UNEVEN if _is_uneven(item, documents) else ""
        )
        rest = [item.currency, journal, item.cause, item.message, item.remedy, made]
        writer.writerow([*map(in_cell, texts), str(_to_enter(item)), *map(in_cell, rest)])


def _to_enter(item: Booked) -> Decimal:
    """The money that is not in Xero yet; of a changed document only the difference."""
    if item.money_in_xero is None:
        return item.money
    return (Decimal("0.00") if item.is_voided else item.money) - item.money_in_xero


def _amount(item: Booked) -> str:
    if item.money_in_xero is not None:
        now = "voided" if item.is_voided else f"{item.money:,.2f}"
        return (
            f"  now {now}, in Xero {item.money_in_xero:,.2f} {item.currency}: "
            f"difference {_to_enter(item):,.2f}"
        )
    return f"  {item.money:,.2f} {item.currency}" if item.money else ""


def _journal(item: Booked) -> list[tuple[str, str, Decimal]]:
    """Code, name and amount by account, in the order of the document; debits are positive.

    Of a document that Xero has in an earlier revision, only what is to be changed.
    """
    sums: dict[tuple[str, str], Decimal] = {}
    for entry, sign in (*((e, 1) for e in item.entries), *((e, -1) for e in item.in_xero)):
        key = (entry.code, entry.title or entry.name)
        sums[key] = sums.get(key, Decimal("0.00")) + sign * entry.amount
    return [(code, name, amount) for (code, name), amount in sums.items() if amount]


def _side(amount: Decimal) -> str:
    return "debit" if amount > 0 else "credit"


def _line(out: Console, text: str, style: str = "") -> None:
    out.print(Padding(Text(text, style=style), (0, 0, 0, 4), expand=False))
