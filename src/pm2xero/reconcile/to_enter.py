"""The documents that a person makes in Xero for a journal of Practice Management.

A journal is cut into pieces that balance, in the order of its postings; what each piece is in Xero
follows from the accounts that it moves: banks, debtors, creditors, or none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pm2xero.reconcile.accounts import Accounts
from pm2xero.reconcile.details import NO_DETAIL, Detail, Paid
from pm2xero.reconcile.pm_side import Booked, BookedEntry

ZERO = Decimal("0.00")
# What Xero calls each document on its pages; endpoint and type are those of its API.
_CONTROLS = {
    ("DEBTORS", True): ("sales invoice", "Invoices", "ACCREC"),
    ("DEBTORS", False): ("credit note to the client", "CreditNotes", "ACCRECCREDIT"),
    ("CREDITORS", False): ("bill", "Invoices", "ACCPAY"),
    ("CREDITORS", True): ("supplier's credit note", "CreditNotes", "ACCPAYCREDIT"),
}
_PAYMENTS = {
    ("DEBTORS", True): "payment received on the client's invoice",
    ("DEBTORS", False): "refund on the client's credit note or overpayment",
    ("CREDITORS", False): "payment of the supplier's bill",
    ("CREDITORS", True): "refund on the supplier's credit note or overpayment",
}
# The same where nothing is paid by it yet.
_NOTHING_PAID = {
    ("DEBTORS", True): "overpayment received",
    ("CREDITORS", False): "overpayment made",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line: the account as Xero calls it, and what it books; debits are positive.

    Attributes:
        tax_type: Xero's, where the document has tax.
        tax: of this line, as it stands on the document; None where that is not known.
    """

    account: str
    name: str
    amount: Decimal
    tax_type: str = ""
    tax: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ToEnter:
    """A document to make in Xero.

    Attributes:
        what: what Xero calls it, in words.
        endpoint, type: of Xero's API; the type is empty where there is none.
        bank: the bank account that money moves on, or leaves; to_bank: where a transfer goes.
        total: as it stands on the document, never negative; in `currency`, as are all amounts.
        tax: of `total`, what stands on Xero's own tax account.
        lines: all others that it is coded to.
        pays: the documents that a payment is on; what is left of its total is an overpayment.
        accounts: all that it books, by account; debits are positive.
    """

    what: str
    endpoint: str
    type: str
    day: date
    contact: str
    number: str
    total: Decimal
    currency: str
    bank: str = ""
    to_bank: str = ""
    tax: Decimal = ZERO
    lines: tuple[Line, ...] = ()
    accounts: tuple[tuple[str, Decimal], ...] = ()
    pays: tuple[Paid, ...] = ()

    @property
    def left_over(self) -> Decimal:
        """What a payment has beyond the documents that it is on."""
        return self.total - sum((paid.amount for paid in self.pays), ZERO)


def to_enter(
    item: Booked, accounts: Accounts, detail: Detail = NO_DETAIL
) -> tuple[ToEnter, ...]:  # fmt: skip
    """What is to be made in Xero, so that it books what the document books.

    Of one that Xero has in an earlier revision, only the difference. Of one that does not add up
    nothing: as it stands Xero takes it in no form.
    """
    entries = [(e, e.amount) for e in item.entries] + [(e, -e.amount) for e in item.in_xero]
    if item.in_xero:
        entries = list(_netted(entries))
    pieces = list(_pieces(entries))
    # What moves within one account of Xero changes nothing there, unless it is all there is.
    moving = [piece for piece in pieces if len({e.account for e, _ in piece}) > 1] or pieces
    if any(sum((amount for _, amount in piece), ZERO) for piece in moving):
        return ()
    parts = (part for piece in moving for part in _possible(piece, accounts))
    if item.in_xero:
        # Of what is changed the document does not say which part is new.
        detail = NO_DETAIL
    if item.standing == "left_over":
        # What the document pays has been paid by what was sent of it.
        detail = Detail(pays=())
    return tuple(_document(item, part, accounts, detail) for part in parts)


Part = tuple[BookedEntry, Decimal]


def _netted(entries: Iterable[Part]) -> Iterator[Part]:
    sums: dict[str, tuple[BookedEntry, Decimal]] = {}
    for entry, amount in entries:
        before = sums.get(entry.account, (entry, ZERO))
        sums[entry.account] = (before[0], before[1] + amount)
    yield from ((entry, amount) for entry, amount in sums.values() if amount)


