"""The double-entry ledger: balanced journals, their reversal, balances as at a date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from pm2xero.sandbox.books import Books
from pm2xero.sandbox.chart import Chart
from pm2xero.sandbox.store import Store
from pm2xero.sandbox.wire import cents, from_cents


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of a journal; a debit is positive."""

    account_id: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Journal:
    """A posted journal; `reverses` is the sequence number of the one that it takes back."""

    sequence: int
    id: str
    source_id: str
    source_type: str
    date: date
    reverses: int | None
    postings: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """What an account stands at; one of debit and credit is zero."""

    account_id: str
    code: str
    name: str
    debit: Decimal
    credit: Decimal


@dataclass(frozen=True, slots=True)
class Share:
    """The part of a document's amount that goes to one account, with its tax."""

    account_id: str
    net: Decimal
    tax: Decimal


class Unbalanced(ValueError):
    """A journal whose debits are not its credits: a fault of the sandbox, never of a request."""


def spread(
    control_id: str, shares: Iterable[Share], *, control_is_debit: bool, chart: Chart
) -> tuple[Posting, ...]:
    """The journal of a document: its total on one side, its lines and their tax on the other.

    Args:
        control_id: debtors, creditors or the bank account.
        control_is_debit: true for a sale, a supplier's credit and money received.

    Raises:
        Invalid: there is tax and the organisation has no tax account.
    """
    sign = 1 if control_is_debit else -1
    rows = list(shares)
    tax = sum((row.tax for row in rows), Decimal(0))
    net = sum((row.net for row in rows), Decimal(0))
    postings = [Posting(control_id, sign * (net + tax))]
    postings.extend(Posting(row.account_id, -sign * row.net) for row in rows)
    if tax:
        postings.append(Posting(chart.system("GST").id, -sign * tax))
    return tuple(postings)


def transfer(debit_id: str, credit_id: str, amount: Decimal) -> tuple[Posting, ...]:
    """A journal of two sides."""
    return (Posting(debit_id, amount), Posting(credit_id, -amount))


def portion(
    coding: Sequence[Posting], total: Decimal, before: Decimal, after: Decimal
) -> tuple[Posting, ...]:
    """The part of a coding that belongs to the amount between `before` and `after` of its total.

    Parts that follow one another add up to the coding, to the cent; the last posting takes what
    rounding leaves.
    """

    def at(amount: Decimal) -> list[Decimal]:
        side = sum((posting.amount for posting in coding), Decimal(0))
        heads = [(p.amount * amount / total).quantize(Decimal("0.01")) for p in coding[:-1]]
        return [*heads, side * amount / total - sum(heads, Decimal(0))]

    return tuple(
        Posting(posting.account_id, late - early)
        for posting, early, late in zip(coding, at(before), at(after), strict=True)
    )


def post(
    books: Books, source_id: str, source_type: str, day: date, postings: Iterable[Posting]
) -> None:
    """Write a journal; zero postings, and a journal of nothing else, are left out.

    Raises:
        Unbalanced: debits and credits differ.
    """
    rows = [(posting.account_id, cents(posting.amount)) for posting in postings if posting.amount]
    if sum(count for _, count in rows) != 0:
        raise Unbalanced(f"{source_type} {source_id}: {rows}")
    if rows:
        _write(books, source_id, source_type, day.isoformat(), None, rows)


def reverse(books: Books, source_id: str) -> None:
    """Take back every journal of a source that still stands, on the dates of those journals."""
    store = books.store
    standing = store.rows(
        "SELECT seq, source_type, date FROM journal WHERE source_id = ? AND is_open", (source_id,)
    )
    for sequence, source_type, day in standing:
        rows = store.rows(
            "SELECT account_id, -cents FROM posting WHERE journal = ? ORDER BY position",
            (sequence,),
        )
        _write(books, source_id, source_type, day, sequence, rows)
        store.execute("UPDATE journal SET is_open = 0 WHERE seq = ?", (sequence,))


def standing(store: Store, source_id: str) -> tuple[Posting, ...]:
    """The postings of a source that are not reversed."""
    return tuple(
        Posting(account_id, from_cents(count))
        for account_id, count in store.rows(
            "SELECT account_id, cents FROM posting JOIN journal ON seq = journal"
            " WHERE source_id = ? AND is_open ORDER BY seq, position",
            (source_id,),
        )
    )


def balances(
    store: Store, chart: Chart, as_at: date | None, since: date | None = None
) -> list[AccountBalance]:
    """Every account that does not stand at zero, by code.

    Args:
        as_at: the last day that counts; None for all.
        since: the first day that counts; None for all.
    """
    rows = store.rows(
        "SELECT account_id, sum(cents) FROM posting JOIN journal ON seq = journal"
        " WHERE date BETWEEN ? AND ? GROUP BY account_id HAVING sum(cents) <> 0",
        (
            since.isoformat() if since else "",
            as_at.isoformat() if as_at else "9999-12-31",
        ),
    )
    found = [
        AccountBalance(
            account_id=account_id,
            code=chart.accounts[account_id].code,
            name=chart.accounts[account_id].name,
            debit=from_cents(max(count, 0)),
            credit=from_cents(max(-count, 0)),
        )
        for account_id, count in rows
    ]
    return sorted(found, key=lambda balance: (balance.code, balance.name))


def journals(store: Store, after: int = 0) -> list[Journal]:
    """Every journal in the order of posting, from the one after a sequence number."""
    postings: dict[int, list[Posting]] = {}
    for sequence, account_id, count in store.rows(
        "SELECT journal, account_id, cents FROM posting WHERE journal > ?"
        " ORDER BY journal, position",
        (after,),
    ):
        postings.setdefault(sequence, []).append(Posting(account_id, from_cents(count)))
    return [
        Journal(
            sequence=row[0],
            id=row[1],
            source_id=row[2],
            source_type=row[3],
            date=date.fromisoformat(row[4]),
            reverses=row[5],
            postings=tuple(postings.get(row[0], ())),
        )
        for row in store.rows(
            "SELECT seq, id, source_id, source_type, date, reverses FROM journal WHERE seq > ?"
            " ORDER BY seq",
            (after,),
        )
    ]


def _write(
    books: Books,
    source_id: str,
    source_type: str,
    day: str,
    reverses: int | None,
    rows: Sequence[tuple[str, int]],
) -> None:
    sequence = books.store.execute(
        "INSERT INTO journal (id, source_id, source_type, date, made, reverses, is_open)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            books.new_id(),
            source_id,
            source_type,
            day,
            books.now.isoformat(),
            reverses,
            reverses is None,
        ),
    )
    books.store.execute_many(
        "INSERT INTO posting (journal, position, account_id, cents) VALUES (?, ?, ?, ?)",
        [(sequence, place, account_id, count) for place, (account_id, count) in enumerate(rows)],
    )