def _pieces(entries: Sequence[Part]) -> Iterator[list[Part]]:
    piece: list[Part] = []
    for part in entries:
        piece.append(part)
        if sum((amount for _, amount in piece), ZERO) == ZERO:
            yield piece
            piece = []
    if piece:
        yield piece


def _possible(piece: Sequence[Part], accounts: Accounts) -> Iterator[Sequence[Part]]:
    """The piece, cut up where Xero has no document that moves all of it.

    No journal of Xero touches a bank, debtors or creditors, and each other document one of them.
    """
    special = [part for part in _netted(piece) if _is_special(part[0].account, accounts)]
    rest = [part for part in piece if not _is_special(part[0].account, accounts)]
    if all(accounts.is_bank(e.account) for e, _ in special) and not rest:
        yield from _transfers(special)
    elif len(special) < 2 or not rest:
        yield piece
    else:
        # Each meets the others on one of the accounts that the piece is coded to.
        pivot = max(rest, key=lambda part: abs(part[1]))[0]
        for entry, amount in special:
            yield [(entry, amount), (pivot, -amount)]
        left = list(_netted([*rest, (pivot, sum((amount for _, amount in special), ZERO))]))
        if left:
            yield left


def _transfers(banks: Sequence[Part]) -> Iterator[list[Part]]:
    """From each bank that money leaves to each that it reaches, until nothing is left."""
    left = [(entry, amount) for entry, amount in banks if amount < 0]
    for entry, amount in banks:
        while amount > 0 and left:
            source, owed = left.pop(0)
            moved = min(amount, -owed)
            yield [(entry, moved), (source, -moved)]
            amount -= moved
            if owed + moved:
                left.insert(0, (source, owed + moved))


def _is_special(account: str, accounts: Accounts) -> bool:
    controls = (accounts.system("DEBTORS"), accounts.system("CREDITORS"))
    return accounts.is_bank(account) or account in controls


def _document(
    item: Booked, piece: Sequence[Part], accounts: Accounts, detail: Detail
) -> ToEnter:  # fmt: skip
    banks = [(e.account, a) for e, a in piece if accounts.is_bank(e.account)]
    control = next(
        ((mark, e.account) for e, _ in piece for mark in ("DEBTORS", "CREDITORS")
         if accounts.system(mark) == e.account), None,
    )  # fmt: skip
    tax_account = accounts.system("GST")
    own = {account for account, _ in banks} | ({control[1]} if control else set())
    rest = [(e, a) for e, a in piece if e.account not in own]
    tax = sum((a for e, a in rest if e.account == tax_account), ZERO)
    taxes = {key: list(found) for key, found in detail.taxes.items()} if tax else {}
    lines = tuple(
        Line(
            e.account, e.title or accounts.name(e.account), a, e.tax_type,
            left.pop(0) if (left := taxes.get((e.name, abs(a)))) else None,
        )
        for e, a in rest
        if e.account != tax_account
    )  # fmt: skip
    sums: dict[str, Decimal] = {}
    for entry, amount in piece:
        sums[entry.account] = sums.get(entry.account, ZERO) + amount
    debits = sum((a for _, a in piece if a > 0), ZERO)
    what, endpoint, type, bank, to_bank, total = "journal", "ManualJournals", "", "", "", debits
    pays: tuple[Paid, ...] = ()
    if control is not None:
        side = sums[control[1]]
        total = abs(side)
        if banks and not rest:
            moved = sum((a for _, a in banks), ZERO)
            what, endpoint = _PAYMENTS[control[0], moved > 0], "Payments"
            bank, total = banks[0][0], abs(moved)
            given = detail.pays
            if given is not None and all(paid.amount > 0 for paid in given):
                pays = given
                what = what if pays else _NOTHING_PAID.get((control[0], moved > 0), what)
        elif not banks:
            what, endpoint, type = _CONTROLS[control[0], side > 0]
    elif len(banks) == 2 and not rest:
        what, endpoint = "transfer between bank accounts", "BankTransfers"
        (bank,) = (account for account, a in banks if a < 0)
        (to_bank,) = (account for account, a in banks if a > 0)
        total = debits
    elif len({account for account, _ in banks}) == 1:
        moved = sum((a for _, a in banks), ZERO)
        endpoint, bank, total = "BankTransactions", banks[0][0], abs(moved)
        what, type = ("receive money", "RECEIVE") if moved > 0 else ("spend money", "SPEND")
    return ToEnter(
        what, endpoint, type, item.date, item.participant, item.number, total, item.currency,
        bank, to_bank, tax, lines, tuple(sums.items()), pays,
    )  # fmt: skip
